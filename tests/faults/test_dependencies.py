"""Redis and PostgreSQL die, fill up, restart and hold locks while people print (faults 20-26).

A gateway and a worker as processes of their own, on real servers; what came out is counted from
the records of the virtual printers.
"""

import http.client
import json
import shutil
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from sqlalchemy import text

from core import audit
from core.db import Database
from core.ids import new_uuid
from core.settings import load
from core.tasks.celery_runner import LOOK, application
from deploy.lab.office import Lab, lab_folder
from deploy.lab.postgres import PostgresServer
from deploy.lab.process import Process, answers, free_port
from deploy.lab.redis import RedisServer
from deploy.migrations import upgrade
from deploy.seed import seed_office
from printgate import queries as printing
from printgate.ipp.decode import decode_bytes
from printgate.ipp.encode import encode
from printgate.ipp.tags import Operation, Status
from printgate.ipp.values import name
from printgate.lifecycle import ACTIVE, Stage
from quotas import queries as books
from tests.e2e.rig import Client, until

CLEAN = {Status.TEMPORARY_ERROR, Status.SERVICE_UNAVAILABLE}
PROJECT = Path(__file__).parents[2]


def one_page() -> bytes:
    document = pikepdf.new()
    document.add_blank_page(page_size=(595, 842))
    made = BytesIO()
    document.save(made)
    return made.getvalue()


