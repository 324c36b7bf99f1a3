"""Watching: what CUPS and the printers say of our jobs, of themselves, and of jobs not ours.

One look at CUPS serves all jobs of a round: at those that are not over, of which there are few;
one of ours that is no longer among them is asked for by itself. What came out is counted by the
printer itself where its job is certain to be ours (same title and person, begun while ours was
there, and only one such); else it is what was asked for, and the figure is marked estimated.
"""

import logging
import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import cache

from core.clock import JumpWatch
from core.failpoints import reached
from core.tasks import service as tasks
from core.tasks.thread_runner import Round
from printgate import metering, queries
from printgate.backend.port import BackendJob, DeviceCount
from printgate.errors import BackendUnavailable
from printgate.lifecycle import AT_BACKEND, Event, JobState, Stage
from printgate.metering import ONE_SIDED, Usage
from printgate.parts import Parts
from printgate.queries import Job, Printer
from printgate.service import finish, forward, power, printers, tally
from printgate.service.rows import FORWARD_TASK

log = logging.getLogger(__name__)

WATCH_SECONDS = 0.5
PRINTERS_SECONDS = 5.0
FOREIGN_SECONDS = 10.0
EXPIRE_SECONDS = 10.0
SWEEP_SECONDS = 600.0
TALLY_SECONDS = 5.0
TALLY_JOBS, TALLY_TURNS = 500, 20
"""Jobs tallied in one transaction, and how often in a round."""

ORPHAN_AGE = timedelta(minutes=10)
RECENT_MAX = 200
_CLOCK_SLACK = timedelta(seconds=2)
Counts = Callable[[str, str], Sequence[DeviceCount]]
"""What the printer at an address tells somebody that it has counted."""

_ENDS = {
    JobState.COMPLETED: Event.BACKEND_COMPLETED,
    JobState.CANCELED: Event.BACKEND_CANCELED,
    JobState.ABORTED: Event.BACKEND_ABORTED,
}
_NO_ANSWER = ("connecting-to-device",)
_SEVERITY = re.compile("-(error|warning)$")
_NEEDS_SOMEBODY = frozenset(
    {
        "cover-open",
        "door-open",
        "input-tray-missing",
        "interlock-open",
        "marker-supply-empty",
        "marker-waste-full",
        "media-empty",
        "media-jam",
        "media-needed",
        "output-area-full",
        "output-tray-missing",
        "toner-empty",
    }
)
"""Reasons for which a printer stands still until a person comes (RFC 8011 §5.4.12)."""


def rounds(parts: Parts) -> tuple[Round, ...]:
    """Return what comes round by the clock."""
    watch = JumpWatch(parts.clock)
    return (
        Round("watch-jobs", WATCH_SECONDS, lambda: watch_jobs(parts)),
        Round("watch-printers", PRINTERS_SECONDS, lambda: watch_printers(parts)),
        Round("watch-foreign", FOREIGN_SECONDS, lambda: watch_foreign(parts)),
        Round("expire", EXPIRE_SECONDS, lambda: expire(parts, watch)),
        Round("sweep", SWEEP_SECONDS, lambda: sweep(parts)),
        Round("tally", TALLY_SECONDS, lambda: tally_jobs(parts)),
    )


def tally_jobs(parts: Parts) -> None:
    """Take the jobs that are over into their offices' tallies."""
    for _ in range(TALLY_TURNS):
        done = parts.database.run(
            lambda session: tally.tally(session, parts.terms.zone, limit=TALLY_JOBS)
        )
        if done < TALLY_JOBS:
            return


def watch_jobs(parts: Parts) -> None:
    """Bring every job that CUPS has up to date; settle those that ended there."""
    with parts.database.snapshot() as session:
        ours = queries.jobs_in(session, AT_BACKEND)
        offered = {printer.name: printer for printer in queries.printers(session)}
    if not ours:
        return
    try:
        # Asked after our own rows were read, so that a job released since then is not missed.
        active = {each.id: each for each in parts.backend.active_jobs()}
        found = [(job, _in_backend(parts, job, active)) for job in ours]
        # A printer tells of all that it has finished: it is asked once in a round, and only after
        # CUPS has said which jobs ended, so that none of them is missing.
        counts = cache(parts.devices.counts)
        for job, backend in found:
            _bring_up_to_date(parts, job, backend, offered[job.target], counts)
    except BackendUnavailable as error:
        log.warning("jobs cannot be watched: %s", error)
        _note_waiting(parts, ours)


