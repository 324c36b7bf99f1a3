"""A whole office for end-to-end tests: the lab's real parts, and Printgate in this process."""

import http.client
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from core.db import Database
from core.identity import queries as identity
from core.people import SYSTEM
from core.settings import Settings, load
from deploy.bootstrap import Opened, opened, opened_database
from deploy.demo.desk import Desk
from deploy.http import drain
from deploy.lab.office import Lab
from deploy.lab.process import free_port
from deploy.seed import add_printer, seed_office
from deploy.serve import make_server
from printgate import queries as printing
from printgate.backend.cups import CupsBackend
from printgate.ipp.decode import decode_bytes
from printgate.ipp.encode import encode
from printgate.ipp.tags import GroupTag
from printgate.ipp.values import (
    Attribute,
    Group,
    Message,
    charset,
    integer,
    language,
    name,
    uri,
)
from printgate.lifecycle import ACTIVE, Stage
from printgate.queries import Job
from quotas import service as quotas
from quotas.periods import Period
from quotas.units import Unit


@dataclass(frozen=True)
class Office:
    """Printgate and what is around it."""

    lab: Lab
    settings: Settings
    parts: Opened
    desk: Desk

    @property
    def database(self) -> Database:
        return self.parts.parts.database

    @property
    def port(self) -> int:
        return self.settings.port

    def grant(self, office_code: str, sheets: int) -> str:
        """Give an office more sheets this month; return its id."""
        now = self.parts.parts.clock.now()
        with self.database.transaction() as session:
            found = next(each for each in identity.offices(session) if each.code == office_code)
            quotas.grant(
                session,
                f"{office_code}:{time.time_ns()}",
                found.id,
                Unit.SHEETS,
                Period.of_moment(now),
                sheets,
                actor=SYSTEM,
                now=now,
            )
        return found.id

    def job(self, job_id: int) -> Job:
        with self.database.snapshot() as session:
            return printing.job(session, job_id)

    def ended(self, job_id: int, seconds: float = 30) -> Job:
        """Wait until a job has ended."""
        until(lambda: self.job(job_id).stage not in ACTIVE, seconds)
        return self.job(job_id)

    def reaches(self, job_id: int, stage: Stage, seconds: float = 30) -> Job:
        """Wait until a job is in a stage."""
        until(lambda: self.job(job_id).stage is stage, seconds)
        return self.job(job_id)

    def settled(self) -> None:
        """Wait until nothing is on its way and the spool is empty."""
        until(lambda: not list(self.settings.spool.iterdir()))


def until(ready: Callable[[], bool], seconds: float = 30) -> None:
    """Wait for something; fail if it does not come to be."""
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline, "it did not come to be in time"
        time.sleep(0.05)


@contextmanager
def running_office(lab: Lab, folder: Path, **environment: str) -> Iterator[Office]:
    """Run Printgate in this process, on a free port, with the seeded office."""
    port = free_port()
    settings = load(
        environment={
            "PRINTGATE_DATA_DIR": str(folder / "state"),
            "PRINTGATE_PRINTING_URL": lab.backend.url,
            "PRINTGATE_PORT": str(port),
            "PRINTGATE_UNKNOWN_PERSON": "guest",
            **environment,
        },
        system_file=None,
    )
    with opened_database(settings) as database, CupsBackend(settings.printing_url) as backend:
        seed_office(database)
        for each in lab.printers:
            add_printer(database, backend, each, each, default=each == "office-a")
    with opened(settings) as parts:
        server = make_server(parts)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        parts.runner.start()
        try:
            yield Office(lab, settings, parts, Desk(lab, port, parts.parts.database))
        finally:
            drain(server)
            parts.runner.close()
            thread.join(10)
            server.close()


PATH = "/printers/office-a"
OPENING = (charset("attributes-charset", "utf-8"), language("attributes-natural-language", "en"))


class Client:
    """An IPP client of the tests' own, which may be as rude as it likes."""

    def __init__(self, port: int, user: str = "wangfang", agent: str = "tests/1") -> None:
        self.port, self.user, self.agent = port, user, agent

    def uri(self, printer: str = "office-a") -> str:
        return f"ipp://127.0.0.1:{self.port}/printers/{printer}"

    def message(
        self,
        operation: int,
        *more: Attribute,
        printer: str = "office-a",
        job: tuple[Attribute, ...] = (),
        job_id: int | None = None,
    ) -> Message:
        attributes: tuple[Attribute, ...] = (*OPENING, uri("printer-uri", self.uri(printer)))
        if job_id is not None:
            attributes += (integer("job-id", job_id),)
        attributes += (name("requesting-user-name", self.user), *more)
        groups = (Group(GroupTag.OPERATION, attributes),)
        return Message((2, 0), operation, 1, groups + ((Group(GroupTag.JOB, job),) if job else ()))

    def ask(self, message: Message, document: bytes = b"", path: str = PATH) -> Message:
        status, body = self.post(encode(message) + document, path)
        assert status == 200, body
        return decode_bytes(body)[0]

    def post(
        self, body: bytes, path: str = PATH, media_type: str = "application/ipp"
    ) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            headers = {"Content-Type": media_type, "User-Agent": self.agent}
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


def job_id(answer: Message) -> int:
    """Return the job-id of an answer."""
    found = answer.group(GroupTag.JOB).get("job-id")
    assert found is not None, answer
    assert isinstance(found.first.content, int)
    return found.first.content


def sentence(answer: Message) -> str:
    """Return the status-message of an answer."""
    found = answer.group(GroupTag.OPERATION).get("status-message")
    return found.first.text() if found is not None else ""


def text_of(group: Group, attribute: str) -> list[str]:
    """Return the values of an attribute as text."""
    found = group.get(attribute)
    return [value.text() for value in found.values] if found is not None else []
