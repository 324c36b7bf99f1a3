"""Notes on a job's way through CUPS (T2): what was done there, written down before the next step.

The order makes a crash harmless. A job is created held, then its id is noted; its document is sent,
then the stage RELEASED is noted, and only then is it let go. So a job that is not RELEASED here has
never been able to print, and may be created again; one that is RELEASED never is.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from core import notices
from core.people import SYSTEM
from core.text import Text
from printgate.lifecycle import Event, Stage, may
from printgate.metering import Usage
from printgate.models import JobRow
from printgate.policy import Reason
from printgate.queries import Job, job_by_uuid
from printgate.service.finish import charge
from printgate.service.rows import change, job_row, news_path, reasons_to_json


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
    """Note that this held job is being let go; False if it must not be.

    True only once for a job: whoever hears False (it was cancelled, or another try at forwarding
    was quicker) removes what they created.
    """
    row = job_row(session, uuid)
    if Stage(row.stage) is not Stage.FORWARDED or row.backend_job_id != backend_job_id:
        return False
    change(session, row, Event.RELEASE, actor=SYSTEM, now=now)
    return True


def document_damaged(session: Session, uuid: str, why: Text, *, now: datetime) -> bool:
    """End a job whose spooled document is not the one that was decided on; False if it was over.

    Nothing of it came out: its sheets are free again, and the sender is told to print it again.
    """
    row = job_row(session, uuid)
    if not may(Stage(row.stage), Event.DOCUMENT_LOST):
        return False
    row.reasons = [*row.reasons, *reasons_to_json([Reason("storage", why)])]
    change(session, row, Event.DOCUMENT_LOST, actor=SYSTEM, now=now)
    charge(session, row, Usage(0, 0, estimated=False), SYSTEM, now)
    if row.person_id is not None:
        text = Text("A print job was not printed. {reason}", {"reason": why})
        notices.notify(session, row.person_id, text, news_path(row), now=now)
    return True


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
