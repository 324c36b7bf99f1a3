"""Where the benchmarks are played: Printgate as it is started on a real machine, and a bare cupsd.

Behind both is a raw queue to /dev/null, so that both are asked for the same: take the job, keep it
safe, send it to nowhere.
"""

import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from core.clock import SystemClock
from core.db import Database
from core.identity import queries as identity
from core.people import SYSTEM
from core.settings import Settings, load
from deploy.bootstrap import opened_database
from deploy.lab.cupsd import CupsServer
from deploy.lab.office import Lab, lab_folder
from deploy.lab.process import Process, answers, free_port
from deploy.seed import add_printer, seed_office
from printgate.backend.cups import CupsBackend
from quotas import service as quotas
from quotas.periods import Period
from quotas.units import Unit
from tests.bench.load import ROOT

SHEETS = 10_000_000
# What lies behind /dev/null has one side only, and must not be exchanged for a better printer.
_RULES = '[two-sided]\none-sided-printer = "print"\n'


@dataclass(frozen=True)
class Scene:
    """Both servers, running."""

    folder: Path
    lab: Lab
    printgate: Process
    port: int
    settings: Settings
    peer: CupsServer
    peer_port: int


@contextmanager
def scene() -> Iterator[Scene]:
    """Start everything, and end it again."""
    folder = lab_folder()
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        lab = stack.enter_context(Lab(folder / "lab"))
        lab.backend.add_raw_queue("nowhere", "file:///dev/null")
        peer_port = free_port()
        peer = CupsServer(folder / "peer", lab.bus_address, port=peer_port)
        stack.callback(peer.stop)
        peer.start()
        peer.wait()
        peer.add_raw_queue("nowhere", "file:///dev/null")
        peer.add_queue("office-a", lab.printers["office-a"].uri)
        port = free_port()
        environment = {
            "PRINTGATE_DATA_DIR": str(folder / "state"),
            "PRINTGATE_PRINTING_URL": lab.backend.url,
            "PRINTGATE_PORT": str(port),
            "PRINTGATE_LOG_LEVEL": "WARNING",
            "PRINTGATE_RULES_FILE": str(folder / "rules.toml"),
        }
        (folder / "rules.toml").write_text(_RULES, encoding="utf-8")
        settings = load(environment=environment, system_file=None)
        with opened_database(settings) as database:
            _furnish(database, lab)
        server = Process(
            [sys.executable, "-m", "deploy", "serve"],
            folder / "printgate.log",
            {**environment, "PYTHONPATH": str(ROOT)},
        )
        stack.callback(server.stop)
        server.wait_until(lambda: answers(port))
        yield Scene(folder, lab, server, port, settings, peer, peer_port)


def _furnish(database: Database, lab: Lab) -> None:
    seed_office(database)
    with CupsBackend(lab.backend.url) as backend:
        for name in ("nowhere", "office-a"):
            add_printer(database, backend, name, name, default=name == "nowhere")
    now = SystemClock().now()
    with database.transaction() as session:
        for office in identity.offices(session):
            quotas.grant(
                session, f"bench:{office.id}", office.id, Unit.SHEETS, Period.of_moment(now),
                SHEETS, actor=SYSTEM, now=now,
            )  # fmt: skip
