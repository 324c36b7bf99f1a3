"""Loans between offices: the rule, who says yes, and that what was lent comes back."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import FrozenClock
from core.db import Database
from core.errors import Forbidden, InvalidInput, NotFound
from core.ids import new_uuid
from core.notices import unseen
from core.people import SYSTEM, Actor
from quotas import lending_queries, queries, service, tasks
from quotas.auditing import unbalanced_transfers
from quotas.errors import (
    AccountClosed,
    EntryDiffers,
    LoanDecided,
    NoSuchLoan,
    QuotaExceeded,
    SamePerson,
)
from quotas.lending import Loan, State, comes_back, sound_day
from quotas.periods import DEFAULT_ZONE, Period
from quotas.service import lending
from quotas.units import AMOUNT_MAX, Unit
from tests.conftest import NOON, Cast

MONTH, NEXT = Period(2026, 11), Period(2026, 12)
LAST = date(2026, 11, 25)
DUE = NOON + timedelta(days=5)


@pytest.fixture
def offices(database: Database, cast: Cast) -> tuple[str, str]:
    """Return the office that lends, with 100 sheets, and the one that borrows, with 10."""
    lender, borrower = cast.other.id, cast.office.id
    with database.transaction() as session:
        for office, sheets in ((lender, 100), (borrower, 10)):
            service.grant(
                session, f"g{office}", office, Unit.SHEETS, MONTH, sheets, actor=SYSTEM, now=NOON
            )
    return lender, borrower


def chief(office: str, name: str = "主任") -> Actor:
    return Actor(name, new_uuid(), office, heads=frozenset({office}))


def borrow(database: Database, cast: Cast, offices: tuple[str, str], sheets: int = 40) -> Loan:
    lender, borrower = offices
    with database.transaction() as session:
        asked = lending.ask(
            session, new_uuid(), lender, borrower, sheets, reason="全会材料", last_day=LAST,
            actor=Actor.of(cast.dora), now=NOON,
        )  # fmt: skip
        return lending.agree(session, asked.id, actor=chief(lender), now=NOON)


def left(database: Database, office: str, period: Period = MONTH) -> int:
    with database.snapshot() as session:
        assert queries.discrepancies(session) == []
        assert unbalanced_transfers(session) == []
        assert lending_queries.discrepancies(session) == []
        return queries.balance(session, office, Unit.SHEETS, period).left


def loan(database: Database, loan_id: str) -> Loan:
    with database.snapshot() as session:
        return lending_queries.loan_for(session, loan_id, Actor("a", "a", admin=True))


@pytest.mark.parametrize(
    ("last", "sound"),
    [
        (date(2026, 11, 22), False),
        (date(2026, 11, 23), False),
        (date(2026, 11, 24), True),
        (date(2027, 11, 24), True),
        (date(2027, 11, 25), False),
    ],
)
def test_the_last_day_is_still_to_come_and_not_too_far(last: date, sound: bool):
    assert sound_day(last, date(2026, 11, 23)) is sound


@given(st.integers(0, 100), st.integers(-50, 200))
def test_no_more_comes_back_than_is_owed_or_there(owed: int, has: int):
    back = comes_back(owed, has)
    assert 0 <= back <= owed
    assert back <= max(0, has)


def test_what_is_lent_moves_and_comes_back_when_the_day_is_over(
    database: Database, clock: FrozenClock, cast: Cast, offices: tuple[str, str]
):
    lender, borrower = offices
    made = borrow(database, cast, offices)
    assert (made.state, made.owed) == (State.LENT, 40)
    assert (left(database, lender), left(database, borrower)) == (60, 50)
    tasks.keep_up(database, clock, DEFAULT_ZONE)
    assert loan(database, made.id).returned == 0
    clock.move(DUE - clock.now())
    tasks.keep_up(database, clock, DEFAULT_ZONE)
    assert (left(database, lender), left(database, borrower)) == (100, 10)
    ended = loan(database, made.id)
    assert (ended.state, ended.returned, ended.owed, ended.ended_at) == (
        State.RETURNED, 40, 0, DUE,
    )  # fmt: skip


def test_what_was_printed_comes_back_out_of_the_next_grant(
    database: Database, clock: FrozenClock, cast: Cast, offices: tuple[str, str]
):
    """45 of 50 are printed: 5 come back, then 35 of what the next period brings."""
    lender, borrower = offices
    made = borrow(database, cast, offices)
    with database.transaction() as session:
        service.reserve(session, "r", borrower, Unit.SHEETS, 45, actor=SYSTEM, now=NOON)
        service.settle(session, "r", 45, estimated=False, actor=SYSTEM, now=NOON)
    clock.move(DUE - clock.now())
    for _ in range(3):
        tasks.keep_up(database, clock, DEFAULT_ZONE)
        assert loan(database, made.id).returned == 5
    with database.snapshot() as session:
        news = [str(each.text) for each in unseen(session, cast.dora.id)]
    assert sum("is due, but" in each for each in news) == 1
    late = DUE + timedelta(days=10)
    clock.move(late - clock.now())
    with database.transaction() as session:
        service.grant(session, "n", borrower, Unit.SHEETS, NEXT, 200, actor=SYSTEM, now=late)
    tasks.keep_up(database, clock, DEFAULT_ZONE)
    assert loan(database, made.id).state is State.RETURNED
    assert left(database, borrower, NEXT) == 165
    assert (left(database, lender), left(database, lender, NEXT)) == (65, 35)


def test_it_is_given_back_early_and_in_parts(
    database: Database, cast: Cast, offices: tuple[str, str]
):
    made, dora = borrow(database, cast, offices), Actor.of(cast.dora)
    for amount, state in ((15, State.LENT), (25, State.RETURNED)):
        with database.transaction() as session:
            now = lending.give_back(session, made.id, amount, actor=dora, now=NOON)
        assert now.state is state
    assert left(database, offices[0]) == 100
    with pytest.raises(LoanDecided), database.transaction() as session:
        lending.give_back(session, made.id, 1, actor=dora, now=NOON)


def test_nobody_gives_both_words(database: Database, cast: Cast, offices: tuple[str, str]):
    lender, borrower = offices
    both = Actor("both", new_uuid(), borrower, heads=frozenset(offices))
    ada = Actor.of(cast.ada)
    for asker in (both, ada):
        with database.transaction() as session:
            asked = lending.ask(
                session, new_uuid(), lender, borrower, 5, reason="x", last_day=LAST,
                actor=asker, now=NOON,
            )  # fmt: skip
        with pytest.raises(SamePerson), database.transaction() as session:
            lending.agree(session, asked.id, actor=asker, now=NOON)
        with pytest.raises(Forbidden), database.transaction() as session:
            lending.agree(session, asked.id, actor=chief(borrower), now=NOON)
        with pytest.raises(NoSuchLoan), database.transaction() as session:
            lending.agree(session, asked.id, actor=Actor.of(cast.alice), now=NOON)
    assert left(database, lender) == 100


def test_who_has_too_little_lends_nothing_and_it_waits(
    database: Database, cast: Cast, offices: tuple[str, str]
):
    lender, borrower = offices
    with database.transaction() as session:
        asked = lending.ask(
            session, "one", lender, borrower, 101, reason="x", last_day=LAST,
            actor=Actor.of(cast.dora), now=NOON,
        )  # fmt: skip
    with pytest.raises(QuotaExceeded), database.transaction() as session:
        lending.agree(session, asked.id, actor=chief(lender), now=NOON)
    assert loan(database, "one").state is State.ASKED
    with database.transaction() as session:
        lending.refuse(session, "one", answer="不够", actor=chief(lender), now=NOON)
    with pytest.raises(LoanDecided), database.transaction() as session:
        lending.withdraw(session, "one", actor=Actor.of(cast.dora), now=NOON)
    assert left(database, lender) == 100


def test_asking_and_agreeing_twice_is_done_once(
    database: Database, cast: Cast, offices: tuple[str, str]
):
    lender, borrower = offices
    same: dict[str, Any] = {"reason": "x", "last_day": LAST, "actor": Actor.of(cast.dora)}
    head = chief(lender)
    for _ in range(2):
        with database.transaction() as session:
            lending.ask(session, "one", lender, borrower, 5, now=NOON, **same)
    with pytest.raises(EntryDiffers), database.transaction() as session:
        lending.ask(session, "one", lender, borrower, 6, now=NOON, **same)
    for _ in range(2):
        with database.transaction() as session:
            lending.agree(session, "one", actor=head, now=NOON)
    assert left(database, lender) == 95


@pytest.mark.parametrize("amount", [0, -1, 1.5, AMOUNT_MAX + 1, True, "5"])
def test_what_is_no_amount(database: Database, cast: Cast, offices: tuple[str, str], amount: Any):
    lender, borrower = offices
    with pytest.raises(InvalidInput), database.transaction() as session:
        lending.ask(
            session, "one", lender, borrower, amount, reason="x", last_day=LAST,
            actor=Actor.of(cast.dora), now=NOON,
        )  # fmt: skip


def test_what_cannot_be_lent(database: Database, cast: Cast, offices: tuple[str, str]):
    lender, borrower = offices
    dora = Actor.of(cast.dora)

    def ask(source: str, target: str, last: date = LAST, reason: str = "x") -> None:
        with database.transaction() as session:
            lending.ask(
                session, new_uuid(), source, target, 5, reason=reason, last_day=last,
                actor=dora, now=NOON,
            )  # fmt: skip

    with pytest.raises(InvalidInput):
        ask(borrower, borrower)
    with pytest.raises(InvalidInput):
        ask(lender, borrower, reason=" ")
    with pytest.raises(InvalidInput):
        ask(lender, borrower, date(2026, 11, 1))
    with pytest.raises(NotFound):
        ask(borrower, lender)
    with pytest.raises(NotFound):
        ask("nowhere", borrower)
    with database.transaction() as session:
        account = service.open_account(session, lender, Unit.SHEETS, now=NOON)
        service.close_account(session, account, actor=SYSTEM, now=NOON)
    with pytest.raises(AccountClosed):
        ask(lender, borrower)


def test_a_closed_account_waits_for_a_person(
    database: Database, clock: FrozenClock, cast: Cast, offices: tuple[str, str]
):
    made = borrow(database, cast, offices)
    with database.transaction() as session:
        account = service.open_account(session, offices[0], Unit.SHEETS, now=NOON)
        service.close_account(session, account, actor=SYSTEM, now=NOON)
    clock.move(DUE - clock.now())
    tasks.keep_up(database, clock, DEFAULT_ZONE)
    assert loan(database, made.id).owed == 40


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["grant", "print", "back", "due"]), st.integers(1, 60), st.booleans()
        ),
        max_size=12,
    )
)
def test_lent_is_returned_and_owed_whatever_happens(moves: list[tuple[str, int, bool]]):
    """A walk on the rule alone: the borrower's balance never pays what it does not have."""
    has, owed, back = 40, 40, 0
    for kind, amount, _ in moves:
        if kind == "grant":
            has += amount
        elif kind == "print":
            has -= amount
        else:
            returned = comes_back(owed, has if kind == "due" else min(has, amount))
            owed, back, has = owed - returned, back + returned, has - returned
        assert owed >= 0
        assert owed + back == 40
