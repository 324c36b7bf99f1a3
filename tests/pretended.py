"""The gateway's parts with a print system and printers that are played: for pages and services."""

from pathlib import Path

from core.blobs import blobs_for
from core.clock import Clock
from core.db import Database
from core.sandbox import Sandbox
from printgate import analysis
from printgate.backend.fake import FakeBackend, FakeDevices
from printgate.backend.port import Queue
from printgate.parts import Parts, Terms
from printgate.policy import Rules
from printgate.spool import Spool

_GUESTS = Terms(unknown_person="guest")
_RULES = Rules()


def pretended(
    folder: Path,
    database: Database,
    clock: Clock,
    sandbox: Sandbox,
    *,
    queues: tuple[Queue, ...] = (),
    rules: Rules = _RULES,
) -> Parts:
    return Parts(
        database=database,
        clock=clock,
        blobs=blobs_for(f"file:{folder / 'blobs'}"),
        spool=Spool(folder / "spool", 2**20),
        analyser=analysis.Analyser(sandbox),
        backend=FakeBackend(clock, queues),
        devices=FakeDevices(),
        rules=rules,
        terms=_GUESTS,
    )
