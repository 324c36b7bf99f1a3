"""What `doctor --strict` proves beyond the ordinary checks: that nothing was lost or charged twice.

Each proof compares two things that must agree and that different code keeps: jobs and their
reservations, jobs and the tasks that move them, jobs and what CUPS has of them, files and their
digests, the settings of cupsd and those on which the promises rest. All of them may run beside a
working server: what must agree is read in one snapshot.
"""

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import text

import docflow.queries
from core.blobs import blobs_for
from core.checkups import Finding
from core.clock import SystemClock
from core.db import Database
from core.identity import queries as identity
from core.settings import Settings
from core.tasks import service as tasks
from core.text import Scalar, Text, counted
from deploy import cupsd_proofs
from deploy.checks import BACK_TO_BACKUP, Check
from printgate import permit_queries, tallies
from printgate import queries as printing
from printgate.backend.cups import CupsBackend
from printgate.errors import BackendUnavailable
from printgate.lifecycle import AT_BACKEND, WAITS, Stage
from printgate.queries import Job
from printgate.service.rows import DECIDE_TASK, DISCARD_TASK, FORWARD_TASK
from printgate.spool import Spool
from quotas import queries as quotas
from quotas import rollups
from quotas.auditing import read_chain
from quotas.ledger import ENDS, Kind, State
from quotas.periods import DEFAULT_ZONE
from web.words import ENTRY_KINDS, STAGES, TASKS

START_SERVICE = Text("Start the service, and see its log.")
REBUILD = "python -m deploy rollups --rebuild"
OVERDUE = timedelta(seconds=60)
_HAVE_RESERVATION = (*AT_BACKEND, Stage.ACCEPTED, Stage.FORWARDED, Stage.UNKNOWN)
_MOVED_BY = {
    Stage.DECIDING: DECIDE_TASK,
    Stage.ACCEPTED: FORWARD_TASK,
    Stage.FORWARDED: FORWARD_TASK,
}
RESERVATION_STATES = {
    State.RESERVED: ENTRY_KINDS[Kind.RESERVE],
    **{state: ENTRY_KINDS[kind] for kind, state in ENDS.items()},
}


def _integrity(_settings: Settings, database: Database) -> Iterator[Finding]:
    if database.engine.dialect.name != "sqlite":
        return
    with database.snapshot() as session:
        said = str(session.execute(text("PRAGMA integrity_check")).scalar())
    bad, what = said != "ok", Text("SQLite's own check says: {said}", {"said": said})
    yield Finding("database", bad, what, BACK_TO_BACKUP if bad else None)


def _chained(_settings: Settings, database: Database) -> Iterator[Finding]:
    """Every entry of the ledger is as the audit trail has it, and there is none that it has not."""
    with database.snapshot() as session:
        chain = read_chain(session)
    mend = Text("Keep the database as it is, and compare it with the backups.")
    for entry in chain.broken[:20]:
        what = Text("Ledger entry {id} is not what the audit trail says of it.", {"id": entry})
        yield Finding("ledger-chain", True, what, mend)
    if not chain.sealed_whole:
        what = Text("The ledger's oldest entries are not what the audit trail says of them.")
        yield Finding("ledger-chain", True, what, mend)
    if chain.loose and chain.sealed_to is None:
        what = counted(
            "{n} ledger entry is older than its chain; the next nightly check takes it in.",
            "{n} ledger entries are older than their chain; the next nightly check takes them in.",
            chain.loose,
        )
        yield Finding("ledger-chain", False, what)
    elif chain.loose:
        what = counted(
            "The audit trail does not know of {n} ledger entry.",
            "The audit trail does not know of {n} ledger entries.",
            chain.loose,
        )
        yield Finding("ledger-chain", True, what, mend)
    if not chain.broken and chain.sealed_whole and not chain.loose:
        what = Text("Every ledger entry is as the audit trail says.")
        yield Finding("ledger-chain", False, what)


def _reservations(_settings: Settings, database: Database) -> Iterator[Finding]:
    """Every job on its way has one open reservation, every job that is over has none."""
    with database.snapshot() as session:
        reserved = {each.id: each for each in quotas.reservations(session)}
        jobs = {job.uuid: job for job in printing.jobs_at(session)}
    wrong = []
    for uuid, job in jobs.items():
        if (disagreement := _disagreement(job, reserved.pop(uuid, None))) is not None:
            wrong.append(disagreement)
    wrong += [Text("Reservation {uuid} belongs to no job.", {"uuid": uuid}) for uuid in reserved]
    mend = Text("See the audit records of the job, and book the difference as an adjustment.")
    for each in wrong[:20]:
        yield Finding("reservations", True, each, mend)
    if not wrong:
        what = counted(
            "{n} job agrees with its reservation.",
            "{n} jobs agree with their reservations.",
            len(jobs),
        )
        yield Finding("reservations", False, what)


