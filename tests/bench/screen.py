"""The head's screen and the year's scorecard over a ledger of ten million entries.

Ours is the whole page, from the request to its last octet. The peer is bare SQL through the bare
driver: the same sums, from the entries themselves. The entries are made by the database: a year of
jobs, two entries each, spread over offices, people, printers and days.
"""

import shutil
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from flask.testing import FlaskClient
from sqlalchemy import text

import deploy.migrations.tables  # noqa: F401  # every table is known
from core.clock import FrozenClock
from core.db import Database
from core.identity import service as identity
from core.metrics import Metrics
from core.people import SYSTEM
from core.sandbox import Sandbox
from deploy.lab.office import lab_folder
from deploy.lab.postgres import PostgresServer
from deploy.migrations import upgrade
from docflow import rendering
from printgate import analysis
from quotas import tasks
from quotas.periods import DEFAULT_ZONE
from quotas.workdays import load_workdays
from tests.bench.measure import Result, compare
from tests.pretended import pretended
from web.app import create_app
from web.services import WebServices

ENTRIES = 10_000_000
OFFICES, PEOPLE, PRINTERS = 50, 1000, 40
SCREEN_MS = 50.0
PASSWORD = "correct horse"
NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Dialect:
    """What the two databases say differently."""

    numbers: str
    """The numbers from 1 to {most}, as n."""
    at: str
    """A moment of job n of {most}, in the hours that people work, day by day until NOW."""
    month: str
    day: str


DIALECTS = {
    "sqlite": Dialect(
        "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers "
        "WHERE n < {most})",
        "datetime('2025-11-25 01:00:00', '+' || ((n - 1) * 364 / {most}) || ' days', "
        "'+' || (n % 36000) || ' seconds') || '.000000'",
        "substr({at}, 1, 7)",
        "date(at, '+8 hours')",
    ),
    "postgresql": Dialect(
        "WITH numbers(n) AS (SELECT generate_series(1::bigint, {most}))",
        "timestamptz '2025-11-25 01:00:00+00' + make_interval("
        "days => ((n - 1) * 364 / {most})::int, secs => n % 36000)",
        "to_char(({at}) AT TIME ZONE 'UTC', 'YYYY-MM')",
        "(at AT TIME ZONE 'Asia/Shanghai')::date",
    ),
}
_OFFICES = (
    "INSERT INTO offices (id, code, name, guest, titles_visible) "
    "{numbers} SELECT 'office-' || (n - 1), 'o' || n, 'office ' || n, {no}, {no} FROM numbers",
    "INSERT INTO accounts (id, office_id, unit, opened_at) {numbers} "
    "SELECT 'account-' || (n - 1), 'office-' || (n - 1), 'sheets', {at} FROM numbers",
)
_PEOPLE = (
    "INSERT INTO persons (id, login, name, office_id, email, language, active, admin, "
    "password_hash, failures) {numbers} SELECT 'person-' || (n - 1), 'p' || n, 'person ' || n, "
    "'office-' || ((n - 1) % {offices}), '', '', {yes}, {no}, '', 0 FROM numbers",
)
_ENTRIES = (
    """INSERT INTO entries (seq, id, account_id, period, kind, granted, held, spent,
      reservation_id, person_id, printer, label, estimated, reason, actor, at)
    {numbers}, kinds(kind, ends) AS (SELECT 'reserve', 0 UNION ALL SELECT 'settle', 1)
    SELECT n * 2 - 1 + ends, n || ':' || kind, 'account-' || (n * 7919 % {people} % {offices}),
      {month}, kind, 0, (1 - 2 * ends) * (1 + n % 9), ends * (1 + n % 9), 'job-' || n,
      'person-' || (n * 7919 % {people}), 'printer-' || (n * 31 % {printers}),
      CASE WHEN n % 20 = 0 THEN 'draft' ELSE 'job' END, {no}, '', 'x', {at}
    FROM numbers CROSS JOIN kinds""",
    "INSERT INTO balances (account_id, period, granted, held, spent) "
    "SELECT account_id, period, sum(spent) * 5 / 4, sum(held), sum(spent) FROM entries "
    "GROUP BY account_id, period",
)
_TALLIES = (
    "INSERT INTO job_tallies (office_id, day, jobs, sheets, two_sided_sheets, saved_by_two_sided, "
    "saved_by_number_up, refused, circulated, after_all) SELECT office_id, day, sum(jobs), "
    "sum(spent), sum(spent), 0, 0, 3, 2, 1 FROM rollups JOIN accounts ON accounts.id = account_id "
    "GROUP BY office_id, day"
)
_OF_MONTH = "FROM entries WHERE account_id = 'account-0' AND period = '2026-11' AND spent <> 0"
_SCREEN = (
    f"SELECT {{day}}, sum(spent) {_OF_MONTH} GROUP BY 1",
    f"SELECT person_id, sum(spent) {_OF_MONTH} GROUP BY 1",
    f"SELECT printer, sum(spent) {_OF_MONTH} GROUP BY 1",
    f"SELECT label, sum(spent) {_OF_MONTH} GROUP BY 1",
    "SELECT {day}, sum(spent) FROM entries WHERE account_id = 'account-0' AND spent <> 0 "
    "AND period IN ('2026-09', '2026-10', '2026-11') GROUP BY 1",
    "SELECT sum(granted), sum(held), sum(spent) FROM entries WHERE account_id = 'account-0' "
    "AND period = '2026-11'",
)
_YEAR = (
    "SELECT account_id, sum(granted), sum(spent), sum(CASE WHEN spent <> 0 THEN 1 ELSE 0 END) "
    "FROM entries WHERE period BETWEEN '2026-01' AND '2026-12' GROUP BY account_id",
)
_SCREEN_PATH, _YEAR_PATH = "/office?office=office-0", "/office/scorecard?office=all&span=2026"


