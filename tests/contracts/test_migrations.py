"""Tables made step by step are the tables that the program believes in, on both databases."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text

from core.db import Database
from deploy.lab.postgres import PostgresServer
from deploy.lab.process import Process
from deploy.migrations import NewerDatabase, config, upgrade
from deploy.migrations.tables import METADATA


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the address of a database without tables."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    yield server.create("empty")
    server.drop("empty")


def test_an_empty_database_gets_the_tables_of_the_program(empty: str):
    upgrade(empty)
    upgrade(empty)
    database = Database(empty)
    with database.snapshot() as session:
        context = MigrationContext.configure(session.connection(), opts={"compare_type": True})
        differences = compare_metadata(context, METADATA)
    database.close()
    assert differences == []


def test_the_way_back_leaves_nothing_and_can_be_gone_again(empty: str):
    upgrade(empty)
    command.downgrade(config(empty), "base")
    database = Database(empty)
    assert inspect(database.engine).get_table_names() == ["alembic_version"]
    database.close()
    upgrade(empty)


def test_a_database_of_a_later_version_is_refused(empty: str):
    upgrade(empty)
    database = Database(empty)
    with database.transaction() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(NewerDatabase, match="9999"):
        upgrade(empty)
    with database.snapshot() as session:
        assert session.scalar(text("SELECT version_num FROM alembic_version")) == "9999"
    database.close()


def test_processes_that_start_at_once_take_turns(postgres: PostgresServer, tmp_path: Path):
    environment = {
        "PRINTGATE_DATABASE_URL": postgres.create("together"),
        "PRINTGATE_DATA_DIR": str(tmp_path),
    }
    command_line = [sys.executable, "-m", "deploy", "migrate"]
    started = [Process(command_line, tmp_path / "log", environment) for _ in range(3)]
    assert [each.exit_code() for each in started] == [0, 0, 0]
    postgres.drop("together")
