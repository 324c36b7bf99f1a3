"""Reads of loans between offices, and the proof that the ledger says the same of them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from core.people import Actor
from core.text import Text
from quotas.errors import NoSuchLoan
from quotas.lending import Loan, State, may_see
from quotas.models import EntryRow, LoanRow

PREFIX = "loan:"
"""How the ids of transfers begin that a loan makes: `loan:ID`, then `loan:ID:RETURNED`."""


def loan_of(row: LoanRow) -> Loan:
    """Return a loan as a value."""
    return Loan(
        row.id, row.lender_id, row.borrower_id, row.amount, row.reason, row.due_at,
        State(row.state), row.asked_by, row.asked_name, row.asked_at, row.returned, row.answer,
        row.decided_by, row.decided_name, row.decided_at, row.ended_at,
    )  # fmt: skip


def loan_for(session: Session, loan_id: str, viewer: Actor) -> Loan:
    """Return one loan; NoSuchLoan if there is none that somebody may see."""
    row = session.get(LoanRow, loan_id, populate_existing=True)
    if row is None or not may_see(viewer, row.lender_id, row.borrower_id):
        raise NoSuchLoan(Text("There is no such loan."))
    return loan_of(row)


def loans(session: Session, viewer: Actor, *, limit: int, offset: int = 0) -> list[Loan]:
    """Return the loans that somebody may see: what waits or runs first, then the newest."""
    query = _visible(viewer).order_by(
        LoanRow.state.in_([State.ASKED, State.LENT]).desc(), LoanRow.asked_at.desc(), LoanRow.id
    )
    return [loan_of(row) for row in session.scalars(query.limit(limit).offset(offset))]


def count_loans(session: Session, viewer: Actor) -> int:
    """Return how many loans `loans` finds."""
    return session.scalar(select(func.count()).select_from(_visible(viewer).subquery())) or 0


def owed(session: Session, office_id: str) -> tuple[int, int]:
    """Return what an office owes to others, and what others owe to it, in sheets."""
    rest = func.coalesce(func.sum(LoanRow.amount - LoanRow.returned), 0)
    running = select(rest).where(LoanRow.state == State.LENT)
    return (
        int(session.scalar(running.where(LoanRow.borrower_id == office_id)) or 0),
        int(session.scalar(running.where(LoanRow.lender_id == office_id)) or 0),
    )


def due(session: Session, now: datetime) -> list[str]:
    """Return the loans that are to come back by themselves, the oldest first."""
    query = select(LoanRow.id).where(LoanRow.state == State.LENT, LoanRow.due_at <= now)
    return list(session.scalars(query.order_by(LoanRow.due_at, LoanRow.id)))


@dataclass(frozen=True)
class LoanDiscrepancy:
    """A loan of which the ledger moved something else than it says."""

    loan_id: str
    lent: int
    returned: int
    lent_by_entries: int
    returned_by_entries: int


def discrepancies(session: Session) -> list[LoanDiscrepancy]:
    """Return every loan whose transfers are not what was lent, or not what was returned."""
    lent: dict[str, int] = {}
    back: dict[str, int] = {}
    moved = select(EntryRow.transfer_id, EntryRow.granted).where(
        EntryRow.transfer_id.startswith(PREFIX), EntryRow.granted > 0
    )
    for transfer_id, amount in session.execute(moved):
        loan_id, _, part = str(transfer_id).removeprefix(PREFIX).partition(":")
        sums = back if part else lent
        sums[loan_id] = sums.get(loan_id, 0) + amount
    found = []
    for row in session.scalars(select(LoanRow).order_by(LoanRow.id)):
        given = row.amount if State(row.state) in (State.LENT, State.RETURNED) else 0
        says = (given, row.returned)
        entered = (lent.pop(row.id, 0), back.pop(row.id, 0))
        if says != entered:
            found.append(LoanDiscrepancy(row.id, *says, *entered))
    strangers = sorted(lent.keys() | back.keys())
    return found + [
        LoanDiscrepancy(key, 0, 0, lent.get(key, 0), back.get(key, 0)) for key in strangers
    ]


def _visible(viewer: Actor) -> Select[LoanRow]:
    query = select(LoanRow)
    if viewer.admin:
        return query
    mine = list(viewer.heads)
    return query.where(or_(LoanRow.lender_id.in_(mine), LoanRow.borrower_id.in_(mine)))
