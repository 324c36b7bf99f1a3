"""Reads of requests for more sheets: mine, those that wait for me, and those that were decided."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select, true
from sqlalchemy.orm import Session

from core.people import Actor
from core.text import Text
from quotas.accounts import AccountKind
from quotas.errors import NoSuchRequest
from quotas.models import AccountRow, RequestRow
from quotas.requests import SheetRequest, State, may_see


class View(StrEnum):
    """Which requests a list shows."""

    MINE = "mine"
    OPEN = "open"
    """Those that wait for the reader."""
    DECIDED = "decided"


@dataclass(frozen=True)
class RequestSearch:
    """Which requests a list shows; what is left empty does not matter."""

    view: View
    office_id: str = ""
    words: str = ""
    """A part of the reason, the answer, or the name of who asked or decided."""
    since: datetime | None = None
    before: datetime | None = None


def request_for(session: Session, request_id: str, viewer: Actor) -> SheetRequest:
    """Return one request; NoSuchRequest if there is none that somebody may see."""
    found = session.execute(_requests().where(RequestRow.id == request_id)).one_or_none()
    if found is not None:
        asked = request_of(*found)
        if may_see(viewer, asked.office_id, asked.asked_by):
            return asked
    raise NoSuchRequest(Text("There is no such request."))


def find_requests(
    session: Session, asked: RequestSearch, viewer: Actor, *, limit: int, offset: int = 0
) -> list[SheetRequest]:
    """Return the requests that a list shows, newest first."""
    query = _found(asked, viewer).order_by(RequestRow.asked_at.desc(), RequestRow.id)
    return [request_of(*found) for found in session.execute(query.limit(limit).offset(offset))]


def count_requests(session: Session, asked: RequestSearch, viewer: Actor) -> int:
    """Return how many requests `find_requests` finds."""
    query = _found(asked, viewer).with_only_columns(func.count(RequestRow.id))
    return session.scalar(query) or 0


def decided(
    session: Session, office_id: str, since: datetime, before: datetime
) -> list[SheetRequest]:
    """Return the requests of an office that were granted or turned down in this time, in order."""
    query = _requests().where(
        AccountRow.office_id == office_id,
        RequestRow.state.in_([State.GRANTED, State.REFUSED]),
        RequestRow.decided_at >= since,
        RequestRow.decided_at < before,
    )
    found = session.execute(query.order_by(RequestRow.decided_at, RequestRow.id))
    return [request_of(*columns) for columns in found]


def request_of(row: RequestRow, account: AccountRow) -> SheetRequest:
    """Return a request as a value."""
    return SheetRequest(
        row.id,
        row.account_id,
        account.office_id,
        AccountKind(account.kind),
        row.amount,
        row.reason,
        State(row.state),
        row.asked_by,
        row.asked_name,
        row.asked_at,
        row.granted,
        row.answer,
        row.decided_by,
        row.decided_name,
        row.decided_at,
    )


def _requests() -> Select[RequestRow, AccountRow]:
    return select(RequestRow, AccountRow).join(AccountRow, AccountRow.id == RequestRow.account_id)


def _found(asked: RequestSearch, viewer: Actor) -> Select[RequestRow, AccountRow]:
    query = _requests().where(_in_view(asked.view, viewer))
    if asked.office_id:
        query = query.where(AccountRow.office_id == asked.office_id)
    if asked.words:
        columns = (
            RequestRow.reason,
            RequestRow.answer,
            RequestRow.asked_name,
            RequestRow.decided_name,
        )
        query = query.where(
            or_(*(column.icontains(asked.words, autoescape=True) for column in columns))
        )
    if asked.since is not None:
        query = query.where(RequestRow.asked_at >= asked.since)
    if asked.before is not None:
        query = query.where(RequestRow.asked_at < asked.before)
    return query


def _in_view(view: View, viewer: Actor) -> ColumnElement[bool]:
    if viewer.person_id is None:
        return false()
    mine = RequestRow.asked_by == viewer.person_id
    if view is View.MINE:
        return mine
    headed = true() if viewer.admin else AccountRow.office_id.in_(list(viewer.heads))
    waits = RequestRow.state == State.ASKED
    return and_(~mine, headed, waits if view is View.OPEN else ~waits)
