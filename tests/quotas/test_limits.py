"""Limits of jobs and persons: the rule, and what it does to reservations."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.db import Database
from core.errors import InvalidInput, NotFound
from core.identity import service as identity
from core.identity.service import PersonFields
from core.people import SYSTEM
from quotas import limit_queries, queries, service
from quotas.errors import (
    AccountClosed,
    JobTooLarge,
    PersonLimitReached,
    QuotaExceeded,
    UnfairShare,
)
from quotas.fairness import Fairness
from quotas.ledger import Balance
from quotas.limits import Excess, Late, Limit, Limits, excess
from quotas.periods import Period, Span
from quotas.units import AMOUNT_MAX, Unit
from quotas.workdays import Workdays
from tests.conftest import NOON, Cast

MONTH = Period(2026, 11)
ANYTHING = st.none() | st.integers(0, 50)


@pytest.mark.parametrize(
    ("limits", "amount", "taken", "expected"),
    [
        (Limits(), 10**6, 10**6, None),
        (Limits(job_max=5), 5, 100, None),
        (Limits(job_max=5), 6, 0, Excess(Limit.JOB, 5, 5)),
        (Limits(person_max=10), 4, 6, None),
        (Limits(person_max=10), 5, 6, Excess(Limit.PERSON, 10, 4)),
        (Limits(person_max=10), 1, 12, Excess(Limit.PERSON, 10, -2)),
        (Limits(person_max=0), 1, 0, Excess(Limit.PERSON, 0, 0)),
        (Limits(5, 10), 6, 9, Excess(Limit.JOB, 5, 5)),
        (Limits(5, 10).for_person(20), 5, 15, None),
        (Limits(5, 10).for_person(0), 1, 0, Excess(Limit.PERSON, 0, 0)),
        (Limits(5, None).for_person(3), 4, 0, Excess(Limit.PERSON, 3, 3)),
        (Limits(5, 10).for_person(None), 5, 6, Excess(Limit.PERSON, 10, 4)),
    ],
)
def test_what_exceeds_a_limit(limits: Limits, amount: int, taken: int, expected: Excess | None):
    assert excess(limits, amount, taken) == expected


@pytest.mark.parametrize(
    ("percent", "granted", "above"), [(0, 100, 0), (10, 100, 10), (10, 9, 0), (100, 7, 7)]
)
def test_how_far_a_soft_account_goes(percent: int, granted: int, above: int):
    assert Limits(soft_percent=percent).above(granted) == above


@pytest.mark.parametrize("amounts", [[10, 2], [12], [5, 5, 1, 1]])
def test_a_soft_account_is_hard_beyond_its_share(
    database: Database, cast: Cast, amounts: list[int]
):
    office = cast.office.id
    with database.transaction() as session:
        service.grant(session, "g", office, Unit.SHEETS, MONTH, 10, actor=SYSTEM, now=NOON)
        service.set_limits(session, office, Limits(soft_percent=20), actor=SYSTEM, now=NOON)
        over = [
            service.reserve(
                session, f"r{n}", office, Unit.SHEETS, amount, actor=SYSTEM, now=NOON
            ).over
            for n, amount in enumerate(amounts)
        ]
        assert sum(over) == 2
        again = service.reserve(
            session, "r0", office, Unit.SHEETS, amounts[0], actor=SYSTEM, now=NOON
        )
        assert again.amount == amounts[0]
    with database.transaction() as session, pytest.raises(QuotaExceeded) as refused:
        service.reserve(session, "more", office, Unit.SHEETS, 1, actor=SYSTEM, now=NOON)
    assert (refused.value.left, refused.value.missing) == (0, 1)
    with database.snapshot() as session:
        assert queries.discrepancies(session) == []
        assert queries.balance(session, office, Unit.SHEETS, MONTH).left == -2


@given(st.lists(st.integers(1, 20)), ANYTHING, ANYTHING)
def test_whoever_takes_what_is_let_through_stays_within(
    jobs: list[int], job_max: int | None, person_max: int | None
):
    limits, taken = Limits(job_max, person_max), 0
    for amount in jobs:
        found = excess(limits, amount, taken)
        if found is None:
            taken += amount
            assert job_max is None or amount <= job_max
        else:
            assert amount > found.left
            at_most = excess(limits, found.left, taken)
            assert at_most is None or at_most.limit is not found.limit
    assert person_max is None or taken <= person_max


@pytest.fixture
def office(database: Database, cast: Cast) -> str:
    with database.transaction() as session:
        service.grant(
            session, "grant", cast.office.id, Unit.SHEETS, MONTH, 100, actor=SYSTEM, now=NOON
        )
    return cast.office.id


def limit(database: Database, office: str, job: int | None = None, person: int | None = None):
    with database.transaction() as session:
        service.set_limits(session, office, Limits(job, person), actor=SYSTEM, now=NOON)


def name(database: Database, office: str, person: str, most: int | None) -> None:
    with database.transaction() as session:
        service.set_person_limit(session, office, person, most, actor=SYSTEM, now=NOON)


def reserve(database: Database, office: str, amount: int, key: str, person: str | None, now=NOON):
    with database.transaction() as session:
        return service.reserve(
            session, key, office, Unit.SHEETS, amount, person_id=person, actor=SYSTEM, now=now
        )


def settle(database: Database, key: str, used: int, now=NOON) -> None:
    with database.transaction() as session:
        service.settle(session, key, used, estimated=False, actor=SYSTEM, now=now)


def taken(database: Database, office: str, period: Period = MONTH) -> dict[str, int]:
    with database.snapshot() as session:
        assert queries.discrepancies(session) == []
        assert limit_queries.person_discrepancies(session) == []
        return limit_queries.taken(session, office, period)


@pytest.mark.both_databases
def test_a_job_takes_no_more_than_one_may(database: Database, office: str, cast: Cast):
    limit(database, office, job=5)
    reserve(database, office, 5, "a", cast.alice.id)
    for person in (cast.alice.id, None):
        with pytest.raises(JobTooLarge) as caught:
            reserve(database, office, 6, "b", person)
        assert (caught.value.needed, caught.value.left, caught.value.missing) == (6, 5, 1)
    assert taken(database, office) == {cast.alice.id: 5}


@pytest.mark.both_databases
def test_what_a_person_took_counts_until_it_is_freed(database: Database, office: str, cast: Cast):
    limit(database, office, person=10)
    alice, bob = cast.alice.id, cast.bob.id
    reserve(database, office, 6, "a", alice)
    with pytest.raises(PersonLimitReached) as caught:
        reserve(database, office, 5, "b", alice)
    assert (caught.value.left, caught.value.missing) == (4, 1)
    assert "10" in str(caught.value)
    reserve(database, office, 10, "c", bob)
    reserve(database, office, 40, "guests", None)
    settle(database, "a", 2)
    reserve(database, office, 8, "d", alice)
    with database.transaction() as session:
        service.renew(session, "d", NOON + timedelta(days=1), actor=SYSTEM, now=NOON)
        service.release(session, "d", actor=SYSTEM, now=NOON)
    reserve(database, office, 8, "e", alice)
    with database.transaction() as session:
        service.expire(session, "e", actor=SYSTEM, now=NOON)
    assert taken(database, office) == {alice: 2, bob: 10}


@pytest.mark.both_databases
def test_an_overrun_counts_and_the_next_period_begins_anew(
    database: Database, office: str, cast: Cast
):
    limit(database, office, person=10)
    reserve(database, office, 10, "a", cast.alice.id)
    settle(database, "a", 13)
    with pytest.raises(PersonLimitReached) as caught:
        reserve(database, office, 1, "b", cast.alice.id)
    assert (caught.value.left, caught.value.missing) == (-3, 4)
    december, later = Period(2026, 12), NOON + timedelta(days=20)
    with database.transaction() as session:
        service.grant(session, "next", office, Unit.SHEETS, december, 20, actor=SYSTEM, now=later)
    reserve(database, office, 10, "c", cast.alice.id, later)
    assert taken(database, office, december) == {cast.alice.id: 10}


@pytest.mark.both_databases
def test_a_limit_counts_what_was_taken_before_it_was_set(
    database: Database, office: str, cast: Cast
):
    reserve(database, office, 8, "a", cast.alice.id)
    limit(database, office, person=10)
    with pytest.raises(PersonLimitReached):
        reserve(database, office, 3, "b", cast.alice.id)
    limit(database, office)
    reserve(database, office, 3, "b", cast.alice.id)
    assert taken(database, office) == {cast.alice.id: 11}


@pytest.mark.both_databases
def test_one_person_has_another_limit_than_all_others(database: Database, office: str, cast: Cast):
    name(database, office, cast.alice.id, 3)
    with pytest.raises(PersonLimitReached):
        reserve(database, office, 4, "a", cast.alice.id)
    reserve(database, office, 30, "b", cast.bob.id)
    limit(database, office, person=1)
    reserve(database, office, 3, "c", cast.alice.id)
    with pytest.raises(PersonLimitReached):
        reserve(database, office, 1, "d", cast.bob.id)
    name(database, office, cast.alice.id, None)
    with pytest.raises(PersonLimitReached):
        reserve(database, office, 1, "e", cast.alice.id)
    limit(database, office)
    reserve(database, office, 1, "f", cast.bob.id)
    assert taken(database, office) == {cast.alice.id: 3, cast.bob.id: 31}


@pytest.mark.both_databases
def test_the_same_id_again_answers_the_same_whatever_the_limit_is_now(
    database: Database, office: str, cast: Cast
):
    limit(database, office, job=10, person=15)
    first = reserve(database, office, 10, "a", cast.alice.id)
    assert reserve(database, office, 10, "a", cast.alice.id) == first
    limit(database, office, job=20, person=30)
    assert reserve(database, office, 10, "a", cast.alice.id) == first
    limit(database, office, job=5)
    assert reserve(database, office, 10, "a", cast.alice.id) == first
    assert taken(database, office) == {cast.alice.id: 10}


@pytest.mark.both_databases
def test_a_refused_job_leaves_its_transaction_usable(database: Database, office: str, cast: Cast):
    limit(database, office, person=10)
    mine: dict[str, Any] = {"person_id": cast.alice.id, "actor": SYSTEM, "now": NOON}
    with database.transaction() as session:
        with pytest.raises(PersonLimitReached):
            service.reserve(session, "a", office, Unit.SHEETS, 11, **mine)
        service.reserve(session, "a", office, Unit.SHEETS, 10, **mine)
    with database.snapshot() as session:
        assert queries.balance(session, office, Unit.SHEETS, MONTH) == Balance(100, 10, 0)


@pytest.mark.both_databases
def test_the_account_still_says_how_much_there_is(database: Database, office: str, cast: Cast):
    limit(database, office, job=500, person=500)
    with pytest.raises(QuotaExceeded) as caught:
        reserve(database, office, 101, "a", cast.alice.id)
    assert (caught.value.rule, caught.value.left) == ("quota", 100)
    with database.transaction() as session:
        service.close_account(
            session, queries.accounts(session, office, Unit.SHEETS)[0].id, actor=SYSTEM, now=NOON
        )
    with pytest.raises(AccountClosed):
        reserve(database, office, 1, "b", cast.alice.id)
    with pytest.raises(AccountClosed):
        limit(database, office, job=1)


@pytest.mark.both_databases
def test_whoever_has_an_account_of_their_own_has_the_limit_of_a_job_only(
    database: Database, office: str, cast: Cast
):
    alice = cast.alice.id
    limit(database, office, job=5, person=6)
    with database.transaction() as session:
        own = service.open_person_account(
            session, office, Unit.SHEETS, alice, actor=SYSTEM, now=NOON
        )
        service.grant(
            session, "own", office, Unit.SHEETS, MONTH, 50, holder=alice, actor=SYSTEM, now=NOON
        )
    for key in "abc":
        reserve(database, office, 5, key, alice)
    with pytest.raises(JobTooLarge):
        reserve(database, office, 6, "d", alice)
    assert taken(database, office) == {}
    with database.transaction() as session:
        service.close_account(session, own.id, actor=SYSTEM, now=NOON)
    reserve(database, office, 5, "e", alice)
    with pytest.raises(PersonLimitReached):
        reserve(database, office, 2, "f", alice)
    with database.transaction() as session:
        service.open_person_account(session, office, Unit.SHEETS, alice, actor=SYSTEM, now=NOON)
        service.grant(
            session, "own2", office, Unit.SHEETS, MONTH, 50, holder=alice, actor=SYSTEM, now=NOON
        )
    with pytest.raises(JobTooLarge):
        reserve(database, office, 6, "g", alice)


WRONG: list[Any] = [-1, 1.5, "3", True, AMOUNT_MAX + 1]


@pytest.mark.parametrize("most", WRONG)
def test_what_is_no_limit_is_not_set(database: Database, office: str, cast: Cast, most: Any):
    for limits in (Limits(job_max=most), Limits(person_max=most)):
        with pytest.raises(InvalidInput), database.transaction() as session:
            service.set_limits(session, office, limits, actor=SYSTEM, now=NOON)
    with pytest.raises(InvalidInput):
        name(database, office, cast.alice.id, most)
    with database.snapshot() as session:
        assert limit_queries.limits(session, office) == Limits()
        assert limit_queries.person_limits(session, office) == {}


def test_nobody_of_another_office_is_named(database: Database, office: str, cast: Cast):
    with pytest.raises(InvalidInput):
        name(database, office, cast.charlie.id, 5)
    with pytest.raises(InvalidInput):
        name(database, office, cast.charlie.id, None)
    with pytest.raises(NotFound):
        name(database, office, "nobody", 5)
    with pytest.raises(NotFound), database.transaction() as session:
        service.set_limits(session, "nothing", Limits(1), actor=SYSTEM, now=NOON)
    with pytest.raises(InvalidInput):
        limit(database, office, job=0)
    name(database, office, cast.alice.id, 5)
    with database.transaction() as session:
        moved = PersonFields("a", cast.other.id, "", admin=False, active=True, heads=frozenset())
        identity.change_person(session, cast.alice.id, moved, actor=SYSTEM, now=NOON)
    with pytest.raises(InvalidInput):
        name(database, office, cast.alice.id, 6)
    name(database, office, cast.alice.id, None)


def fair(days: int = 3, percent: int = 25, least: int = 0) -> Limits:
    return Limits(fair=Fairness(days, percent, least))


HOLIDAYS = Workdays(
    off=frozenset({date(2026, 12, 31)}), on=frozenset({date(2026, 12, 26)}), years=frozenset({2026})
)


@pytest.mark.parametrize(
    ("period", "days", "workdays", "begins"),
    [
        (MONTH, 1, Workdays(), date(2026, 11, 30)),
        (MONTH, 2, Workdays(), date(2026, 11, 27)),
        (Period(2026, 12), 1, HOLIDAYS, date(2026, 12, 30)),
        (Period(2026, 12), 5, HOLIDAYS, date(2026, 12, 25)),
        (Period(2026, 12), 22, HOLIDAYS, date(2026, 12, 2)),
        (Period(2026, 12), 23, HOLIDAYS, date(2026, 12, 1)),
        (Period(2026, 12), 31, HOLIDAYS, date(2026, 12, 1)),
        (Period(2026, 10, Span.QUARTER), 1, Workdays(), date(2026, 12, 31)),
        (Period(2026, 1, Span.YEAR), 2, HOLIDAYS, date(2026, 12, 29)),
    ],
)
def test_when_the_last_days_begin(period: Period, days: int, workdays: Workdays, begins: date):
    assert Fairness(days, 10, 0).begins(period.days(), workdays) == begins


@pytest.mark.parametrize(
    ("percent", "least", "left", "taken", "most"),
    [
        (25, 0, 100, 0, 25),
        (25, 0, 75, 25, 25),
        (25, 0, 3, 0, 0),
        (25, 5, 3, 0, 5),
        (25, 30, 100, 0, 30),
        (100, 0, 40, 60, 100),
        (0, 7, 10**15, 0, 7),
        (33, 0, 100, 0, 33),
        (33, 0, -50, 10, 0),
    ],
)
def test_the_share_of_one_person(percent: int, least: int, left: int, taken: int, most: int):
    assert max(0, Fairness(1, percent, least).most(left, taken)) == most


@given(
    st.integers(0, 500), st.integers(0, 100), st.integers(0, 20), st.lists(st.integers(1, 60)),
)  # fmt: skip
def test_nobody_drains_an_office_by_many_jobs(left: int, percent: int, least: int, jobs: list[int]):
    """Whoever prints alone takes the share of what was there, in however many jobs."""
    rule, begun, taken = Fairness(1, percent, least), left, 0
    for amount in jobs:
        late = Late(left, taken)
        if amount <= left and excess(Limits(fair=rule), amount, 0, late) is None:
            left, taken = left - amount, taken + amount
    assert taken <= max(least, percent * begun // 100)


LATE = datetime(2026, 11, 27, 1, 0, tzinfo=UTC)
"""A Friday; the last working day after it is Monday the 30th."""


@pytest.mark.both_databases
def test_at_the_end_of_a_month_one_person_takes_a_share(
    database: Database, office: str, cast: Cast
):
    alice, bob = cast.alice.id, cast.bob.id
    with database.transaction() as session:
        service.set_limits(session, office, fair(2, 25), actor=SYSTEM, now=NOON)
    before = datetime(2026, 11, 26, 15, 59, tzinfo=UTC)
    reserve(database, office, 20, "early", alice, before)
    begins = before + timedelta(minutes=1)
    reserve(database, office, 15, "a", alice, begins)
    with pytest.raises(UnfairShare) as caught:
        reserve(database, office, 6, "b", alice, LATE)
    assert (caught.value.left, caught.value.missing) == (5, 1)
    assert (caught.value.rule, "25" in str(caught.value)) == ("quota.share", True)
    reserve(database, office, 16, "c", bob, LATE)
    with pytest.raises(UnfairShare) as caught:
        reserve(database, office, 2, "d", alice, LATE)
    assert caught.value.left == 1
    settle(database, "a", 3, LATE)
    reserve(database, office, 13, "e", alice, LATE)
    with database.transaction() as session:
        service.release(session, "early", actor=SYSTEM, now=LATE)
    reserve(database, office, 5, "f", alice, LATE)
    reserve(database, office, 30, "guests", None, LATE)
    assert taken(database, office) == {alice: 21, bob: 16}


@pytest.mark.both_databases
def test_whoever_has_a_limit_of_their_own_is_not_asked_to_be_fair(
    database: Database, office: str, cast: Cast
):
    with database.transaction() as session:
        service.set_limits(session, office, fair(2, 0, 1), actor=SYSTEM, now=NOON)
    name(database, office, cast.alice.id, 60)
    reserve(database, office, 60, "a", cast.alice.id, LATE)
    reserve(database, office, 1, "b", cast.bob.id, LATE)
    with pytest.raises(UnfairShare):
        reserve(database, office, 1, "c", cast.bob.id, LATE)
    limit(database, office)
    reserve(database, office, 39, "d", cast.bob.id, LATE)


@pytest.mark.parametrize(
    "wrong",
    [
        fair(0, 10), fair(-1, 10), fair(32, 10), fair(3, -1), fair(3, 101), fair(3, 0, 0),
        fair(3, 10, -1), fair(3, 10, AMOUNT_MAX + 1), fair(1.5, 10), fair(3, 10.5),  # type: ignore[arg-type]
        fair(True, 10), fair(3, True),
    ],
)  # fmt: skip
def test_what_is_no_fairness_is_not_set(database: Database, office: str, wrong: Limits):
    with pytest.raises(InvalidInput), database.transaction() as session:
        service.set_limits(session, office, wrong, actor=SYSTEM, now=NOON)
    with database.snapshot() as session:
        assert limit_queries.limits(session, office) == Limits()
