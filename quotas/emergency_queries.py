"""Reads of the emergency pool: its uses, how far it is used up, and the proof of that."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, func, or_, select, true
from sqlalchemy.orm import Session

from core.identity import queries as identity
from core.people import Actor
from core.text import Text
from quotas.emergency import Pool, State, Use, judges
from quotas.errors import NoSuchUse
from quotas.ledger import Kind
from quotas.models import AccountRow, EmergencyPoolRow, EmergencyUseRow, EntryRow
from quotas.periods import DEFAULT_ZONE, Period, Span
from quotas.units import Unit


@dataclass(frozen=True)
class PoolDiscrepancy:
    """That a pool says something else than its uses or its entries, for an account and period."""

    account_id: str
    period: str
    drawn: int
    used: int
    entered: int


def use_for(session: Session, use_id: str, viewer: Actor) -> Use:
    """Return one use; NoSuchUse if there is none that somebody may see."""
    row = session.get(EmergencyUseRow, use_id, populate_existing=True)
    if row is not None:
        use = use_of(row)
        if viewer.person_id == use.person_id or viewer.may_see_office(use.office_id):
            return use
    raise NoSuchUse(Text("There is no such use of the emergency pool."))


def uses(session: Session, viewer: Actor, *, limit: int, offset: int = 0) -> list[Use]:
    """Return the uses that somebody may see, newest first."""
    query = select(EmergencyUseRow).where(_seen_by(viewer))
    query = query.order_by(EmergencyUseRow.used_at.desc(), EmergencyUseRow.id)
    return [use_of(row) for row in session.scalars(query.limit(limit).offset(offset))]


def count_uses(session: Session, viewer: Actor) -> int:
    """Return how many uses `uses` finds."""
    query = select(func.count()).select_from(EmergencyUseRow).where(_seen_by(viewer))
    return session.scalar(query) or 0


def due_from(session: Session, person_id: str) -> list[Use]:
    """Return the uses for which a person still owes the reason, the most urgent first."""
    rows = session.scalars(
        select(EmergencyUseRow)
        .where(EmergencyUseRow.person_id == person_id, EmergencyUseRow.state == State.DUE)
        .order_by(EmergencyUseRow.due_at, EmergencyUseRow.id)
    )
    return [use_of(row) for row in rows]


def to_judge(session: Session, viewer: Actor) -> list[Use]:
    """Return the uses which are not settled and are somebody's to judge, oldest first."""
    rows = session.scalars(
        select(EmergencyUseRow)
        .where(
            _seen_by(viewer),
            EmergencyUseRow.person_id != viewer.person_id,
            EmergencyUseRow.state.in_([State.DUE, State.JUSTIFIED]),
        )
        .order_by(EmergencyUseRow.used_at, EmergencyUseRow.id)
    )
    return [
        use_of(row)
        for row in rows
        if viewer.person_id in judges_of(session, row.office_id, row.person_id)
    ]


def judges_of(session: Session, office_id: str, drawn_by: str) -> tuple[str, ...]:
    """Return who is to judge what somebody drew for an office."""
    heads = [each.id for each in identity.heads_of(session, office_id)]
    administrators = [each.id for each in identity.administrators(session)]
    return judges(heads, administrators, drawn_by=drawn_by)


def is_overdue(session: Session, person_id: str, now: datetime) -> bool:
    """Tell whether a person owes a reason that should have been given by now."""
    return any(use.overdue(now) for use in due_from(session, person_id))


def drawn(session: Session, office_id: str, now: datetime, zone: ZoneInfo = DEFAULT_ZONE) -> int:
    """Return how many sheets an office has drawn in the period that it is in."""
    account = session.execute(
        select(AccountRow.id, AccountRow.span).where(
            AccountRow.office_id == office_id,
            AccountRow.unit == Unit.SHEETS,
            AccountRow.holder == "",
        )
    ).one_or_none()
    if account is None:
        return 0
    period = Period.of_moment(now, zone, Span(account.span))
    row = session.get(EmergencyPoolRow, (account.id, period.key), populate_existing=True)
    return row.drawn if row else 0


def may_draw(
    session: Session,
    office_id: str,
    person_id: str,
    lacks: int,
    pool: Pool,
    *,
    now: datetime,
    zone: ZoneInfo = DEFAULT_ZONE,
) -> bool:
    """Tell whether a person could draw what a job lacks, as it stands: it may be gone in a moment.

    Whoever only wants to know whether waiting makes sense asks this; `draw` decides.
    """
    if is_overdue(session, person_id, now):
        return False
    return drawn(session, office_id, now, zone) + lacks <= pool.sheets_max


def pool_discrepancies(session: Session) -> list[PoolDiscrepancy]:
    """Return the pools that are not the sum of their uses, or of their entries in the ledger."""
    key = (EmergencyPoolRow.account_id, EmergencyPoolRow.period)
    stored = {(a, p): int(n) for a, p, n in session.execute(select(*key, EmergencyPoolRow.drawn))}
    use = (EmergencyUseRow.account_id, EmergencyUseRow.period)
    used = _sums(session, select(*use, func.sum(EmergencyUseRow.amount)).group_by(*use))
    entry = (EntryRow.account_id, EntryRow.period)
    entered = _sums(
        session,
        select(*entry, func.sum(EntryRow.granted))
        .where(EntryRow.kind == Kind.EMERGENCY)
        .group_by(*entry),
    )
    return [
        PoolDiscrepancy(*place, *figures)
        for place in sorted({*stored, *used, *entered})
        if len(set(figures := tuple(each.get(place, 0) for each in (stored, used, entered)))) > 1
    ]


def use_of(row: EmergencyUseRow) -> Use:
    """Return a use as a value."""
    return Use(
        row.id,
        row.office_id,
        row.amount,
        row.person_id,
        row.person_name,
        row.used_at,
        row.due_at,
        State(row.state),
        row.reason,
        row.justified_at,
        row.answer,
        row.decided_by,
        row.decided_name,
        row.decided_at,
    )


def _sums(session: Session, query: Select[str, str, int]) -> dict[tuple[str, str], int]:
    return {(account, period): int(sheets) for account, period, sheets in session.execute(query)}


def _seen_by(viewer: Actor) -> ColumnElement[bool]:
    if viewer.admin:
        return true()
    return or_(
        EmergencyUseRow.person_id == viewer.person_id,
        EmergencyUseRow.office_id.in_(viewer.heads),
    )
