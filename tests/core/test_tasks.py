import threading
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from core.clock import FrozenClock
from core.db import Database
from core.tasks import service
from core.tasks.service import Task
from core.tasks.thread_runner import Again, Round, ThreadRunner
from tests.conftest import NOON

pytestmark = pytest.mark.both_databases


def enqueue(database: Database, subject: str = "s", **more: object) -> None:
    with database.transaction() as session:
        service.enqueue(session, "work", subject, now=NOON, **more)  # type: ignore[arg-type]


def test_asking_twice_is_asking_once_and_makes_it_due_sooner(database: Database):
    enqueue(database, delay=timedelta(hours=1))
    with database.transaction() as session:
        assert service.claim_due(session, now=NOON) is None
    enqueue(database)
    with database.transaction() as session:
        assert service.claim_due(session, now=NOON) is not None
        assert service.claim_due(session, now=NOON) is None


def test_a_rolled_back_transaction_leaves_no_task(database: Database):
    with pytest.raises(DBAPIError), database.transaction() as session:
        service.enqueue(session, "work", "s", now=NOON)
        session.execute(text("SELECT * FROM nothing"))
    with database.snapshot() as session:
        assert service.depth(session, now=NOON) == (0, 0)


def test_the_claim_of_a_dead_runner_ends_by_itself(database: Database):
    enqueue(database)
    with database.transaction() as session:
        assert service.claim_due(session, now=NOON)
        assert service.claim_due(session, now=NOON + service.CLAIM / 2) is None
        assert service.claim_due(session, now=NOON + service.CLAIM)


def test_work_asked_for_again_while_it_is_done_is_done_again(database: Database):
    enqueue(database)
    with database.transaction() as session:
        task = service.claim_due(session, now=NOON)
    assert task is not None
    enqueue(database)
    with database.transaction() as session:
        service.finish(session, task)
        assert service.claim_due(session, now=NOON) is not None


def test_only_one_of_many_runners_gets_a_task(database: Database):
    for number in range(20):
        enqueue(database, str(number))
    claimed: list[str] = []

    def claim() -> None:
        while True:
            with database.transaction() as session:
                task = service.claim_due(session, now=NOON)
            if task is None:
                return
            claimed.append(task.subject)

    threads = [threading.Thread(target=claim) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed, key=int) == [str(number) for number in range(20)]


def test_failures_wait_longer_and_longer_and_postponing_is_no_failure(database: Database):
    clock = FrozenClock(NOON)
    seen: list[int] = []

    def work(task: Task) -> Again | None:
        seen.append(task.attempts)
        if len(seen) < 3:
            raise ValueError("not yet")
        return Again(5) if len(seen) == 3 else None

    runner = ThreadRunner(database, clock, {"work": work})
    enqueue(database)
    for wait in (0, 1, 2, 5):
        clock.move(timedelta(seconds=wait))
        assert runner.run_due()
        assert not runner.run_due()
    assert seen == [0, 1, 2, 0]
    with database.snapshot() as session:
        assert service.depth(session, now=clock.now()) == (0, 0)


def test_only_the_first_to_take_a_task_up_is_first(database: Database):
    enqueue(database)
    claims = []
    for n in range(3):
        with database.transaction() as session:
            claims.append(service.claim_due(session, now=NOON + n * service.CLAIM))
    assert [task is not None and task.first for task in claims] == [True, False, False]
    # Asked for again while somebody was at it: still not the first.
    enqueue(database)
    with database.transaction() as session:
        again = service.claim_due(session, now=NOON + 3 * service.CLAIM)
    assert again is not None
    assert not again.first


def test_a_committed_task_wakes_the_runner_and_rounds_come_round(database: Database):
    done, rounds = threading.Event(), threading.Semaphore(0)

    def failing_round() -> None:
        rounds.release()
        raise ValueError("a round that fails comes round again")

    runner = ThreadRunner(
        database,
        FrozenClock(NOON),
        {"work": lambda _: done.set()},
        (Round("round", 0.01, failing_round),),
    )
    runner.start()
    try:
        enqueue(database)
        assert done.wait(5)
        assert rounds.acquire(timeout=5)
        assert rounds.acquire(timeout=5)
    finally:
        runner.close()
