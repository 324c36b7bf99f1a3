"""Writers that take turns: who is told yes is in the database, whatever became of the others."""

import random
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from core.db import Database

WRITERS = 16


@pytest.fixture
def open_database(tmp_path: Path):
    opened = Database(f"sqlite:///{tmp_path / 'group.db'}")
    with opened.transaction() as session:
        session.execute(text("CREATE TABLE notes (id TEXT PRIMARY KEY, body TEXT)"))
    yield opened
    opened.close()


def add(session: Session, name: str, body: str = "") -> None:
    session.execute(text("INSERT INTO notes VALUES (:id, :body)"), {"id": name, "body": body})


def names(database: Database) -> set[str]:
    with database.snapshot() as session:
        return set(session.scalars(text("SELECT id FROM notes")))


def at_once(work: Callable[[int], None], count: int = WRITERS) -> None:
    barrier = threading.Barrier(count)

    def one(number: int) -> None:
        barrier.wait()
        work(number)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()


def test_those_who_wait_share_a_commit(open_database: Database):
    commits: list[object] = []
    event.listen(open_database.engine, "commit", commits.append)
    for turn in range(10):

        def write(number: int, turn: int = turn) -> None:
            with open_database.transaction() as session:
                add(session, f"{turn}-{number}")

        at_once(write)
    assert len(names(open_database)) == 10 * WRITERS
    assert len(commits) < 10 * WRITERS


def test_one_that_fails_takes_only_its_own_work_back(open_database: Database):
    told: dict[int, bool] = {}

    def write(number: int) -> None:
        try:
            with open_database.transaction() as session:
                add(session, str(number))
                if number % 3 == 0:
                    raise ValueError("changed its mind")
            told[number] = True
        except ValueError:
            told[number] = False

    at_once(write)
    assert told == {number: number % 3 != 0 for number in range(WRITERS)}
    assert names(open_database) == {str(number) for number, good in told.items() if good}


def test_nobody_is_told_yes_before_it_can_be_read(open_database: Database):
    missing: list[str] = []

    def write(number: int) -> None:
        for turn in range(10):
            name = f"{number}-{turn}"
            with open_database.transaction() as session:
                add(session, name)
            if name not in names(open_database):
                missing.append(name)

    at_once(write, 8)
    assert missing == []


def test_a_full_disk_is_told_to_everybody_whom_it_concerns(open_database: Database):
    def small(connection, _record) -> None:
        connection.execute("PRAGMA max_page_count=40")

    open_database.close()
    event.listen(open_database.engine, "connect", small)
    told: list[str] = []

    def write(number: int) -> None:
        for turn in range(20):
            name = f"{number}-{turn}"
            try:
                with open_database.transaction() as session:
                    add(session, name, "x" * random.choice((10, 3000, 60_000)))
            except OperationalError:
                continue
            told.append(name)

    at_once(write, 8)
    assert told
    assert names(open_database) == set(told)
    # Nothing hangs and nothing is left open: there is room again after some of it is removed.
    with open_database.transaction() as session:
        session.execute(text("DELETE FROM notes"))
    with open_database.transaction() as session:
        add(session, "after")
    assert names(open_database) == {"after"}
