import threading
import time
from datetime import timedelta

import pytest
from sqlalchemy import text

from core import leases
from core.db import Database
from core.leases import Keeper

pytestmark = pytest.mark.both_databases

LONG, SHORT = timedelta(minutes=5), timedelta(seconds=0.4)


def take(database: Database, holder: str, term: timedelta = LONG) -> bool:
    with database.transaction() as session:
        return leases.take(session, "rounds", holder, term)


def test_one_has_it_and_prolongs_it_and_another_waits_for_its_end(database: Database):
    assert take(database, "a", SHORT)
    assert take(database, "a", SHORT)
    assert not take(database, "b")
    time.sleep(SHORT.total_seconds() + 0.1)
    assert take(database, "b")
    assert not take(database, "a")


def test_what_is_given_back_is_free_at_once_and_only_one_s_own(database: Database):
    assert take(database, "a")
    with database.transaction() as session:
        leases.give_back(session, "rounds", "b")
    assert not take(database, "b")
    with database.transaction() as session:
        leases.give_back(session, "rounds", "a")
    assert take(database, "b")


def test_of_many_that_ask_at_once_one_gets_it(database: Database):
    barrier, answers = threading.Barrier(16), []

    def ask(holder: str) -> None:
        barrier.wait()
        answers.append(take(database, holder))

    threads = [threading.Thread(target=ask, args=(str(n),)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers.count(True) == 1


def until(ready) -> None:
    deadline = time.monotonic() + 10
    while not ready():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_keepers_take_turns_and_a_dead_one_is_followed(database: Database):
    first, second = (Keeper(database, "rounds", timedelta(seconds=1)) for _ in range(2))
    first.start()
    until(first.held)
    second.start()
    for _ in range(30):
        assert (first.held(), second.held()) == (True, False)
        time.sleep(0.05)
    first._stop.set()  # dies: neither prolongs its lease nor gives it back
    until(second.held)
    assert not first.held()
    second.close()
    assert take(database, "c")


def test_a_keeper_without_a_database_holds_nothing_for_longer_than_its_term(database: Database):
    keeper = Keeper(database, "rounds", timedelta(seconds=0.6))
    keeper.start()
    until(keeper.held)
    with database.transaction() as session:
        session.execute(text("ALTER TABLE leases RENAME TO gone"))
    until(lambda: not keeper.held())
    with database.transaction() as session:
        session.execute(text("ALTER TABLE gone RENAME TO leases"))
    until(keeper.held)
    keeper.close()
