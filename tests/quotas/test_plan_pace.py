"""Use against the plan: what the plan gives up to a day, and what was used by then."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from core.db import Database
from core.people import SYSTEM
from quotas import planning, queries, service
from quotas.models import AccountRow, EntryRow
from quotas.periods import DEFAULT_ZONE, Period, Span
from quotas.plan_pace import Given, Standing, standing
from quotas.plans import Base, Plan
from quotas.units import Unit
from quotas.workdays import Workdays
from tests.conftest import NOON, Cast

NOVEMBER = Period(2026, 11)
FIRST = date(2026, 11, 1)
WEEK = Workdays()
both = pytest.mark.both_databases


@pytest.mark.parametrize(
    ("today", "since", "so_far"),
    [
        (date(2026, 10, 31), FIRST, 0),
        (date(2026, 11, 1), FIRST, 0),  # a Sunday
        (date(2026, 11, 2), FIRST, 10),
        (date(2026, 11, 8), FIRST, 50),
        (date(2026, 11, 30), FIRST, 210),
        (date(2026, 12, 30), FIRST, 210),
        (date(2026, 11, 22), date(2026, 11, 23), 0),
        (date(2026, 11, 23), date(2026, 11, 23), 35),
        (date(2026, 11, 30), date(2026, 12, 1), 0),
    ],
)
def test_what_a_plan_gives_up_to_a_day(today: date, since: date, so_far: int):
    assert Given(NOVEMBER, 210, since).so_far(today, WEEK) == so_far


def test_where_no_day_is_worked_all_days_count():
    given = Given(NOVEMBER, 300, date(2026, 11, 28))
    off = Workdays(off=frozenset({date(2026, 11, 30)}))
    assert [given.so_far(date(2026, 11, day), off) for day in (27, 28, 29, 30)] == [
        0,
        100,
        200,
        300,
    ]


@given(st.integers(0, 10**6), st.integers(0, 40), st.integers(1, 30))
def test_it_never_falls_and_ends_with_all_of_it(amount: int, after: int, since: int):
    said = Given(NOVEMBER, amount, date(2026, 11, since))
    today = FIRST + timedelta(days=after)
    before, now, end = (said.so_far(day, WEEK) for day in (FIRST, today, date(2026, 11, 30)))
    assert 0 <= before <= now <= end == amount


def test_more_and_less_than_the_plan():
    said = Given(NOVEMBER, 210, FIRST)
    assert standing(said, 55, date(2026, 11, 8), WEEK) == Standing(said, 50, 55)
    assert [standing(said, n, date(2026, 11, 8), WEEK).over for n in (55, 50, 1)] == [5, 0, -49]


def of(database: Database, office: str, period: Period = NOVEMBER) -> Standing | None:
    with database.snapshot() as session:
        account = queries.account_for(session, office, Unit.SHEETS, None, now=NOON)
        if account is None:
            return None
        return planning.standing(session, account, period, WEEK, now=NOON, zone=DEFAULT_ZONE)


@both
def test_an_office_stands_where_its_entries_say(database: Database, cast: Cast):
    office = cast.office.id
    assert of(database, office) is None
    plan = Plan(0, 210, FIRST, Base.FIXED)
    with database.transaction() as session:
        service.set_plan(session, office, Unit.SHEETS, plan, actor=SYSTEM, now=NOON)
        his = service.open_person_account(
            session, office, Unit.SHEETS, cast.bob.id, actor=SYSTEM, now=NOON
        )
        own = service.open_account(session, office, Unit.SHEETS, now=NOON)
        service.transfer(session, "t", own, his.id, 40, actor=SYSTEM, now=NOON)
        for key, person, used in (("a", cast.alice.id, 7), ("b", cast.bob.id, 9)):
            service.reserve(
                session, key, office, Unit.SHEETS, 10, person_id=person, actor=SYSTEM, now=NOON
            )
            service.settle(session, key, used, estimated=False, actor=SYSTEM, now=NOON)
        service.reserve(session, "c", office, Unit.SHEETS, 10, actor=SYSTEM, now=NOON)
    found = of(database, office)
    assert found == Standing(Given(NOVEMBER, 210, FIRST), 160, 16)
    with database.snapshot() as session:
        entered = session.scalar(
            select(func.sum(EntryRow.spent))
            .join(AccountRow, AccountRow.id == EntryRow.account_id)
            .where(AccountRow.office_id == office, EntryRow.period == NOVEMBER.key)
        )
        all_of_them = planning.standings(session, Unit.SHEETS, WEEK, now=NOON, zone=DEFAULT_ZONE)
    assert found is not None
    assert found.used == entered
    assert all_of_them == {office: found}


@both
def test_a_period_that_is_over_has_what_its_plan_granted(database: Database, cast: Cast):
    office, october = cast.office.id, Period(2026, 10)
    with database.transaction() as session:
        service.set_plan(
            session, office, Unit.SHEETS, Plan(0, 90, date(2026, 1, 1), Base.FIXED),
            actor=SYSTEM, now=datetime(2026, 10, 5, tzinfo=UTC),
        )  # fmt: skip
        service.set_plan(session, office, Unit.SHEETS, Plan(0, 5, FIRST), actor=SYSTEM, now=NOON)
    assert of(database, office, october) == Standing(Given(october, 90, date(2026, 10, 1)), 90, 0)
    for other in (Period(2026, 9), Period(2026, 12), Period(2026, 10, Span.QUARTER)):
        assert of(database, office, other) is None
    with database.transaction() as session:
        service.drop_plan(session, office, Unit.SHEETS, actor=SYSTEM, now=NOON)
    assert of(database, office) == Standing(Given(NOVEMBER, 5, FIRST), 3, 0)


@both
def test_before_it_has_granted_a_plan_gives_what_it_will(database: Database, cast: Cast):
    office = cast.office.id
    with database.transaction() as session:
        service.book(
            session, "b", office, Unit.SHEETS, 100, actor=SYSTEM,
            now=datetime(2025, 11, 5, tzinfo=UTC),
        )  # fmt: skip
        service.set_plan(
            session, office, Unit.SHEETS, Plan(10, 5, date(2026, 10, 1)), actor=SYSTEM,
            now=datetime(2026, 10, 5, tzinfo=UTC),
        )  # fmt: skip
    assert of(database, office) == Standing(Given(NOVEMBER, 90, FIRST), 68, 0)
    with database.transaction() as session:
        account = service.open_account(session, office, Unit.SHEETS, now=NOON)
        service.close_account(session, account, actor=SYSTEM, now=NOON)
    assert of(database, office) is None
