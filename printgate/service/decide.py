"""What becomes of a job: the decision (T1), in one transaction with all that follows from it.

The job row, the reservation of its sheets or the draft handed to the document flow, the audit
record, the news to the sender and the task that forwards it: all or nothing. The rules explain;
the account is the authority: a reservation that the account refuses turns "print" into "refused".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

import docflow.service
import quotas.service
from core import notices
from core.identity import queries as identity
from core.people import Office, Person
from core.text import Text, counted
from printgate import queries
from printgate.errors import JobNotPossible
from printgate.holding import Hold, stronger
from printgate.lifecycle import Event, Stage
from printgate.models import JobRow, PrinterRow
from printgate.places import places
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
from printgate.queries import Job, Printer, job_by_uuid
from printgate.service import permit_uses
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
from quotas import emergency_queries
from quotas.errors import QuotaExceeded
from quotas.limits import OVER
from quotas.units import Unit
from quotas.workdays import WEEKENDS_OFF, Workdays

_TARGET = select(PrinterRow.id).where(PrinterRow.name == bindparam("of_name"))
ORIGIN = "printgate"
TRIAL = "test"
"""The rule that a test page names as its reason, and its label in the ledger."""


@dataclass(frozen=True)
class Kept:
    """The rewritten PDF of a draft, kept in the document store."""

    digest: str
    octets: int


@dataclass(frozen=True)
class Verdict:
    """What is to become of a document that was read, and all that its job must remember of it."""

    decision: Decision
    pages: int
    kept: Kept | None = None
    """The draft's file, where the decision is that it circulates."""
    output_digest: str | None = None
    """SHA-256 of the file that is printed: nothing else may go to the printer later."""


@dataclass(frozen=True)
class Place:
    """Who sent a job, where to, and where else it could go: what the rules ask beside the job."""

    sender: Sender
    printer: PrinterFacts
    others: tuple[PrinterFacts, ...]


@dataclass(frozen=True)
class Sent:
    """A job whose document is in the spool, as it was sent."""

    uuid: str
    title: str
    format: str
    ticket: JobTicket
    place: Place
    wants_paper: bool = False


def place_of(
    session: Session, printer: Printer, office: Office, person: Person | None, *, now: datetime
) -> Place:
    """Return where a job stands that this person of this office sends to this printer."""
    found = places(session, person.id if person else None, office.id, now)
    # A printer in the same place first: that is where the sender will look for the paper.
    others = sorted(
        (each for each in found.printers if each[0].name != printer.name),
        key=lambda each: each[1] != printer.location,
    )
    facts = tuple(facts for facts, _ in others)
    sender = Sender(office.code, person.login if person else "", found.permit)
    return Place(sender, PrinterFacts(printer.name, printer.two_sided), facts)


def sent_of(session: Session, job: Job, *, now: datetime, wants_paper: bool = False) -> Sent:
    """Return a job as it was sent, and where it stands now."""
    person = identity.person(session, job.person_id) if job.person_id else None
    office = identity.office(session, job.office_id)
    place = place_of(session, queries.printer(session, job.printer), office, person, now=now)
    return Sent(job.uuid, job.title, job.format, job.asked, place, wants_paper)


def decision_on(sent: Sent, facts: Facts, rules: Rules) -> Decision:
    """Return what the rules say of a job."""
    place = sent.place
    return decide(
        sent.ticket,
        facts,
        rules,
        place.sender,
        place.printer,
        place.others,
        wants_paper=sent.wants_paper,
    )


def decide_job(
    session: Session,
    uuid: str,
    verdict: Verdict,
    *,
    ask_expires: timedelta,
    workdays: Workdays = WEEKENDS_OFF,
    now: datetime,
) -> Job:
    """Decide a job that has its document; one that is decided already is returned as it is."""
    row = job_row(session, uuid)
    if Stage(row.stage) is Stage.DECIDING:
        row.pages, row.output_digest = verdict.pages, verdict.output_digest
        carry_out(
            session,
            row,
            verdict.decision,
            kept=verdict.kept,
            ask_expires=ask_expires,
            workdays=workdays,
            now=now,
        )
        session.flush()
    return job_by_uuid(session, uuid)


