"""Notes on a job's way through CUPS (T2): what was done there, written down before the next step.

The order makes a crash harmless. A job is created held, then its id is noted; its document is sent,
then the stage RELEASED is noted, and only then is it let go. So a job that is not RELEASED here has
never been able to print, and may be created again; one that is RELEASED never is.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from core.people import SYSTEM
from printgate.lifecycle import AT_BACKEND, Event, Stage
from printgate.models import JobRow
from printgate.queries import Job, job_by_uuid
from printgate.service.rows import change, job_row


def created_in_backend(session: Session, uuid: str, backend_job_id: int, *, now: datetime) -> bool:
    """Note the id of the held job in CUPS; False if the job was cancelled meanwhile."""
    row = job_row(session, uuid)
    if Stage(row.stage) not in (Stage.ACCEPTED, Stage.FORWARDED):
        return False
    row.backend_job_id = backend_job_id
    details = {"backend_job_id": backend_job_id}
    change(session, row, Event.FORWARD, actor=SYSTEM, now=now, details=details)
    return True


def about_to_release(session: Session, uuid: str, backend_job_id: int, *, now: datetime) -> bool:
    """Note that the held job is being let go; False if it was cancelled or made anew meanwhile.

    Of two that forward a job at once (the first was believed dead) only the one whose job in CUPS
    is on record may let it go: the other's would be a second copy on paper.
    """
    row = job_row(session, uuid)
    if row.backend_job_id != backend_job_id:
        return False
    if Stage(row.stage) is Stage.FORWARDED:
        change(session, row, Event.RELEASE, actor=SYSTEM, now=now)
    return Stage(row.stage) in AT_BACKEND


def backend_progress(
    session: Session,
    uuid: str,
    *,
    state_reasons: tuple[str, ...],
    processing_at: datetime | None,
) -> None:
    """Note why a job waits and when it began to print."""
    row = job_row(session, uuid)
    row.state_reasons = list(state_reasons)
    row.processing_at = row.processing_at or processing_at


def waiting_because(session: Session, uuid: str, reason: str) -> Job:
    """Note why a job cannot be forwarded now, as a state-reason keyword."""
    row: JobRow = job_row(session, uuid)
    row.state_reasons = [reason]
    session.flush()
    return job_by_uuid(session, uuid)
