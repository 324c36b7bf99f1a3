import threading
from datetime import datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError, StatementError

from core.db import Database
from core.notices import NoticeRow
from tests.conftest import NOON


def test_two_writers_that_read_first_never_find_the_database_locked(database: Database):
    with database.transaction() as session:
        session.execute(text("CREATE TABLE counter (n INTEGER)"))
        session.execute(text("INSERT INTO counter VALUES (0)"))
    failures: list[Exception] = []

    def count() -> None:
        for _ in range(25):
            try:
                with database.transaction() as session:
                    n = session.scalar(text("SELECT n FROM counter"))
                    session.execute(text("UPDATE counter SET n = :n"), {"n": n + 1})
            except Exception as error:
                failures.append(error)

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.snapshot() as session:
        assert session.scalar(text("SELECT n FROM counter")) == 200
    assert failures == []


@pytest.mark.both_databases
def test_a_reader_sees_one_moment_and_no_writer_waits_for_it(database: Database):
    with database.transaction() as session:
        session.execute(text("CREATE TABLE t (n INTEGER)"))
    with database.snapshot() as reader:
        assert reader.scalar(text("SELECT count(*) FROM t")) == 0
        with database.transaction() as writer:
            writer.execute(text("INSERT INTO t VALUES (1)"))
        assert reader.scalar(text("SELECT count(*) FROM t")) == 0
    with database.snapshot() as reader:
        assert reader.scalar(text("SELECT count(*) FROM t")) == 1


def test_an_exception_rolls_back(database: Database):
    with database.transaction() as session:
        session.execute(text("CREATE TABLE t (n INTEGER)"))
    with pytest.raises(OperationalError, match="no such table"), database.transaction() as session:
        session.execute(text("INSERT INTO t VALUES (1)"))
        session.execute(text("INSERT INTO other VALUES (1)"))
    with database.snapshot() as session:
        assert session.scalar(text("SELECT count(*) FROM t")) == 0


def test_commits_survive_a_power_cut_by_full_synchronisation(database: Database):
    with database.snapshot() as session:
        assert session.scalar(text("PRAGMA synchronous")) == 2
        assert session.scalar(text("PRAGMA journal_mode")) == "wal"


@pytest.mark.both_databases
def test_a_naive_time_is_refused_and_an_aware_one_comes_back_in_utc(database: Database, cast):
    row = {"id": "n", "person_id": cast.alice.id, "text": {}, "path": "/"}
    with pytest.raises(StatementError), database.transaction() as session:
        session.add(NoticeRow(**row, created_at=datetime(2026, 1, 1)))  # noqa: DTZ001
    with database.transaction() as session:
        session.add(NoticeRow(**row, created_at=NOON))
    with database.snapshot() as session:
        assert session.get_one(NoticeRow, "n").created_at == NOON