def carry_out(
    session: Session,
    row: JobRow,
    decision: Decision,
    *,
    kept: Kept | None = None,
    ask_expires: timedelta = timedelta(0),
    workdays: Workdays = WEEKENDS_OFF,
    now: datetime,
) -> None:
    """Do what a decision says, in this transaction, or what it says for a permit that is gone."""
    if decision.permit is not None and not permit_uses.take(session, row, decision.permit, now=now):
        assert decision.usual is not None
        decision = decision.usual
    row.reasons = reasons_to_json(decision.reasons)
    match decision.outcome:
        case Outcome.PRINT:
            _print(session, row, decision, workdays, now)
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
    session.flush()  # a new job has its number from here on
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


def decision_on_paper(session: Session, row: JobRow, rules: Rules, *, now: datetime) -> Decision:
    """Return the decision on a job whose owner has said that it is to be printed."""
    row.wants_paper = True
    session.flush()
    sent = sent_of(session, job_by_uuid(session, row.uuid), now=now, wants_paper=True)
    return decision_on(sent, Facts(pages=row.pages), rules)


def _print(
    session: Session, row: JobRow, decision: Decision, workdays: Workdays, now: datetime
) -> None:
    try:
        reserved = quotas.service.reserve(
            session,
            row.uuid,
            row.office_id,
            Unit.SHEETS,
            decision.sheets,
            project=decision.ticket.job_account_id or "",
            person_id=row.person_id,
            printer=decision.printer,
            kind=_kind(row, decision),
            actor=sender(row),
            now=now,
            workdays=workdays,
        )
    except QuotaExceeded as error:
        permit_uses.settle(session, row, 0, now=now)
        reasons = (*decision.reasons, Reason(error.rule, error.text))
        if not _waits(session, row, decision, reasons, error, now):
            refuse(session, row, reasons, now)
        return
    if reserved.over:
        row.reasons = [*row.reasons, *reasons_to_json([_over(reserved.over)])]
        _tell(session, row, _over(reserved.over).text, now)
    row.target_printer_id = session.scalar(_TARGET, {"of_name": decision.printer})
    row.ticket = decision.ticket.to_json()
    row.sheets_reserved, row.impressions = decision.sheets, decision.impressions
    change(
        session, row, Event.ACCEPT, actor=sender(row), now=now, details={"sheets": decision.sheets}
    )
    if decision.hold:
        row.hold = stronger(Hold(row.hold), Hold.RULE)
    if Hold(row.hold) is Hold.NONE:
        lay_aside(session, FORWARD_TASK, row, now)
    else:
        change(session, row, Event.HOLD, actor=sender(row), now=now, details={"why": row.hold})


def _over(sheets: int) -> Reason:
    return Reason(
        OVER,
        counted(
            "This job takes {n} sheet more than the account has; the rules let that through.",
            "This job takes {n} sheets more than the account has; the rules let that through.",
            sheets,
        ),
    )


def _waits(
    session: Session,
    row: JobRow,
    decision: Decision,
    reasons: Sequence[Reason],
    error: QuotaExceeded,
    now: datetime,
) -> bool:
    """Let a job wait for its owner's word that it is urgent, if the pool could pay what it lacks.

    A document's print grant does not wait: who asked for it stands before the page, and asks again.
    """
    pool, person_id = decision.pool, row.person_id
    if pool is None or person_id is None or row.grant_id is not None or not error.of_office:
        return False
    lacks = error.missing
    if not emergency_queries.may_draw(session, row.office_id, person_id, lacks, pool, now=now):
        return False
    row.reasons = reasons_to_json(reasons)
    row.expires_at = now + pool.wait
    change(session, row, Event.FALL_SHORT, actor=sender(row), now=now, details={"lacks": lacks})
    text = counted(
        "A print job waits: the office lacks {n} sheet for it. If it is urgent, print it from the "
        "emergency pool.",
        "A print job waits: the office lacks {n} sheets for it. If it is urgent, print it from the "
        "emergency pool.",
        lacks,
    )
    _tell(session, row, text, now)
    return True


def _kind(row: JobRow, decision: Decision) -> str:
    if row.document_id:
        return "draft"
    return TRIAL if any(reason.rule == TRIAL for reason in decision.reasons) else "job"


def _tell(session: Session, row: JobRow, text: Text, now: datetime) -> None:
    if row.person_id is not None:
        session.flush()  # a new job has its number from here on
        notices.notify(session, row.person_id, text, news_path(row), now=now)