def _rollups(_settings: Settings, database: Database) -> Iterator[Finding]:
    """Compare the sums that pages read with the ledger's entries."""
    with database.snapshot() as session:
        wrong = rollups.disagreements(session)
        names = {office.id: office.name for office in identity.offices(session)}
    for each in wrong[:20]:
        what = Text(
            "{office}, {unit}, {month}: the sums for reading say that {rolled} are used, the "
            "entries {entered}; places that differ: {cells}.",
            {
                "office": names.get(each.office_id, each.office_id),
                "unit": each.unit.value,
                "month": each.period,
                "rolled": each.rolled,
                "entered": each.entered,
                "cells": each.cells,
            },
        )
        mend = Text("Run: {command}", {"command": REBUILD})
        yield Finding("rollups", True, what, mend)
    if not wrong:
        yield Finding("rollups", False, Text("The sums for reading are those of the ledger."))


def _tallies(_settings: Settings, database: Database) -> Iterator[Finding]:
    """Compare what each office's days say of its jobs with the jobs."""
    with database.snapshot() as session:
        wrong = tallies.disagreements(session, DEFAULT_ZONE)
        names = {office.id: office.name for office in identity.offices(session)}
    for each in wrong[:20]:
        what = Text(
            "{office}, {day}: the tally says {stored}, the jobs say {jobs}.",
            {
                "office": names.get(each.office_id, each.office_id),
                "day": each.day.isoformat(),
                "stored": "/".join(str(number) for number in vars(each.stored).values()),
                "jobs": "/".join(str(number) for number in vars(each.summed).values()),
            },
        )
        yield Finding("tallies", True, what, Text("Run: {command}", {"command": REBUILD}))
    if not wrong:
        yield Finding("tallies", False, Text("The tallies are the sums of their jobs."))


def _disagreement(job: Job, reserved: quotas.Reserved | None) -> Text | None:
    named = _named(job)
    if reserved is None:
        owed = job.sheets_reserved if job.stage in _HAVE_RESERVATION else job.sheets_used
        return Text("Job {job} ({stage}) has no reservation.", named) if owed else None
    is_open = reserved.state is State.RESERVED
    if is_open is not (job.stage in _HAVE_RESERVATION):
        state = RESERVATION_STATES[reserved.state]
        return Text(
            "Job {job} ({stage}) has a reservation that is {state}.", named | {"state": state}
        )
    if reserved.settlements > 1:
        return Text("Job {job} was charged {times} times.", named | {"times": reserved.settlements})
    if not is_open and (reserved.used or 0) != (job.sheets_used or 0):
        return Text(
            "Job {job} used {used} of the office's sheets, but was charged {charged}.",
            named | {"used": job.sheets_used or 0, "charged": reserved.used or 0},
        )
    return None


def _named(job: Job) -> dict[str, Scalar | Text]:
    """Return what sentences call a job: its number and its stage."""
    return {"job": job.id, "stage": STAGES[job.stage]}


def _permits(_settings: Settings, database: Database) -> Iterator[Finding]:
    """Every permit counts what its uses add up to."""
    with database.snapshot() as session:
        wrong = permit_queries.miscounted(session)
    mend = Text("See its audit records; revoke the permit and grant another.")
    for number in wrong[:20]:
        what = Text("Permit {number} does not count what its jobs used.", {"number": number})
        yield Finding("permits", True, what, mend)
    if not wrong:
        yield Finding("permits", False, Text("Every permit counts what its jobs used."))


