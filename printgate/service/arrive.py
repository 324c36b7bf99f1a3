"""A job and its document come in."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from core import audit
from core.text import Text, clean_line
from printgate.callers import Caller
from printgate.errors import JobNotPossible
from printgate.lifecycle import Event, Stage
from printgate.models import JobRow
from printgate.queries import Job, Printer, job_by_uuid
from printgate.service.rows import DECIDE_TASK, change, job_row, lay_aside, sender
from printgate.spool import Spooled
from printgate.ticket import JobTicket

TITLE_LENGTH_MAX = 255
STAND_IN_SECONDS = 30


@dataclass(frozen=True)
class NewJob:
    """What a client says of a job before its document comes."""

    uuid: str
    printer: Printer
    caller: Caller
    title: str
    ticket: JobTicket
    language: str = ""


def create_job(session: Session, new: NewJob, *, wait: timedelta, now: datetime) -> Job:
    """Add a job that waits for its document until `wait` has passed; repeatable by uuid."""
    caller = new.caller
    row = JobRow(
        uuid=new.uuid,
        printer_id=new.printer.id,
        person_id=caller.person.id if caller.person else None,
        office_id=caller.office.id,
        claimed_name=clean_line(caller.claimed_name, TITLE_LENGTH_MAX),
        verified=caller.person is not None,
        title=clean_line(new.title, TITLE_LENGTH_MAX),
        language=new.language[:16],
        stage=Stage.RECEIVING,
        ticket_asked=new.ticket.to_json(),
        ticket=new.ticket.to_json(),
        created_at=now,
        changed_at=now,
        expires_at=now + wait,
    )
    session.add(row)
    session.flush()
    audit.record(session, caller.actor, "job.create", row.uuid, {"printer": new.printer.name}, now)
    return job_by_uuid(session, new.uuid)


def document_received(
    session: Session, uuid: str, spooled: Spooled, declared_format: str, *, now: datetime
) -> Job:
    """Note that the one document of a job is whole in the spool; JobNotPossible if it has one.

    The decision is laid aside as a task in this transaction, a little later than it should be
    made: whoever received the document makes it at once, and the task only stands in for them.
    """
    row = job_row(session, uuid)
    if Stage(row.stage) is not Stage.RECEIVING:
        raise JobNotPossible(Text("This job has its document already or is over."))
    row.octets, row.spooled, row.format = spooled.octets, spooled.digest, declared_format
    row.expires_at = None
    change(
        session,
        row,
        Event.DOCUMENT_RECEIVED,
        actor=sender(row),
        now=now,
        details={"octets": spooled.octets, "sha256": spooled.digest},
    )
    lay_aside(session, DECIDE_TASK, row, now, delay_seconds=STAND_IN_SECONDS)
    return job_by_uuid(session, uuid)
