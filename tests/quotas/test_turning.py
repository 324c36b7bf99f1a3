"""Periods begin: carry-over, grants by plan, clocks set back, month ends under load, moves."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import FrozenClock
from core.db import Database
from core.errors import InvalidInput
from core.identity import service as identity
from core.people import SYSTEM
from quotas import queries, service, tasks
from quotas.auditing import unbalanced_transfers
from quotas.errors import QuotaExceeded
from quotas.periods import DEFAULT_ZONE, WHOLE, Period, Span
from quotas.plans import Base, Plan, carried, prorated
from quotas.units import Unit
from tests.conftest import NOON, Cast
from tests.contracts.at_once import at_once, failures

NOVEMBER, DECEMBER = Period(2026, 11), Period(2026, 12)
MIDNIGHT = datetime(2026, 11, 30, 16, tzinfo=UTC)
"""When December begins in the office's zone."""
both = pytest.mark.both_databases


@pytest.mark.parametrize(
    ("key", "first", "days"),
    [
        ("2026-11", date(2026, 11, 1), 30),
        ("2026-Q1", date(2026, 1, 1), 90),
        ("2026-Q4", date(2026, 10, 1), 92),
        ("2028", date(2028, 1, 1), 366),
    ],
)
def test_periods_of_every_span(key: str, first: date, days: int):
    period = Period.of_key(key)
    assert (period.key, period.days()[0], len(period.days())) == (key, first, days)
    assert period.next().previous() == period
    assert period.year_before().key == key.replace(key[:4], str(int(key[:4]) - 1))


@given(st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31)))  # noqa: DTZ001
def test_every_moment_lies_in_one_period_of_each_span(naive):
    moment = naive.replace(tzinfo=UTC)
    for span in (Span.MONTH, Span.QUARTER, Span.YEAR):
        period = Period.of_moment(moment, DEFAULT_ZONE, span)
        around = (period.previous(), period, period.next())
        inside = [p for p in around if p.bounds()[0] <= moment < p.bounds()[1]]
        assert inside == [period]
        assert Period.of_key(period.key) == period
        assert [p.key for p in around] == sorted(p.key for p in around)
        assert Period.of_moment(moment) in period.parts()


def test_a_project_has_one_period():
    assert Period.of_moment(NOON, DEFAULT_ZONE, Span.PROJECT) is WHOLE is Period.of_key("project")
    with pytest.raises(ValueError, match="one period"):
        WHOLE.next()


@pytest.mark.parametrize(
    ("starts_on", "used", "granted"),
    [
        (date(2026, 1, 1), 1000, 900),
        (date(2026, 1, 1), 7, 6),
        (date(2026, 1, 1), 0, 300),
        (date(2026, 11, 1), 1000, 900),
        (date(2026, 11, 16), 1000, 450),
        (date(2026, 11, 30), 0, 10),
        (date(2026, 12, 1), 1000, 0),
    ],
)
def test_what_a_plan_grants(starts_on: date, used: int, granted: int):
    assert Plan(10, 300, starts_on).grant(NOVEMBER, used) == granted
    fixed = Plan(10, 300, starts_on, Base.FIXED)
    assert fixed.grant(NOVEMBER, used) == prorated(300, NOVEMBER, starts_on)


@given(st.integers(0, 10**9), st.integers(0, 100), st.dates(date(2026, 1, 1), date(2027, 1, 1)))
def test_a_plan_grants_no_more_than_was_used(used: int, percent: int, starts_on: date):
    granted = Plan(percent, 0, starts_on).grant(NOVEMBER, used)
    assert 0 <= granted * 100 <= used * (100 - percent)
    assert prorated(used, NOVEMBER, date(2026, 1, 1)) == used


@pytest.mark.parametrize(("left", "cap", "goes_on"), [(5, 9, 5), (9, 5, 5), (-3, 5, 0), (5, 0, 0)])
def test_what_goes_on(left: int, cap: int, goes_on: int):
    assert carried(left, cap) == goes_on


