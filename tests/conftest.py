"""What every test may ask for: a database of its own, a clock that stands, and a cast.

A test (or module) marked `both_databases` runs on SQLite and on PostgreSQL: the contract of
everything that keeps rows. The one PostgreSQL of a run is started when it is first asked for.
"""

import itertools
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from sqlalchemy.orm import Session

import deploy.migrations.tables  # noqa: F401  # all tables are known to every test
from core.clock import FrozenClock
from core.db import Database
from core.identity import passwords
from core.identity import service as identity
from core.people import SYSTEM, Office, Person
from deploy.lab.office import lab_folder
from deploy.lab.postgres import PostgresServer
from deploy.migrations import upgrade
from printgate.policy import Facts, Rules
from printgate.queries import job_by_uuid
from printgate.service import decide
from printgate.service.decide import Kept, Verdict

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
"""Twelve o'clock in the office's zone."""


@dataclass(frozen=True)
class Cast:
    """Alice owns, Bob is of the same office, Charlie must see nothing; Dora heads, Ada runs it."""

    office: Office
    other: Office
    guests: Office
    alice: Person
    bob: Person
    charlie: Person
    dora: Person
    ada: Person


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(NOON)


# A password here is to be checked, not kept from anybody: the least that argon2id takes.
passwords._HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    marked = metafunc.definition.get_closest_marker("both_databases")
    if marked and "database_url" in metafunc.fixturenames:
        metafunc.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """Start a cluster with a database `template` that has all tables."""
    folder = lab_folder()
    # No test of this cluster cuts the power, and without fsync a database is gone in no time.
    server = PostgresServer(folder / "postgres", fsync="off")
    server.start()
    server.wait()
    upgrade(server.create("template"))
    yield server
    server.stop()
    shutil.rmtree(folder)


_NUMBER = itertools.count(1)


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the address of a new database with all tables."""
    if getattr(request, "param", "sqlite") == "sqlite":
        url = f"sqlite:///{tmp_path / 'test.db'}"
        opened = Database(url)
        opened.create_all()
        opened.close()
        yield url
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name = f"test_{next(_NUMBER)}"
    yield server.create(name, "template")
    server.drop(name)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def cast(database: Database) -> Cast:
    return make_cast(database)


def make_cast(database: Database) -> Cast:
    """Add the cast to a database."""
    with database.transaction() as session:
        offices = [
            identity.add_office(
                session, code=code, name=name, guest=code == "guest", actor=SYSTEM, now=NOON
            )
            for code, name in (("general", "办公室"), ("legal", "法工委"), ("guest", "来宾"))
        ]

        def person(login: str, name: str, office: Office, **more: object) -> Person:
            return identity.add_person(
                session,
                login=login,
                name=name,
                office_id=office.id,
                password="correct horse",
                actor=SYSTEM,
                now=NOON,
                **more,  # type: ignore[arg-type]
            )

        general, legal, guests = offices
        return Cast(
            office=general,
            other=legal,
            guests=guests,
            alice=person("alice", "王芳", general, email="alice@example.org"),
            bob=person("bob", "张伟", general),
            charlie=person("charlie", "赵敏", legal),
            dora=person("dora", "李建国", general, heads_own_office=True),
            ada=person("ada", "管理员", legal, admin=True),
        )


def judged(
    session: Session, uuid: str, facts: Facts, rules: Rules, kept: Kept | None = None
) -> Verdict:
    """Return what the rules say of a job whose document is known to be so."""
    session.flush()
    sent = decide.sent_of(session, job_by_uuid(session, uuid), now=NOON)
    return Verdict(decide.decision_on(sent, facts, rules), facts.pages, kept)
