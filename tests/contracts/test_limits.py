"""Many jobs of one person at the same moment: exactly as many get through as may."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from core.audit import AuditRow
from core.db import Database
from core.people import SYSTEM
from quotas import limit_queries, queries, service
from quotas.errors import PersonLimitReached, QuotaExceeded, UnfairShare
from quotas.fairness import Fairness
from quotas.limits import Limits
from quotas.periods import Period
from quotas.units import Unit
from tests.conftest import NOON, Cast
from tests.contracts.at_once import at_once, failures

pytestmark = pytest.mark.both_databases

MONTH = Period(2026, 11)
ROUNDS = 50


@pytest.fixture
def office(database: Database, cast: Cast) -> str:
    with database.transaction() as session:
        service.grant(
            session, "g", cast.office.id, Unit.SHEETS, MONTH, 10_000, actor=SYSTEM, now=NOON
        )
        service.set_limits(session, cast.office.id, Limits(person_max=10), actor=SYSTEM, now=NOON)
    return cast.office.id


def reserve(database: Database, office: str, person: str, key: str) -> None:
    with database.transaction() as session:
        service.reserve(
            session, key, office, Unit.SHEETS, 1, person_id=person, actor=SYSTEM, now=NOON
        )


def free(database: Database, key: str) -> None:
    with database.transaction() as session:
        service.release(session, key, actor=SYSTEM, now=NOON)


def taken(database: Database, office: str, person: str) -> int:
    with database.snapshot() as session:
        assert queries.discrepancies(session) == []
        assert limit_queries.person_discrepancies(session) == []
        return limit_queries.taken(session, office, MONTH).get(person, 0)


def test_of_sixty_four_jobs_ten_get_through(database: Database, office: str, cast: Cast):
    outcomes = at_once(64, lambda n: reserve(database, office, cast.alice.id, f"j{n}"))
    assert failures(outcomes, PersonLimitReached) == []
    assert sum(each is None for each in outcomes) == 10
    assert taken(database, office, cast.alice.id) == 10


def test_a_soft_account_lets_through_exactly_so_many_more(
    database: Database, cast: Cast, office: str
):
    """Of 10 sheets and 20 per cent, 12 of 64 jobs get through; two of them are told."""
    other = cast.other.id
    with database.transaction() as session:
        service.grant(session, "o", other, Unit.SHEETS, MONTH, 10, actor=SYSTEM, now=NOON)
        service.set_limits(session, other, Limits(soft_percent=20), actor=SYSTEM, now=NOON)
    outcomes = at_once(64, lambda n: reserve(database, other, cast.charlie.id, f"s{n}"))
    assert failures(outcomes, QuotaExceeded) == []
    assert sum(each is None for each in outcomes) == 12
    with database.snapshot() as session:
        assert queries.discrepancies(session) == []
        assert queries.balance(session, other, Unit.SHEETS, MONTH).left == -2
        told = session.scalars(select(AuditRow.details).where(AuditRow.action == "quota.over"))
        assert [each["over"] for each in told] == [1, 1]


def test_what_is_freed_meanwhile_is_taken_once(database: Database, office: str, cast: Cast):
    """Nine of ten are taken and one of these is freed, while four jobs want one each."""
    alice = cast.alice.id
    for number in range(8):
        reserve(database, office, alice, f"base{number}")
    for turn in range(ROUNDS):
        reserve(database, office, alice, f"ninth{turn}")

        def work(number: int, turn: int = turn) -> None:
            if number == 0:
                free(database, f"ninth{turn}")
            else:
                reserve(database, office, alice, f"j{turn}:{number}")

        outcomes = at_once(5, work)
        assert failures(outcomes, PersonLimitReached) == []
        got = [number for number in range(1, 5) if outcomes[number] is None]
        assert len(got) in (1, 2)
        assert taken(database, office, alice) == 8 + len(got)
        for number in got:
            free(database, f"j{turn}:{number}")


def test_a_limit_that_is_set_while_jobs_come_holds_from_then_on(
    database: Database, office: str, cast: Cast
):
    alice = cast.alice.id
    with database.transaction() as session:
        service.set_limits(session, office, Limits(), actor=SYSTEM, now=NOON)

    def work(number: int) -> None:
        if number == 3:
            with database.transaction() as session:
                limits = Limits(person_max=5)
                service.set_limits(session, office, limits, actor=SYSTEM, now=NOON)
        else:
            reserve(database, office, alice, f"j{number}")

    assert failures(at_once(16, work), PersonLimitReached) == []
    assert 5 <= taken(database, office, alice) <= 15
    with pytest.raises(PersonLimitReached):
        reserve(database, office, alice, "one-more")


def test_at_a_months_end_many_jobs_take_no_more_than_a_share(
    database: Database, office: str, cast: Cast
):
    """A tenth of 10,000 sheets, in 64 jobs of 50 at once: 20 of them get through."""
    late = datetime(2026, 11, 30, 1, 0, tzinfo=UTC)
    with database.transaction() as session:
        limits = Limits(fair=Fairness(1, 10, 0))
        service.set_limits(session, office, limits, actor=SYSTEM, now=NOON)

    def work(number: int) -> None:
        person = cast.alice.id if number % 3 else cast.bob.id
        with database.transaction() as session:
            service.reserve(
                session, f"j{number}", office, Unit.SHEETS, 50, person_id=person, actor=SYSTEM,
                now=late,
            )  # fmt: skip

    outcomes = at_once(64, work)
    assert failures(outcomes, UnfairShare) == []
    alice, bob = taken(database, office, cast.alice.id), taken(database, office, cast.bob.id)
    assert sum(each is None for each in outcomes) * 50 == alice + bob
    for mine, theirs in ((alice, bob), (bob, alice)):
        least = (10_000 - theirs) // 10 // 50 * 50
        assert least <= mine <= 1000
