"""Checks of the system: done by a task, kept until the next; each night by itself."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from core import audit, checkups
from core.checkups import Checkup, Finding
from core.clock import FrozenClock
from core.db import Database
from core.people import SYSTEM, Actor
from core.tasks import service as tasks
from core.tasks.service import Task
from core.text import Text, counted
from tests.conftest import NOON

pytestmark = pytest.mark.both_databases

ZONE = ZoneInfo("Asia/Shanghai")
ADA = Actor("管理员", "ada", admin=True)
FOUND = [
    Finding("ledger", False, Text("Every balance is the sum of its entries.")),
    Finding(
        "spool",
        True,
        counted("{n} sheet", "{n} sheets", 1),
        Text("Run: {command}", {"command": "rm x"}),
        Text("Nobody works on tasks."),
    ),
]


def last(database: Database) -> Checkup | None:
    with database.snapshot() as session:
        return checkups.last(session)


def claimed(database: Database, now: datetime) -> Task | None:
    with database.transaction() as session:
        return tasks.claim_due(session, now=now)


def ask(database: Database, now: datetime, actor: Actor = ADA) -> None:
    with database.transaction() as session:
        checkups.ask(session, actor=actor, now=now)


def end(database: Database, task: Task, now: datetime) -> None:
    with database.transaction() as session:
        checkups.keep(session, FOUND, now=now)
        tasks.finish(session, task)


def test_what_a_check_found_is_kept_until_the_next(database: Database, clock: FrozenClock):
    assert last(database) is None
    ask(database, NOON)
    asked = last(database)
    assert asked is not None
    assert (asked.running, asked.asked_by, asked.ended_at) == (True, "管理员", None)
    task = claimed(database, NOON)
    assert task is not None
    assert task.name == checkups.TASK
    end(database, task, NOON + timedelta(minutes=2))
    done = last(database)
    assert done is not None
    assert (done.running, done.ended_at) == (False, NOON + timedelta(minutes=2))
    assert list(done.findings) == FOUND
    assert list(done.bad) == FOUND[1:]
    ask(database, NOON + timedelta(minutes=3))
    again = last(database)
    assert again is not None
    assert again.running
    assert list(again.findings) == FOUND
    with database.snapshot() as session:
        deeds = [(each.actor_name, each.action) for each in audit.records_of(session, "")]
        assert deeds == [
            ("管理员", "checkup.ask"),
            (SYSTEM.name, "checkup.end"),
            ("管理员", "checkup.ask"),
        ]
        assert audit.first_broken_seq(session) is None


def test_a_check_under_way_is_not_begun_twice_and_one_that_was_lost_is_begun_again(
    database: Database,
):
    ask(database, NOON)
    assert claimed(database, NOON) is not None
    ask(database, NOON + timedelta(seconds=5))
    assert claimed(database, NOON + timedelta(seconds=6)) is None
    ask(database, NOON + checkups.LOST_AFTER)
    assert claimed(database, NOON + checkups.LOST_AFTER) is not None


@pytest.mark.parametrize(
    ("first", "later", "due"),
    [
        # in Shanghai: the day, the hour
        ((23, 12), (23, 23), False),
        ((23, 12), (24, 1), False),
        ((23, 12), (24, 2), True),
        ((23, 12), (25, 9), True),  # the machine was off at night
        ((24, 1), (24, 2), True),
        ((24, 2), (24, 3), False),
    ],
)
def test_it_is_due_once_a_night(
    database: Database, first: tuple[int, int], later: tuple[int, int], due: bool
):
    for number, (day, hour) in enumerate((first, later)):
        now = datetime(2026, 11, day, hour, tzinfo=ZONE).astimezone(UTC)
        for _ in range(2):
            with database.transaction() as session:
                checkups.ask_nightly(session, ZONE, now=now)
        task = claimed(database, now)
        assert (task is not None) is (due and number == 1)
        assert claimed(database, now) is None
    found = last(database)
    assert found is not None
    assert found.running is due
    assert found.asked_by == SYSTEM.name
