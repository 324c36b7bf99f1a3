"""A gateway on gunicorn without its nginx: a job is a body that came whole, and nothing else.

Gunicorn hands a body that was cut short to the application as if it had ended, so the gateway
counts. What we ship has nginx before it, which does not even call: tests/faults/test_http.py.
"""

import errno
import re
import shutil
import socket
import sys
import urllib.request
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest

from core.clock import SystemClock
from core.db import Database
from core.ids import new_uuid
from core.people import SYSTEM
from core.settings import Settings, load
from deploy.lab.nginx import TEMPLATE, NginxServer
from deploy.lab.office import lab_folder
from deploy.lab.process import Process, answers, free_port
from deploy.migrations import upgrade
from deploy.seed import seed_office
from deploy.serve import body_octets_max
from printgate import queries as printing
from printgate.backend.port import DeviceAttributes, Queue
from printgate.ipp.decode import decode_bytes
from printgate.ipp.encode import encode
from printgate.ipp.tags import Operation, Status
from printgate.ipp.values import name
from printgate.lifecycle import Stage
from printgate.service import printers
from tests.e2e.rig import PATH, Client
from tests.faults.shapes import CROOKED, CUT, ODD, REFUSALS

PROJECT = Path(__file__).parents[2]


class Doors:
    """A gateway and the pages as processes, nginx before them, and no CUPS behind."""

    def __init__(self, folder: Path, private: Path) -> None:
        self.gateway, self.pages, self.front = free_port(), free_port(), free_port()
        environment = {
            "PRINTGATE_DATA_DIR": str(folder / "state"),
            "PRINTGATE_PRINTING_URL": f"cups://{private / 'nothing'}",
            "PYTHONPATH": str(PROJECT),
        }
        settings = load(environment=environment | {"PYTHONPATH": ""}, system_file=None)
        settings.data.mkdir()
        upgrade(settings.opened_database_url)
        self.database = Database(settings.opened_database_url)
        seed_office(self.database)
        now = SystemClock().now()
        queue = Queue("office-a", "ipp://nobody/", "a", "", "idle", (), accepting=True)
        with self.database.transaction() as session:
            made = printers.add_printer(session, "office-a", queue, actor=SYSTEM, now=now)
            device = DeviceAttributes(b"", True, "idle", (), ())
            printers.printer_seen(session, made.id, queue, device, now=now)
        self._started = []
        for kind, port in (("gateway", self.gateway), ("web", self.pages)):
            command = [sys.executable, "-m", "deploy", kind, "--port", str(port)]
            self._started.append(Process(command, folder / f"{kind}.log", environment))
        for process, port in zip(self._started, (self.gateway, self.pages), strict=True):
            process.wait_until(lambda port=port: answers(port))  # type: ignore[misc]
        self._nginx = NginxServer(private / "nginx", self.front, [self.gateway], [self.pages])
        self._nginx.start()
        self._nginx.wait()

    def close(self) -> None:
        self._nginx.stop()
        for process in self._started:
            process.stop()
        self.database.close()

    def stages(self, title: str) -> list[Stage]:
        with self.database.snapshot() as session:
            return [job.stage for job in printing.jobs_at(session) if job.title == title]


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    private = lab_folder()
    made = Doors(tmp_path_factory.mktemp("doors"), private)
    yield made
    made.close()
    shutil.rmtree(private)


def job(title: str) -> bytes:
    document, made = pikepdf.new(), BytesIO()
    document.add_blank_page(page_size=(595, 842))
    document.save(made)
    message = Client(1).message(Operation.PRINT_JOB, name("job-name", title))
    return encode(message) + made.getvalue()


def ask(port: int, octets: bytes) -> bytes:
    """Send octets as somebody who is gone then; return what comes back."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        try:
            connection.sendall(octets)
            connection.shutdown(socket.SHUT_WR)
            answer = b""
            while piece := connection.recv(65536):
                answer += piece
        except OSError as fault:
            # Cut off by then: by a reset that came before, between or after these calls.
            if isinstance(fault, ConnectionError) or fault.errno == errno.ENOTCONN:
                return b""
            raise
    return answer


WHOLE = ("two chunks", "a chunk with an extension", "length and coding with underscores")
NO_JOB = CUT | {
    name: CROOKED[name] for name in ("chunk size no number", "length and chunks", "two lengths")
}


@pytest.mark.parametrize("shape", WHOLE)
def test_a_body_that_came_whole_is_one_job(doors: Doors, shape: str):
    title = new_uuid()
    head, _, body = ask(doors.gateway, ODD[shape].octets(job(title))).rpartition(b"\r\n\r\n")
    assert b" 200 " in head, head
    assert decode_bytes(body)[0].code == Status.OK
    assert doors.stages(title) == [Stage.ACCEPTED]


@pytest.mark.parametrize("shape", NO_JOB)
def test_a_body_that_did_not_is_none(doors: Doors, shape: str):
    title = new_uuid()
    head, _, body = ask(doors.gateway, NO_JOB[shape](job(title))).rpartition(b"\r\n\r\n")
    if b" 200 " in head[:20]:
        assert decode_bytes(body)[0].code >= Status.BAD_REQUEST
    else:
        assert head == b"" or int(head.split(b" ", 2)[1]) in REFUSALS, head
    assert doors.stages(title) == []


def test_nginx_and_waitress_take_bodies_of_the_same_size():
    size = re.search(r"client_max_body_size (\d+)m;", TEMPLATE.read_text(encoding="utf-8"))
    assert size is not None
    assert int(size[1]) * 2**20 == body_octets_max(Settings())


def test_nginx_knows_jobs_from_pages(doors: Doors):
    for path in ("/sign-in", "/healthz", "/readyz"):
        with urllib.request.urlopen(f"http://127.0.0.1:{doors.front}{path}", timeout=10) as page:
            assert page.status == 200
    with urllib.request.urlopen(f"http://127.0.0.1:{doors.gateway}/readyz", timeout=10) as ready:
        assert ready.read() == b"ok\n"
    client = Client(doors.front)
    for path in ("/", "/jobs/", "/ipp/print", PATH):
        message = client.message(Operation.GET_PRINTER_ATTRIBUTES)
        assert client.ask(message, path=path).code < Status.BAD_REQUEST
    status, _ = client.post(b"x", path="/sign-in", media_type="text/plain")
    assert status == 400
