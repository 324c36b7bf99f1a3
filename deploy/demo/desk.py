"""A person's desk in the demo: `lp`, `lpstat` and `cancel` on a desktop's CUPS, and a browser."""

import http.cookiejar
import re
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.db import Database
from deploy.lab.office import Lab
from deploy.seed import PASSWORD
from printgate import queries as printing
from printgate.queries import Job

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
_REQUEST_ID = re.compile(r"request id is (\S+)-(\d+)")


@dataclass(frozen=True)
class Printed:
    """What `lp` said: its exit code, its words, and the id of the client's job."""

    code: int
    words: str
    client_job: str


class Desk:
    """What a person at a desk has: a client's CUPS and the address of the pages."""

    def __init__(self, lab: Lab, port: int, database: Database) -> None:
        self.lab, self.port, self.database = lab, port, database
        self.pages = f"http://127.0.0.1:{port}"

    def add_queues(self) -> None:
        """Connect the desktop's CUPS with both printers of the gateway, as the guide says."""
        for name in self.lab.printers:
            self.lab.client.add_queue(name, f"ipp://127.0.0.1:{self.port}/printers/{name}")

    def lp(self, person: str, printer: str, document: Path, *options: str) -> Printed:
        """Print through the desktop's queue."""
        return self._lp([], person, printer, document, options)

    def lp_direct(self, person: str, printer: str, document: Path, *options: str) -> Printed:
        """Print straight to the gateway, as `lp -h` does."""
        return self._lp(["-h", f"127.0.0.1:{self.port}"], person, printer, document, options)

    def client_state(self, client_job: str) -> str:
        """Return held, done or waiting: how the desktop's CUPS sees its job."""
        listed = self.lab.client.run("lpstat", "-W", "not-completed", "-l", "-o")
        if client_job not in listed:
            return "done"
        own = listed[listed.index(client_job) :].split("\n\n")[0]
        held = "job-hold-until-specified" in own or "held" in own.lower()
        return "held" if held else "waiting"

    def cancel(self, client_job: str) -> None:
        """Cancel a job of the desktop's queue."""
        self.lab.client.run("cancel", client_job)

    def jobs_of(self, person: str) -> list[Job]:
        """Return the gateway's jobs of a person, newest first."""
        with self.database.snapshot() as session:
            return [job for job in printing.jobs_at(session) if job.claimed_name == person][::-1]

    def wait_for(self, what: str, ready: Callable[[], bool], seconds: float = 60.0) -> bool:
        """Wait until something is so; return whether it came to be in time."""
        del what  # named for who reads the call
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if ready():
                return True
            time.sleep(0.1)
        return False

    def browser(self, person: str) -> "Browser":
        """Return a browser in which the person has signed in."""
        return Browser(self.pages, person)

    def _lp(
        self,
        host: list[str],
        person: str,
        printer: str,
        document: Path,
        options: tuple[str, ...],
    ) -> Printed:
        done = subprocess.run(  # noqa: S603  # CUPS' own tool
            ["lp", *host, "-U", person, "-d", printer, *options, str(document)],  # noqa: S607
            env=self.lab.client.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        words = (done.stdout + done.stderr).strip()
        found = _REQUEST_ID.search(words)
        return Printed(done.returncode, words, f"{found[1]}-{found[2]}" if found else "")


class Browser:
    """A browser without windows: cookies, forms and their tokens."""

    def __init__(self, pages: str, person: str, language: str = "zh-CN") -> None:
        self._pages = pages
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(jar)
        self._opener.addheaders = [("Accept-Language", language)]
        self.post("/sign-in", login=person, password=PASSWORD, next="/")

    def get(self, path: str) -> str:
        """Return a page."""
        return self.get_octets(path).decode()

    def get_octets(self, path: str) -> bytes:
        """Return a page or picture as it came."""
        with self._opener.open(self._pages + path, timeout=30) as answer:
            octets = answer.read()
        assert isinstance(octets, bytes)
        return octets

    def post(self, path: str, **fields: str) -> str:
        """Send a form; its token is taken from the page before it."""
        before = self.get("/sign-in" if path == "/sign-in" else "/")
        token = _TOKEN.search(before)
        fields["csrf_token"] = token[1] if token else ""
        data = urllib.parse.urlencode(fields).encode()
        with self._opener.open(self._pages + path, data, timeout=30) as answer:
            return str(answer.read().decode())
