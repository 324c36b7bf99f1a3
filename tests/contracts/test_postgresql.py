"""What only PostgreSQL does: it breaks transactions off, goes away, and comes back (fault 26)."""

import threading
import time
from collections.abc import Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, InternalError
from sqlalchemy.orm import Session

from core.db import Database, DatabaseUnavailable
from deploy.lab.postgres import PostgresServer
from tests.contracts.at_once import at_once, failures


@pytest.fixture
def numbers(postgres: PostgresServer) -> Iterator[Database]:
    """Open a database with two numbered rows."""
    database = Database(postgres.create("numbers"))
    with database.transaction() as session:
        session.execute(text("CREATE TABLE numbers (id int PRIMARY KEY, n int NOT NULL)"))
        session.execute(text("INSERT INTO numbers VALUES (1, 0), (2, 0)"))
    yield database
    database.close()
    postgres.drop("numbers")


def add_one(session: Session, row: int) -> None:
    session.execute(text("UPDATE numbers SET n = n + 1 WHERE id = :id"), {"id": row})


def figures(database: Database) -> list[int]:
    with database.snapshot() as session:
        return list(session.scalars(text("SELECT n FROM numbers ORDER BY id")))


def test_a_ring_of_waiting_transactions_is_broken_and_both_are_done_once(numbers: Database):
    both_have_one = threading.Barrier(2)
    tries: list[int] = []

    def cross(number: int) -> None:
        def work(session: Session) -> None:
            tries.append(number)
            add_one(session, 1 + number)
            if tries.count(number) == 1:
                both_have_one.wait(10)
            add_one(session, 2 - number)

        numbers.run(work)

    assert failures(at_once(2, cross)) == []
    assert len(tries) == 3
    assert figures(numbers) == [2, 2]


def test_who_waits_too_long_for_a_lock_is_run_again_and_done_once(numbers: Database):
    locked, waited = threading.Event(), threading.Event()

    def hold() -> None:
        with numbers.transaction() as session:
            add_one(session, 1)
            locked.set()
            waited.wait(10)

    holder = threading.Thread(target=hold)
    holder.start()
    assert locked.wait(10)
    tries = 0

    def work(session: Session) -> None:
        nonlocal tries
        tries += 1
        session.execute(text("SET LOCAL lock_timeout = '100ms'"))
        add_one(session, 2)
        try:
            add_one(session, 1)
        except DBAPIError:
            waited.set()
            holder.join()
            raise

    numbers.run(work)
    assert tries == 2
    assert figures(numbers) == [2, 1]


def test_a_lock_that_is_never_given_back_is_given_up(numbers: Database):
    tries = 0

    def work(session: Session) -> None:
        nonlocal tries
        tries += 1
        session.execute(text("SET LOCAL lock_timeout = '50ms'"))
        add_one(session, 1)

    with numbers.transaction() as holder:
        add_one(holder, 1)
        with pytest.raises(DatabaseUnavailable):
            numbers.run(work)
    assert tries == 3
    assert figures(numbers) == [1, 0]


def test_a_connection_that_dies_is_not_now_and_the_next_one_works(numbers: Database):
    tries = 0

    def work(session: Session) -> None:
        nonlocal tries
        tries += 1
        add_one(session, 1)
        with numbers.transaction() as other:
            pid = session.scalar(text("SELECT pg_backend_pid()"))
            other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        add_one(session, 2)

    with pytest.raises(DatabaseUnavailable):
        numbers.run(work)
    assert tries == 1
    assert figures(numbers) == [0, 0]


def test_a_connection_that_died_while_nobody_used_it_is_replaced_unseen(numbers: Database):
    with numbers.transaction() as session:
        pid = session.scalar(text("SELECT pg_backend_pid()"))
    other = Database(numbers.engine.url.render_as_string(hide_password=False))
    with other.transaction() as session:
        session.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
    other.close()
    time.sleep(0.2)
    with numbers.transaction() as session:
        assert session.scalar(text("SELECT pg_backend_pid()")) != pid


def test_a_server_that_is_away_is_not_now():
    away = Database("postgresql+psycopg://postgres@/nothing?host=/nonexistent")
    with pytest.raises(DatabaseUnavailable), away.transaction() as session:
        add_one(session, 1)
    with pytest.raises(DatabaseUnavailable), away.snapshot() as session:
        add_one(session, 1)
    away.close()


def test_a_snapshot_writes_nothing_and_a_fault_of_ours_is_no_excuse(numbers: Database):
    with pytest.raises(InternalError, match="read-only"), numbers.snapshot() as session:
        add_one(session, 1)
    with pytest.raises(DBAPIError), numbers.transaction() as session:
        session.execute(text("INSERT INTO numbers VALUES (1, 0)"))
    assert figures(numbers) == [0, 0]


def test_text_with_a_zero_in_it_finds_nobody_instead_of_failing(numbers: Database):
    with numbers.snapshot() as session:
        found = session.scalar(text("SELECT count(*) WHERE 'a' = :name"), {"name": "a\0"})
    assert found == 0