def watch_printers(parts: Parts) -> None:
    """Ask CUPS for its queues and each printer for itself, and note what they say."""
    try:
        queues = {queue.name: queue for queue in parts.backend.queues()}
    except BackendUnavailable:
        queues = {}
    with parts.database.snapshot() as session:
        known, queued = queries.printers(session), queries.queued_jobs(session)
    # A retired printer is watched until its last job has ended.
    for printer in (each for each in known if each.retired_at is None or each.id in queued):
        queue = queues.get(printer.queue)
        device = parts.devices.describe(queue.device_uri if queue else printer.device_uri)
        with parts.database.transaction() as session:
            now = parts.clock.now()
            printers.printer_seen(session, printer.id, queue, device, now=now)
            power.note_power(session, printer.id, device, now=now, zone=parts.terms.zone)


def watch_foreign(parts: Parts) -> None:
    """Note the jobs in CUPS that are not ours: uncontrolled paper; and remove what we left there.

    A job that bears a UUID which we do not know is not ours either.
    """
    try:
        active = parts.backend.active_jobs()
        found = [*active, *parts.backend.recent_jobs(RECENT_MAX)]
        with parts.database.snapshot() as session:
            ours = queries.jobs_with(session, {each.uuid for each in found})
        for each in active:
            if each.held and each.uuid in ours and _left_behind(each, ours[each.uuid]):
                parts.backend.cancel(each.id)
    except BackendUnavailable:
        return
    foreign = [each for each in found if each.uuid not in ours]
    if foreign:
        with parts.database.transaction() as session:
            printers.note_foreign_jobs(session, foreign, now=parts.clock.now())


def sweep(parts: Parts) -> None:
    """Remove files from the spool that belong to no job: left by a process that died."""
    remove_orphans(parts, before=parts.clock.now() - ORPHAN_AGE)


def remove_orphans(parts: Parts, *, before: datetime) -> None:
    """Remove what belongs to no waiting job and was last written to before then."""
    # In this order: a file that is there now has its row by the time that the rows are read, or
    # is younger than `before`.
    untouched = parts.spool.untouched_since(before)
    with parts.database.snapshot() as session:
        orphans = untouched - queries.spooled_uuids(session)
    for uuid in orphans:
        log.warning("removed %s from the spool: it belongs to no waiting job", uuid)
        parts.spool.discard(uuid)


def expire(parts: Parts, watch: JumpWatch) -> None:
    """End the jobs whose document, answer or release never came; a clock that was set ends none."""
    jump, now = watch.jump(), parts.clock.now()
    with parts.database.transaction() as session:
        if jump:
            log.error("the clock was set by %d seconds", jump.total_seconds())
            finish.heed_jump(session, jump, now=now)
        finish.expire(session, hold_expires=parts.terms.hold_expires, now=now)


def _in_backend(parts: Parts, job: Job, active: dict[int, BackendJob]) -> BackendJob | None:
    """Return our job as CUPS has it; an id alone proves nothing: it may be handed out again."""
    assert job.backend_job_id is not None
    found = active.get(job.backend_job_id) or parts.backend.job(job.backend_job_id)
    return found if found is not None and found.uuid == job.uuid else None


def _left_behind(backend: BackendJob, job: Job) -> bool:
    """Tell whether a held job is one that nobody will release any more."""
    if job.stage in (Stage.ACCEPTED, Stage.FORWARDED):
        return False  # it may have been created this moment, its id not noted yet
    return backend.id != job.backend_job_id or job.stage not in AT_BACKEND


def _note_waiting(parts: Parts, jobs: list[Job]) -> None:
    """Say on their pages that jobs wait for a CUPS that does not answer."""
    with parts.database.transaction() as session:
        for job in jobs:
            if job.state_reasons != _NO_ANSWER:
                forward.backend_progress(
                    session, job.uuid, state_reasons=_NO_ANSWER, processing_at=None
                )


