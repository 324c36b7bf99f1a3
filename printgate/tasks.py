"""Background work on jobs: deciding late, forwarding, cancelling in CUPS, clearing the spool.

Each function is named by a task row and may be run twice. No transaction is open while CUPS, a
printer or the analysis is asked.
"""

import logging
from collections.abc import Callable

from core.failpoints import reached
from core.tasks.service import Task
from core.tasks.thread_runner import Again
from core.text import Text
from printgate import queries
from printgate.backend.port import JobRequest
from printgate.deciding import decide_now
from printgate.errors import BackendUnavailable, DocumentDamaged, NoSuchJob
from printgate.lifecycle import Stage
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


def decide_task(parts: Parts, task: Task) -> Again | None:
    """Decide a job whose analysis outlasted the answer."""
    job = decide_now(parts, task.subject, timeout_seconds=parts.terms.analysis_limit_seconds)
    return Again(RETRY_SECONDS) if job.stage is Stage.DECIDING else None


def discard_task(parts: Parts, task: Task) -> None:
    """Remove the files of a job that is over."""
    parts.spool.discard(task.subject)


def cancel_task(parts: Parts, task: Task) -> Again | None:
    """Cancel a job in CUPS; the watch sees it end there and settles it."""
    job = _job(parts, task)
    if job is None:
        return None
    try:
        _cancel_all(parts, job)
    except BackendUnavailable:
        return Again(RETRY_SECONDS)
    return None


def forward_task(parts: Parts, task: Task) -> Again | None:
    """Bring an accepted job into its CUPS queue: created held, document sent, released last."""
    found = _job_and_queue(parts, task)
    if found is None:
        return None
    job, queue = found
    try:
        if job.stage in (Stage.ACCEPTED, Stage.FORWARDED):
            _forward(parts, job, queue, first=task.first)
        elif job.stage is Stage.RELEASED:
            _release(parts, job)
        elif job.stage is not Stage.UNKNOWN:
            # Over or being cancelled: nothing of it may stay there to be let go.
            _cancel_all(parts, job)
    except BackendUnavailable as error:
        log.warning("job %d waits: %s", job.id, error)
        with parts.database.transaction() as session:
            forward.waiting_because(session, job.uuid, "connecting-to-device")
        return Again(RETRY_SECONDS)
    return None


def _forward(parts: Parts, job: Job, queue: str, *, first: bool) -> None:
    # What a try that was cut off has left is still held, so it has never printed. Looking for that
    # makes CUPS list all that waits there: not for a job that nobody has tried to bring there.
    if not first or job.backend_job_id is not None:
        _cancel_all(parts, job)
    request = _request(job, queue)
    backend_job_id = parts.backend.create_held(request)
    reached("created-not-noted")
    with parts.database.transaction() as session:
        wanted = forward.created_in_backend(
            session, job.uuid, backend_job_id, now=parts.clock.now()
        )
    reached("created-and-noted")
    if wanted:
        wanted = _send(parts, job, request, backend_job_id)
    if wanted:
        with parts.database.transaction() as session:
            wanted = forward.about_to_release(
                session, job.uuid, backend_job_id, now=parts.clock.now()
            )
    if wanted:
        reached("release-noted")
        parts.backend.release(backend_job_id)
        reached("released")
    else:
        _cancel_one(parts, job, backend_job_id)


def _send(parts: Parts, job: Job, request: JobRequest, backend_job_id: int) -> bool:
    """Send the document; False if it must not be printed."""
    try:
        parts.backend.send_document(
            request, backend_job_id, parts.spool.output(job.uuid), job.output_digest or ""
        )
    except DocumentDamaged as error:
        log.error("job %d: the spooled document is not the one that was accepted", job.id)
        with parts.database.transaction() as session:
            forward.document_damaged(session, job.uuid, error.text, now=parts.clock.now())
        return False
    reached("document-sent")
    # A crash of CUPS may have given the number to another job meanwhile; and another try, begun
    # because this one took too long, may have cancelled it.
    found = parts.backend.job(backend_job_id)
    if found is None or found.uuid != job.uuid or not found.held:
        raise BackendUnavailable(Text("The print system lost a job that was not released yet."))
    return True


def _release(parts: Parts, job: Job) -> None:
    # Noted as released, but the process may have died before it said so to CUPS.
    assert job.backend_job_id is not None
    found = parts.backend.job(job.backend_job_id)
    if found is not None and found.uuid == job.uuid and found.held:
        parts.backend.release(found.id)


def _cancel_all(parts: Parts, job: Job) -> None:
    # Ids are handed out again after a crash of cupsd: only our UUID says that a job is ours.
    for each in parts.backend.active_jobs():
        if each.uuid == job.uuid:
            parts.backend.cancel(each.id)


def _cancel_one(parts: Parts, job: Job, backend_job_id: int) -> None:
    found = parts.backend.job(backend_job_id)
    if found is not None and found.uuid == job.uuid:
        parts.backend.cancel(backend_job_id)


def _request(job: Job, queue: str) -> JobRequest:
    return JobRequest(
        uuid=job.uuid,
        queue=queue,
        title=job.title or "-",
        user=job.claimed_name or "anonymous",
        options=job.ticket.cups_options(),
    )


def _job_and_queue(parts: Parts, task: Task) -> tuple[Job, str] | None:
    """Return the job of a task, and the queue in CUPS that it goes to."""
    with parts.database.snapshot() as session:
        try:
            job = queries.job_by_uuid(session, task.subject)
        except NoSuchJob:
            return None
        return job, queries.printer(session, job.target).queue


def _job(parts: Parts, task: Task) -> Job | None:
    with parts.database.snapshot() as session:
        try:
            return queries.job_by_uuid(session, task.subject)
        except NoSuchJob:
            return None
