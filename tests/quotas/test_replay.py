"""The dry run: as it was, it refuses what was refused; with other grants, what they would have."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.clock import FrozenClock
from core.db import Database
from core.errors import PrintgateError
from core.identity import service as identity
from core.ids import new_uuid
from core.people import SYSTEM
from quotas import queries, service, tasks
from quotas.drafts import Draft
from quotas.errors import QuotaExceeded
from quotas.periods import DEFAULT_ZONE, Period, Span
from quotas.plans import Base, Plan
from quotas.replay import (
    Count,
    Event,
    Kept,
    Line,
    Opening,
    Refused,
    Replay,
    Stretch,
    Turned,
    in_order,
    outcome,
)
from quotas.replaying import Asked, Past, Trial
from quotas.units import Unit
from tests.conftest import NOON

both = pytest.mark.both_databases
JULY, AUGUST = Period(2026, 7), Period(2026, 8)
QUARTER = Period(2026, 7, Span.QUARTER)
DAYS = (date(2026, 7, 1), date(2026, 9, 30))
BEGIN = datetime(2026, 7, 1, 1, tzinfo=UTC)


def at(days: float) -> datetime:
    return BEGIN + timedelta(days=days)


def line(days: float, kind: str, key: str = "r", period: Period = JULY, **units: Any) -> Line:
    said: dict[str, Any] = {"account_id": "a", "granted": 0, "held": 0, "spent": 0}
    said |= {"person_id": "p", "reservation_id": key, "transfer_id": f"t{key}", **units}
    return Line(at=at(days), kind=kind, period=period.key, **said)


def job(days: float, key: str, needed: int, used: int | None = None) -> list[Line]:
    """Return a reservation and its end a day later."""
    return [
        line(days, "reserve", key, held=needed),
        line(days + 1, "settle", key, held=-needed, spent=needed if used is None else used),
    ]


def opening(granted: int, period: Period = JULY) -> Opening:
    return Opening(period.bounds()[0], "a", period, granted, first=period == JULY)


def merged(
    lines: list[Line], turned: Iterable[Turned], openings: Iterable[Opening]
) -> Iterator[Event]:
    """Return what happens, with the entries read one by one."""
    whole = Stretch(lines[-1].at, {}, False, lambda: lines)
    return in_order([whole], turned, openings, lambda _: False)


def refused(events: Iterable[Event], cap: int | None = None) -> list[tuple[str, bool]]:
    run = Replay({"a": Kept(Span.MONTH, cap), "b": Kept(Span.MONTH)}, DEFAULT_ZONE)
    return [(each.id, each.really) for each in run.run(events)]


def test_other_grants_refuse_what_no_longer_fits():
    lines = [line(0, "grant", granted=100), *job(1, "x", 30), *job(5, "y", 30), *job(9, "z", 5)]
    assert refused(lines) == []
    assert refused([opening(40), *lines], cap=0) == [("y", False)]
    assert refused([opening(60), *lines], cap=0) == [("z", False)]
    assert refused([opening(65), *lines], cap=0) == []


def test_what_is_refused_neither_holds_nor_spends():
    lines = [*job(1, "x", 30, used=90), *job(3, "y", 30, used=10), *job(5, "z", 20)]
    assert refused([opening(29), *lines], cap=0) == [("x", False), ("y", False)]


def test_an_overrun_and_what_becomes_free_are_as_they_were():
    lines = [
        *job(1, "x", 30, used=50),
        *job(5, "y", 10),
        *job(9, "z", 40, used=0),
        *job(12, "u", 40),
    ]
    assert refused([opening(60), *lines], cap=0) == [("z", False), ("u", False)]
    assert refused([opening(100), *lines], cap=0) == []


def test_what_was_refused_then_is_asked_for_again():
    turned = [Turned("t", at(3), "a", None, 20)]
    lines = [line(0, "grant", granted=30), *job(1, "x", 30), *job(8, "y", 30)]
    assert refused(merged(lines, turned, [])) == [("t", True), ("y", False)]
    for grant, found in ((49, [("t", True), ("y", False)]), (50, [("y", False)]), (80, [])):
        assert refused(merged(lines, turned, [opening(grant)]), cap=0) == found


def test_what_is_left_goes_on_up_to_the_cap():
    lines = [*job(1, "x", 30), *(each._replace(period=AUGUST.key) for each in job(35, "y", 60))]
    openings = [opening(100), opening(20, AUGUST)]
    for cap, found in ((39, [("y", False)]), (40, []), (1000, [])):
        assert refused(merged(lines, [], openings), cap=cap) == found


def test_what_really_went_into_the_first_period_does_so_up_to_the_cap():
    lines = [line(0, "carry", granted=50), *job(1, "x", 30)]
    for cap, found in ((9, [("x", False)]), (10, []), (1000, [])):
        assert refused(merged(lines, [], [opening(20)]), cap=cap) == found


def test_no_more_is_transferred_than_there_is():
    lines = [
        line(0, "transfer", granted=-50),
        line(0, "transfer", granted=50, account_id="b"),
        *(each._replace(account_id="b") for each in job(1, "x", 40)),
        *job(3, "y", 1),
    ]
    assert refused(merged(lines, [], [opening(39)]), cap=0) == [("x", False), ("y", False)]
    assert refused(merged(lines, [], [opening(40)]), cap=0) == [("y", False)]
    assert refused(merged(lines, [], [opening(51)]), cap=0) == []


def test_at_one_moment_a_period_begins_first_and_is_asked_last():
    begin = JULY.bounds()[0]
    entry, turned = line(0, "reserve")._replace(at=begin), Turned("t", begin, "a", None, 1)
    assert list(merged([entry], [turned], [opening(1)])) == [opening(1), entry, turned]


def test_the_day_on_which_it_runs_dry():
    run = Replay({"a": Kept(Span.MONTH, 0)}, DEFAULT_ZONE)
    list(run.run([opening(40), *job(1, "x", 30), *job(5, "y", 10), *job(9, "z", 10)]))
    assert run.ran_dry == {("a", JULY.key): at(5)}
    run = Replay({"a": Kept(Span.MONTH, 0)}, DEFAULT_ZONE)
    list(run.run([opening(40), *job(1, "x", 30, used=41), *job(5, "y", 1)]))
    assert run.ran_dry == {("a", JULY.key): at(2)}


def test_what_is_told_of_it():
    found = [
        Refused("x", at(1), "a", JULY.key, "p", 5, really=False),
        Refused("y", at(2), "a", JULY.key, None, 7, really=True),
        Refused("z", at(-1), "a", JULY.key, "p", 5, really=False),
    ]
    turned = [
        Turned("y", at(2), "a", None, 7),
        Turned("u", at(3), "a", "q", 2),
        Turned("v", at(92), "a", "q", 2),
    ]
    told = outcome(found, turned, DAYS, DEFAULT_ZONE)
    assert (told.would, told.really, told.again) == (Count(2, 12), Count(2, 9), Count(1, 7))
    assert (told.newly, told.spared) == (Count(1, 5), Count(1, 2))
    assert dict(told.people) == {"": Count(1, 7), "p": Count(1, 5)}


class House:
    """An office with people whose history is made, and what of it was refused."""

    def __init__(self, database: Database, number: int) -> None:
        self.database, self.now = database, datetime(2026, 1, 5, 1, tzinfo=UTC)
        self.asked: list[Asked] = []
        self.open: list[str] = []
        with database.transaction() as session:
            self.office, self.other = (
                identity.add_office(
                    session, code=f"h{number}-{new_uuid()[:8]}", name="x", actor=SYSTEM, now=NOON
                ).id
                for _ in range(2)
            )
            self.person = identity.add_person(
                session, login=f"p-{new_uuid()[:8]}", name="p", office_id=self.office,
                actor=SYSTEM, now=NOON,
            ).id  # fmt: skip
            service.set_terms(
                session, self.office, Unit.SHEETS, span=list(Span)[number % 3], carry_max=number,
                adjust_max=None, actor=SYSTEM, now=self.now,
            )  # fmt: skip
            self.home = service.open_account(session, self.other, Unit.SHEETS, now=self.now)

    def do(self, verb: Callable[..., Any], *arguments: object, **more: Any) -> Any:
        self.now += timedelta(minutes=7)
        try:
            with self.database.transaction() as session:
                return verb(session, *arguments, now=self.now, actor=SYSTEM, **more)
        except QuotaExceeded:
            raise
        except PrintgateError:
            return None

    def accounts(self) -> dict[str, str]:
        with self.database.snapshot() as session:
            found = queries.accounts(session, self.office, Unit.SHEETS)
            return {each.holder: each.id for each in found if not each.closed(self.now)}

    def period(self) -> Period:
        with self.database.snapshot() as session:
            return queries.period_now(session, self.office, Unit.SHEETS, now=self.now)

    def reserve(self, units: int, which: int) -> None:
        key, person_id = new_uuid(), self.person if which % 2 else None
        try:
            self.do(service.reserve, key, self.office, Unit.SHEETS, units + 1, person_id=person_id)
        except QuotaExceeded:
            self.asked.append(Asked(key, self.now, self.office, person_id, units + 1))
        else:
            self.open.append(key)

    def settle(self, units: int, which: int) -> None:
        if self.open:
            key = self.open.pop(which % len(self.open))
            self.do(service.settle, key, units, estimated=False)

    def release(self, _units: int, which: int) -> None:
        if self.open:
            self.do(service.release, self.open.pop(which % len(self.open)))

    def grant(self, units: int, which: int) -> None:
        period = self.period().next() if which == 0 else self.period()
        self.do(service.grant, new_uuid(), self.office, Unit.SHEETS, period, units * 3 + 1)

    def adjust(self, units: int, which: int) -> None:
        amount = (units + 1) * (-1 if which % 2 else 1)
        self.do(
            service.adjust, new_uuid(), self.office, Unit.SHEETS, self.period(), amount, reason="x"
        )

    def plan(self, units: int, which: int) -> None:
        base = Base.FIXED if which % 2 else Base.LAST_YEAR
        plan = Plan(which, units, self.now.date(), base)
        self.do(service.set_plan, self.office, Unit.SHEETS, plan)

    def transfer(self, units: int, which: int) -> None:
        own = self.accounts()
        others = [*(own[holder] for holder in own if holder), self.home]
        pair = [own[""], others[which % len(others)]]
        if which >= 2:
            pair.reverse()
        try:
            self.do(service.transfer, new_uuid(), *pair, units + 1)
        except QuotaExceeded:
            return

    def open_person(self, _units: int, _which: int) -> None:
        with self.database.snapshot() as session:
            known = queries.accounts(session, self.office, Unit.SHEETS)
        if all(each.holder != self.person for each in known):
            self.do(service.open_person_account, self.office, Unit.SHEETS, self.person)

    def close_person(self, _units: int, _which: int) -> None:
        account = self.accounts().get(self.person)
        if account:
            self.do(service.close_account, account)

    def wait(self, units: int, which: int) -> None:
        self.now += timedelta(days=units + which)
        tasks.keep_up(self.database, FrozenClock(self.now), DEFAULT_ZONE)

    def tried(self, span: Period, draft: Draft) -> Trial:
        """Return what a draft would have meant, however much of the ledger is passed over."""
        with self.database.snapshot() as session:
            found = [
                Past(session, Unit.SHEETS, span, DEFAULT_ZONE, stretch).tried(
                    self.office, draft, self.asked
                )
                for stretch in (1, 2, 7, 10**9)
            ]
        assert all(each == found[0] for each in found)
        return found[0]


DEEDS = [
    "reserve", "reserve", "reserve", "settle", "settle", "release", "grant", "adjust", "plan",
    "transfer", "open_person", "close_person", "wait",
]  # fmt: skip


@both
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    number=st.integers(0, 40),
    deeds=st.lists(
        st.tuples(st.sampled_from(DEEDS), st.integers(0, 40), st.integers(0, 3)),
        min_size=10,
        max_size=40,
    ),
)
def test_as_it_was_it_refuses_exactly_what_was_refused(database: Database, number, deeds):
    house = House(database, number)
    for name, units, which in deeds:
        getattr(house, name)(units, which)
    now = Period.of_moment(house.now)
    for span in {now, now.within(Span.QUARTER), now.within(Span.YEAR), Period(2026, 1)}:
        days = span.days()
        told = house.tried(span, Draft(None, 0)).outcome
        here = [
            each
            for each in house.asked
            if days[0] <= each.at.astimezone(DEFAULT_ZONE).date() <= days[-1]
        ]
        assert told.would == told.really == told.again
        assert told.would == Count(len(here), sum(each.needed for each in here))


@both
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    number=st.integers(0, 40),
    amount=st.integers(0, 60),
    deeds=st.lists(
        st.tuples(
            st.sampled_from([each for each in DEEDS if each not in ("grant", "adjust", "plan")]),
            st.integers(0, 40),
            st.integers(0, 3),
        ),
        min_size=10,
        max_size=40,
    ),
)
def test_the_plan_that_was_in_force_refuses_what_it_refused(
    database: Database, number, amount, deeds
):
    house, plan = House(database, number), Plan(0, amount, date(2026, 1, 1))
    house.do(service.set_plan, house.office, Unit.SHEETS, plan)
    for name, units, which in deeds:
        getattr(house, name)(units, which)
    now = Period.of_moment(house.now)
    for span in {now, now.within(Span.QUARTER), now.within(Span.YEAR)} - {Period(2026, 1)}:
        told = house.tried(span, Draft(plan, number))
        assert told.outcome.would == told.outcome.really == told.outcome.again


@both
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    number=st.integers(0, 40),
    amount=st.integers(0, 200),
    deeds=st.lists(
        st.tuples(st.sampled_from(DEEDS), st.integers(0, 40), st.integers(0, 3)),
        min_size=10,
        max_size=40,
    ),
)
def test_what_is_passed_over_changes_nothing(database: Database, number, amount, deeds):
    house = House(database, number)
    for name, units, which in deeds:
        getattr(house, name)(units, which)
    now = Period.of_moment(house.now)
    for span in {now.previous(), now, now.within(Span.YEAR)}:
        told = house.tried(span, Draft(Plan(0, amount, date(2026, 1, 1), Base.FIXED), number))
        assert told.outcome.again.jobs <= told.outcome.would.jobs


def test_a_stretch_passes_where_more_is_left_than_it_can_take():
    def stretch(change: int, falls: int, *, plain: bool = True) -> Stretch:
        return Stretch(at(9), {("a", JULY.key): (change, falls)}, plain, list)

    run = Replay({"a": Kept(Span.MONTH, 0)}, DEFAULT_ZONE)
    list(run.run([opening(40)]))
    assert not run.passes(stretch(-1, 1, plain=False))
    assert not run.passes(stretch(-1, 40))
    assert run.passes(stretch(-30, 39))
    assert not run.passes(stretch(0, 10))
    assert run.passes(stretch(0, 9))
    assert [each.id for each in run.run([line(10, "reserve", "x", held=11)])] == ["x"]
    # What was refused has an end to come that must be left out.
    assert not run.passes(stretch(0, 1))
    list(run.run([line(11, "settle", "x", held=-11, spent=11)]))
    assert run.passes(stretch(0, 1))
