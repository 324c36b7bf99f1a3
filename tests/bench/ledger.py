"""The ledger: pairs of reserve and settle per second on one hot account, with four writers.

The peers do the same statements on the same tables, a durable commit for each phase: on SQLite the
raw driver with synchronous=FULL, on PostgreSQL pgbench with one statement (a CTE) for each phase.
"""

import re
import sqlite3
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path

from core.clock import SystemClock
from core.db import Database
from core.identity import service as identity
from core.people import SYSTEM
from deploy.lab.office import lab_folder
from deploy.lab.postgres import PostgresServer
from deploy.migrations import upgrade
from quotas import service as quotas
from quotas.periods import Period
from quotas.units import Unit
from tests.bench.measure import Result, compare
from tests.bench.pairs import pairs_per_second

WRITERS = 4
SECONDS = 3.0
_SHEETS = 10**9
_TAKE = (
    "UPDATE balances SET held = held + 1 WHERE account_id = (SELECT id FROM accounts WHERE "
    "office_id = ? AND unit = 'sheets') AND period = ? AND held + spent + 1 <= granted"
)
_RESERVE = (
    "INSERT INTO reservations (id, account_id, period, amount, state, printer, kind, reserved_at) "
    "VALUES (?, ?, ?, 1, 'reserved', '', '', ?)"
)
_ENTER = (
    "INSERT INTO entries (id, account_id, period, kind, granted, held, spent, reservation_id, "
    "printer, label, estimated, reason, actor, at) "
    "VALUES (?, ?, ?, ?, 0, ?, ?, ?, '', '', 0, '', 'x', ?)"
)
_END = "UPDATE reservations SET state = 'settled', used = 1, ended_at = ? WHERE id = ?"
_SPEND = (
    "UPDATE balances SET held = held - 1, spent = spent + 1 WHERE account_id = ? AND period = ?"
)
_PGBENCH = """\
\\set n random(1, 1000000000000)
WITH b AS (UPDATE balances SET held = held + 1 WHERE account_id = '{account}' AND
  period = '{period}' AND held + spent + 1 <= granted RETURNING account_id),
r AS (INSERT INTO reservations (id, account_id, period, amount, state, printer, kind, reserved_at)
  SELECT 'p' || :client_id || '-' || :n, account_id, '{period}', 1, 'reserved', '', '', now()
  FROM b RETURNING id, account_id)
INSERT INTO entries (id, account_id, period, kind, granted, held, spent, reservation_id, printer,
  label, estimated, reason, actor, at)
  SELECT id || ':reserve', account_id, '{period}', 'reserve', 0, 1, 0, id, '', '', false, '', 'x',
  now() FROM r;
WITH r AS (UPDATE reservations SET state = 'settled', used = 1, ended_at = now()
  WHERE id = 'p' || :client_id || '-' || :n AND state = 'reserved' RETURNING id, account_id),
b AS (UPDATE balances SET held = held - 1, spent = spent + 1 FROM r
  WHERE balances.account_id = r.account_id AND period = '{period}')
INSERT INTO entries (id, account_id, period, kind, granted, held, spent, reservation_id, printer,
  label, estimated, reason, actor, at)
  SELECT id || ':settle', account_id, '{period}', 'settle', 0, -1, 1, id, '', '', false, '', 'x',
  now() FROM r;
"""


def ledger() -> dict[str, Result]:
    """Both databases, ours and the peer on the same one."""
    folder = lab_folder()
    cluster = PostgresServer(folder / "postgres")
    cluster.start()
    cluster.wait()
    try:
        return {**_sqlite(folder), **_postgresql(folder, cluster)}
    finally:
        cluster.stop()


def _sqlite(folder: Path) -> dict[str, Result]:
    path = folder / "ledger.db"
    url = f"sqlite:///{path}"
    office_id, account_id = _account(url)
    ours = _ours(url, office_id, processes=1, threads=WRITERS)
    result = compare(
        ours,
        lambda: _raw(path, office_id, account_id),
        peer_name="sqlite3, synchronous=FULL",
        unit="pairs/s",
        aim=1.0,
    )
    return {"ledger-sqlite-4": result}


def _postgresql(folder: Path, cluster: PostgresServer) -> dict[str, Result]:
    url = cluster.create("ledger")
    office_id, account_id = _account(url)
    script = folder / "pairs.sql"
    script.write_text(_PGBENCH.format(account=account_id, period=_period()), encoding="utf-8")
    script.chmod(0o644)
    result = compare(
        _ours(url, office_id, processes=WRITERS, threads=1),
        lambda: _by_pgbench(cluster, script),
        peer_name="pgbench, one CTE a phase",
        unit="pairs/s",
        aim=0.6,
    )
    return {"ledger-postgresql-4": result}


def _period() -> str:
    return Period.of_moment(SystemClock().now()).key


def _account(url: str) -> tuple[str, str]:
    """Open an account with plenty; return the ids of its office and of itself."""
    upgrade(url)
    database = Database(url)
    now = SystemClock().now()
    with database.transaction() as session:
        office = identity.add_office(session, code="bench", name="bench", actor=SYSTEM, now=now)
        period = Period.of_moment(now)
        quotas.grant(
            session, "bench", office.id, Unit.SHEETS, period, _SHEETS, actor=SYSTEM, now=now
        )
        account_id = quotas.open_account(session, office.id, Unit.SHEETS, now=now)
    database.close()
    return office.id, account_id


def _ours(url: str, office_id: str, *, processes: int, threads: int) -> Callable[[], float]:
    return lambda: pairs_per_second(
        url, office_id, processes=processes, threads=threads, seconds=SECONDS
    )


def _raw(path: Path, office_id: str, account_id: str) -> float:
    counts, began, period = [0] * WRITERS, time.monotonic(), _period()

    def work(number: int) -> None:
        connection = sqlite3.connect(path, timeout=60, isolation_level=None)
        connection.execute("PRAGMA synchronous=FULL")
        while time.monotonic() < began + SECONDS:
            key, at = str(uuid.uuid4()), "2026-11-24 00:00:00"
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(_TAKE, (office_id, period))
            connection.execute(_RESERVE, (key, account_id, period, at))
            entry = (f"{key}:reserve", account_id, period, "reserve", 1, 0, key, at)
            connection.execute(_ENTER, entry)
            connection.execute("COMMIT")
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(_END, (at, key))
            connection.execute(_SPEND, (account_id, period))
            entry = (f"{key}:settle", account_id, period, "settle", -1, 1, key, at)
            connection.execute(_ENTER, entry)
            connection.execute("COMMIT")
            counts[number] += 1
        connection.close()

    crowd = [threading.Thread(target=work, args=(number,)) for number in range(WRITERS)]
    for each in crowd:
        each.start()
    for each in crowd:
        each.join()
    return sum(counts) / (time.monotonic() - began)


def _by_pgbench(cluster: PostgresServer, script: Path) -> float:
    told = cluster.run(
        "pgbench", "-h", str(cluster.folder / "socket"), "-U", "postgres", "-n", "-c",
        str(WRITERS), "-j", "2", "-T", str(round(SECONDS)), "-f", str(script), "ledger",
    )  # fmt: skip
    found = re.search(r"tps = ([\d.]+)", told)
    assert found, told
    return float(found[1])
