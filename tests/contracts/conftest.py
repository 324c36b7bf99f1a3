"""A private Redis, and processes with a runner."""

import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from core.clock import SystemClock
from core.db import Database
from core.tasks import service as tasks
from core.tasks.celery_runner import Hints
from core.tasks.models import TaskRow
from deploy.lab.office import lab_folder
from deploy.lab.process import Process
from deploy.lab.redis import RedisServer

PROJECT = Path(__file__).parents[2]


def until(ready: Callable[[], bool], seconds: float = 20) -> None:
    """Wait for something; fail if it does not come to be."""
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline, "it did not come to be in time"
        time.sleep(0.02)


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    folder = lab_folder()
    server = RedisServer(folder)
    server.start()
    server.wait()
    yield server
    server.stop()
    shutil.rmtree(folder)


class Workers:
    """Processes of tests/contracts/working.py on one database, and what they have done."""

    def __init__(self, database: Database, url: str, tasks_url: str, folder: Path) -> None:
        self.database, self.url, self.folder = database, tasks_url, folder
        self._database_url = url
        self.visibility_seconds = 60
        self._processes: list[Process] = []

    def start(self) -> Process:
        """Start one more process; return when it works."""
        before = len(self.lines("up"))
        arguments = (self._database_url, self.url, str(self.folder), str(self.visibility_seconds))
        command = [sys.executable, "-m", "tests.contracts.working", *arguments]
        log = self.folder / f"log-{len(self._processes)}"
        process = Process(command, log, {"PYTHONPATH": str(PROJECT)})
        self._processes.append(process)
        process.wait_until(lambda: len(self.lines("up")) > before)
        return process

    def stop(self) -> None:
        for process in self._processes:
            process.stop()

    def lines(self, name: str) -> list[str]:
        path = self.folder / name
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    def ask(self, *subjects: str, **values: object) -> None:
        """Lay tasks aside, one transaction each."""
        for subject in subjects:
            with self.database.transaction() as session:
                tasks.enqueue(
                    session, "work", subject, now=SystemClock().now(), values=values or None
                )

    def expire_claims(self) -> None:
        """Let the time pass after which the claims of a dead process end."""
        with self.database.transaction() as session:
            session.execute(update(TaskRow).values(claimed_until=SystemClock().now()))

    def waiting(self) -> int:
        with self.database.snapshot() as session:
            return session.scalar(select(func.count()).select_from(TaskRow)) or 0

    def done_once(self, subjects: list[str], seconds: float = 20) -> None:
        """Wait until nothing is left to do; each of these was done once, and nothing else."""
        until(lambda: self.waiting() == 0, seconds)
        assert Counter(self.lines("done")) == Counter(subjects)


@pytest.fixture(params=["thread", "redis"])
def workers(
    request: pytest.FixtureRequest, database: Database, database_url: str, tmp_path: Path
) -> Iterator[Workers]:
    """Return what starts processes with either runner; hints are sent where there is a broker."""
    url, hints = "thread://", None
    if request.param == "redis":
        url = request.getfixturevalue("redis").url
        hints = Hints(url)
        database.on_wake(hints.wake)
    made = Workers(database, database_url, url, tmp_path)
    yield made
    if hints is not None:
        hints.close()
    made.stop()
