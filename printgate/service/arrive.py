"""A job and its document come in."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core import audit
from core.identity import service as identity
from core.text import Text, clean_line, counted
from printgate.callers import Caller
from printgate.errors import JobNotPossible, PrinterRetired, TooManyJobs
from printgate.holding import Hold
from printgate.lifecycle import Event, Stage
from printgate.models import JobRow
from printgate.queries import Job, Printer, job_by_uuid
from printgate.service.rows import (
    DECIDE_TASK,
    change,
    hold_row,
    job_row,
    lay_aside,
    sender,
)
from printgate.spool import Spooled
from printgate.ticket import JobTicket

TITLE_LENGTH_MAX = 255


@dataclass(frozen=True)
class NewJob:
    """What a client says of a job before its document comes."""

    uuid: str
    printer: Printer
    caller: Caller
    title: str
    ticket: JobTicket
    language: str = ""
    hold: Hold = Hold.NONE
    pin_hash: str = ""


def create_job(session: Session, new: NewJob, *, wait: timedelta, now: datetime) -> None:
    """Add a job that waits for its document until `wait` has passed.

    PrinterRetired if the printer takes no new jobs.
    """
    check_offered(new.printer)
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
        hold=new.hold,
        pin_hash=new.pin_hash,
        created_at=now,
        changed_at=now,
        expires_at=now + wait,
    )
    session.add(hold_row(session, row))
    audit.record(session, caller.actor, "job.create", row.uuid, {"printer": new.printer.name}, now)


def check_offered(printer: Printer) -> None:
    """Raise PrinterRetired if the printer takes no new jobs."""
    if printer.retired_at is not None:
        raise PrinterRetired(
            Text("{printer} is no longer in use. Please choose another.", {"printer": printer.name})
        )


def check_unfinished(session: Session, caller: Caller, most: int) -> None:
    """Raise TooManyJobs if this person (or all guests together) let so many jobs wait already."""
    identity.take_turns(session, caller.person, caller.office)
    person_id = caller.person.id if caller.person else None
    waiting = session.scalar(
        select(func.count()).where(
            JobRow.stage == Stage.RECEIVING,
            JobRow.person_id == person_id,
            JobRow.office_id == caller.office.id,
        )
    )
    if (waiting or 0) >= most:
        raise TooManyJobs(
            counted(
                "{n} job waits for its document already; send or cancel it.",
                "{n} jobs wait for their documents already; send or cancel them.",
                most,
            )
        )


def document_received(
    session: Session, uuid: str, spooled: Spooled, declared_format: str, *, now: datetime
) -> None:
    """Note that the one document of a job is whole in the spool; JobNotPossible if it has one."""
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


def decide_later(session: Session, uuid: str, *, now: datetime) -> Job:
    """Have a job decided in the background (T0): its analysis outlasts the answer."""
    lay_aside(session, DECIDE_TASK, job_row(session, uuid), now)
    return job_by_uuid(session, uuid)