@pytest.fixture
def office(database: Database, cast: Cast) -> str:
    """Return an office with 100 sheets in November, of which at most 30 go on."""
    with database.transaction() as session:
        service.grant(
            session, "g", cast.office.id, Unit.SHEETS, NOVEMBER, 100, actor=SYSTEM, now=NOON
        )
        terms(session, cast.office.id, 30)
    keep_up(database, NOON)
    return cast.office.id


def terms(session, office: str, cap: int) -> None:
    service.set_terms(
        session, office, Unit.SHEETS, span=Span.MONTH, carry_max=cap, adjust_max=None,
        actor=SYSTEM, now=NOON,
    )  # fmt: skip


def plan(session, office: str, now: datetime = NOON, **more: Any) -> None:
    made = replace(Plan(10, 300, date(2026, 11, 16)), **more)
    service.set_plan(session, office, Unit.SHEETS, made, actor=SYSTEM, now=now)


def keep_up(database: Database, now: datetime) -> None:
    tasks.keep_up(database, FrozenClock(now), DEFAULT_ZONE)


def reserve(database: Database, office: str, amount: int, key: str, now: datetime, **more):
    with database.transaction() as session:
        return service.reserve(
            session, key, office, Unit.SHEETS, amount, actor=SYSTEM, now=now, **more
        )


def left(database: Database, office: str, period: Period) -> int:
    with database.snapshot() as session:
        assert queries.discrepancies(session) == []
        assert unbalanced_transfers(session) == []
        return queries.balance(session, office, Unit.SHEETS, period).left


@both
def test_what_is_left_goes_on_up_to_the_cap_and_once(database, office):
    reserve(database, office, 10, "open", NOON)
    for now in (MIDNIGHT - timedelta(seconds=1), MIDNIGHT, MIDNIGHT + timedelta(days=3)):
        keep_up(database, now)
        keep_up(database, now)
    assert (left(database, office, NOVEMBER), left(database, office, DECEMBER)) == (60, 30)
    with database.transaction() as session:
        service.settle(session, "open", 12, estimated=False, actor=SYSTEM, now=MIDNIGHT)
    keep_up(database, MIDNIGHT)
    assert (left(database, office, NOVEMBER), left(database, office, DECEMBER)) == (58, 30)


@both
def test_a_clock_that_is_set_back_finds_the_period_begun(database, office):
    keep_up(database, MIDNIGHT)
    keep_up(database, NOON)
    assert reserve(database, office, 1, "back", NOON).period == NOVEMBER
    assert reserve(database, office, 1, "on", MIDNIGHT).period == DECEMBER
    keep_up(database, MIDNIGHT + timedelta(hours=1))
    assert (left(database, office, NOVEMBER), left(database, office, DECEMBER)) == (69, 29)


@both
def test_months_that_were_slept_through_are_made_up_for(database, office):
    with database.transaction() as session:
        plan(session, office, starts_on=date(2027, 1, 1), amount=7)
    keep_up(database, datetime(2027, 2, 10, tzinfo=UTC))
    found = [left(database, office, Period(2027, month)) for month in (1, 2)]
    assert [left(database, office, DECEMBER), *found] == [0, 7, 37 - 7 + 7 - 7 + 7]


@both
def test_a_plan_grants_the_share_of_days_at_once_and_then_every_month(database, cast):
    office = cast.other.id
    with database.transaction() as session:
        for _ in range(2):
            plan(session, office)
    assert left(database, office, NOVEMBER) == 150
    keep_up(database, NOON)
    keep_up(database, MIDNIGHT)
    keep_up(database, MIDNIGHT)
    assert left(database, office, DECEMBER) == 300
    with database.transaction() as session:
        plan(session, office, amount=500, now=MIDNIGHT)
        service.drop_plan(session, office, Unit.SHEETS, actor=SYSTEM, now=MIDNIGHT)
        service.drop_plan(session, office, Unit.SHEETS, actor=SYSTEM, now=MIDNIGHT)
        assert queries.plan(session, queries.accounts(session, office, Unit.SHEETS)[0].id) is None
    keep_up(database, MIDNIGHT + timedelta(days=31))
    assert left(database, office, DECEMBER) == 300
    assert left(database, office, Period(2027, 1)) == 0


