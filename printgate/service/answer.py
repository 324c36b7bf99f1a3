"""What a person decides on a page: print, circulate, or paper for a document after all."""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

import docflow.queries
import docflow.service
from core.errors import Forbidden, InvalidInput
from core.ids import new_uuid
from core.people import Actor
from core.text import Text, clean_line, counted
from printgate.callers import Caller
from printgate.errors import JobNotPossible
from printgate.lifecycle import Event, Stage
from printgate.models import JobRow
from printgate.policy import Facts, Outcome, Overrider, Reason, Rules
from printgate.queries import Job, Printer, job_by_uuid, reasons_from_json
from printgate.service.arrive import NewJob, create_job
from printgate.service.decide import (
    Kept,
    carry_out,
    circulate,
    decision_on,
    decision_on_paper,
    sent_of,
)
from printgate.service.rows import change, job_row, reasons_to_json
from printgate.ticket import JobTicket
from quotas.service import emergency
from quotas.workdays import WEEKENDS_OFF, Workdays

OVERRIDE = "drafts.override"
"""The rule that a draft is printed by after all."""
REASON_LENGTH_MIN = 5
REASON_LENGTH_MAX = 500


def may_override(rules: Rules, actor: Actor, owner_id: str | None, office_id: str) -> bool:
    """Tell whether the rules let this actor print a draft after all."""
    holds = {
        Overrider.OWNER: owner_id is not None and actor.person_id == owner_id,
        Overrider.HEAD: office_id in actor.heads,
        Overrider.ADMIN: actor.admin,
    }
    return any(holds[overrider] for overrider in rules.drafts_override)


def print_asked(
    session: Session,
    uuid: str,
    reason: str,
    rules: Rules,
    *,
    workdays: Workdays = WEEKENDS_OFF,
    actor: Actor,
    now: datetime,
) -> Job:
    """Print a draft that waits for its owner's answer, within quota, with a reason."""
    row = _asked(session, uuid)
    if not may_override(rules, actor, row.person_id, row.office_id):
        raise Forbidden(Text("The rules do not let you print this draft."))
    given = checked_reason(reason)
    decision = decision_on_paper(session, row, rules, now=now)
    row.expires_at = None
    carry_out(session, row, decision, workdays=workdays, now=now)
    _note_override(session, row, given, actor, now)
    session.flush()
    return job_by_uuid(session, uuid)


def print_urgently(
    session: Session,
    uuid: str,
    rules: Rules,
    *,
    workdays: Workdays = WEEKENDS_OFF,
    actor: Actor,
    now: datetime,
) -> Job:
    """Print a job that waits because its office is short: what it lacks comes from the pool.

    Forbidden for anybody but its owner, who has to say why afterwards. Whatever stands in the way
    of printing it raises an error, and it waits as before.
    """
    row = job_row(session, uuid)
    if Stage(row.stage) is not Stage.SHORT:
        raise JobNotPossible(Text("This job does not wait for sheets."))
    if actor.person_id is None or actor.person_id != row.person_id:
        raise Forbidden(Text("Only who sent a job can say that it is urgent."))
    if rules.emergency is None:
        raise JobNotPossible(Text("There is no emergency pool here any more."))
    sent = sent_of(session, job_by_uuid(session, uuid), now=now, wants_paper=True)
    decision = decision_on(sent, Facts(pages=row.pages), rules)
    drawn = 0
    if decision.outcome is Outcome.PRINT:
        drawn = emergency.draw(
            session, uuid, row.office_id, decision.sheets, rules.emergency, actor=actor, now=now
        )
    said_before = [each for each in row.reasons if each["rule"] == OVERRIDE]
    row.expires_at = None
    carry_out(session, row, replace(decision, pool=None), workdays=workdays, now=now)
    if Stage(row.stage) is Stage.REFUSED:
        raise JobNotPossible(reasons_from_json(row.reasons)[-1].text)
    spent = Reason("emergency", _drawn_text(drawn)) if drawn else None
    row.reasons = [*row.reasons, *said_before, *reasons_to_json([spent] if spent else [])]
    session.flush()
    return job_by_uuid(session, uuid)


def _drawn_text(drawn: int) -> Text:
    return counted(
        "{n} sheet for it came from the emergency pool.",
        "{n} sheets for it came from the emergency pool.",
        drawn,
    )


def check_asked(session: Session, uuid: str) -> None:
    """Raise JobNotPossible unless the job waits for its owner's answer."""
    if job_by_uuid(session, uuid).stage is not Stage.ASKED:
        raise _not_asked()


def circulate_asked(session: Session, uuid: str, kept: Kept, *, now: datetime) -> Job:
    """Circulate a draft that waits for its owner's answer."""
    row = _asked(session, uuid)
    row.expires_at = None
    circulate(session, row, kept, now)
    session.flush()
    return job_by_uuid(session, uuid)


def print_document(  # what an order of paper is
    session: Session,
    document_id: str,
    printer: Printer,
    caller: Caller,
    rules: Rules,
    *,
    copies: int,
    reason: str,
    workdays: Workdays = WEEKENDS_OFF,
    now: datetime,
) -> Job:
    """Print a circulating document after all: a job on a print grant, within quota and counted.

    The caller of this verb puts the grant's file into the spool as the job's output before the
    transaction commits. A refusal by the account voids the grant.
    """
    actor = caller.actor
    document = docflow.queries.document(session, document_id, actor)
    if not may_override(rules, actor, document.owner_id, document.office_id):
        raise Forbidden(Text("The rules do not let you print this draft."))
    grant = docflow.service.ask_print(
        session, document_id, copies=copies, reason=checked_reason(reason), actor=actor, now=now
    )
    new = NewJob(new_uuid(), printer, caller, document.title, JobTicket(copies=copies))
    create_job(session, new, wait=timedelta(minutes=1), now=now)
    row = job_row(session, new.uuid)
    row.document_id, row.grant_id = document_id, grant.id
    row.pages, row.format, row.expires_at = grant.pages, "application/pdf", None
    row.output_digest = grant.digest
    change(session, row, Event.DOCUMENT_RECEIVED, actor=actor, now=now)
    decision = decision_on_paper(session, row, rules, now=now)
    carry_out(session, row, decision, workdays=workdays, now=now)
    if Stage(row.stage) is Stage.REFUSED:
        docflow.service.void_grant(session, grant.id, actor=actor, now=now)
    _note_override(session, row, reason, actor, now)
    session.flush()
    return job_by_uuid(session, new.uuid)


def checked_reason(reason: str) -> str:
    """Return a reason as one line; InvalidInput if it says too little."""
    given = clean_line(reason, REASON_LENGTH_MAX)
    if len(given) < REASON_LENGTH_MIN:
        raise InvalidInput(
            Text("Please give a reason of at least {n} characters.", {"n": REASON_LENGTH_MIN})
        )
    return given


def _asked(session: Session, uuid: str) -> JobRow:
    row = job_row(session, uuid)
    if Stage(row.stage) is not Stage.ASKED:
        raise _not_asked()
    return row


def _not_asked() -> JobNotPossible:
    return JobNotPossible(Text("This job does not wait for an answer."))


def _note_override(session: Session, row: JobRow, reason: str, actor: Actor, now: datetime) -> None:
    entry = {
        "rule": OVERRIDE,
        "text": Text("Printed after all: {reason}", {"reason": reason}).to_json(),
    }
    if Stage(row.stage) is not Stage.REFUSED:
        row.reasons = [*row.reasons, entry]
