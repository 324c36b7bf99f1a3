"""Asking for more sheets, and deciding on that: who was first is decided by one UPDATE.

Locks are taken in one order: the request, then the accounts and balances that its sheets go
through. Who is concerned learns of each step in its own transaction.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from core import audit, notices
from core.db import insert_new
from core.errors import Forbidden, InvalidInput, NotFound
from core.identity import queries as identity
from core.people import Actor
from core.text import Text, clean_line, counted
from quotas.accounts import AccountKind
from quotas.errors import EntryDiffers, NoSuchRequest, RequestDecided, RequestOpen, SamePerson
from quotas.inbox import request_of
from quotas.models import AccountRow, RequestRow
from quotas.periods import DEFAULT_ZONE
from quotas.queries import account_of
from quotas.requests import (
    Event,
    Party,
    SheetRequest,
    Source,
    State,
    after,
    may,
    may_ask,
    parties,
    source,
    to_tell,
)
from quotas.service import books, grants
from quotas.service.accounts import OFFICE, open_account
from quotas.units import Unit


def ask(
    session: Session,
    request_id: str,
    office_id: str,
    amount: int,
    *,
    reason: str,
    own: bool = False,
    actor: Actor,
    now: datetime,
) -> SheetRequest:
    """Ask for more sheets for an office, or (`own`) for one's own account there; once per id.

    RequestOpen while an earlier request of the same person for this account waits.
    """
    if not may_ask(actor, office_id):
        raise NotFound(Text("There is no such office."))
    books.check_amount(amount)
    given = books.given_explanation(reason)
    holder = (actor.person_id or OFFICE) if own else OFFICE
    if not own:
        open_account(session, office_id, Unit.SHEETS, now=now)
    account = books.existing(session, office_id, Unit.SHEETS, holder)
    new = {
        "account_id": account.id,
        "amount": amount,
        "reason": given,
        "asked_by": actor.person_id,
    }
    known = session.get(RequestRow, request_id, populate_existing=True)
    if known is None:
        books.check_open(account_of(account), now, amount)
        columns = {**new, "asked_name": actor.name, "asked_at": now, "state": State.ASKED}
        made = insert_new(session, RequestRow, id=request_id, **columns, answer="", decided_name="")
        known = session.get(RequestRow, request_id, populate_existing=True)
        if known is None:
            raise RequestOpen(Text("Your last request for this account has not been decided yet."))
        if made:
            asked = request_of(known, account)
            _record(session, asked, Event.ASK, actor, now)
            _tell_deciders(session, asked, _news_of(asked), actor, now)
    if any(getattr(known, name) != value for name, value in new.items()):
        raise EntryDiffers(Text("A request with this id exists and says something else."))
    return request_of(known, account)


def grant(
    session: Session,
    request_id: str,
    amount: int,
    *,
    answer: str = "",
    actor: Actor,
    now: datetime,
    zone: ZoneInfo = DEFAULT_ZONE,
) -> SheetRequest:
    """Grant all that was asked for or less, for the period that the account is in now.

    QuotaExceeded where a head would give more than the office has left, AccountClosed where the
    account takes nothing any more: then the request still waits.
    """
    asked = _asked(session, request_id)
    who = _check_who(asked, Event.GRANT, actor)
    books.check_amount(amount)
    if amount > asked.amount:
        raise InvalidInput(Text("No more can be granted than was asked for."))
    if not _decide(session, asked, Event.GRANT, actor, now, clean_line(answer, 500), amount):
        return _asked(session, request_id)
    _enter(session, asked, amount, source(asked.kind, who), actor, now, zone)
    done = _asked(session, request_id)
    text = counted(
        "Your request was granted: {n} sheet.", "Your request was granted: {n} sheets.", amount
    )
    _tell_both(session, done, text, actor, now)
    return done


def refuse(
    session: Session, request_id: str, *, answer: str, actor: Actor, now: datetime
) -> SheetRequest:
    """Turn a request down, with a reason."""
    asked = _asked(session, request_id)
    _check_who(asked, Event.REFUSE, actor)
    given = books.given_explanation(answer)
    if not _decide(session, asked, Event.REFUSE, actor, now, given):
        return _asked(session, request_id)
    done = _asked(session, request_id)
    text = Text("Your request for more sheets was turned down: {reason}", {"reason": given})
    _tell_both(session, done, text, actor, now)
    return done


def withdraw(session: Session, request_id: str, *, actor: Actor, now: datetime) -> SheetRequest:
    """Take one's own request back while nobody has decided on it."""
    asked = _asked(session, request_id)
    _check_who(asked, Event.WITHDRAW, actor)
    if _decide(session, asked, Event.WITHDRAW, actor, now, ""):
        text = Text("{name} has taken back a request for more sheets.", {"name": asked.asked_name})
        _tell_deciders(session, asked, text, actor, now)
    return _asked(session, request_id)


