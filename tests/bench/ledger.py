"""The ledger: pairs of reserve and settle per second, on one hot account and on a thousand.

The peer is the bare driver with the same statements and a durable commit for each phase (on SQLite
synchronous=FULL); on PostgreSQL also pgbench, with one statement (a CTE) for each phase.
"""

import itertools
import re
import shutil
from functools import partial
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
from tests.bench.measure import ROUNDS, Result, compare
from tests.bench.pairs import pairs_per_second

ACCOUNTS = {"hot": 1, "1000": 1000}
WRITERS = (1, 4, 16)
SECONDS = 2.0
_ROUNDS = 3
_HOT_WRITERS = 4
_PROCESSES_MAX = 4
_SHEETS = 10**9
_SQLITE_AIM, _PGBENCH_AIM = 1.0, 0.6
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
    """Both databases, ours and the bare driver on the same one; and ours against pgbench."""
    folder = lab_folder()
    cluster = PostgresServer(folder / "postgres")
    cluster.start()
    cluster.wait()
    try:
        url = f"sqlite:///{folder / 'ledger.db'}"
        found = _compared("sqlite", url, _furnished(folder, url))
        url = cluster.create("ledger")
        offices = _furnished(folder, url)
        return found | _compared("postgresql", url, offices) | _pgbench(cluster, url, offices)
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _compared(dialect: str, url: str, offices: dict[str, Path]) -> dict[str, Result]:
    """Compare at each number of accounts and writers.

    All threads of a process share one interpreter; so PostgreSQL, which may have several processes,
    gets as many as there are writers, up to four.
    """
    found = {}
    for accounts, writers in itertools.product(ACCOUNTS, WRITERS):
        processes = 1 if dialect == "sqlite" else min(writers, _PROCESSES_MAX)
        both = [
            partial(
                pairs_per_second,
                way,
                url,
                offices[accounts],
                processes=processes,
                threads=writers // processes,
                seconds=SECONDS,
            )
            for way in ("service", "bare")
        ]
        aimed = (dialect, accounts, writers) == ("sqlite", "hot", _HOT_WRITERS)
        found[f"ledger-{dialect}-{accounts}-{writers}"] = compare(
            *both,
            peer_name=f"bare {'sqlite3' if dialect == 'sqlite' else 'psycopg'}, same statements",
            unit="pairs/s",
            aim=_SQLITE_AIM if aimed else None,
            rounds=ROUNDS if aimed else _ROUNDS,
        )
    return found


def _pgbench(cluster: PostgresServer, url: str, offices: dict[str, Path]) -> dict[str, Result]:
    account_id = offices["hot"].read_text().split()[1]
    script = cluster.folder / "pairs.sql"
    script.write_text(_PGBENCH.format(account=account_id, period=_period()), encoding="utf-8")
    script.chmod(0o644)
    ours = partial(
        pairs_per_second,
        "service",
        url,
        offices["hot"],
        processes=_HOT_WRITERS,
        threads=1,
        seconds=SECONDS,
    )
    result = compare(
        ours,
        lambda: _by_pgbench(cluster, script),
        peer_name="pgbench, one CTE a phase",
        unit="pairs/s",
        aim=_PGBENCH_AIM,
    )
    return {f"ledger-pgbench-{_HOT_WRITERS}": result}


def _period() -> str:
    return Period.of_moment(SystemClock().now()).key


def _furnished(folder: Path, url: str) -> dict[str, Path]:
    """Open accounts with plenty; return files that name some of the offices and accounts."""
    upgrade(url)
    database, now = Database(url), SystemClock().now()
    lines = []
    with database.transaction() as session:
        for number in range(max(ACCOUNTS.values())):
            code = f"bench{number}"
            office = identity.add_office(session, code=code, name=code, actor=SYSTEM, now=now)
            period = Period.of_moment(now)
            quotas.grant(
                session, code, office.id, Unit.SHEETS, period, _SHEETS, actor=SYSTEM, now=now
            )
            account_id = quotas.open_account(session, office.id, Unit.SHEETS, now=now)
            lines.append(f"{office.id} {account_id}\n")
    database.close()
    return {name: _listed(folder / name, lines[:count]) for name, count in ACCOUNTS.items()}


def _listed(path: Path, lines: list[str]) -> Path:
    path.write_text("".join(lines), encoding="ascii")
    return path


def _by_pgbench(cluster: PostgresServer, script: Path) -> float:
    told = cluster.run(
        "pgbench", "-h", str(cluster.folder / "socket"), "-U", "postgres", "-n", "-c",
        str(_HOT_WRITERS), "-j", "2", "-T", str(round(SECONDS)), "-f", str(script), "ledger",
    )  # fmt: skip
    found = re.search(r"tps = ([\d.]+)", told)
    assert found, told
    return float(found[1])
