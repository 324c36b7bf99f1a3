"""What becomes of a job: the decision (T1), in one transaction with all that follows from it.

The job row, the reservation of its sheets or the draft handed to the document flow, the audit
record, the news to the sender and the task that forwards it: all or nothing. The rules explain;
the account is the authority: a reservation that the account refuses turns "print" into "refused".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

import docflow.service
import quotas.service
from core import notices
from core.identity import queries as identity
from core.text import Text
from printgate.errors import JobNotPossible
from printgate.lifecycle import Event, Stage
from printgate.models import JobRow, PrinterRow
from printgate.policy import (
    Decision,
    Facts,
    Outcome,
    PrinterFacts,
    Reason,
    Rules,
    Sender,
    decide,
)
from printgate.queries import Job, job_by_uuid
from printgate.service.rows import (
    FORWARD_TASK,
    change,
    job_row,
    lay_aside,
    news_path,
    reasons_to_json,
    sender,
)
from printgate.ticket import JobTicket
from quotas.errors import QuotaExceeded
from quotas.units import Unit

ORIGIN = "printgate"


@dataclass(frozen=True)
class Kept:
    """The rewritten PDF of a draft, kept in the document store."""

    digest: str
    octets: int


def predict(session: Session, uuid: str, facts: Facts, rules: Rules) -> Outcome:
    """Return what the rules will say, without deciding anything: whether a draft must be kept."""
    row = job_row(session, uuid, locked=False)
    return _decision(session, row, facts, rules).outcome


def decide_job(  # what a decision depends on
    session: Session,
    uuid: str,
    facts: Facts,
    rules: Rules,
    *,
    kept: Kept | None,
    ask_expires: timedelta,
    now: datetime,
) -> Job:
    """Decide a job that has its document; one that is decided already is returned as it is.

    `kept` is the draft's file when `predict` said that it will circulate.
    """
    row = job_row(session, uuid)
    if Stage(row.stage) is Stage.DECIDING:
        row.pages = facts.pages
        decision = _decision(session, row, facts, rules)
        carry_out(session, row, decision, kept=kept, ask_expires=ask_expires, now=now)
        session.flush()
    return job_by_uuid(session, uuid)


def carry_out(
    session: Session,
    row: JobRow,
    decision: Decision,
    *,
    kept: Kept | None = None,
    ask_expires: timedelta = timedelta(0),
    now: datetime,
) -> None:
    """Do what a decision says, in this transaction."""
    row.reasons = reasons_to_json(decision.reasons)
    match decision.outcome:
        case Outcome.PRINT:
            _print(session, row, decision, now)
        case Outcome.CIRCULATE:
            circulate(session, row, kept, now)
        case Outcome.ASK:
            row.expires_at = now + ask_expires
            change(session, row, Event.ASK, actor=sender(row), now=now)
            _tell(session, row, Text("A draft waits for your decision: print or circulate?"), now)
        case Outcome.REFUSE:
            refuse(session, row, decision.reasons, now)


def refuse(session: Session, row: JobRow, reasons: Sequence[Reason], now: datetime) -> None:
    """Refuse a job: nothing is charged, its document leaves the spool, the sender is told why."""
    row.reasons = reasons_to_json(reasons)
    rule = reasons[-1].rule
    if rule == "secrecy":
        # What such a paper is called may itself be secret: nothing of it stays.
        row.title, row.spooled = "", None
    change(session, row, Event.REFUSE, actor=sender(row), now=now, details={"rule": rule})
    text = Text("A print job was refused. {reason}", {"reason": reasons[-1].text})
    _tell(session, row, text, now)


def circulate(session: Session, row: JobRow, kept: Kept | None, now: datetime) -> None:
    """Hand a draft to the document flow, owned by the sender."""
    if kept is None or row.person_id is None:
        raise JobNotPossible(Text("The document of this job is not kept."))
    document = docflow.service.submit_draft(
        session,
        document_id=row.uuid,
        title=row.title,
        owner_id=row.person_id,
        origin=f"{ORIGIN}:{row.id}",
        digest=kept.digest,
        octets=kept.octets,
        pages=row.pages,
        now=now,
        actor=sender(row),
    )
    row.document_id = document.id
    change(session, row, Event.CIRCULATE, actor=sender(row), now=now)
    _tell(session, row, Text("A draft that you printed circulates now, without paper."), now)


def decision_on_paper(session: Session, row: JobRow, rules: Rules) -> Decision:
    """Return the decision on a job whose owner has said that it is to be printed."""
    row.wants_paper = True
    return _decision(session, row, Facts(pages=row.pages), rules)


def _decision(session: Session, row: JobRow, facts: Facts, rules: Rules) -> Decision:
    asked_for = session.get_one(PrinterRow, row.printer_id)
    others = session.scalars(
        select(PrinterRow).where(PrinterRow.id != row.printer_id).order_by(PrinterRow.name)
    )
    # A printer in the same place first: that is where the sender will look for the paper.
    nearest = sorted(others, key=lambda other: other.location != asked_for.location)
    login = identity.person(session, row.person_id).login if row.person_id else ""
    return decide(
        JobTicket.from_json(row.ticket_asked),
        facts,
        rules,
        Sender(identity.office(session, row.office_id).code, login),
        PrinterFacts(asked_for.name, asked_for.two_sided),
        [PrinterFacts(other.name, other.two_sided) for other in nearest],
        wants_paper=row.wants_paper,
    )


def _print(session: Session, row: JobRow, decision: Decision, now: datetime) -> None:
    try:
        quotas.service.reserve(
            session,
            row.uuid,
            row.office_id,
            Unit.SHEETS,
            decision.sheets,
            person_id=row.person_id,
            printer=decision.printer,
            kind="draft" if row.document_id else "job",
            actor=sender(row),
            now=now,
        )
    except QuotaExceeded as error:
        refuse(session, row, (*decision.reasons, Reason("quota", error.text)), now)
        return
    target = session.scalar(select(PrinterRow.id).where(PrinterRow.name == decision.printer))
    row.target_printer_id = target
    row.ticket = decision.ticket.to_json()
    row.sheets_reserved, row.impressions = decision.sheets, decision.impressions
    change(
        session, row, Event.ACCEPT, actor=sender(row), now=now, details={"sheets": decision.sheets}
    )
    lay_aside(session, FORWARD_TASK, row, now)


def _tell(session: Session, row: JobRow, text: Text, now: datetime) -> None:
    if row.person_id is not None:
        notices.notify(session, row.person_id, text, news_path(row), now=now)
