"""What the fault tests are made of: Printgate as a process of its own, papers, the closing audit.

What came out is read from the files that the virtual printers kept, never from our own books: each
paper bears a title and a text of its own.
"""

import http.client
import json
import os
import secrets
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pikepdf

from core.db import Database
from core.identity import queries as identity
from core.settings import Settings, load
from deploy import doctor
from deploy.lab.office import Lab
from deploy.lab.process import Process, Service, answers, free_port
from deploy.seed import add_printer, seed_office
from printgate import queries as printing
from printgate.backend.cups import CupsBackend
from printgate.backend.port import BackendJob
from printgate.ipp.decode import decode_bytes
from printgate.ipp.encode import encode
from printgate.ipp.tags import Operation, Status
from printgate.ipp.values import boolean, name
from printgate.lifecycle import ACTIVE, Stage
from printgate.queries import Job
from quotas import queries as quotas
from quotas.periods import Period
from quotas.units import Unit
from tests.e2e.rig import Client, job_id, until

ROOT = Path(__file__).parents[2]
PRINTERS = {"office-a": True, "office-b": True, "office-c": True, "office-d": True}
ENDED_WITHOUT_PAPER = {Stage.EXPIRED, Stage.REFUSED, Stage.CANCELED, Stage.ABORTED}


