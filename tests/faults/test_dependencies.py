"""Redis and PostgreSQL die, fill up, restart and hold locks while people print (faults 20-26).

Gateways, pages and a worker as processes of their own, on real servers, behind nginx; what came out
is counted from the records of the virtual printers.
"""

import http.client
import json
import re
import shutil
import threading
import time
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from urllib.parse import urlencode

import pikepdf
import pytest
from sqlalchemy import text

from core import audit
from core.ids import new_uuid
from core.tasks.celery_runner import LOOK, application
from deploy.lab.office import Lab, lab_folder
from deploy.seed import PASSWORD
from printgate import queries as printing
from printgate.ipp.decode import decode_bytes
from printgate.ipp.encode import encode
from printgate.ipp.tags import Operation, Status
from printgate.ipp.values import name
from printgate.lifecycle import ACTIVE, Stage
from quotas import queries as books
from tests.e2e.rig import Client, until
from tests.faults.front_doors import BehindNginx
from tests.faults.rig import seed

CLEAN = {Status.TEMPORARY_ERROR, Status.SERVICE_UNAVAILABLE}


def one_page() -> bytes:
    document = pikepdf.new()
    document.add_blank_page(page_size=(595, 842))
    made = BytesIO()
    document.save(made)
    return made.getvalue()


class Site(BehindNginx):
    """Printgate behind nginx, and the servers that it depends on."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        super().__init__(lab, folder)
        self.document = one_page()
        seed(lab, self.settings)
        self.start()

    def send_page(self, title: str, user: str = "wangfang") -> int:
        """Send a page; return the status of the answer, which must be IPP."""
        client = Client(self.port, user)
        message = client.message(Operation.PRINT_JOB, name("job-name", title))
        status, body = client.post(encode(message) + self.document)
        assert status == 200, body
        return decode_bytes(body)[0].code

    def sent(self, count: int) -> list[str]:
        """Send pages that must be taken; return their titles."""
        titles = [new_uuid() for _ in range(count)]
        assert {self.send_page(title) for title in titles} == {Status.OK}
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
        until(lambda: not list(self.settings.spool.iterdir()))

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
    made = Site(lab, tmp_path_factory.mktemp("site"))
    yield made
    made.stop()


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
                statuses[title] = site.send_page(title)
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


FOR_ANYONE = ("/sign-in", "/release", "/readyz")
FOR_A_PERSON = ("/", "/jobs", "/documents", "/nowhere")
AWAY = "The database does not answer now."


class Browser:
    """Somebody before the pages, who reads English."""

    def __init__(self, port: int) -> None:
        self._port, self._cookie, self._token = port, "", ""

    def get(self, address: str) -> tuple[int, str]:
        return self._ask("GET", address)

    def post(self, address: str, **fields: str) -> tuple[int, str]:
        return self._ask("POST", address, urlencode({"csrf_token": self._token, **fields}))

    def _ask(self, method: str, address: str, form: str | None = None) -> tuple[int, str]:
        headers = {"Cookie": self._cookie, "Accept-Language": "en"}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        connection.request(method, address, form, headers)
        answer = connection.getresponse()
        page = answer.read().decode()
        connection.close()
        self._cookie = (answer.getheader("Set-Cookie") or self._cookie).partition(";")[0]
        if found := re.search(r'name="csrf_token" value="([^"]+)"', page):
            self._token = found[1]
        return answer.status, page


def test_25_pages_and_printing_say_so_while_postgresql_is_away(site: Site):
    nobody, person, logged = Browser(site.port), Browser(site.port), len(site.log)
    person.get("/sign-in")
    assert person.post("/sign-in", login="wangfang", password=PASSWORD)[0] == 302
    assert person.get("/")[0] == 200
    site.postgres.stop("immediate")
    heard = [nobody.get(address) for address in FOR_ANYONE]
    heard += [person.get(address) for address in FOR_ANYONE + FOR_A_PERSON]
    heard += [person.post(address) for address in ("/sign-in", "/sign-out", "/language")]
    style, printing_says = person.get("/static/app.css")[0], site.send_page("while it is away")
    site.postgres.start()
    site.postgres.wait()
    assert {(status, AWAY in page) for status, page in heard} == {(503, True)}
    assert style == 200
    assert printing_says in CLEAN
    assert person.get("/")[0] == 200
    site.all_printed_once(site.sent(1))
    assert "Traceback" not in site.log[logged:]


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