def _check_who(asked: SheetRequest, event: Event, actor: Actor) -> frozenset[Party]:
    who = parties(actor, asked.office_id, asked.asked_by)
    if not who:
        raise NoSuchRequest(Text("There is no such request."))
    if event is not Event.WITHDRAW and Party.REQUESTER in who:
        raise SamePerson(Text("Who asked for it can't decide on it: somebody else has to."))
    if not may(event, asked.kind, who):
        raise Forbidden(
            Text("More sheets for an office are granted by an administrator.")
            if event is Event.GRANT
            else Text("Only who asked for it can take a request back.")
        )
    return who


def _decide(
    session: Session,
    asked: SheetRequest,
    event: Event,
    actor: Actor,
    now: datetime,
    answer: str,
    granted: int | None = None,
) -> bool:
    """Decide what nobody has decided; False if this person has decided it like this already."""
    target = after(State.ASKED, event)
    done = session.execute(
        update(RequestRow)
        .where(RequestRow.id == asked.id, RequestRow.state == State.ASKED)
        .values(
            state=target,
            granted=granted,
            answer=answer,
            decided_by=actor.person_id,
            decided_name=actor.name,
            decided_at=now,
        )
        .execution_options(synchronize_session=False)
    )
    assert isinstance(done, CursorResult)
    now_is = _asked(session, asked.id)
    if done.rowcount == 1:
        _record(session, now_is, event, actor, now)
        return True
    if (now_is.state, now_is.decided_by, now_is.granted) != (target, actor.person_id, granted):
        raise RequestDecided(Text("This request has been decided already."))
    return False


def _enter(
    session: Session,
    asked: SheetRequest,
    amount: int,
    comes_from: Source | None,
    actor: Actor,
    now: datetime,
    zone: ZoneInfo,
) -> None:
    """Let the sheets of a request go where they were asked for."""
    account = account_of(session.get_one(AccountRow, asked.account_id))
    entry_id = f"request:{asked.id}"
    if comes_from is Source.GRANT:
        period = account.period_at(now, zone)
        grants.grant(
            session, entry_id, account.office_id, account.unit, period, amount,
            holder=account.holder, actor=actor, now=now,
        )  # fmt: skip
        return
    office = open_account(session, account.office_id, account.unit, now=now)
    grants.transfer(
        session, entry_id, office, account.id, amount,
        reason=asked.reason, actor=actor, now=now, zone=zone,
    )  # fmt: skip


def _record(
    session: Session, asked: SheetRequest, event: Event, actor: Actor, now: datetime
) -> None:
    details: dict[str, object] = {
        "office": asked.office_id,
        "account": asked.account_id,
        "amount": asked.amount if asked.granted is None else asked.granted,
        "asked_by": asked.asked_by,
    }
    audit.record(session, actor, f"request.{event}", asked.id, details, now)


def _tell_both(
    session: Session, asked: SheetRequest, text: Text, actor: Actor, now: datetime
) -> None:
    """Tell who asked what became of it, and the others who could have decided that it is done."""
    notices.notify(session, asked.asked_by, text, _path(asked), now=now)
    values = {"name": asked.asked_name, "by": actor.name}
    done = Text("{by} has decided on the request of {name}.", values)
    _tell_deciders(session, asked, done, actor, now)


def _tell_deciders(
    session: Session, asked: SheetRequest, text: Text, actor: Actor, now: datetime
) -> None:
    heads = [each.id for each in identity.heads_of(session, asked.office_id)]
    administrators = [each.id for each in identity.administrators(session)]
    for person_id in to_tell(asked.kind, heads, administrators, asked_by=asked.asked_by):
        if person_id != actor.person_id:
            notices.notify(session, person_id, text, _path(asked), now=now)


def _news_of(asked: SheetRequest) -> Text:
    if asked.kind is AccountKind.PERSON:
        return counted(
            "{name} asks for {n} more sheet for their own account.",
            "{name} asks for {n} more sheets for their own account.",
            asked.amount,
            name=asked.asked_name,
        )
    return counted(
        "{name} asks for {n} more sheet for the office.",
        "{name} asks for {n} more sheets for the office.",
        asked.amount,
        name=asked.asked_name,
    )


def _path(asked: SheetRequest) -> str:
    return f"/requests/{asked.id}"


def _asked(session: Session, request_id: str) -> SheetRequest:
    row = session.get(RequestRow, request_id, populate_existing=True)
    if row is None:
        raise NoSuchRequest(Text("There is no such request."))
    return request_of(row, session.get_one(AccountRow, row.account_id))