@both
def test_a_plan_counts_what_the_office_and_its_people_used_last_year(database, cast):
    office, then = cast.office.id, datetime(2025, 12, 5, tzinfo=UTC)
    with database.transaction() as session:
        for key, used in (("a", 40), ("b", 20)):
            service.book(session, key, office, Unit.SHEETS, used, actor=SYSTEM, now=then)
        plan(session, office, starts_on=date(2025, 1, 1))
    assert left(database, office, NOVEMBER) == 300
    keep_up(database, MIDNIGHT)
    assert left(database, office, DECEMBER) == 54


@both
@pytest.mark.parametrize(
    "wrong", [{"percent_less": 101}, {"percent_less": -1}, {"amount": -1}, {"amount": 1.5}]
)
def test_plans_that_are_none(database, cast, wrong):
    with database.transaction() as session, pytest.raises(InvalidInput):
        plan(session, cast.office.id, **wrong)


@both
def test_a_month_ends_under_load_and_every_job_is_in_one(database, office):
    def work(number: int) -> list[str]:
        periods = []
        for turn in range(6):
            now = MIDNIGHT + timedelta(seconds=(turn - 3) * 2 + number % 2)
            if number % 4 == 0:
                keep_up(database, now)
                continue
            try:
                made = reserve(database, office, 1, f"{number}:{turn}", now)
            except QuotaExceeded:
                continue
            assert made.period == Period.of_moment(now)
            periods.append(made.period.key)
            with database.transaction() as session:
                service.settle(session, made.id, 1, estimated=False, actor=SYSTEM, now=now)
        return periods

    outcomes = at_once(12, work)
    assert failures(outcomes) == []
    keep_up(database, MIDNIGHT + timedelta(minutes=1))
    made = [key for each in outcomes for key in each]  # type: ignore[attr-defined]
    with database.snapshot() as session:
        november, december = (
            queries.balance(session, office, Unit.SHEETS, period) for period in (NOVEMBER, DECEMBER)
        )
    assert (november.spent, december.spent) == (made.count("2026-11"), made.count("2026-12"))
    assert november.granted + december.granted == 100
    assert left(database, office, NOVEMBER) >= 0 <= left(database, office, DECEMBER)


@both
def test_who_moves_leaves_jobs_and_account_behind(database, office, cast):
    alice = cast.alice
    with database.transaction() as session:
        account = service.open_person_account(
            session, office, Unit.SHEETS, alice.id, actor=SYSTEM, now=NOON
        )
        own = service.open_account(session, office, Unit.SHEETS, now=NOON)
        service.transfer(session, "t", own, account.id, 10, actor=SYSTEM, now=NOON)
        service.grant(session, "h", cast.other.id, Unit.SHEETS, NOVEMBER, 5, actor=SYSTEM, now=NOON)
    reserve(database, office, 4, "before", NOON, person_id=alice.id)
    with database.transaction() as session:
        fields = identity.PersonFields(
            alice.name, cast.other.id, alice.email, alice.active, alice.admin, alice.heads
        )
        identity.change_person(session, alice.id, fields, actor=SYSTEM, now=NOON)
    keep_up(database, NOON)
    reserve(database, cast.other.id, 1, "after", NOON, person_id=alice.id)
    with database.transaction() as session:
        service.settle(session, "before", 3, estimated=False, actor=SYSTEM, now=NOON)
    keep_up(database, NOON)
    with database.snapshot() as session:
        mine = queries.balance(session, office, Unit.SHEETS, NOVEMBER, holder=alice.id)
        theirs = queries.balance(session, cast.other.id, Unit.SHEETS, NOVEMBER)
        (gone,) = (each for each in queries.accounts(session, office, Unit.SHEETS) if each.holder)
    assert (mine.spent, mine.left, theirs.held) == (3, 0, 1)
    assert replace(gone, closed_at=None) == account
    assert left(database, office, NOVEMBER) == 97
