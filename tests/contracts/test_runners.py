"""Whoever runs the tasks: threads of one process, or Celery workers with a real Redis (20-24).

The contract: each task that was laid aside is done, once, whatever becomes of the broker.
"""

import time

import pytest

from core.tasks.celery_runner import LOOK, QUEUE, application
from core.tasks.service import CLAIM
from deploy.lab.redis import RedisServer
from tests.contracts.conftest import Workers, until

only_with_broker = pytest.mark.parametrize("workers", ["redis"], indirect=True)
many_databases = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)

TWENTY = [str(number) for number in range(20)]


@pytest.mark.both_databases
def test_tasks_are_done_once_and_a_failing_one_is_backed_off(workers: Workers):
    workers.start()
    started = time.monotonic()
    workers.ask("fails", fail=2)
    workers.ask(*TWENTY)
    workers.done_once([*TWENTY, "fails"])
    assert workers.lines("begun").count("fails") == 3
    assert time.monotonic() - started > 3, "the second and third try wait one and two seconds"


@many_databases
def test_several_processes_share_the_tasks_and_one_has_the_rounds(workers: Workers):
    pids = {str(workers.start().pid) for _ in range(2)}
    workers.ask(*TWENTY, seconds=0.1)
    workers.done_once(TWENTY)
    if "redis" in workers.url:
        until(lambda: len(workers.lines("rounds")) > 20)
        assert len(set(workers.lines("rounds"))) == 1
    else:
        assert set(workers.lines("rounds")) == pids


@many_databases
@only_with_broker
def test_the_rounds_pass_on_when_their_process_dies(workers: Workers):
    first = workers.start()
    until(lambda: len(workers.lines("rounds")) > 3)
    second = workers.start()
    first.kill()
    until(lambda: str(second.pid) in workers.lines("rounds"), seconds=15)


@many_databases
def test_a_task_whose_process_was_killed_is_taken_up_by_another(workers: Workers):
    first = workers.start()
    workers.ask("long", seconds=1)
    until(lambda: workers.lines("begun") == ["long"])
    first.kill()
    workers.expire_claims()
    workers.start()
    workers.done_once(["long"])


@many_databases
def test_long_work_stays_with_its_runner(workers: Workers):
    for _ in range(2):
        workers.start()
    seconds = CLAIM.total_seconds() + 5
    workers.ask("long", seconds=seconds)
    workers.done_once(["long"], seconds + 20)
    assert workers.lines("begun") == ["long"]


@only_with_broker
def test_a_hint_is_quicker_than_the_next_look(workers: Workers):
    workers.start()
    time.sleep(1)
    delays = []
    for number in range(8):
        asked = time.monotonic()
        workers.ask(str(number))
        until(lambda n=number: str(n) in workers.lines("done"))  # type: ignore[misc]
        delays.append(time.monotonic() - asked)
        time.sleep(0.3)
    assert sorted(delays)[4] < 0.4, delays


@only_with_broker
def test_no_broker_at_all(workers: Workers, redis: RedisServer):
    redis.stop()
    workers.start()
    asked = time.monotonic()
    workers.ask(*TWENTY)
    assert time.monotonic() - asked < 5, "nobody waits for a broker"
    workers.done_once(TWENTY)


@only_with_broker
def test_a_broker_that_is_killed_and_comes_back_empty(workers: Workers, redis: RedisServer):
    workers.start()
    workers.ask(*TWENTY[:10], seconds=0.2)
    until(lambda: len(workers.lines("begun")) >= 3)
    redis.kill()
    workers.ask(*TWENTY[10:15], seconds=0.2)
    redis.start()
    redis.wait()
    workers.ask(*TWENTY[15:])
    workers.done_once(TWENTY)
    consumed(workers, redis)


def hint(redis: RedisServer, times: int) -> None:
    """Send hints, whether there is something to do or not."""
    app = application(redis.url)
    with app.connection_for_write() as connection:
        for _ in range(times):
            app.send_task(LOOK, connection=connection)


def consumed(workers: Workers, redis: RedisServer) -> None:
    """Hints sent now are taken by the workers: they listen again."""
    hint(redis, 5)
    until(lambda: redis.run("LLEN", QUEUE) == "0", seconds=60)


@only_with_broker
def test_a_broker_that_is_wiped(workers: Workers, redis: RedisServer):
    workers.start()
    for number in TWENTY:
        workers.ask(number, seconds=0.1)
        redis.run("FLUSHALL")
    workers.done_once(TWENTY)
    consumed(workers, redis)


@only_with_broker
def test_a_broker_that_is_full_and_one_that_may_not_write(workers: Workers, redis: RedisServer):
    workers.start()
    redis.run("CONFIG", "SET", "maxmemory", "1mb")
    workers.ask(*TWENTY[:10])
    until(lambda: workers.waiting() == 0)
    redis.run("CONFIG", "SET", "maxmemory", "0")
    redis.run("REPLICAOF", "127.0.0.1", "1")
    workers.ask(*TWENTY[10:])
    workers.done_once(TWENTY)
    redis.run("REPLICAOF", "NO", "ONE")
    consumed(workers, redis)


@only_with_broker
def test_a_broker_that_hangs(workers: Workers, redis: RedisServer):
    workers.start()
    redis.pause()
    asked = time.monotonic()
    workers.ask(*TWENTY)
    assert time.monotonic() - asked < 5, "nobody waits for a broker"
    workers.done_once(TWENTY)
    redis.resume()
    consumed(workers, redis)


@only_with_broker
def test_twenty_hints_for_one_task(workers: Workers, redis: RedisServer):
    for _ in range(2):
        workers.start()
    workers.ask("one", seconds=1)
    hint(redis, 20)
    workers.done_once(["one"])
    assert workers.lines("begun") == ["one"]


@only_with_broker
def test_a_hint_that_is_delivered_again_while_its_task_is_worked_on(
    workers: Workers, redis: RedisServer
):
    workers.visibility_seconds = 1
    for _ in range(2):
        workers.start()
    workers.ask("long", seconds=6)
    until(lambda: workers.lines("begun") == ["long"])
    workers.done_once(["long"])
    assert workers.lines("begun") == ["long"]


@only_with_broker
def test_a_worker_ends_at_once_with_and_without_a_broker(workers: Workers, redis: RedisServer):
    first, second = workers.start(), workers.start()
    workers.ask("long", seconds=2)
    until(lambda: workers.lines("begun") == ["long"])
    started = time.monotonic()
    first.end(15)
    redis.stop()
    time.sleep(3)
    second.end(15)
    assert time.monotonic() - started < 20
    assert workers.lines("done") == ["long"]
