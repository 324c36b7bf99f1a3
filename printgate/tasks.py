"""Background work on jobs: deciding late, forwarding, cancelling in CUPS, clearing the spool.

Each function is named by a task row and may be run twice. No transaction is open while CUPS, a
printer or the analysis is asked.
"""

import logging
from collections.abc import Callable

from core.tasks.service import Task
from core.tasks.thread_runner import Again
from printgate import queries
from printgate.backend.port import BackendJob, JobRequest
from printgate.deciding import decide_now
from printgate.errors import BackendUnavailable, NoSuchJob
from printgate.lifecycle import AT_BACKEND, Stage
from printgate.parts import Parts
from printgate.queries import Job
from printgate.service import forward
from printgate.service.rows import CANCEL_TASK, DECIDE_TASK, DISCARD_TASK, FORWARD_TASK

log = logging.getLogger(__name__)

RETRY_SECONDS = 5.0


def handlers(parts: Parts) -> dict[str, Callable[[Task], Again | None]]:
    """Return the work behind each task name."""
    return {
        DECIDE_TASK: lambda task: decide_task(parts, task),
        FORWARD_TASK: lambda task: forward_task(parts, task),
        CANCEL_TASK: lambda task: cancel_task(parts, task),
        DISCARD_TASK: lambda task: discard_task(parts, task),
    }


def decide_task(parts: Parts, task: Task) -> None:
    """Decide a job whose analysis outlasted the answer, or whose process died before deciding."""
    decide_now(parts, task.subject, timeout_seconds=parts.terms.analysis_limit_seconds)


def discard_task(parts: Parts, task: Task) -> None:
    """Remove the files of a job that is over."""
    parts.spool.discard(task.subject)


def cancel_task(parts: Parts, task: Task) -> Again | None:
    """Cancel a job in CUPS; the watch sees it end there and settles it."""
    job = _job(parts, task)
    if job is None or job.backend_job_id is None:
        return None
    try:
        # Ids are handed out again after a crash of cupsd: only our UUID says that it is ours.
        for ours in _ours(parts, job):
            parts.backend.cancel(ours.id)
    except BackendUnavailable:
        return Again(RETRY_SECONDS)
    return None


def forward_task(parts: Parts, task: Task) -> Again | None:
    """Bring an accepted job into its CUPS queue: created held, document sent, released last."""
    job = _job(parts, task)
    if job is None:
        return None
    try:
        if job.stage in (Stage.ACCEPTED, Stage.FORWARDED):
            _forward(parts, job)
        elif job.stage in AT_BACKEND:
            _release(parts, job)
    except BackendUnavailable as error:
        log.warning("job %d waits: %s", job.id, error)
        with parts.database.transaction() as session:
            forward.waiting_because(session, job.uuid, "connecting-to-device")
        return Again(RETRY_SECONDS)
    return None


def _forward(parts: Parts, job: Job) -> None:
    for leftover in _ours(parts, job):
        # Created by a try that was cut off before its release: still held, so never printed.
        parts.backend.cancel(leftover.id)
    request = _request(parts, job)
    backend_job_id = parts.backend.create_held(request)
    with parts.database.transaction() as session:
        wanted = forward.created_in_backend(
            session, job.uuid, backend_job_id, now=parts.clock.now()
        )
    if wanted:
        parts.backend.send_document(request, backend_job_id, parts.spool.output(job.uuid))
        with parts.database.transaction() as session:
            wanted = forward.about_to_release(
                session, job.uuid, backend_job_id, now=parts.clock.now()
            )
    if wanted:
        parts.backend.release(backend_job_id)
    else:
        parts.backend.cancel(backend_job_id)


def _release(parts: Parts, job: Job) -> None:
    # Noted as released, but the process may have died before it said so to CUPS.
    for ours in _ours(parts, job):
        if ours.held:
            parts.backend.release(ours.id)


def _ours(parts: Parts, job: Job) -> list[BackendJob]:
    return [each for each in parts.backend.jobs() if each.uuid == job.uuid]


def _request(parts: Parts, job: Job) -> JobRequest:
    with parts.database.snapshot() as session:
        queue = queries.printer(session, job.target).queue
    return JobRequest(
        uuid=job.uuid,
        queue=queue,
        title=job.title or "-",
        user=job.claimed_name or "anonymous",
        options=job.ticket.cups_options(),
    )


def _job(parts: Parts, task: Task) -> Job | None:
    with parts.database.snapshot() as session:
        try:
            return queries.job_by_uuid(session, task.subject)
        except NoSuchJob:
            return None
