"""The doctor: looks for what is wrong, and says what it is, why it matters and how to mend it."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from core import audit
from core.clock import SystemClock
from core.db import Database
from core.settings import Settings
from core.tasks import service as tasks
from deploy.bootstrap import opened_database
from deploy.findings import Check, Finding, report
from deploy.proofs import PROOFS
from printgate import queries as printing
from printgate.backend.cups import CupsBackend
from printgate.errors import BackendUnavailable
from printgate.spool import Spool
from quotas import queries as quotas

__all__ = ["examine", "report"]

NOBODY = 65534


def examine(settings: Settings, *, strict: bool = False) -> list[Finding]:
    """Run every check, and with `strict` every proof; one that itself fails is a finding."""
    found = []
    with opened_database(settings) as database:
        for name, check in (CHECKS | (PROOFS if strict else {})).items():
            try:
                found += list(check(settings, database))
            except Exception as error:
                found.append(Finding(name, True, f"the check itself failed: {error}"))
    return [_explained(finding) for finding in found]


CAUSES = {
    "ledger": "a change outside Printgate, or a fault in it",
    "audit": "somebody changed, removed or reordered records",
    "spool": "a process died before it could tidy up",
    "tasks": "what the tasks need does not answer",
    "cups": "cupsd is off, or a queue was removed or renamed there",
    "foreign-jobs": "a way to CUPS that is open to others",
    "past-the-gateway": "cupsd listens where others can reach it",
    "database": "a broken disk, or a file that was copied while it was written",
    "moving": "the service does not run, or something it needs does not answer",
    "files": "the disk, or somebody's hand",
}
"""Where a bad finding most likely comes from, when it does not say so itself."""


def _explained(finding: Finding) -> Finding:
    if not finding.bad:
        return finding
    return replace(
        finding,
        cause=finding.cause or CAUSES.get(finding.check, ""),
        mend=finding.mend or "mend the cause, then ask the doctor again",
    )


def _books(_settings: Settings, database: Database) -> Iterator[Finding]:
    with database.snapshot() as session:
        wrong = quotas.discrepancies(session)
    for each in wrong:
        what = f"{each.office_id} {each.unit} {each.period}: {each.stored} is not {each.folded}"
        yield Finding("ledger", True, what, "stop the service and restore the last good backup")
    if not wrong:
        yield Finding("ledger", False, "every balance is the sum of its entries")


def _chain(_settings: Settings, database: Database) -> Iterator[Finding]:
    with database.snapshot() as session:
        broken = audit.first_broken_seq(session)
    if broken is None:
        yield Finding("audit", False, "the chain of records is whole")
    else:
        yield Finding("audit", True, f"the chain breaks at record {broken}", "keep the database")


def _spool(settings: Settings, database: Database) -> Iterator[Finding]:
    with database.snapshot() as session:
        known = printing.spooled_uuids(session)
    orphans = Spool(settings.spool, settings.document_octets_max).uuids() - known
    if orphans:
        mend = f"remove {settings.spool}/UUID.* for: {', '.join(sorted(orphans)[:5])}"
        yield Finding("spool", True, f"{len(orphans)} files belong to no waiting job", mend)
    else:
        yield Finding("spool", False, "every file belongs to a waiting job")


def _tasks(_settings: Settings, database: Database) -> Iterator[Finding]:
    with database.snapshot() as session:
        due, failing = tasks.depth(session, now=SystemClock().now())
    mend = "see the log for why they fail" if failing else ""
    yield Finding("tasks", bool(failing), f"{due} are due, {failing} have failed", mend)


def _printing(settings: Settings, database: Database) -> Iterator[Finding]:
    try:
        with CupsBackend(settings.printing_url) as backend:
            queues = {queue.name for queue in backend.queues()}
    except BackendUnavailable as error:
        yield Finding("cups", True, str(error), "start cupsd, or mend the setting printing_url")
        return
    with database.snapshot() as session:
        offered = printing.offered_printers(session)
        foreign = printing.foreign_jobs(session)
    for printer in offered:
        if printer.queue not in queues:
            yield Finding("cups", True, f"{printer.name}: there is no queue {printer.queue}")
    yield Finding("cups", False, f"answers, with {len(queues)} queues")
    if foreign:
        mend = "see the page Administration; close the way that they took"
        yield Finding("foreign-jobs", True, f"{len(foreign)} jobs went past the gateway", mend)
    else:
        yield Finding("foreign-jobs", False, "every job in CUPS is ours")


def _past_the_gateway(settings: Settings, _database: Database) -> Iterator[Finding]:
    """Try to print past the gateway, as anybody on this machine could; it must fail."""
    parts = urlsplit(settings.printing_url)
    target = parts.path if not parts.hostname else f"{parts.hostname}:{parts.port or 631}"
    reached = _reached_as_nobody(target) if os.geteuid() == 0 else None
    if reached is None:
        yield Finding("past-the-gateway", False, "not tried: only root can try as another person")
    elif reached:
        mend = "let cupsd listen only on a socket in a folder that only Printgate may enter"
        yield Finding("past-the-gateway", True, f"anybody here can print to {target}", mend)
    else:
        yield Finding("past-the-gateway", False, f"nobody else can reach {target}")
    folder = Path(parts.path).parent
    if not parts.hostname and folder.exists():
        mode = folder.stat().st_mode & 0o777
        if mode & 0o007:
            mend = f"chmod o= {folder}"
            yield Finding("past-the-gateway", True, f"the socket's folder is open: {mode:o}", mend)


def _reached_as_nobody(target: str) -> bool:
    program = "import sys; from deploy.doctor import try_to_reach; try_to_reach(sys.argv[1])"
    tried = subprocess.run(  # noqa: S603  # our own interpreter and module
        [sys.executable, "-c", program, target],
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        check=False,
        timeout=30,
    )
    return tried.returncode == 0


def try_to_reach(target: str) -> None:
    """Give up all rights, then try to connect: exit code 0 if that works. Runs in a child."""
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)
    host, _, port = target.rpartition(":")
    try:
        if host:
            socket.create_connection((host, int(port)), timeout=5).close()
        else:
            with socket.socket(socket.AF_UNIX) as probe:
                probe.connect(target)
    except OSError:
        sys.exit(1)
    sys.exit(0)


CHECKS: dict[str, Check] = {
    "ledger": _books,
    "audit": _chain,
    "spool": _spool,
    "tasks": _tasks,
    "cups": _printing,
    "past-the-gateway": _past_the_gateway,
}
