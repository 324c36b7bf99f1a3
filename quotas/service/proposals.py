"""Adjustments that one person proposes and another confirms."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from core import audit
from core.db import insert_new, locked
from core.errors import Forbidden
from core.people import Actor
from core.text import Text
from quotas.accounts import ADJUST_MAX
from quotas.errors import (
    EntryDiffers,
    NoSuchProposal,
    ProposalDecided,
    SamePerson,
)
from quotas.models import AccountRow, ProposalRow
from quotas.periods import Period
from quotas.queries import account_of
from quotas.service import books, grants
from quotas.service.accounts import OFFICE, open_account
from quotas.units import Unit

PROPOSED, CONFIRMED, REJECTED = "proposed", "confirmed", "rejected"


@dataclass(frozen=True)
class Proposal:
    """An adjustment that was proposed, and what became of it."""

    id: str
    account_id: str
    office_id: str
    holder: str
    unit: Unit
    period: Period
    amount: int
    reason: str
    state: str
    proposed_by: str
    proposed_name: str
    proposed_at: datetime
    decided_name: str | None


def correct(
    session: Session,
    entry_id: str,
    office_id: str,
    unit: Unit,
    period: Period,
    amount: int,
    *,
    reason: str,
    holder: str = OFFICE,
    limit: int = ADJUST_MAX,
    actor: Actor,
    now: datetime,
) -> Proposal | None:
    """Adjust, or propose it where a second person is needed; then the proposal is returned."""
    books.check_amount(abs(amount) if type(amount) is int else amount)
    if holder == OFFICE:
        open_account(session, office_id, unit, now=now)
    account = account_of(books.existing(session, office_id, unit, holder))
    asked = (session, entry_id, office_id, unit, period, amount)
    if abs(amount) > grants.alone_max(account, limit):
        return propose(*asked, reason=reason, holder=holder, actor=actor, now=now)
    grants.adjust(*asked, reason=reason, holder=holder, limit=limit, actor=actor, now=now)
    return None


def propose(
    session: Session,
    proposal_id: str,
    office_id: str,
    unit: Unit,
    period: Period,
    amount: int,
    *,
    reason: str,
    holder: str = OFFICE,
    actor: Actor,
    now: datetime,
) -> Proposal:
    """Propose an adjustment; nothing is entered until another person confirms it."""
    books.check_amount(abs(amount) if type(amount) is int else amount)
    person_id, given = _person(actor), books.given_reason(reason)
    account = account_of(books.existing(session, office_id, unit, holder))
    books.check_open(account, now, amount)
    books.check_period(account, period)
    new = {"account_id": account.id, "period": period.key, "amount": amount, "reason": given}
    if insert_new(
        session,
        ProposalRow,
        id=proposal_id,
        **new,
        state=PROPOSED,
        proposed_by=person_id,
        proposed_name=actor.name,
        proposed_at=now,
    ):
        details = {"unit": unit, "period": period.key, "amount": amount, "proposal": proposal_id}
        audit.record(session, actor, "quota.propose", office_id, details, now)
    row = _row(session, proposal_id)
    if any(getattr(row, name) != value for name, value in new.items()):
        raise EntryDiffers(Text("A proposal with this id exists and says something else."))
    return proposal_of(session, row)


def confirm(session: Session, proposal_id: str, *, actor: Actor, now: datetime) -> Proposal:
    """Enter a proposed adjustment; SamePerson for the one who proposed it."""
    row = _row(session, proposal_id)
    if row.proposed_by == _person(actor):
        raise SamePerson(Text("Who proposed an adjustment can't confirm it. Ask a second person."))
    account_row = locked(session, AccountRow, row.account_id)
    assert account_row is not None
    if _decide(session, row, CONFIRMED, actor, now):
        account = account_of(account_row)
        period = Period.of_key(row.period)
        reason = row.reason
        grants.enter_adjustment(session, row.id, account, period, row.amount, reason, actor, now)
        details = {"proposal": row.id, "proposed_by": row.proposed_by}
        audit.record(session, actor, "quota.confirm", account.office_id, details, now)
    return proposal_of(session, _row(session, proposal_id))


def reject(session: Session, proposal_id: str, *, actor: Actor, now: datetime) -> Proposal:
    """Let a proposal fall: a second person refuses it, or who made it takes it back."""
    _person(actor)
    row = _row(session, proposal_id)
    if _decide(session, row, REJECTED, actor, now):
        account = session.get_one(AccountRow, row.account_id)
        details = {"proposal": row.id, "proposed_by": row.proposed_by}
        audit.record(session, actor, "quota.reject", account.office_id, details, now)
    return proposal_of(session, _row(session, proposal_id))


def _decide(session: Session, row: ProposalRow, state: str, actor: Actor, now: datetime) -> bool:
    """Decide what nobody has decided; False if it was decided like this already."""
    decided = session.execute(
        update(ProposalRow)
        .where(ProposalRow.id == row.id, ProposalRow.state == PROPOSED)
        .values(state=state, decided_by=actor.person_id, decided_name=actor.name, decided_at=now)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(decided, CursorResult)
    if decided.rowcount == 1:
        return True
    if _row(session, row.id).state != state:
        raise ProposalDecided(Text("This proposal has been decided already."))
    return False


def _row(session: Session, proposal_id: str) -> ProposalRow:
    row = session.get(ProposalRow, proposal_id, populate_existing=True)
    if row is None:
        raise NoSuchProposal(Text("There is no such proposal."))
    return row


def _person(actor: Actor) -> str:
    if actor.person_id is None:
        raise Forbidden(Text("Only a person can propose or decide an adjustment."))
    return actor.person_id


def proposal_of(session: Session, row: ProposalRow) -> Proposal:
    """Return a proposal as a value."""
    account = session.get_one(AccountRow, row.account_id)
    return Proposal(
        row.id,
        row.account_id,
        account.office_id,
        account.holder,
        Unit(account.unit),
        Period.of_key(row.period),
        row.amount,
        row.reason,
        row.state,
        row.proposed_by,
        row.proposed_name,
        row.proposed_at,
        row.decided_name,
    )
