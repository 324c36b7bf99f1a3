"""An account's statement, as a bank writes it: opening balance, lines, closing balance.

The balance of a line is what was left of the period's account after that entry, whatever else the
filter leaves out. Opening and closing balance are those before the first and after the last of the
days that are asked for; between them lie all entries of these days. So opening + entries = closing
where only days are chosen, and where more is chosen the sum of the lines shown is told by itself.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import Session

from quotas.ledger import Balance, Kind
from quotas.models import AccountRow, EntryRow
from quotas.periods import Period
from quotas.queries import Entry, entry_of
from quotas.units import Unit

_LEFT = EntryRow.granted - EntryRow.held - EntryRow.spent


@dataclass(frozen=True)
class Asked:
    """Which lines a statement shows; what is left empty does not matter."""

    office_id: str
    unit: Unit
    period: Period
    holder: str | None = None
    """The person or project whose account it is, "" for the office alone, None with its people."""
    since: datetime | None = None
    before: datetime | None = None
    kinds: tuple[Kind, ...] = ()
    person_id: str | None = None
    """Empty: guests."""
    printer: str | None = None
    label: str | None = None
    used: bool = False
    """Only what used something."""


@dataclass(frozen=True)
class Line:
    """One line, and what was left after it."""

    entry: Entry
    left: int


@dataclass(frozen=True)
class Statement:
    """A statement, or a page of one: lines newest first; the rest is of all lines it has."""

    lines: tuple[Line, ...]
    count: int
    sums: Balance
    opening: int
    closing: int


def statement(
    session: Session, asked: Asked, *, limit: int | None = None, offset: int = 0
) -> Statement:
    """Return the statement of an account in a period; without a holder, of all of that period."""
    whole = _account(asked)
    left = select(
        EntryRow.seq.label("line"),
        func.sum(_LEFT).over(order_by=EntryRow.seq).label("left"),
    ).where(whole)
    course = left.subquery()
    shown = and_(whole, *_filters(asked))
    lines: Select[EntryRow, int] = (
        select(EntryRow, course.c.left)
        .join(course, course.c.line == EntryRow.seq)
        .where(shown)
        .order_by(EntryRow.seq.desc())
        .limit(limit)
        .offset(offset)
    )
    count = session.scalar(select(func.count()).select_from(EntryRow).where(shown)) or 0
    added = select(
        func.sum(EntryRow.granted), func.sum(EntryRow.held), func.sum(EntryRow.spent)
    ).where(shown)
    granted, held, spent = session.execute(added).one()
    before = [] if asked.before is None else [EntryRow.at < asked.before]
    opening = 0 if asked.since is None else _left(session, whole, EntryRow.at < asked.since)
    return Statement(
        tuple(Line(entry_of(row), int(after)) for row, after in session.execute(lines)),
        count,
        Balance(int(granted or 0), int(held or 0), int(spent or 0)),
        opening,
        _left(session, whole, *before),
    )


def _account(asked: Asked) -> ColumnElement[bool]:
    account = select(AccountRow.id).where(
        AccountRow.office_id == asked.office_id, AccountRow.unit == asked.unit
    )
    if asked.holder is not None:
        account = account.where(AccountRow.holder == asked.holder)
    return and_(EntryRow.account_id.in_(account), EntryRow.period == asked.period.key)


def _filters(asked: Asked) -> list[ColumnElement[bool]]:
    conditions: tuple[tuple[bool, ColumnElement[bool]], ...] = (
        (bool(asked.kinds), EntryRow.kind.in_([str(kind) for kind in asked.kinds])),
        (
            asked.person_id is not None,
            func.coalesce(EntryRow.person_id, "") == (asked.person_id or ""),
        ),
        (asked.printer is not None, EntryRow.printer == (asked.printer or "")),
        (asked.label is not None, EntryRow.label == (asked.label or "")),
        (asked.used, EntryRow.spent != 0),
    )
    found = [condition for wanted, condition in conditions if wanted]
    if asked.since is not None:
        found.append(EntryRow.at >= asked.since)
    if asked.before is not None:
        found.append(EntryRow.at < asked.before)
    return found


def _left(session: Session, *where: ColumnElement[bool]) -> int:
    return int(session.scalar(select(func.coalesce(func.sum(_LEFT), 0)).where(*where)) or 0)
