"""A test page: a job like any other, but made here, and bound by no rule of the office."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from core.identity import queries as identity
from core.ids import new_uuid
from core.people import Actor
from core.text import Text
from printgate.callers import Caller
from printgate.lifecycle import Event
from printgate.metering import ONE_SIDED, estimate
from printgate.policy import TWO_SIDED, Decision, Outcome, Reason
from printgate.queries import Job, job_by_uuid, printer
from printgate.service.arrive import NewJob, create_job
from printgate.service.decide import TRIAL, carry_out
from printgate.service.rows import change, job_row
from printgate.ticket import JobTicket
from quotas.workdays import WEEKENDS_OFF, Workdays

_PAGES = 2


def order(
    session: Session,
    name: str,
    office_id: str,
    *,
    title: str,
    digest: str,
    workdays: Workdays = WEEKENDS_OFF,
    actor: Actor,
    now: datetime,
) -> Job:
    """Print a test page at exactly this printer, counted to an office, within its quota.

    The caller puts the page, whose SHA-256 is `digest`, into the spool as the job's output before
    the transaction commits.
    """
    assert actor.person_id is not None
    target, person = printer(session, name), identity.person(session, actor.person_id)
    caller = Caller(person.login, person, identity.office(session, office_id))
    ticket = JobTicket(sides=TWO_SIDED if target.two_sided else ONE_SIDED)
    new = NewJob(new_uuid(), target, caller, title, ticket)
    create_job(session, new, wait=timedelta(minutes=1), now=now)
    row = job_row(session, new.uuid)
    row.pages, row.format, row.expires_at = _PAGES, "application/pdf", None
    row.output_digest = digest
    change(session, row, Event.DOCUMENT_RECEIVED, actor=actor, now=now)
    usage = estimate(_PAGES, sides=ticket.sides or ONE_SIDED)
    reason = Reason(TRIAL, Text("A test page, sent by the administrator."))
    decision = Decision(
        Outcome.PRINT, ticket, target.name, usage.sheets, usage.impressions, (reason,)
    )
    carry_out(session, row, decision, workdays=workdays, now=now)
    session.flush()
    return job_by_uuid(session, new.uuid)
