"""Random histories of all accounts of two offices: whatever happens, the books stay whole.

Every step is done twice with the same id. A step that is refused leaves everything as it was, and
one that is repeated changes nothing.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core import audit
from core.db import Database
from core.errors import PrintgateError
from core.identity import service as identity
from core.ids import new_uuid
from core.people import SYSTEM, Actor
from quotas import limit_queries, queries, service
from quotas.accounts import Account
from quotas.auditing import read_chain, unbalanced_transfers
from quotas.errors import AccountClosed, QuotaExceeded
from quotas.fairness import Fairness
from quotas.ledger import Balance, Kind
from quotas.limits import Limits
from quotas.models import BalanceRow, EntryRow, ReservationRow
from quotas.periods import DEFAULT_ZONE, Period, Span
from quotas.plans import Plan
from quotas.units import Unit
from quotas.workdays import WEEKENDS_OFF
from tests.conftest import NOON

pytestmark = pytest.mark.both_databases

AMOUNTS = st.integers(1, 40)
KEYS = st.integers(0, 5)
PLACES = st.sampled_from(["own", "person", "project", "other"])
CAPS = st.none() | st.integers(1, 40)
FAIR = st.none() | st.builds(
    Fairness, st.integers(1, 8), st.integers(0, 100), least=st.integers(1, 9)
)
ADA, BEN = Actor("Ada", "ada"), Actor("Ben", "ben")
SHEETS = Unit.SHEETS
Deed = Callable[[Session], object]


class Histories(RuleBasedStateMachine):
    """Two offices; the first has an account for a person and one for a project."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self.database, self.now, self.made = database, NOON, new_uuid()[:18]
        self.overrun: set[tuple[str, str]] = set()
        with database.transaction() as session:
            self.offices = [
                identity.add_office(
                    session, code=f"{self.made}{n}", name="x", actor=SYSTEM, now=NOON
                ).id
                for n in range(2)
            ]
            self.person = identity.add_person(
                session, login=f"{self.made}p", name="p", office_id=self.offices[0],
                actor=SYSTEM, now=NOON,
            ).id  # fmt: skip
            self.project = new_uuid()
            for office in self.offices:
                service.open_account(session, office, SHEETS, now=NOON)
            service.open_person_account(
                session, self.offices[0], SHEETS, self.person, actor=SYSTEM, now=NOON
            )
            service.open_project(
                session, self.project, self.offices[0], SHEETS, name="会议",
                ends_at=NOON + timedelta(days=70), actor=SYSTEM, now=NOON,
            )  # fmt: skip

    def account(self, session: Session, place: str) -> Account:
        office = self.offices[place == "other"]
        holder = {"person": self.person, "project": self.project}.get(place, "")
        found = queries.accounts(session, office, SHEETS)
        return next(each for each in found if each.holder == holder)

    def state(self, session: Session) -> object:
        balances = session.execute(
            select(
                BalanceRow.account_id, BalanceRow.period, BalanceRow.granted, BalanceRow.held,
                BalanceRow.spent,
            ).order_by(BalanceRow.account_id, BalanceRow.period)
        ).all()  # fmt: skip
        return list(balances), session.scalar(select(func.count()).select_from(EntryRow))

    def do(self, deed: Deed) -> bool:
        """Do a deed twice; tell whether it was done and not refused."""
        with self.database.snapshot() as session:
            before = self.state(session)
        try:
            with self.database.transaction() as session:
                audit.record(session, SYSTEM, "thing.do", "x", {}, self.now)
                first = deed(session)
        except PrintgateError:
            with self.database.snapshot() as session:
                assert self.state(session) == before
            return False
        with self.database.snapshot() as session:
            after = self.state(session)
        with self.database.transaction() as session:
            again = deed(session)
        with self.database.snapshot() as session:
            assert self.state(session) == after
        assert first == again or isinstance(first, int)
        return True

    @rule(place=PLACES, key=KEYS, amount=AMOUNTS)
    def grant(self, place: str, key: int, amount: int) -> None:
        with self.database.snapshot() as session:
            account = self.account(session, place)
        self.do(
            lambda session: service.grant(
                session, f"{self.made}g{place}{key}{amount}", account.office_id, SHEETS,
                account.period_at(self.now), amount, holder=account.holder, actor=ADA,
                now=self.now,
            )
        )  # fmt: skip

    @rule(place=PLACES, key=KEYS, amount=st.integers(-40, 40))
    def adjust(self, place: str, key: int, amount: int) -> None:
        with self.database.snapshot() as session:
            account = self.account(session, place)
        period = account.period_at(self.now)
        entry = f"{self.made}{place[0]}{place[-1]}{key}{amount}"
        given: dict[str, Any] = {"reason": "更正", "holder": account.holder, "now": self.now}
        done = self.do(
            lambda session: service.correct(
                session, entry, account.office_id, SHEETS, period, amount, limit=15, actor=ADA,
                **given,
            )
        )  # fmt: skip
        if done and abs(amount) > 15:
            assert not self.do(lambda s: service.confirm(s, entry, actor=ADA, now=self.now))
            verb = service.reject if key == 0 else service.confirm
            self.do(lambda session: verb(session, entry, actor=BEN, now=self.now))
        if amount < 0:
            self.overrun.add((account.id, period.key))

    @rule(source=PLACES, into=PLACES, key=KEYS, amount=AMOUNTS)
    def transfer(self, source: str, into: str, key: int, amount: int) -> None:
        with self.database.snapshot() as session:
            gives, gets = self.account(session, source), self.account(session, into)
            left = self.balance(session, gives).left
            known = session.scalar(
                select(EntryRow.seq).where(EntryRow.id == f"{self.made}t{key}:out")
            )
        done = self.do(
            lambda session: service.transfer(
                session, f"{self.made}t{key}", gives.id, gets.id, amount, actor=ADA, now=self.now
            )
        )
        if known is None and source != into:
            closed = gives.closed(self.now) or gets.closed(self.now)
            assert done is (amount <= left and not closed)

    @rule(place=PLACES, key=KEYS, amount=AMOUNTS)
    def reserve(self, place: str, key: int, amount: int) -> None:
        with self.database.snapshot() as session:
            account = self.account(session, place)
        mine: dict[str, Any] = (
            {"person_id": self.person} if place == "person" else {"holder": account.holder}
        )
        self.do(
            lambda session: service.reserve(
                session, f"{self.made}r{place[:2]}{key}", account.office_id, SHEETS, amount,
                actor=ADA, now=self.now, **mine,
            )
        )  # fmt: skip

    @rule(office=st.integers(0, 1), job=CAPS, person=CAPS, fair=FAIR)
    def set_limits(
        self, office: int, job: int | None, person: int | None, fair: Fairness | None
    ) -> None:
        limits = Limits(job, person, fair)
        self.do(
            lambda session: service.set_limits(
                session, self.offices[office], limits, actor=ADA, now=self.now
            )
        )

    @rule(most=CAPS)
    def set_the_persons_limit(self, most: int | None) -> None:
        self.do(
            lambda session: service.set_person_limit(
                session, self.offices[0], self.person, most, actor=ADA, now=self.now
            )
        )

    @rule(sender=st.sampled_from(["person", "ann", "max"]), key=KEYS, amount=AMOUNTS)
    def print_from_the_offices_account(self, sender: str, key: int, amount: int) -> None:
        """Reserve as a job does, and compare with what the limits say beforehand."""
        office, person = self.offices[0], self.person if sender == "person" else sender
        with self.database.snapshot() as session:
            account = queries.account_for(session, office, SHEETS, person, now=self.now)
            assert account is not None
            left, period = self.balance(session, account).left, account.period_at(self.now)
            limits = limit_queries.limits(session, office)
            if account.holder:
                limits = Limits(limits.job_max)
            else:
                named = limit_queries.person_limits(session, office).get(person)
                limits = limits.for_person(named)
            taken = limit_queries.taken(session, office, period).get(person, 0)
            name = f"{self.made}l{sender}{key}"
            known = session.get(ReservationRow, name)
            share = self.share(session, limits, period, left, person)
        room = [left, limits.job_max, limits.person_max and limits.person_max - taken, share]
        refused: list[QuotaExceeded] = []

        def deed(session: Session) -> object:
            try:
                return service.reserve(
                    session, name, office, SHEETS, amount, person_id=person, actor=ADA,
                    now=self.now,
                )  # fmt: skip
            except QuotaExceeded as error:
                refused.append(error)
                raise

        done = self.do(deed)
        if known is None:
            assert done is all(each is None or amount <= each for each in room)
            if refused:
                at = {"quota.job": room[1], "quota.person": room[2], "quota.share": share}
                assert refused[0].left == at.get(refused[0].rule, left)

    def share(
        self, session: Session, limits: Limits, period: Period, left: int, person: str
    ) -> int | None:
        """Return what a person may still take of an office's account in its last days."""
        if limits.fair is None:
            return None
        begins = limits.fair.begins(period.days(), WEEKENDS_OFF)
        since = datetime.combine(begins, time.min, DEFAULT_ZONE)
        if self.now < since:
            return None
        taken = limit_queries.taken(session, self.offices[0], period, since).get(person, 0)
        return limits.fair.most(left, taken) - taken

    @rule(sender=st.sampled_from(["person", "ann", "max"]), key=KEYS, used=st.integers(0, 50))
    def settle_such_a_job(self, sender: str, key: int, used: int) -> None:
        self.settled(f"{self.made}l{sender}{key}", used)

    @rule(place=PLACES, key=KEYS, used=st.integers(0, 50))
    def settle(self, place: str, key: int, used: int) -> None:
        self.settled(f"{self.made}r{place[:2]}{key}", used)

    def settled(self, name: str, used: int) -> None:
        def deed(session: Session) -> object:
            done = service.settle(session, name, used, estimated=False, actor=ADA, now=self.now)
            (row,) = session.scalars(select(EntryRow).where(EntryRow.id == f"{name}:{Kind.SETTLE}"))
            if (done.used or 0) > done.amount:
                self.overrun.add((row.account_id, row.period))
            return done

        self.do(deed)

    @rule(place=PLACES, key=KEYS, verb=st.sampled_from(["release", "expire", "renew"]))
    def end(self, place: str, key: int, verb: str) -> None:
        name = f"{self.made}r{place[:2]}{key}"
        if verb == "renew":
            until = self.now + timedelta(days=1)
            self.do(lambda session: service.renew(session, name, until, actor=ADA, now=self.now))
        else:
            end = getattr(service, verb)
            self.do(lambda session: end(session, name, actor=ADA, now=self.now))

    @rule(days=st.integers(-12, 25))
    def time_passes(self, days: int) -> None:
        self.now += timedelta(days=days)

    @rule()
    def periods_begin(self) -> None:
        with self.database.snapshot() as session:
            due = queries.accounts_to_turn(session, now=self.now)
            left = queries.accounts_to_clear(session, now=self.now)
        for key in due:
            self.do(partial(service.turn, account_id=key, now=self.now))
        for key in left:
            self.do(partial(service.return_rest, account_id=key, now=self.now))

    @rule(span=st.sampled_from([Span.MONTH, Span.QUARTER, Span.YEAR]), cap=st.integers(0, 30))
    def set_terms(self, span: Span, cap: int) -> None:
        terms: dict[str, Any] = {"span": span, "carry_max": cap, "adjust_max": None}
        self.do(
            lambda session: service.set_terms(
                session, self.offices[0], SHEETS, **terms, actor=ADA, now=self.now
            )
        )

    @rule(amount=st.integers(0, 40), day=st.integers(1, 28))
    def set_plan(self, amount: int, day: int) -> None:
        plan = Plan(10, amount, date(2026, 11, day))
        self.do(
            lambda session: service.set_plan(
                session, self.offices[1], SHEETS, plan, actor=ADA, now=self.now
            )
        )

    @rule(place=st.sampled_from(["person", "project"]))
    def close(self, place: str) -> None:
        with self.database.snapshot() as session:
            account = self.account(session, place)
        self.do(partial(service.close_account, account_id=account.id, actor=ADA, now=self.now))
        with self.database.transaction() as session:
            name, office = new_uuid(), self.offices[0]
            if place == "project":
                with pytest.raises(AccountClosed):
                    service.reserve(
                        session, name, office, SHEETS, 1, holder=self.project, actor=ADA,
                        now=self.now,
                    )  # fmt: skip
                with pytest.raises(AccountClosed):
                    service.grant(
                        session, name, office, SHEETS, account.period_at(self.now), 1,
                        holder=self.project, actor=ADA, now=self.now,
                    )  # fmt: skip

    @rule()
    def give_the_person_an_account_again(self) -> None:
        self.do(
            lambda session: replace(
                service.open_person_account(
                    session, self.offices[0], SHEETS, self.person, actor=ADA, now=self.now
                )
            )
        )

    def balance(self, session: Session, account: Account) -> Balance:
        period = account.period_at(self.now)
        return queries.balance(session, account.office_id, SHEETS, period, holder=account.holder)

    @invariant()
    def the_books_are_whole(self) -> None:
        with self.database.snapshot() as session:
            assert queries.discrepancies(session) == []
            assert limit_queries.person_discrepancies(session) == []
            assert unbalanced_transfers(session) == []
            rows = session.scalars(select(BalanceRow)).all()
            issued = session.scalar(
                select(func.coalesce(func.sum(EntryRow.granted), 0)).where(
                    EntryRow.kind.in_([Kind.GRANT, Kind.ADJUST])
                )
            )
        assert sum(row.granted for row in rows) == issued
        for row in rows:
            assert min(row.granted, row.held, row.spent) >= 0
            left = row.granted - row.held - row.spent
            assert left >= 0 or (row.account_id, row.period) in self.overrun

    def teardown(self) -> None:
        with self.database.snapshot() as session:
            chain = read_chain(session)
            assert audit.first_broken_seq(session) is None
        assert (chain.broken, chain.loose) == ((), 0)


def test_no_history_breaks_the_books(database: Database):
    run_state_machine_as_test(
        lambda: Histories(database),  # type: ignore[arg-type]
        settings=settings(
            max_examples=8,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_a_period_that_is_full_refuses_to_the_last(database: Database):
    """The refusal names what is left, in whatever period the account is kept."""
    walk = Histories(database)
    with database.transaction() as session:
        service.set_terms(
            session, walk.offices[0], SHEETS, span=Span.QUARTER, carry_max=0, adjust_max=None,
            actor=ADA, now=NOON,
        )  # fmt: skip
        service.grant(
            session, "g", walk.offices[0], SHEETS, Period(2026, 10, Span.QUARTER), 3,
            actor=ADA, now=NOON,
        )  # fmt: skip
        with pytest.raises(QuotaExceeded) as caught:
            service.reserve(session, "r", walk.offices[0], SHEETS, 4, actor=ADA, now=NOON)
    assert (caught.value.left, caught.value.missing) == (3, 1)
