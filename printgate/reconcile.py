"""Watching: what CUPS and the printers say of our jobs, of themselves, and of jobs not ours.

One look at CUPS serves all jobs of a round. What came out is counted by the printer itself where
its job is certain to be ours (same title and person, begun while ours was there, and only one
such); else by what CUPS counted, else by what was asked for, and the figure is marked estimated.
"""

import logging
from datetime import timedelta

from core.tasks import service as tasks
from core.tasks.thread_runner import Round
from printgate import metering, queries
from printgate.backend.port import BackendJob, Queue
from printgate.errors import BackendUnavailable
from printgate.lifecycle import AT_BACKEND, Event, JobState
from printgate.metering import ONE_SIDED, Usage
from printgate.parts import Parts
from printgate.queries import Job, Printer
from printgate.service import finish, forward, printers
from printgate.service.rows import FORWARD_TASK

log = logging.getLogger(__name__)

WATCH_SECONDS = 0.5
PRINTERS_SECONDS = 5.0
FOREIGN_SECONDS = 10.0
EXPIRE_SECONDS = 10.0

_ENDS = {
    JobState.COMPLETED: Event.BACKEND_COMPLETED,
    JobState.CANCELED: Event.BACKEND_CANCELED,
    JobState.ABORTED: Event.BACKEND_ABORTED,
}
_WAITING = (JobState.PENDING, JobState.PROCESSING_STOPPED)


def rounds(parts: Parts) -> tuple[Round, ...]:
    """Return what comes round by the clock."""
    return (
        Round("watch-jobs", WATCH_SECONDS, lambda: watch_jobs(parts)),
        Round("watch-printers", PRINTERS_SECONDS, lambda: watch_printers(parts)),
        Round("watch-foreign", FOREIGN_SECONDS, lambda: watch_foreign(parts)),
        Round("expire", EXPIRE_SECONDS, lambda: expire(parts)),
    )


def watch_jobs(parts: Parts) -> None:
    """Bring every job that CUPS has up to date; settle those that ended there."""
    with parts.database.snapshot() as session:
        ours = queries.jobs_in(session, AT_BACKEND)
        offered = {printer.name: printer for printer in queries.printers(session)}
    if not ours:
        return
    try:
        # Asked after our own rows were read, so that a job released since then is not missed.
        found = {each.uuid: each for each in parts.backend.jobs() if each.uuid}
        queues = {queue.name: queue for queue in parts.backend.queues()}
    except BackendUnavailable as error:
        log.warning("jobs cannot be watched: %s", error)
        return
    for job in ours:
        printer = offered[job.target]
        _bring_up_to_date(parts, job, found.get(job.uuid), printer, queues.get(printer.queue))


def watch_printers(parts: Parts) -> None:
    """Ask CUPS for its queues and each printer for itself, and note what they say."""
    try:
        queues = {queue.name: queue for queue in parts.backend.queues()}
    except BackendUnavailable:
        queues = {}
    with parts.database.snapshot() as session:
        known = queries.printers(session)
    # A retired printer is watched until its last job has ended.
    for printer in (each for each in known if each.retired_at is None or each.queued_job_count):
        queue = queues.get(printer.queue)
        device = parts.devices.describe(queue.device_uri if queue else printer.device_uri)
        with parts.database.transaction() as session:
            printers.printer_seen(session, printer.id, queue, device, now=parts.clock.now())


def watch_foreign(parts: Parts) -> None:
    """Note the jobs in CUPS that are not ours: uncontrolled paper."""
    try:
        foreign = [job for job in parts.backend.jobs() if not job.uuid]
    except BackendUnavailable:
        return
    if foreign:
        with parts.database.transaction() as session:
            printers.note_foreign_jobs(session, foreign, now=parts.clock.now())


def expire(parts: Parts) -> None:
    """End the jobs whose document, answer or release never came."""
    with parts.database.transaction() as session:
        finish.expire(session, hold_expires=parts.terms.hold_expires, now=parts.clock.now())


def _bring_up_to_date(
    parts: Parts, job: Job, backend: BackendJob | None, printer: Printer, queue: Queue | None
) -> None:
    if backend is None:
        _end(parts, job, Event.BACKEND_LOST, Usage(0, 0), ())
    elif backend.state in _ENDS:
        usage = _usage(parts, job, backend, printer)
        _end(parts, job, _ENDS[backend.state], usage, backend.state_reasons)
    elif backend.held:
        # Noted as released and still held: the word to CUPS was lost on the way.
        with parts.database.transaction() as session:
            tasks.enqueue(session, FORWARD_TASK, job.uuid, now=parts.clock.now())
    else:
        reasons = _why(backend, queue, printer)
        if reasons != job.state_reasons or (backend.processing_at and not job.processing_at):
            with parts.database.transaction() as session:
                forward.backend_progress(
                    session, job.uuid, state_reasons=reasons, processing_at=backend.processing_at
                )


def _why(backend: BackendJob, queue: Queue | None, printer: Printer) -> tuple[str, ...]:
    """Return why a job waits (the printer's reasons), or that it prints."""
    if queue is not None and queue.state == "stopped":
        return ("printer-stopped",)
    if not printer.reachable:
        return ("printer-stopped", *printer.state_reasons)
    if backend.state in _WAITING and printer.state == "stopped":
        return ("printer-stopped", *printer.state_reasons)
    return ("job-printing",) if backend.state is JobState.PROCESSING else ("job-queued",)


def _usage(parts: Parts, job: Job, backend: BackendJob, printer: Printer) -> Usage:
    pages = metering.pages_selected(job.pages, job.ticket.page_ranges)
    ticket = job.ticket
    asked = metering.estimate(
        pages,
        copies=ticket.copies,
        sides=ticket.sides or ONE_SIDED,
        number_up=ticket.number_up,
        media=ticket.media or "",
    )
    if backend.processing_at is None:
        nothing_came_out = backend.state is not JobState.COMPLETED
        return Usage(0, 0, estimated=False) if nothing_came_out else asked
    count = parts.devices.count(
        printer.device_uri,
        title=job.title or "-",
        user=job.claimed_name or "anonymous",
        since=backend.processing_at - timedelta(seconds=2),
    )
    if count is not None and (count.impressions or backend.state is not JobState.COMPLETED):
        return metering.measured(
            count.impressions,
            pages,
            copies=ticket.copies,
            sides=ticket.sides or ONE_SIDED,
            number_up=ticket.number_up,
            media=ticket.media or "",
        )
    return asked


def _end(
    parts: Parts, job: Job, event: Event, usage: Usage, state_reasons: tuple[str, ...]
) -> None:
    with parts.database.transaction() as session:
        finish.settle(
            session, job.uuid, event, usage, state_reasons=state_reasons, now=parts.clock.now()
        )
    log.info("job %d: %s, %d sheets", job.id, event, usage.sheets)