@dataclass(frozen=True)
class Paper:
    """A document that can be told from every other one."""

    title: str
    octets: bytes
    pages: int
    printer: str = "office-a"

    @property
    def sheets(self) -> int:
        return -(-self.pages // 2)


def paper(pages: int = 1, printer: str = "office-a", octets: int = 0) -> Paper:
    """Make a paper of so many pages and at least so many octets, with its title in its text."""
    title = f"paper-{secrets.token_hex(8)}"
    document = pikepdf.new()
    font = pikepdf.Dictionary(
        Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
    )
    for number in range(pages):
        page = document.add_blank_page(page_size=(595, 842))
        page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font))
        words = f"BT /F1 12 Tf 72 700 Td ({title} {number + 1}) Tj ET"
        page.Contents = document.make_stream(words.encode())
    if octets:
        # A picture that no page shows: it goes all the way to the printer, as real ones do.
        ballast = document.make_stream(secrets.token_bytes(-(-octets // 1024) * 1024))
        ballast.Type, ballast.Subtype = pikepdf.Name.XObject, pikepdf.Name.Image
        ballast.Width, ballast.Height, ballast.BitsPerComponent = 1024, -(-octets // 1024), 8
        ballast.ColorSpace = pikepdf.Name.DeviceGray
        document.pages[0].Resources.XObject = pikepdf.Dictionary(Ballast=ballast)
    folder = Path("/tmp")  # noqa: S108  # only to let the library write a file
    path = folder / title
    document.save(path)
    made = path.read_bytes()
    path.unlink()
    return Paper(title, made, pages, printer)


@dataclass
class Sent:
    """What the clients heard."""

    acknowledged: list[Paper] = field(default_factory=list)
    refused: list[Paper] = field(default_factory=list)
    unanswered: list[Paper] = field(default_factory=list)
    """The connection broke: nobody knows."""


class Server(Service):
    """Printgate as a process of its own, on a data folder that outlives it."""

    def __init__(self, lab: Lab, folder: Path, **environment: str) -> None:
        self.lab, self.folder, self.port = lab, folder, free_port()
        self.environment = {
            "PRINTGATE_DATA_DIR": str(folder / "state"),
            "PRINTGATE_PRINTING_URL": lab.backend.url,
            "PRINTGATE_PORT": str(self.port),
            "PRINTGATE_UNKNOWN_PERSON": "guest",
            **environment,
        }
        self.settings: Settings = load(environment=self.environment, system_file=None)
        self.database = Database(self.settings.opened_database_url)

    @property
    def pids(self) -> list[int]:
        """The processes that take jobs."""
        return [self.pid]

    @property
    def log(self) -> str:
        return (self.folder / "server.log").read_text(encoding="utf-8", errors="replace")

    def start(self, **more: str) -> None:
        """Start it and return when it answers; `more` is environment for this life only."""
        self._process = Process(
            [sys.executable, "-m", "deploy", "serve"],
            self.folder / "server.log",
            {**self.environment, **more, "PYTHONPATH": str(ROOT)},
        )
        self.wait()

    def _answers(self) -> bool:
        return answers(self.port)

    def wait_for_death(self, seconds: float = 30) -> None:
        """Return when it has died by itself; `start` may be called again then."""
        until(lambda: not Path(f"/proc/{self.pid}/exe").exists() or self._dead(), seconds)
        self.kill()

    def _dead(self) -> bool:
        state = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0]
        return state == "Z"

    def send(self, *papers: Paper, user: str = "wangfang", in_two: bool = False) -> Sent:
        """Send papers at once, each by itself, and return what was heard.

        `in_two`: by Create-Job and Send-Document instead of Print-Job.
        """
        sent = Sent()
        threads = [
            threading.Thread(target=self._send, args=(each, user, sent, in_two)) for each in papers
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sent

    def _send(self, each: Paper, user: str, sent: Sent, in_two: bool) -> None:
        client = Client(self.port, user)
        operation = Operation.CREATE_JOB if in_two else Operation.PRINT_JOB
        message = client.message(operation, name("job-name", each.title), printer=each.printer)
        try:
            if in_two:
                created = job_id(client.ask(message))
                message = client.message(
                    Operation.SEND_DOCUMENT,
                    boolean("last-document", True),
                    printer=each.printer,
                    job_id=created,
                )
            status, body = client.post(encode(message) + each.octets)
        except (OSError, http.client.HTTPException):
            sent.unanswered.append(each)
            return
        taken = status == 200 and decode_bytes(body)[0].code < Status.BAD_REQUEST
        (sent.acknowledged if taken else sent.refused).append(each)

    def jobs(self, title: str | None = None) -> list[Job]:
        with self.database.snapshot() as session:
            found = printing.jobs_at(session)
        return [job for job in found if title is None or job.title == title]

    def job(self, each: Paper) -> Job:
        (found,) = self.jobs(each.title)
        return found

    def quiet(self, seconds: float = 60) -> None:
        """Wait until no job is on its way and the spool is empty of what is over."""
        deadline = time.monotonic() + seconds
        while under_way := [job for job in self.jobs() if job.stage in ACTIVE]:
            assert time.monotonic() < deadline, self._why_not(under_way[0])
            time.sleep(0.1)
        with CupsBackend(self.settings.printing_url) as backend:
            deadline = time.monotonic() + seconds
            while left := backend.active_jobs():
                assert time.monotonic() < deadline, self._why_there(left[0])
                time.sleep(0.1)
        until(lambda: not self._leftovers(), seconds)

    def _why_there(self, left: BackendJob) -> str:
        """Return what is known of a job that only CUPS still has."""
        ours = [job for job in self.jobs() if job.uuid == left.uuid]
        return f"{left}\n{ours}\n{self._said_of(left.id)}"

    def _why_not(self, job: Job) -> str:
        """Return what is known of a job that does not end, for whoever reads the failure."""
        return f"{job}\n{self._said_of(job.backend_job_id)}"

    def _said_of(self, backend_job_id: int | None) -> str:
        backend = self.lab.backend
        said = (backend.folder / "log" / "error_log").read_text(errors="replace").splitlines()
        of_job = [line for line in said if f"[Job {backend_job_id}]" in line]
        lines = [
            backend.run("lpstat", "-l", "-o"),
            *of_job,
            *said[-20:],
            self.log[-2000:],
        ]
        return "\n".join(lines)

    def _leftovers(self) -> set[str]:
        with self.database.snapshot() as session:
            known = printing.spooled_uuids(session)
        return {path.name.partition(".")[0] for path in self.settings.spool.iterdir()} - known


def printed(lab: Lab) -> Counter[str]:
    """Return how often each title came out, as the printers' own records have it."""
    found: Counter[str] = Counter()
    for printer in lab.printers.values():
        for path in (printer.folder / "record").glob("*.json"):
            found[json.loads(path.read_text(encoding="utf-8")).get("IPP_JOB_NAME", "")] += 1
    return found


def came_out_whole(lab: Lab, each: Paper) -> bool:
    """Tell whether the file that a printer kept is this very paper, all pages of it."""
    for printer in lab.printers.values():
        for path in (printer.folder / "record").glob("*.json"):
            if json.loads(path.read_text(encoding="utf-8")).get("IPP_JOB_NAME") == each.title:
                text = subprocess.run(
                    ["pdftotext", str(path.with_suffix(".doc")), "-"],
                    capture_output=True, text=True, check=True, timeout=30,
                ).stdout  # fmt: skip
                return all(f"{each.title} {n + 1}" in text for n in range(each.pages))
    return False


def closing_audit(
    server: Server, sent: Sent, *, unanswered_may_print: bool = True, repeats: bool = False
) -> None:
    """Everything that was acknowledged came out once or waits for a person; nothing else did.

    With `repeats`, where a cupsd died while it printed: it begins again by itself, which nobody can
    keep it from. Then the job must say so and be charged once.
    """
    server.quiet()
    out = printed(server.lab)
    for each in sent.acknowledged:
        _came_out_once(server, each, out[each.title], repeats=repeats)
    for each in sent.refused:
        assert out[each.title] == 0
        assert not any(job.sheets_used for job in server.jobs(each.title))
    for each in sent.unanswered:
        for job in server.jobs(each.title):
            if job.stage is Stage.COMPLETED and unanswered_may_print:
                assert (out[each.title], job.sheets_used) == (1, each.sheets)
            else:
                assert job.stage in ENDED_WITHOUT_PAPER, job.stage
                assert (out[each.title], job.sheets_used or 0) == (0, 0)
        if not server.jobs(each.title):
            assert out[each.title] == 0
    doctor_is_content(server)


def _came_out_once(server: Server, each: Paper, times: int, *, repeats: bool) -> None:
    job = server.job(each)
    if job.stage is Stage.UNKNOWN:
        assert times <= 1, each.title
        return
    if repeats and times > 1 and any(reason.rule == "backend" for reason in job.reasons):
        times = 1
    fate = (job.stage, times, job.sheets_used)
    assert fate == (Stage.COMPLETED, 1, each.sheets), (fate, job, server.log[-3000:])
    assert came_out_whole(server.lab, each)


def doctor_is_content(server: Server, *expected: str) -> None:
    """Run `doctor --strict` and find nothing but what is expected."""
    found = [each for each in doctor.examine(server.settings, strict=True) if each.bad]
    assert {each.check for each in found} == set(expected), found


def spent_sheets(database: Database) -> int:
    """Return how many sheets all offices have spent this month, as their accounts have it."""
    with database.snapshot() as session:
        period = Period.of_moment(datetime.now(UTC))  # noqa: TID251  # a real moment
        return sum(
            quotas.balance(session, office.id, Unit.SHEETS, period).spent
            for office in identity.offices(session)
        )


@contextmanager
def state_of_an_office(lab: Lab, folder: Path, template: Path) -> Iterator[Path]:
    """Copy the data folder of a fresh office: seeding one takes seconds."""
    if not template.exists():
        settings = load(
            environment={
                "PRINTGATE_DATA_DIR": str(template),
                "PRINTGATE_PRINTING_URL": lab.backend.url,
            },
            system_file=None,
        )
        seed(lab, settings)
    shutil.copytree(template, folder / "state")
    yield folder / "state"


def seed(lab: Lab, settings: Settings) -> None:
    """Fill an empty database with the demo's office and the lab's printers."""
    from deploy.bootstrap import opened_database

    with opened_database(settings) as database, CupsBackend(settings.printing_url) as backend:
        seed_office(database)
        for each in lab.printers:
            add_printer(database, backend, each, each, default=each == "office-a")


def rounds(default: int = 1) -> int:
    """Return how often each fault is tried: FAULT_ROUNDS, or once in the normal suite."""
    return int(os.environ.get("FAULT_ROUNDS", default))  # noqa: TID251  # of the tests


def within(seconds: float, ready: Callable[[], bool]) -> float:
    """Wait for something for at most so long, and return how long it took."""
    started = time.monotonic()
    until(ready, seconds)
    return time.monotonic() - started
