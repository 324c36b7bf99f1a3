"""Drafts of plans: what they would grant, and that they come into force as they were seen."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import audit
from core.clock import FrozenClock
from core.db import Database
from core.errors import InvalidInput, NotFound
from core.people import SYSTEM, Actor
from quotas import planning, queries, service, tasks
from quotas.drafts import Draft, Line, Outlook, Terms, digest, outlook, periods_to_come
from quotas.errors import AccountClosed, PlansChanged
from quotas.periods import DEFAULT_ZONE, Period, Span
from quotas.plans import Base, Plan
from quotas.service import drafts
from quotas.service.drafts import Seen
from quotas.units import AMOUNT_MAX, Unit
from tests.conftest import NOON, Cast
from tests.contracts.at_once import at_once

TODAY = date(2026, 11, 23)
NOVEMBER, DECEMBER = Period(2026, 11), Period(2026, 12)
FIXED = Draft(Plan(0, 300, date(2026, 1, 1), Base.FIXED), 20)
LESS = Draft(Plan(10, 50, date(2026, 1, 1)), 0)
both = pytest.mark.both_databases


@pytest.mark.parametrize(
    ("year", "span", "keys"),
    [
        (2026, Span.MONTH, ["2026-11", "2026-12"]),
        (2026, Span.QUARTER, ["2026-Q4"]),
        (2026, Span.YEAR, ["2026"]),
        (2027, Span.QUARTER, ["2027-Q1", "2027-Q2", "2027-Q3", "2027-Q4"]),
        (2025, Span.MONTH, []),
    ],
)
def test_the_periods_that_a_draft_is_for(year: int, span: Span, keys: list[str]):
    assert [each.key for each in periods_to_come(year, span, TODAY)] == keys


def test_what_a_draft_grants_beside_what_was_used():
    used = {"2025-11": 200, "2025-12": 100}
    terms = Terms("o", used=used, granted={"2026-11": 77}, plan=LESS.plan)
    found = outlook(terms, FIXED, 2026, TODAY)
    assert found.lines == (
        Line(NOVEMBER, 200, True, 77, stands=True),
        Line(DECEMBER, 100, True, 300),
    )
    assert (found.used, found.grants, found.final, found.changes) == (300, 377, True, True)
    assert [line.difference for line in found.lines] == [-123, 200]
    assert [line.grants for line in outlook(terms, None, 2026, TODAY).lines] == [77, 90]
    assert [line.grants for line in outlook(Terms("o", used=used), None, 2026, TODAY).lines] == [
        0,
        0,
    ]


def test_a_quarter_reckons_with_the_months_of_last_year():
    used = {"2025-10": 5, "2025-Q4": 7, "2025-09": 1000}
    line = outlook(Terms("o", Span.QUARTER, used=used), LESS, 2026, TODAY).lines[0]
    assert (line.used, line.grants) == (12, 10)


def test_what_is_not_over_is_not_final_and_no_part_of_the_digest():
    def said(used: dict[str, int], draft: Draft | None = LESS) -> Outlook:
        return outlook(Terms("o", used=used), draft, 2027, TODAY)

    found = said({"2026-10": 100, "2026-11": 100})
    assert [line.final for line in found.lines] == [True] * 10 + [False] * 2
    assert digest([found]) == digest([said({"2026-10": 100, "2026-11": 101})])
    assert digest([found]) != digest([said({"2026-10": 101, "2026-11": 100})])
    assert digest([found]) != digest([said({"2026-10": 100, "2026-11": 100}, None)])


TERMS = Terms("o", plan=LESS.plan)


@pytest.mark.parametrize(
    "other",
    [
        replace(TERMS, office_id="p"),
        replace(TERMS, span=Span.QUARTER),
        replace(TERMS, carry_max=1),
        replace(TERMS, adjust_max=1),
        replace(TERMS, plan=None),
        replace(TERMS, plan=FIXED.plan),
        replace(TERMS, closed=True),
        replace(TERMS, used={"2025-11": 1}),
        replace(TERMS, granted={"2026-11": 0}),
    ],
)
def test_whatever_changes_changes_the_digest(other: Terms):
    one, two = (digest([outlook(each, FIXED, 2026, TODAY)]) for each in (TERMS, other))
    assert one != two


@given(
    st.dictionaries(st.sampled_from(["2025-11", "2025-12", "2025-Q4"]), st.integers(0, 10**6)),
    st.integers(0, 100),
    st.sampled_from([Span.MONTH, Span.QUARTER, Span.YEAR]),
)
def test_a_saving_of_a_whole_year_is_kept(used: dict[str, int], percent: int, span: Span):
    plan = Plan(percent, 0, date(2026, 1, 1))
    found = outlook(Terms("o", span, used=used), Draft(plan, 0), 2026, TODAY)
    assert found.grants * 100 <= found.used * (100 - percent)
    assert found.grants - found.used == sum(line.difference for line in found.lines)


def look(database: Database, year: int = 2026, now: datetime = NOON) -> str:
    with database.snapshot() as session:
        return digest(planning.outlooks(session, Unit.SHEETS, year, now=now, zone=DEFAULT_ZONE))


def seen(database: Database, now: datetime = NOON, **more: Any) -> Seen:
    made = Seen(Unit.SHEETS, 2026, look(database, 2026, now), SYSTEM, now, DEFAULT_ZONE)
    return replace(made, **more)


def draft(database: Database, office: str, said: Draft = FIXED) -> None:
    by = seen(database)
    with database.transaction() as session:
        drafts.lay_down(session, [office], said, by)


def waiting(database: Database) -> dict[str, Draft]:
    with database.snapshot() as session:
        return planning.drafts(session, Unit.SHEETS)


def left(database: Database, office: str, period: Period = NOVEMBER) -> int:
    with database.snapshot() as session:
        assert queries.discrepancies(session) == []
        return queries.balance(session, office, Unit.SHEETS, period).left


def deeds(database: Database) -> list[str]:
    with database.snapshot() as session:
        found = audit.find_records(session, audit.AuditSearch(action="quota."), limit=99)
        return [each.action for each in reversed(found)]


@both
def test_drafts_grant_nothing_until_they_are_put_into_force(database: Database, cast: Cast):
    draft(database, cast.office.id)
    draft(database, cast.other.id, LESS)
    draft(database, cast.other.id, replace(FIXED, carry_max=5))
    assert left(database, cast.office.id) == 0
    assert waiting(database) == {cast.office.id: FIXED, cast.other.id: replace(FIXED, carry_max=5)}
    by = seen(database, actor=Actor.of(cast.ada))
    with database.transaction() as session:
        assert drafts.put_into_force(session, by) == 2
    assert waiting(database) == {}
    assert (left(database, cast.office.id), left(database, cast.other.id)) == (300, 300)
    with database.snapshot() as session:
        found = planning.terms(session, Unit.SHEETS, 2026, now=NOON, zone=DEFAULT_ZONE)
    told = {each.office_id: (each.now, dict(each.granted)) for each in found}
    assert told[cast.office.id] == (FIXED, {"2026-11": 300})
    assert told[cast.other.id] == (replace(FIXED, carry_max=5), {"2026-11": 300})
    assert deeds(database)[:3] == ["quota.draft-plan"] * 3
    assert deeds(database)[-1] == "quota.put-plans-into-force"
    assert deeds(database).count("quota.plan") == 2


@both
def test_a_draft_of_nothing_ends_the_plan_and_what_was_granted_stays(database, cast):
    for said in (FIXED, Draft(None, 3)):
        draft(database, cast.office.id, said)
        with database.transaction() as session:
            drafts.put_into_force(session, seen(database))
    with database.snapshot() as session:
        (account,) = queries.accounts(session, cast.office.id, Unit.SHEETS)
        assert (queries.plan(session, account.id), account.carry_max) == (None, 3)
    assert left(database, cast.office.id) == 300


@both
@pytest.mark.parametrize("said", [FIXED, LESS, Draft(Plan(3, 7, date(2026, 12, 16)), 0)])
def test_what_was_shown_is_what_the_periods_get(database: Database, cast: Cast, said: Draft):
    for key, month, used in (("a", 11, 200), ("b", 12, 101)):
        with database.transaction() as session:
            service.book(
                session, key, cast.office.id, Unit.SHEETS, used, actor=SYSTEM,
                now=datetime(2025, month, 5, tzinfo=UTC),
            )  # fmt: skip
    draft(database, cast.office.id, replace(said, carry_max=0))
    with database.snapshot() as session:
        shown = planning.outlooks(session, Unit.SHEETS, 2026, now=NOON, zone=DEFAULT_ZONE)
    with database.transaction() as session:
        drafts.put_into_force(session, seen(database))
    tasks.keep_up(database, FrozenClock(NOON + timedelta(days=9)), DEFAULT_ZONE)
    (mine,) = [each for each in shown if each.terms.office_id == cast.office.id]
    for line in mine.lines:
        assert left(database, cast.office.id, line.period) == line.grants


def _another_draft(database: Database, cast: Cast) -> None:
    draft(database, cast.office.id, LESS)


def _another_plan(database: Database, cast: Cast) -> None:
    with database.transaction() as session:
        service.set_plan(
            session, cast.other.id, Unit.SHEETS, Plan(1, 1, TODAY), actor=SYSTEM, now=NOON
        )


def _other_terms(database: Database, cast: Cast) -> None:
    with database.transaction() as session:
        service.set_terms(
            session, cast.office.id, Unit.SHEETS, span=Span.YEAR, carry_max=0, adjust_max=None,
            actor=SYSTEM, now=NOON,
        )  # fmt: skip


def _other_use(database: Database, cast: Cast) -> None:
    with database.transaction() as session:
        service.book(
            session, "b", cast.office.id, Unit.SHEETS, 9, actor=SYSTEM,
            now=datetime(2025, 12, 5, tzinfo=UTC),
        )  # fmt: skip


def _discarded(database: Database, cast: Cast) -> None:
    with database.transaction() as session:
        drafts.discard(session, [cast.office.id, cast.other.id], seen(database))


@both
@pytest.mark.parametrize(
    "meanwhile", [_another_draft, _another_plan, _other_terms, _other_use, _discarded]
)
def test_what_is_no_longer_as_it_was_seen_is_not_done(database, cast, meanwhile):
    draft(database, cast.office.id)
    old = seen(database)
    meanwhile(database, cast)
    before = (look(database), waiting(database), deeds(database))
    with pytest.raises(PlansChanged), database.transaction() as session:
        drafts.put_into_force(session, old)
    with pytest.raises(PlansChanged), database.transaction() as session:
        drafts.lay_down(session, [cast.office.id], FIXED, old)
    with pytest.raises(PlansChanged), database.transaction() as session:
        drafts.discard(session, [cast.office.id], old)
    assert before == (look(database), waiting(database), deeds(database))


@both
def test_a_period_that_has_begun_since_is_looked_at_again(database: Database, cast: Cast):
    draft(database, cast.office.id)
    old = seen(database)
    with pytest.raises(PlansChanged), database.transaction() as session:
        drafts.put_into_force(session, replace(old, now=NOON + timedelta(days=8)))


@both
def test_of_many_at_once_one_puts_them_into_force(database: Database, cast: Cast):
    draft(database, cast.office.id)
    draft(database, cast.other.id)
    by = seen(database)

    def work(_number: int) -> object:
        with database.transaction() as session:
            return drafts.put_into_force(session, by)

    outcomes = at_once(6, work)
    assert sorted(type(each).__name__ for each in outcomes) == ["PlansChanged"] * 5 + ["int"]
    assert left(database, cast.office.id) == 300


@both
def test_of_many_at_once_one_draft_is_kept(database: Database, cast: Cast):
    by = seen(database)

    def work(number: int) -> object:
        with database.transaction() as session:
            drafts.lay_down(session, [cast.office.id], Draft(None, number), by)
        return None

    outcomes = at_once(6, work)
    assert sorted(type(each).__name__ for each in outcomes) == ["NoneType"] + ["PlansChanged"] * 5
    assert waiting(database) == {cast.office.id: Draft(None, outcomes.index(None))}


@both
@pytest.mark.parametrize(
    ("changes", "carry"),
    [
        ({"percent_less": -1}, 0),
        ({"percent_less": 101}, 0),
        ({"percent_less": 1.5}, 0),
        ({"amount": -1}, 0),
        ({"amount": 0.5}, 0),
        ({"amount": AMOUNT_MAX + 1}, 0),
        ({}, -1),
        ({}, 1.5),
        ({}, AMOUNT_MAX + 1),
    ],
)
def test_drafts_that_are_none(database: Database, cast: Cast, changes, carry):
    made = Draft(replace(LESS.plan, **changes), carry)  # type: ignore[type-var]
    with pytest.raises(InvalidInput), database.transaction() as session:
        drafts.lay_down(session, [cast.office.id], made, seen(database))
    assert (waiting(database), deeds(database)) == ({}, [])


@both
def test_offices_that_cannot_have_a_draft(database: Database, cast: Cast):
    with pytest.raises(InvalidInput), database.transaction() as session:
        drafts.lay_down(session, [], FIXED, seen(database))
    offices = [cast.office.id, "x"]
    with pytest.raises(NotFound), database.transaction() as session:
        drafts.lay_down(session, offices, FIXED, seen(database))
    with pytest.raises(NotFound), database.transaction() as session:
        drafts.discard(session, offices, seen(database))
    with database.transaction() as session:
        account = service.open_account(session, cast.office.id, Unit.SHEETS, now=NOON)
        service.close_account(session, account, actor=SYSTEM, now=NOON)
    with pytest.raises(AccountClosed), database.transaction() as session:
        drafts.lay_down(session, [cast.other.id, cast.office.id], FIXED, seen(database))
    assert waiting(database) == {}


@both
def test_an_account_that_closes_stops_all_drafts(database: Database, cast: Cast):
    draft(database, cast.office.id)
    draft(database, cast.other.id)
    with database.transaction() as session:
        account = service.open_account(session, cast.office.id, Unit.SHEETS, now=NOON)
        service.close_account(session, account, actor=SYSTEM, now=NOON)
    with pytest.raises(AccountClosed), database.transaction() as session:
        drafts.put_into_force(session, seen(database))
    assert (len(waiting(database)), left(database, cast.other.id)) == (2, 0)