def screen(entries: int = ENTRIES) -> dict[str, Result]:
    """Measure both pages on both databases."""
    folder = lab_folder()
    try:
        path = folder / "screen.db"
        with (
            _prepared(f"sqlite:///{path}", folder, entries) as client,
            closing(sqlite3.connect(path)) as connection,
        ):
            found = _compared("sqlite", client, connection.execute, entries)
        path.unlink()
        cluster = PostgresServer(folder / "postgres")
        cluster.start()
        cluster.wait()
        try:
            url = cluster.create("screen")
            bare = url.replace("+psycopg", "")
            with _prepared(url, folder, entries) as client, psycopg.connect(bare) as server:
                found |= _compared("postgresql", client, server.execute, entries)
        finally:
            cluster.stop()
        return found
    finally:
        shutil.rmtree(folder)


def _compared(
    dialect: str, client: FlaskClient, execute: Callable[..., object], entries: int
) -> dict[str, Result]:
    peer = f"bare SQL on {entries:,} entries"

    def page(path: str) -> float:
        began = time.perf_counter()
        answer = client.get(path)
        assert answer.status_code == 200, path
        answer.get_data()
        return 1000 * (time.perf_counter() - began)

    def summed(statements: tuple[str, ...]) -> float:
        began = time.perf_counter()
        for each in statements:
            execute(each.format(day=DIALECTS[dialect].day)).fetchall()  # type: ignore[attr-defined]
        return 1000 * (time.perf_counter() - began)

    # A template is compiled once in a process.
    for path in (_SCREEN_PATH, _YEAR_PATH):
        page(path)
    return {
        f"screen-{dialect}": compare(
            lambda: page(_SCREEN_PATH),
            lambda: summed(_SCREEN),
            peer_name=peer,
            unit="ms",
            better="lower",
            most=SCREEN_MS,
        ),
        f"scorecard-{dialect}": compare(
            lambda: page(_YEAR_PATH),
            lambda: summed(_YEAR),
            peer_name=peer,
            unit="ms",
            better="lower",
        ),
    }


@contextmanager
def _prepared(url: str, folder: Path, entries: int) -> Iterator[FlaskClient]:
    """Make the ledger, let the rollups follow it, and open the pages for an administrator."""
    upgrade(url)
    database = Database(url)
    with Sandbox((*analysis.SANDBOXED, *rendering.SANDBOXED)) as sandbox:
        began = time.monotonic()
        _fill(database, entries)
        made = time.monotonic()
        while not tasks.roll_up(database, DEFAULT_ZONE):
            pass
        rolled = time.monotonic()
        with database.transaction() as session:
            session.execute(text(_TALLIES))
        _settle_down(database)
        sys.stdout.write(
            f"{database.engine.dialect.name}: {entries:,} entries made in {made - began:.0f} s, "
            f"rolled up in {rolled - made:.0f} s\n"
        )
        parts = pretended(folder, database, FrozenClock(NOW), sandbox)
        images = rendering.PageImages(sandbox, folder / "pages")
        services = WebServices(
            database, parts.clock, "key", parts.blobs, images, parts, DEFAULT_ZONE, Metrics(list),
            workdays=load_workdays(),
        )  # fmt: skip
        app = create_app(services)
        # The token of a form is no part of what is measured.
        app.config["WTF_CSRF_ENABLED"] = False
        client = app.test_client()
        client.post("/sign-in", data={"login": "ada", "password": PASSWORD})
        yield client
    database.close()


def _settle_down(database: Database) -> None:
    """Do what the database itself does after a while: PostgreSQL's autovacuum, or nothing."""
    with database.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            by_itself = connection.execution_options(isolation_level="AUTOCOMMIT")
            by_itself.exec_driver_sql("SET statement_timeout = 0")
            by_itself.exec_driver_sql("VACUUM ANALYZE")


def _fill(database: Database, entries: int) -> None:
    said = DIALECTS[database.engine.dialect.name]
    with database.transaction() as session:
        own = identity.add_office(session, code="own", name="own", actor=SYSTEM, now=NOW)
        identity.add_person(
            session, login="ada", name="ada", office_id=own.id, password=PASSWORD, admin=True,
            actor=SYSTEM, now=NOW,
        )  # fmt: skip
    with database.transaction() as session:
        if database.engine.dialect.name == "postgresql":
            session.execute(text("SET LOCAL statement_timeout = 0"))
        connection = session.connection()
        for most, statements in (
            (OFFICES, _OFFICES),
            (PEOPLE, _PEOPLE),
            (entries // 2, _ENTRIES),
        ):
            for each in statements:
                connection.exec_driver_sql(
                    each.format(
                        numbers=said.numbers.format(most=most),
                        at=said.at.format(most=most),
                        month=said.month.format(at=said.at.format(most=most)),
                        offices=OFFICES,
                        people=PEOPLE,
                        printers=PRINTERS,
                        yes="true",
                        no="false",
                    ).replace("%", "%" if database.engine.dialect.name == "sqlite" else "%%")
                )
        session.execute(text("ANALYZE"))