def _bring_up_to_date(
    parts: Parts, job: Job, backend: BackendJob | None, printer: Printer, counts: Counts
) -> None:
    if backend is None:
        _end(parts, job, Event.BACKEND_LOST, Usage(0, 0))
    elif backend.ended:
        _settle(parts, job, backend, printer, counts)
    elif backend.held:
        # Noted as released and still held: the word to CUPS was lost on the way.
        with parts.database.transaction() as session:
            tasks.enqueue(session, FORWARD_TASK, job.uuid, now=parts.clock.now())
    else:
        reasons = _why(backend, printer)
        if reasons != job.state_reasons or (backend.processing_at and not job.processing_at):
            with parts.database.transaction() as session:
                forward.backend_progress(
                    session, job.uuid, state_reasons=reasons, processing_at=backend.processing_at
                )


def _why(backend: BackendJob, printer: Printer) -> tuple[str, ...]:
    """Return why a job waits (the printer's reasons), or that it prints."""
    if not printer.reachable or printer.state == "stopped":
        return ("printer-stopped", *printer.state_reasons)
    needs_somebody = tuple(
        each for each in printer.state_reasons if _SEVERITY.sub("", each) in _NEEDS_SOMEBODY
    )
    if any(not each.endswith("-warning") for each in needs_somebody):
        return needs_somebody
    goes_on = "job-printing" if backend.state is JobState.PROCESSING else "job-queued"
    return (goes_on, *needs_somebody)


def _usage(job: Job, backend: BackendJob, counts: Sequence[DeviceCount]) -> Usage:
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
    begun = backend.processing_at - timedelta(seconds=4)
    certain = [each.impressions for each in counts if each.created_at >= begun]
    if len(certain) != 1 or certain[0] is None:
        return asked
    if certain[0] <= 0 and backend.state is JobState.COMPLETED:
        return asked
    return metering.measured(
        certain[0],
        pages,
        copies=ticket.copies,
        sides=ticket.sides or ONE_SIDED,
        number_up=ticket.number_up,
        media=ticket.media or "",
    )


def _settle(parts: Parts, job: Job, backend: BackendJob, printer: Printer, counts: Counts) -> None:
    """End a job as CUPS ended it, with what the printer counted."""
    own = _counted_for(job, printer, counts)
    if not own and _restarted(parts, backend, printer):
        # CUPS calls a job completed that the printer no longer knows, whatever came out of it.
        _end(parts, job, Event.BACKEND_LOST, Usage(0, 0))
        return
    usage = _usage(job, backend, own)
    alike = 0
    if own:
        with parts.database.snapshot() as session:
            alike = queries.count_alike(session, job)
    event = _ENDS[backend.state]
    if event is Event.BACKEND_ABORTED and _all_came_out(job, own, alike):
        # A cupsd that died meanwhile gives up a job that the printer has finished.
        event = Event.BACKEND_COMPLETED
    _end(parts, job, event, usage, backend, repeated=len(own) > alike)


def _counted_for(job: Job, printer: Printer, counts: Counts) -> list[DeviceCount]:
    """Return what the printer counted for jobs with this title and person since this job came."""
    title, user = job.title or "-", job.claimed_name or "anonymous"
    since = job.created_at - _CLOCK_SLACK
    for asker in ("", user):
        found = [
            each
            for each in counts(printer.device_uri, asker)
            if (each.title, each.user) == (title, user) and each.created_at >= since
        ]
        if found:
            return found
    return []


def _all_came_out(job: Job, counts: Sequence[DeviceCount], alike: int) -> bool:
    """Tell whether the printer finished this job, and each that it could be taken for."""
    whole = [each for each in counts if each.impressions == job.impressions]
    return len(whole) >= max(1, alike)


def _restarted(parts: Parts, backend: BackendJob, printer: Printer) -> bool:
    """Tell whether the printer was off and on again since CUPS sent it the job."""
    if backend.state is not JobState.COMPLETED or backend.processing_at is None:
        return False
    up_since = parts.devices.up_since(printer.device_uri)
    # Both moments are whole seconds: when in doubt, a person is asked.
    return up_since is not None and up_since > backend.processing_at - timedelta(seconds=2)


def _end(
    parts: Parts,
    job: Job,
    event: Event,
    usage: Usage,
    backend: BackendJob | None = None,
    *,
    repeated: bool = False,
) -> None:
    with parts.database.transaction() as session:
        finish.settle(
            session,
            job.uuid,
            event,
            usage,
            state_reasons=backend.state_reasons if backend else (),
            processing_at=backend.processing_at if backend else None,
            repeated=repeated,
            now=parts.clock.now(),
        )
        reached("end-before-commit")
    reached("end-after-commit")
    log.info("job %d: %s, %d sheets", job.id, event, usage.sheets)
