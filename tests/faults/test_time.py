"""Clocks that jump, and months that roll while jobs are under way: faults 43-45."""

from datetime import UTC, datetime, timedelta

import pytest

from core import audit
from core.clock import FrozenClock, JumpWatch
from core.db import Database
from core.people import SYSTEM, Actor
from core.tasks import service as tasks
from printgate.backend.port import Queue
from printgate.callers import Caller
from printgate.queries import job_by_uuid
from printgate.service import arrive, finish, printers
from printgate.ticket import JobTicket
from quotas import queries, service
from quotas.insight import Usage, of_period
from quotas.periods import DEFAULT_ZONE, Period
from quotas.units import Unit
from tests.conftest import NOON, Cast

QUEUE = Queue("office-a", "ipp://office-a/", "", "", "idle", (), accepting=True)
MONTH_END = datetime(2026, 11, 30, 15, 59, 59, 900_000, tzinfo=UTC)
"""A tenth of a second before December in the office's zone."""


class Monotonic:
    """A clock that nobody can set."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.mark.parametrize("jump", [timedelta(days=1), timedelta(hours=-2), timedelta(hours=1)])
def test_a_jump_is_seen_once_and_a_busy_machine_is_none(clock: FrozenClock, jump: timedelta):
    monotonic = Monotonic()
    watch = JumpWatch(clock, monotonic)
    monotonic.seconds += 300
    clock.move(timedelta(seconds=300) + jump)
    assert watch.jump() == jump
    monotonic.seconds += 10
    clock.move(timedelta(seconds=20))
    assert watch.jump() == timedelta(0)


def test_work_does_not_wait_for_the_time_to_come_again(database: Database, clock: FrozenClock):
    back = timedelta(hours=-2)
    with database.transaction() as session:
        tasks.enqueue(session, "t", "retry", now=clock.now(), delay=timedelta(seconds=5))
        tasks.enqueue(session, "t", "tomorrow", now=clock.now(), delay=timedelta(days=1))
        tasks.enqueue(session, "t", "claimed", now=clock.now())
        assert tasks.claim_due(session, now=clock.now())
    now = clock.move(back)
    with database.transaction() as session:
        for _ in range(2):
            tasks.heed_jump(session, back, now=now)
        due = [task.subject for task in tasks.waiting(session) if task.due_at <= now]
        assert sorted(due) == ["claimed", "retry"]
        claimed = next(task for task in tasks.waiting(session) if task.claimed_until)
        assert claimed.claimed_until == now + tasks.CLAIM


@pytest.mark.parametrize("jump", [timedelta(days=1), timedelta(hours=-2)])
def test_promised_waits_keep_their_length(
    database: Database, clock: FrozenClock, cast: Cast, jump: timedelta
):
    wait = timedelta(minutes=5)
    with database.transaction() as session:
        printer = printers.add_printer(session, "office-a", QUEUE, actor=SYSTEM, now=NOON)
        caller = Caller("alice", cast.alice, cast.office)
        new = arrive.NewJob("u" * 36, printer, caller, "t", JobTicket())
        arrive.create_job(session, new, wait=wait, now=NOON)
    now = clock.move(jump + timedelta(minutes=1))
    with database.transaction() as session:
        finish.heed_jump(session, jump, now=now)
        assert finish.expire(session, hold_expires=timedelta(hours=24), now=now) == 0
        assert finish.expire(session, hold_expires=timedelta(hours=24), now=now + wait) == 1
        assert job_by_uuid(session, "u" * 36).stage == "expired"
    with database.snapshot() as session:
        (record,) = audit.records_of(session, "clock")
        assert record.details == {"seconds": jump.total_seconds()}
        assert audit.first_broken_seq(session) is None


def test_sixty_four_jobs_in_the_last_tenth_of_a_month(database: Database, cast: Cast):
    actor = Actor.of(cast.alice)
    november, december = Period(2026, 11), Period(2026, 12)
    with database.transaction() as session:
        for period in (november, december):
            service.grant(
                session, period.key, cast.office.id, Unit.SHEETS, period, 100,
                actor=SYSTEM, now=NOON,
            )  # fmt: skip
    for number in range(64):
        now = MONTH_END + timedelta(milliseconds=3 * number)
        with database.transaction() as session:
            service.reserve(
                session, f"job-{number}", cast.office.id, Unit.SHEETS, 1, actor=actor, now=now
            )
    later = MONTH_END + timedelta(hours=1)
    for number in range(64):
        with database.transaction() as session:
            for _ in range(2):
                service.settle(session, f"job-{number}", 1, estimated=False, actor=actor, now=later)
    with database.snapshot() as session:
        balances = [
            queries.balance(session, cast.office.id, Unit.SHEETS, period)
            for period in (november, december)
        ]
        assert [balance.held for balance in balances] == [0, 0]
        assert sum(balance.spent for balance in balances) == 64
        assert [balance.spent for balance in balances] == [34, 30]
        assert queries.discrepancies(session) == []


def test_a_clock_that_goes_back_over_the_month_books_where_it_was_reserved(
    database: Database, cast: Cast
):
    actor = Actor.of(cast.alice)
    december, november = Period(2026, 12), Period(2026, 11)
    after = MONTH_END + timedelta(minutes=1)
    with database.transaction() as session:
        service.grant(
            session, "g", cast.office.id, Unit.SHEETS, december, 5, actor=SYSTEM, now=after
        )
        service.reserve(session, "job", cast.office.id, Unit.SHEETS, 2, actor=actor, now=after)
    with database.transaction() as session:
        earlier = after - timedelta(hours=2)
        service.settle(session, "job", 2, estimated=False, actor=actor, now=earlier)
        assert queries.balance(session, cast.office.id, Unit.SHEETS, december).spent == 2
        assert queries.balance(session, cast.office.id, Unit.SHEETS, november).spent == 0
        days = Usage(session, DEFAULT_ZONE).by_day(of_period(Unit.SHEETS, december, cast.office.id))
        assert sum(days.values()) == 2