class Site:
    """Printgate in two processes, and the servers that it depends on."""

    def __init__(self, lab: Lab, folder: Path, parts: Path) -> None:
        self.lab, self.folder, self.document = lab, folder, one_page()
        self.postgres = PostgresServer(parts / "postgres")
        self.postgres.start()
        self.postgres.wait()
        self.redis = RedisServer(parts / "redis")
        self.redis.start()
        self.redis.wait()
        self.port = free_port()
        self.environment = {
            "PRINTGATE_DATA_DIR": str(folder / "state"),
            "PRINTGATE_DATABASE_URL": self.postgres.create("printgate"),
            "PRINTGATE_TASKS_URL": self.redis.url,
            "PRINTGATE_PRINTING_URL": lab.backend.url,
            "PRINTGATE_PORT": str(self.port),
        }
        settings = load(environment=self.environment, system_file=None)
        settings.data.mkdir()
        upgrade(settings.opened_database_url)
        self.spool, self.database = settings.spool, Database(settings.opened_database_url)
        seed_office(self.database)
        assert self._deploy("printer", "--queue", "office-a", "office-a").exit_code() == 0
        self._processes = [self._deploy("gateway"), self._deploy("worker")]
        self._processes[0].wait_until(lambda: answers(self.port))

    def _deploy(self, kind: str, *words: str) -> Process:
        command = [sys.executable, "-m", "deploy", kind, *words]
        environment = {**self.environment, "PYTHONPATH": str(PROJECT)}
        return Process(command, self.folder / f"{kind}.log", environment)

    def close(self) -> None:
        for process in self._processes:
            process.stop()
        self.database.close()
        self.redis.stop()
        self.postgres.stop()

    def send(self, title: str, user: str = "wangfang") -> int:
        """Send a page; return the status of the answer, which must be IPP."""
        client = Client(self.port, user)
        message = client.message(Operation.PRINT_JOB, name("job-name", title))
        status, body = client.post(encode(message) + self.document)
        assert status == 200, body
        return decode_bytes(body)[0].code

    def sent(self, count: int) -> list[str]:
        """Send pages that must be taken; return their titles."""
        titles = [new_uuid() for _ in range(count)]
        assert {self.send(title) for title in titles} == {Status.OK}
        return titles

    def printed(self) -> Counter[str]:
        records = (self.lab.printers["office-a"].folder / "record").glob("*.json")
        found = (json.loads(path.read_text(encoding="utf-8")) for path in records)
        return Counter(each.get("IPP_JOB_NAME", "") for each in found)

    def all_printed_once(self, titles: list[str], seconds: float = 30) -> None:
        """Wait until nothing is on its way: each came out once, and the books are right."""
        before = self._printed_before
        until(self._at_rest, seconds)
        assert self.printed() - before == Counter(titles)
        with self.database.snapshot() as session:
            assert books.discrepancies(session) == []
            assert audit.first_broken_seq(session) is None
            jobs = {job.title: job for job in printing.jobs_at(session)}
        assert {jobs[title].stage for title in titles} <= {Stage.COMPLETED}
        assert {jobs[title].sheets_used for title in titles} <= {1}
        until(lambda: not list(self.spool.iterdir()))

    def begin(self) -> None:
        self._printed_before = self.printed()

    def _at_rest(self) -> bool:
        with self.database.snapshot() as session:
            return all(job.stage not in ACTIVE for job in printing.jobs_at(session))


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    folder = lab_folder()
    with Lab(folder) as running:
        yield running
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def running(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    parts = lab_folder()
    made = Site(lab, tmp_path_factory.mktemp("site"), parts)
    yield made
    made.close()
    shutil.rmtree(parts)


@pytest.fixture
def site(running: Site) -> Site:
    running.begin()
    return running


def test_20_redis_is_down_when_people_print(site: Site):
    site.redis.stop()
    started = time.monotonic()
    titles = site.sent(4)
    assert time.monotonic() - started < 8, "nobody waits for the broker"
    site.all_printed_once(titles)
    site.redis.start()
    site.redis.wait()


def test_21_redis_is_killed_and_comes_back_empty(site: Site):
    titles = site.sent(2)
    site.redis.kill()
    titles += site.sent(2)
    site.redis.start()
    site.redis.wait()
    titles += site.sent(2)
    site.all_printed_once(titles)


def test_22_redis_is_full_wiped_and_read_only(site: Site):
    titles = []
    for words, undo in (
        (("CONFIG", "SET", "maxmemory", "1mb"), ("CONFIG", "SET", "maxmemory", "0")),
        (("FLUSHALL",), ("PING",)),
        (("REPLICAOF", "127.0.0.1", "1"), ("REPLICAOF", "NO", "ONE")),
    ):
        site.redis.run(*words)
        titles += site.sent(2)
        site.all_printed_once(titles)
        site.redis.run(*undo)


def test_23_twenty_hints_for_each_job(site: Site):
    titles = site.sent(3)
    app = application(site.redis.url)
    with app.connection_for_write() as connection:
        for _ in range(60):
            app.send_task(LOOK, connection=connection)
    site.all_printed_once(titles)


@pytest.mark.parametrize("how", ["fast", "immediate"])
def test_25_postgresql_restarts_while_sixty_four_people_print(site: Site, how: str):
    titles = [new_uuid() for _ in range(64)]
    statuses: dict[str, int] = {}
    failures: list[Exception] = []

    def send(mine: list[str]) -> None:
        for title in mine:
            try:
                statuses[title] = site.send(title)
            except (OSError, AssertionError, http.client.HTTPException) as error:
                failures.append(error)

    threads = [threading.Thread(target=send, args=(titles[n::8],)) for n in range(8)]
    for thread in threads:
        thread.start()
    until(lambda: len(statuses) >= 8)
    site.postgres.stop(how)
    time.sleep(0.5)
    site.postgres.start()
    site.postgres.wait()
    for thread in threads:
        thread.join()
    assert failures == []
    assert set(statuses.values()) <= {Status.OK, *CLEAN}
    taken = [title for title in titles if statuses[title] == Status.OK]
    assert len(taken) >= 8
    after = site.sent(2)
    site.all_printed_once([*taken, *after], seconds=60)


def test_26_somebody_holds_the_account_for_longer_than_a_lock_may_take(site: Site):
    held, titles = threading.Event(), []

    def hold() -> None:
        with site.database.transaction() as session:
            session.execute(text("SELECT * FROM balances FOR UPDATE"))
            held.set()
            time.sleep(6)

    holder = threading.Thread(target=hold)
    holder.start()
    assert held.wait(10)
    titles += site.sent(1)
    holder.join()
    site.all_printed_once(titles)
