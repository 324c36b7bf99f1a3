"""Warnings that an account runs out: at which levels, whom, and once each."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from core import audit
from core.clock import FrozenClock
from core.db import Database
from core.identity import service as identity
from core.identity.service import PersonFields
from core.ids import new_uuid
from core.notices import unseen
from core.people import SYSTEM, Actor, Person
from quotas import queries, service, tasks
from quotas.ledger import Balance
from quotas.periods import DEFAULT_ZONE, Period
from quotas.service import warnings
from quotas.units import Unit
from quotas.warnings import due, reached
from tests.conftest import NOON, Cast
from tests.contracts.at_once import at_once, failures

both = pytest.mark.both_databases
MONTH = Period(2026, 11)


@pytest.mark.parametrize(
    ("granted", "spent", "level"),
    [
        (100, 0, 0), (100, 79, 0), (100, 80, 80), (100, 94, 80), (100, 95, 95), (100, 99, 95),
        (100, 100, 100), (100, 130, 100), (0, 0, 0), (0, 1, 100), (3, 2, 0), (3, 3, 100),
        (10**15, 8 * 10**14 - 1, 0), (10**15, 8 * 10**14, 80),
    ],
)  # fmt: skip
def test_a_level_is_reached_by_what_came_out(granted, spent, level):
    for held in (0, granted - spent if granted > spent else 0):
        assert reached(Balance(granted, held, spent)) == level


@pytest.mark.parametrize("warned", [0, 80, 95, 100])
@pytest.mark.parametrize(("spent", "level"), [(0, 0), (80, 80), (95, 95), (100, 100)])
def test_a_level_is_due_when_no_higher_or_equal_one_was_told(spent, level, warned):
    assert due(Balance(100, 0, spent), warned) == (level if level > warned else 0)


@pytest.fixture
def office(database: Database, cast: Cast) -> str:
    with database.transaction() as session:
        grant(session, cast.office.id, 100)
    return cast.office.id


def grant(session: Session, office: str, amount: int, **more) -> None:
    given = {"period": MONTH, "actor": SYSTEM, "now": NOON, **more}
    service.grant(session, new_uuid(), office, Unit.SHEETS, amount=amount, **given)


def use(database: Database, office: str, sheets: int, now: datetime = NOON, **more) -> None:
    with database.transaction() as session:
        key = new_uuid()
        service.reserve(session, key, office, Unit.SHEETS, sheets, actor=SYSTEM, now=now, **more)
        service.settle(session, key, sheets, estimated=False, actor=SYSTEM, now=now)


def go_round(database: Database, now: datetime = NOON) -> None:
    tasks.keep_up(database, FrozenClock(now), DEFAULT_ZONE)


def news(database: Database, person: Person) -> list[str]:
    with database.snapshot() as session:
        return [str(each.text) for each in reversed(unseen(session, person.id))]


def told(database: Database, office: str) -> list[int]:
    with database.snapshot() as session:
        assert queries.discrepancies(session) == []
        records = audit.records_of(session, office)
    return [each.details["level"] for each in records if each.action == "quota.warn"]


@both
def test_each_level_is_told_once_whatever_happens_between(database, office, cast):
    use(database, office, 79)
    go_round(database)
    assert told(database, office) == []
    for sheets, levels in ((1, [80]), (14, [80]), (1, [80, 95]), (5, [80, 95, 100])):
        use(database, office, sheets)
        for _ in range(2):
            go_round(database)
        assert told(database, office) == levels
    assert len(news(database, cast.dora)) == 3
    assert news(database, cast.ada) == news(database, cast.alice) == []
    assert set(news(database, cast.dora)) == {
        "办公室: 80 % of the sheets of this period are used; 20 sheets are left.",
        "办公室: 95 % of the sheets of this period are used; 5 sheets are left.",
        "办公室: all sheets that were granted for this period are used up.",
    }
    with database.transaction() as session:
        grant(session, office, 25)
    use(database, office, 25)
    go_round(database)
    assert told(database, office) == [80, 95, 100]


@both
def test_levels_passed_at_one_stroke_are_one_piece_of_news(database, office, cast):
    use(database, office, 97)
    go_round(database)
    assert told(database, office) == [95]
    with database.transaction() as session:
        grant(session, office, 20)  # 97 of 120: above 80 per cent again, which is no news
    go_round(database)
    assert told(database, office) == [95]


@both
def test_what_is_reserved_is_not_used(database, office):
    with database.transaction() as session:
        service.reserve(session, "job", office, Unit.SHEETS, 100, actor=SYSTEM, now=NOON)
    go_round(database)
    assert told(database, office) == []


@both
def test_a_new_period_begins_anew(database, office):
    use(database, office, 100)
    go_round(database)
    later = NOON + timedelta(days=30)
    go_round(database, later)
    with database.transaction() as session:
        grant(session, office, 10, period=MONTH.next(), now=later)
    use(database, office, 8, later)
    go_round(database, later)
    assert told(database, office) == [100, 80]


@both
def test_a_persons_account_concerns_the_person_and_the_head(database, office, cast):
    with database.transaction() as session:
        service.open_person_account(
            session, office, Unit.SHEETS, cast.alice.id, actor=SYSTEM, now=NOON
        )
        grant(session, office, 10, holder=cast.alice.id)
    use(database, office, 9, person_id=cast.alice.id)
    go_round(database)
    text = "王芳: 80 % of the sheets of this period are used; 1 sheet is left."
    assert news(database, cast.alice) == news(database, cast.dora) == [text]


@both
def test_without_a_head_the_administrators_are_told(database, cast):
    with database.transaction() as session:
        grant(session, cast.other.id, 10)
    use(database, cast.other.id, 10)
    go_round(database)
    assert len(news(database, cast.ada)) == 1


@both
def test_a_closed_account_warns_nobody(database, office, cast):
    use(database, office, 100)
    with database.transaction() as session:
        account = service.open_account(session, office, Unit.SHEETS, now=NOON)
        service.close_account(session, account, actor=Actor.of(cast.ada), now=NOON)
    go_round(database)
    assert told(database, office) == []


@both
def test_eight_rounds_at_once_tell_it_once(database, office, cast):
    use(database, office, 100)
    with database.snapshot() as session:
        (account,) = warnings.due_accounts(session, now=NOON)

    def one(_number: int) -> object:
        return database.run(lambda session: warnings.warn(session, account, now=NOON))

    outcomes = at_once(8, one)
    assert failures(outcomes) == []
    assert sorted(map(str, outcomes)) == ["0"] * 7 + ["100"]
    assert told(database, office) == [100]
    assert len(news(database, cast.dora)) == 1


def shut_out(session: Session, cast: Cast) -> None:
    """Shut the head of the office out; she still stands there as its head."""
    dora = cast.dora
    fields = PersonFields(
        dora.name, dora.office_id, "", admin=False, active=False, heads=dora.heads
    )
    identity.change_person(session, dora.id, fields, actor=Actor.of(cast.ada), now=NOON)


@both
def test_a_head_who_is_shut_out_is_not_told(database, office, cast):
    with database.transaction() as session:
        shut_out(session, cast)
    use(database, office, 100)
    go_round(database)
    assert news(database, cast.dora) == []
    assert len(news(database, cast.ada)) == 1