def _moving(settings: Settings, database: Database) -> Iterator[Finding]:
    """Whatever was acknowledged is moved by a task, or CUPS has it."""
    now = SystemClock().now()
    with database.snapshot() as session:
        waiting = tasks.waiting(session)
        jobs = printing.jobs_in(session, (*_MOVED_BY, *AT_BACKEND))
        receiving = printing.jobs_in(session, tuple(WAITS))
    there = {(task.name, task.subject) for task in waiting}
    stuck = [
        Finding(
            "moving",
            True,
            Text("Job {job} ({stage}) is moved by nothing.", _named(job)),
            Text("Cancel it on its page, or have it printed again."),
            Text("Its task is gone."),
        )
        for job in jobs
        if job.stage in _MOVED_BY and (_MOVED_BY[job.stage], job.uuid) not in there
    ]
    stuck += _overdue(waiting, now)
    stuck += [
        Finding(
            "moving",
            True,
            Text("Job {job} ({stage}) waits past its time.", _named(job)),
            START_SERVICE,
        )
        for job in receiving
        if job.expires_at is None or job.expires_at < now - OVERDUE
    ]
    stuck += _not_in_cups(settings, [job for job in jobs if job.stage in AT_BACKEND])
    moving = counted("{n} job under way moves.", "{n} jobs under way move.", len(jobs))
    yield from stuck or [Finding("moving", False, moving)]


def _overdue(waiting: list[tasks.Waiting], now: datetime) -> list[Finding]:
    return [
        Finding(
            "moving",
            True,
            Text(
                "The task “{task}” of {subject} is due since {at} (UTC).",
                {
                    "task": TASKS.get(task.name, task.name),
                    "subject": task.subject,
                    "at": f"{task.due_at:%Y-%m-%d %H:%M:%S}",
                },
            ),
            START_SERVICE,
            Text("Its last error: {error}", {"error": task.last_error})
            if task.last_error
            else Text("Nobody works on tasks."),
        )
        for task in waiting
        if task.due_at < now - OVERDUE and (task.claimed_until is None or task.claimed_until < now)
    ]


def _not_in_cups(settings: Settings, jobs: list[Job]) -> list[Finding]:
    with CupsBackend(settings.printing_url) as backend:
        try:
            found = {job.uuid: backend.job(job.backend_job_id or 0) for job in jobs}
        except BackendUnavailable:
            return []  # said by the check of CUPS; they wait for it
    return [
        Finding(
            "moving",
            True,
            Text("Job {job} ({stage}) is not known to CUPS.", _named(job)),
            Text("Start the service: it will ask the sender what came out."),
            Text("CUPS lost it."),
        )
        for job in jobs
        if (backend_job := found[job.uuid]) is None or backend_job.uuid != job.uuid
    ]


def _files(settings: Settings, database: Database) -> Iterator[Finding]:
    """Compare what waits in the spool and what is kept with the digests of what was accepted."""
    spool = Spool(settings.spool, settings.document_octets_max)
    blobs = blobs_for(settings.opened_blobs_url)
    with database.snapshot() as session:
        jobs = printing.jobs_in(
            session, (Stage.ASKED, Stage.SHORT, Stage.ACCEPTED, Stage.FORWARDED)
        )
        kept = docflow.queries.digests(session)
        leaving = {t.subject for t in tasks.waiting(session) if t.name == DISCARD_TASK}
        known = printing.spooled_uuids(session) | leaving
    wrong = [
        Finding(
            "files",
            True,
            Text("What job {job} would print is not what was accepted.", {"job": job.id}),
            Text("None is needed: it will not be printed, and its sender will be told."),
        )
        for job in jobs
        if job.output_digest and _digest(spool.output(job.uuid)) != job.output_digest
    ]
    for digest in sorted(kept):
        try:
            whole = _digest(blobs.path(digest)) == digest
        except FileNotFoundError:
            whole = False
        if not whole:
            what = Text("The document {digest} is damaged.", {"digest": f"{digest[:12]}…"})
            mend = Text("Restore the folder of documents from a backup.")
            wrong.append(Finding("files", True, what, mend))
    before = SystemClock().now() - timedelta(seconds=5)
    for uuid in sorted(spool.untouched_since(before) - known):
        what = Text("{uuid} in the spool belongs to no job.", {"uuid": uuid})
        mend = Text("Start the service: it removes such files.")
        wrong.append(Finding("files", True, what, mend))
    whole_ones = Text(
        "Whole files of waiting jobs: {jobs}; whole documents: {documents}.",
        {"jobs": len(jobs), "documents": len(kept)},
    )
    yield from wrong or [Finding("files", False, whole_ones)]


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as reader:
            return hashlib.file_digest(reader, "sha256").hexdigest()
    except OSError:
        return ""


PROOFS: dict[str, Check] = {
    "database": _integrity,
    "ledger-chain": _chained,
    "reservations": _reservations,
    "permits": _permits,
    "rollups": _rollups,
    "tallies": _tallies,
    "moving": _moving,
    "files": _files,
    "cups-settings": cupsd_proofs.settings_keep_jobs,
    "cups-jobs": cupsd_proofs.jobs_are_there_once,
}
