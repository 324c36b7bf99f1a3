"""Lending sheets between offices: the loan's row is locked first, then the accounts it moves."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from core import audit, notices
from core.db import insert_new, locked
from core.errors import Forbidden, InvalidInput, NotFound
from core.identity import queries as identity
from core.people import SYSTEM, Actor
from core.text import Text, clean_line, counted
from quotas.errors import EntryDiffers, LoanDecided, NoSuchLoan, SamePerson
from quotas.lending import DAYS_MAX, TRANSITIONS, Event, Loan, State, comes_back, sound_day
from quotas.lending_queries import PREFIX, loan_for, loan_of
from quotas.models import AccountRow, LoanRow
from quotas.periods import DEFAULT_ZONE
from quotas.queries import account_of
from quotas.service import books, grants
from quotas.service.accounts import open_account
from quotas.units import Unit


def ask(
    session: Session,
    loan_id: str,
    lender_id: str,
    borrower_id: str,
    amount: int,
    *,
    reason: str,
    last_day: date,
    actor: Actor,
    now: datetime,
    zone: ZoneInfo = DEFAULT_ZONE,
) -> Loan:
    """Ask an office to lend sheets until a day is over; once per id.

    NotFound unless the actor answers for the office that borrows.
    """
    if not actor.may_see_office(borrower_id) or actor.person_id is None:
        raise NotFound(Text("There is no such office."))
    if lender_id == borrower_id:
        raise InvalidInput(Text("An office lends to another one."))
    books.check_amount(amount)
    given = books.given_explanation(reason)
    if not sound_day(last_day, now.astimezone(zone).date()):
        raise InvalidInput(
            Text("A loan ends on a day that is still to come, within {n} days.", {"n": DAYS_MAX})
        )
    for office_id in (lender_id, borrower_id):
        identity.office(session, office_id)
        books.check_open(account_of(_account(session, office_id, now)), now, amount)
    new = {
        "lender_id": lender_id,
        "borrower_id": borrower_id,
        "amount": amount,
        "reason": given,
        "due_at": datetime.combine(last_day, time.max, zone),
        "asked_by": actor.person_id,
    }
    columns = {**new, "asked_name": actor.name, "asked_at": now, "state": State.ASKED}
    made = insert_new(
        session, LoanRow, id=loan_id, **columns, returned=0, answer="", decided_name=""
    )
    row = session.get_one(LoanRow, loan_id, populate_existing=True)
    loan = loan_of(row)
    if made:
        _record(session, loan, Event.ASK, amount, actor, now)
        text = counted(
            "{office} asks your office to lend it {n} sheet.",
            "{office} asks your office to lend it {n} sheets.",
            amount,
            office=identity.office(session, borrower_id).name,
        )
        _tell(session, loan, lender_id, text, actor, now)
    if any(getattr(row, name) != value for name, value in new.items()):
        raise EntryDiffers(Text("A request with this id exists and says something else."))
    return loan


def agree(
    session: Session, loan_id: str, *, actor: Actor, now: datetime, zone: ZoneInfo = DEFAULT_ZONE
) -> Loan:
    """Lend what was asked for; agreeing again changes nothing.

    QuotaExceeded where the office has too little left, AccountClosed where one of both takes
    nothing any more: then the loan still waits.
    """
    loan = _decide(session, loan_id, Event.AGREE, "", actor, now)
    if loan is None:
        return loan_for(session, loan_id, actor)
    source, target = (
        _account(session, office_id, now).id for office_id in (loan.lender_id, loan.borrower_id)
    )
    grants.transfer(
        session, f"{PREFIX}{loan.id}", source, target, loan.amount,
        reason=loan.reason, actor=actor, now=now, zone=zone,
    )  # fmt: skip
    lends = identity.office(session, loan.lender_id).name
    text = counted(
        "{office} lends your office {n} sheet.",
        "{office} lends your office {n} sheets.",
        loan.amount,
        office=lends,
    )
    _tell(session, loan, loan.borrower_id, text, actor, now)
    return loan


def refuse(session: Session, loan_id: str, *, answer: str, actor: Actor, now: datetime) -> Loan:
    """Lend nothing, and say why."""
    given = books.given_explanation(answer)
    loan = _decide(session, loan_id, Event.REFUSE, given, actor, now)
    if loan is not None:
        text = Text("A loan for your office was turned down: {reason}", {"reason": given})
        _tell(session, loan, loan.borrower_id, text, actor, now)
    return loan_for(session, loan_id, actor)


def withdraw(session: Session, loan_id: str, *, actor: Actor, now: datetime) -> Loan:
    """Take back what was asked for while nobody has agreed to it."""
    loan = _decide(session, loan_id, Event.WITHDRAW, "", actor, now)
    if loan is not None:
        borrows = identity.office(session, loan.borrower_id).name
        text = Text("{office} needs no loan of your office any more.", {"office": borrows})
        _tell(session, loan, loan.lender_id, text, actor, now)
    return loan_for(session, loan_id, actor)


def give_back(
    session: Session,
    loan_id: str,
    amount: int,
    *,
    actor: Actor,
    now: datetime,
    zone: ZoneInfo = DEFAULT_ZONE,
) -> Loan:
    """Give back all that is owed, or a part; QuotaExceeded where the office has less left."""
    row = _locked(session, loan_id)
    loan = loan_for(session, loan_id, actor)
    if not loan.may(Event.GIVE_BACK, actor):
        raise Forbidden(Text("Only the office that borrowed gives a loan back."))
    books.check_amount(amount)
    if loan.state is not State.LENT:
        raise LoanDecided(Text("This loan does not run, or has been given back already."))
    if amount > loan.owed:
        raise InvalidInput(
            counted(
                "No more can be given back than is owed: {n} sheet.",
                "No more can be given back than is owed: {n} sheets.",
                loan.owed,
            )
        )
    _return(session, row, amount, actor, now, zone)
    return loan_of(row)


def give_back_due(
    session: Session, loan_id: str, *, now: datetime, zone: ZoneInfo = DEFAULT_ZONE
) -> int:
    """Let what is due come back as far as the borrower has something left; return how much.

    Called again it takes what they have got meanwhile. A closed account waits for a person.
    """
    row = _locked(session, loan_id)
    loan = loan_of(row)
    if not loan.overdue(now):
        return 0
    keys = [_account(session, each, now).id for each in (loan.borrower_id, loan.lender_id)]
    # Accounts before balances, in one order, as whoever moves units has it.
    held = {key: locked(session, AccountRow, key) for key in sorted(keys)}
    accounts = [account_of(row) for row in held.values() if row is not None]
    if any(each.closed(now) for each in accounts):
        return 0
    borrows = next(each for each in accounts if each.id == keys[0])
    left = books.balance_now(session, borrows.id, borrows.period_at(now, zone)).left
    amount = comes_back(loan.owed, left)
    if amount:
        _return(session, row, amount, SYSTEM, now, zone)
    elif row.told_at is None:
        text = counted(
            "A loan is due, but {n} sheet is still owed; it comes back as soon as there is any.",
            "A loan is due, but {n} sheets are still owed; they come back as soon as there are "
            "any.",
            loan.owed,
        )
        row.told_at = now
        for office_id in (loan.borrower_id, loan.lender_id):
            _tell(session, loan, office_id, text, SYSTEM, now)
    return amount


def _return(
    session: Session, row: LoanRow, amount: int, actor: Actor, now: datetime, zone: ZoneInfo
) -> None:
    """Move a part of a loan back. What was returned before names the transfer: it is new."""
    source, target = (
        _account(session, office_id, now).id for office_id in (row.borrower_id, row.lender_id)
    )
    grants.transfer(
        session, f"{PREFIX}{row.id}:{row.returned}", source, target, amount,
        reason=row.reason, actor=actor, now=now, zone=zone,
    )  # fmt: skip
    row.returned += amount
    if row.returned == row.amount:
        row.state, row.ended_at = TRANSITIONS[State.LENT, Event.GIVE_BACK], now
    session.flush()
    loan = loan_of(row)
    _record(session, loan, Event.GIVE_BACK, amount, actor, now)
    text = counted(
        "{n} sheet of a loan came back; {owed} are still owed.",
        "{n} sheets of a loan came back; {owed} are still owed.",
        amount,
        owed=loan.owed,
    )
    for office_id in (loan.borrower_id, loan.lender_id):
        _tell(session, loan, office_id, text, actor, now)


def _decide(
    session: Session, loan_id: str, event: Event, answer: str, actor: Actor, now: datetime
) -> Loan | None:
    """Decide what nobody has decided; None if this person has decided it like this already."""
    loan = loan_for(session, loan_id, actor)
    if not loan.may(event, actor):
        if actor.person_id == loan.asked_by and event is not Event.WITHDRAW:
            raise SamePerson(Text("Who asked for it can't decide on it: somebody else has to."))
        raise Forbidden(Text("That is for the head of the other office to decide."))
    target = TRANSITIONS[State.ASKED, event]
    done = session.execute(
        update(LoanRow)
        .where(LoanRow.id == loan_id, LoanRow.state == State.ASKED)
        .values(
            state=target,
            answer=clean_line(answer, 500),
            decided_by=actor.person_id,
            decided_name=actor.name,
            decided_at=now,
            ended_at=None if target is State.LENT else now,
        )
        .execution_options(synchronize_session=False)
    )
    assert isinstance(done, CursorResult)
    decided = loan_for(session, loan_id, actor)
    if done.rowcount == 1:
        _record(session, decided, event, decided.amount, actor, now)
        return decided
    if (decided.state, decided.decided_by) != (target, actor.person_id):
        raise LoanDecided(Text("This loan has been decided on already."))
    return None


def _account(session: Session, office_id: str, now: datetime) -> AccountRow:
    return session.get_one(
        AccountRow,
        open_account(session, office_id, Unit.SHEETS, now=now),
        populate_existing=True,
    )


def _locked(session: Session, loan_id: str) -> LoanRow:
    row = locked(session, LoanRow, loan_id)
    if row is None:
        raise NoSuchLoan(Text("There is no such loan."))
    return row


def _record(
    session: Session, loan: Loan, event: Event, amount: int, actor: Actor, now: datetime
) -> None:
    details: dict[str, object] = {
        "lender": loan.lender_id,
        "borrower": loan.borrower_id,
        "amount": amount,
        "owed": loan.owed,
    }
    audit.record(session, actor, f"loan.{event}", loan.id, details, now)


def _tell(
    session: Session, loan: Loan, office_id: str, text: Text, actor: Actor, now: datetime
) -> None:
    """Tell the heads of an office, or the administrators where it has none."""
    for each in identity.heads_of(session, office_id) or identity.administrators(session):
        if each.id != actor.person_id:
            notices.notify(session, each.id, text, f"/loans/{loan.id}", now=now)
