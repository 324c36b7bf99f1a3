"""All checks in a row, and the task that runs them and keeps what they found.

The command `doctor`, the clock each night and the administrator on their page have the same look
taken; the latter two by a task, since it may take minutes (core/checkups.py keeps its outcome).
"""

from collections.abc import Callable
from dataclasses import replace

import quotas.service
from core import checkups
from core.checkups import Finding
from core.db import Database
from core.settings import Settings
from core.tasks.service import Task
from core.tasks.thread_runner import Again, Round
from core.text import Text
from deploy.checks import CHECKS
from deploy.proofs import PROOFS
from printgate.parts import Parts
from quotas.auditing import read_chain, sealed

CHECKUP_SECONDS = 600.0
"""How often the clock looks whether a night has begun."""

CAUSES = {
    "ledger": Text("A change outside Printgate, or a fault in it."),
    "ledger-chain": Text("Somebody changed the ledger past Printgate."),
    "reservations": Text("A change outside Printgate, or a fault in it."),
    "supplies": Text("A change outside Printgate, or a fault in it."),
    "permits": Text("A change outside Printgate, or a fault in it."),
    "tallies": Text("A change outside Printgate, or a fault in it."),
    "rollups": Text("A change outside Printgate, or a fault in it."),
    "audit": Text("Somebody changed, removed or reordered records."),
    "spool": Text("A process died before it could tidy up."),
    "tasks": Text("What the tasks need does not answer."),
    "cups": Text("cupsd is off, or a queue was removed or renamed there."),
    "foreign-jobs": Text("There is a way to CUPS that is open to others."),
    "past-the-gateway": Text("cupsd listens where others can reach it."),
    "database": Text("A broken disk, or a file that was copied while it was written."),
    "moving": Text("The service does not run, or something it needs does not answer."),
    "files": Text("The disk, or somebody's hand."),
    "fonts": Text("The package is not installed."),
}
"""Where a bad finding most likely comes from, when it does not say so itself."""


def look(
    settings: Settings,
    database: Database,
    *,
    strict: bool = False,
    stopping: Callable[[], bool] = lambda: False,
) -> list[Finding]:
    """Run every check, and with `strict` every proof; one that itself fails is a finding.

    When `stopping` says so no further one is begun.
    """
    found: list[Finding] = []
    for name, check in (CHECKS | (PROOFS if strict else {})).items():
        if stopping():
            break
        try:
            found += check(settings, database)
        except Exception as error:
            what = Text("The check itself failed: {error}", {"error": str(error)})
            found.append(Finding(name, True, what))
    return [_explained(finding) for finding in found]


def _explained(finding: Finding) -> Finding:
    if not finding.bad:
        return finding
    return replace(
        finding,
        cause=finding.cause or CAUSES.get(finding.check),
        mend=finding.mend or Text("Mend the cause, then have it checked again."),
    )


def task(
    settings: Settings, parts: Parts, *, stopping: Callable[[], bool]
) -> Callable[[Task], Again | None]:
    """Return the work behind `checkups.TASK`: a strict look, and its outcome kept."""

    def check_up(_task: Task) -> Again | None:
        with parts.database.snapshot() as session:
            chain = None if sealed(session) else read_chain(session)
        if chain is not None:
            with parts.database.transaction() as session:
                quotas.service.seal_earlier(session, chain, now=parts.clock.now())
        found = look(settings, parts.database, strict=True, stopping=stopping)
        if stopping():
            return Again(0)  # for another process, or for this one when it is started again
        with parts.database.transaction() as session:
            checkups.keep(session, found, now=parts.clock.now())
        return None

    return check_up


def nightly(parts: Parts) -> Round:
    """Return what asks for a check once a night."""

    def ask() -> None:
        with parts.database.transaction() as session:
            checkups.ask_nightly(session, parts.terms.zone, now=parts.clock.now())

    return Round("checkup", CHECKUP_SECONDS, ask)
