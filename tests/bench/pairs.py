"""Reserve and settle one sheet, over and over, by the service or by the bare driver.

Run as `python -m tests.bench.pairs WAY URL OFFICES THREADS BEGIN SECONDS`. WAY is "service" or
"bare"; OFFICES a file with an office and its account on each line, of which each pair takes one at
random; BEGIN a moment of the monotonic clock for which all processes wait. It prints how many pairs
were done in a second, each phase in a durable transaction of its own.

The bare driver runs the statements that the service ran for a first pair, to the letter, with other
numbers in their parameters: the peer is what the service would cost if nothing were between it and
the database.
"""

import random
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import event

from core.clock import SystemClock
from core.db import Database
from core.ids import new_uuid
from core.people import SYSTEM
from quotas import service
from quotas.units import Unit
from tests.bench.load import ROOT


@dataclass(frozen=True)
class Statement:
    """What was run once, and where its parameters name the office, the account or the pair."""

    sql: str
    parameters: Any
    named: tuple[tuple[Any, int, str], ...]
    """(index or name of the parameter, which of the values, what follows it)"""

    def filled(self, values: tuple[str, str, str]) -> Any:  # as the driver takes it
        """Return the parameters with other values."""
        made = dict(self.parameters) if isinstance(self.parameters, dict) else [*self.parameters]
        for place, which, rest in self.named:
            made[place] = values[which] + rest
        return made


Phase = list[Statement]

_STARTING_SECONDS = 2.0
"""How long a process of these takes until it is ready, when it is alone on a core."""


def pairs_per_second(
    way: str, url: str, offices: Path, *, processes: int, threads: int, seconds: float
) -> float:
    """Run so many processes of so many threads at once."""
    begin = time.monotonic() + _STARTING_SECONDS * max(1.0, processes / 2)

    def one(_number: int) -> float:
        done = subprocess.run(
            [sys.executable, "-m", "tests.bench.pairs", way, url, str(offices), str(threads),
             str(begin), str(seconds)],
            cwd=ROOT, capture_output=True, text=True, timeout=60 + 2 * processes + seconds,
            check=True,
        )  # fmt: skip
        return float(done.stdout)

    with ThreadPoolExecutor(processes) as pool:
        return sum(pool.map(one, range(processes)))


def by_service(database: Database, office_id: str, key: str, now: datetime) -> Iterator[None]:
    """Do both phases of a pair, stopping after each."""
    with database.transaction() as session:
        service.reserve(session, key, office_id, Unit.SHEETS, 1, actor=SYSTEM, now=now)
    yield
    with database.transaction() as session:
        service.settle(session, key, 1, estimated=False, actor=SYSTEM, now=now)
    yield


def spied(database: Database, values: tuple[str, str, str], now: datetime) -> list[Phase]:
    """Let the service do one pair, and return the statements of each phase."""
    phases: list[Phase] = []

    def note(*told: Any) -> None:  # as SQLAlchemy has it
        sql, parameters = told[2], told[3]
        if not sql.startswith("BEGIN"):
            phases[-1].append(Statement(sql, parameters, tuple(_named(parameters, values))))

    event.listen(database.engine, "before_cursor_execute", note)
    steps = by_service(database, values[0], values[2], now)
    for _phase in range(2):
        phases.append([])
        next(steps)
    event.remove(database.engine, "before_cursor_execute", note)
    return phases


def _named(parameters: Any, values: tuple[str, str, str]) -> Iterator[tuple[Any, int, str]]:
    pairs = parameters.items() if isinstance(parameters, dict) else enumerate(parameters)
    for place, value in pairs:
        for which, known in enumerate(values):
            if isinstance(value, str) and value.startswith(known):
                yield place, which, value.removeprefix(known)


class Bare:
    """One connection of the bare driver, with the statements that the service ran for a pair."""

    def __init__(self, url: str, phases: list[Phase]) -> None:
        self._phases = phases
        if url.startswith("sqlite"):
            path = url.removeprefix("sqlite:///")
            self._connection: Any = sqlite3.connect(path, timeout=60, isolation_level=None)
            self._connection.execute("PRAGMA synchronous=FULL")
            self._begin = "BEGIN IMMEDIATE"
        else:
            bare = url.replace("+psycopg", "")
            self._connection = psycopg.connect(bare, autocommit=True)
            self._begin = "BEGIN"

    def pair(self, values: tuple[str, str, str]) -> None:
        """Do both phases with an (office, account, reservation)."""
        for phase in self._phases:
            self._connection.execute(self._begin)
            for each in phase:
                self._connection.execute(each.sql, each.filled(values)).fetchall()
            self._connection.execute("COMMIT")


def main() -> None:
    """Work for so many seconds."""
    way, url, offices, threads, begin, seconds = sys.argv[1:]
    database, now, counts = Database(url), SystemClock().now(), [0] * int(threads)
    known = [tuple(line.split()) for line in Path(offices).read_text().splitlines()]
    phases = spied(database, (*known[0], new_uuid()), now)  # type: ignore[arg-type]
    time.sleep(max(0.0, float(begin) - time.monotonic()))
    began = time.monotonic()

    def work(number: int) -> None:
        bare = Bare(url, phases) if way == "bare" else None
        while time.monotonic() < began + float(seconds):
            (office_id, account_id), key = random.choice(known), new_uuid()
            if bare is None:
                list(by_service(database, office_id, key, now))
            else:
                bare.pair((office_id, account_id, key))
            counts[number] += 1

    crowd = [threading.Thread(target=work, args=(number,)) for number in range(len(counts))]
    for each in crowd:
        each.start()
    for each in crowd:
        each.join()
    sys.stdout.write(f"{sum(counts) / (time.monotonic() - began)}\n")
    database.close()


if __name__ == "__main__":
    main()
