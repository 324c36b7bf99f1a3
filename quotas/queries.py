"""Reads of accounts. Every figure here is the sum of rows that another query here lists.

What is asked of an office is told of its own account and those of its people together, unless a
`holder` is named ("" is the office itself); its projects stand for themselves.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Row, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from quotas.accounts import Account, AccountKind
from quotas.grant_file import Booked
from quotas.ledger import Balance, Delta, Kind, State, fold
from quotas.models import AccountRow, BalanceRow, EntryRow, PlanRow, ProposalRow, ReservationRow
from quotas.periods import DEFAULT_ZONE, MONTHS, Period, Span
from quotas.plans import Base, Plan
from quotas.units import Unit

_CHUNK = 500


@dataclass(frozen=True)
class Entry:
    """One line of an account's statement."""

    seq: int
    at: datetime
    kind: Kind
    granted: int
    held: int
    spent: int
    person_id: str | None
    printer: str
    label: str
    estimated: bool
    reason: str
    actor: str
    reservation_id: str | None
    account_id: str


@dataclass(frozen=True)
class Discrepancy:
    """A balance that is not the sum of its entries."""

    office_id: str
    unit: Unit
    period: str
    stored: Balance
    folded: Balance
    open_reservations: int


def balance(
    session: Session, office_id: str, unit: Unit, period: Period, *, holder: str | None = None
) -> Balance:
    """Return what an office was granted, holds and has spent; zeros where there is no account."""
    query = (
        select(
            func.coalesce(func.sum(BalanceRow.granted), 0),
            func.coalesce(func.sum(BalanceRow.held), 0),
            func.coalesce(func.sum(BalanceRow.spent), 0),
        )
        .join(AccountRow, AccountRow.id == BalanceRow.account_id)
        .where(
            AccountRow.office_id == office_id,
            AccountRow.unit == unit,
            BalanceRow.period == period.key,
        )
    )
    if holder is not None:
        query = query.where(AccountRow.holder == holder)
    granted, held, spent = session.execute(query).one()
    return Balance(int(granted), int(held), int(spent))


def accounts(session: Session, office_id: str, unit: Unit) -> list[Account]:
    """Return an office's accounts: its own first, then its people's and projects', oldest first."""
    rows = session.scalars(
        select(AccountRow)
        .where(AccountRow.office_id == office_id, AccountRow.unit == unit)
        .order_by(AccountRow.holder != "", AccountRow.kind, AccountRow.opened_at, AccountRow.id)
    )
    return [account_of(row) for row in rows]


def account_booked(session: Session, reservation_id: str) -> Account | None:
    """Return the account that a reservation was taken from; None if there is no such one."""
    row = session.scalar(
        select(AccountRow)
        .join(ReservationRow, ReservationRow.account_id == AccountRow.id)
        .where(ReservationRow.id == reservation_id)
    )
    return account_of(row) if row else None


def person_accounts(session: Session) -> list[Account]:
    """Return the open accounts of people, in all offices and units."""
    rows = session.scalars(
        select(AccountRow)
        .where(AccountRow.kind == AccountKind.PERSON, AccountRow.closed_at.is_(None))
        .order_by(AccountRow.id)
    )
    return [account_of(row) for row in rows]


def account_for(
    session: Session, office_id: str, unit: Unit, person_id: str | None, *, now: datetime
) -> Account | None:
    """Return the account from which what somebody prints is taken; None if there is none yet."""
    found = {each.holder: each for each in accounts(session, office_id, unit)}
    own = found.get(person_id or "")
    return own if own is not None and not own.closed(now) else found.get("")


def period_now(
    session: Session,
    office_id: str,
    unit: Unit,
    *,
    now: datetime,
    zone: ZoneInfo = DEFAULT_ZONE,
) -> Period:
    """Return the period that an office's account is in: a month, unless its terms say more."""
    span = session.scalar(
        select(AccountRow.span).where(
            AccountRow.office_id == office_id, AccountRow.unit == unit, AccountRow.holder == ""
        )
    )
    return Period.of_moment(now, zone, Span(span or Span.MONTH))


def periods(session: Session, office_id: str, unit: Unit) -> list[Period]:
    """Return the periods in which something was entered for an office or its people."""
    keys = session.scalars(
        select(BalanceRow.period)
        .join(AccountRow, AccountRow.id == BalanceRow.account_id)
        .where(
            AccountRow.office_id == office_id,
            AccountRow.unit == unit,
            AccountRow.kind != AccountKind.PROJECT,
        )
        .distinct()
    )
    return sorted(Period.of_key(key) for key in keys)


def plan(session: Session, account_id: str) -> Plan | None:
    """Return what an account is granted by; None if nothing is granted by plan."""
    row = session.get(PlanRow, account_id)
    return plan_of(row) if row else None


def used(
    session: Session, unit: Unit, period: Period, office_id: str = ""
) -> dict[tuple[str, str], int]:
    """Return what offices and their people used in a period and in all shorter ones within it.

    By office and key of the period: in which spans an account was kept may have changed. Projects
    are not counted.
    """
    query = (
        select(AccountRow.office_id, BalanceRow.period, func.sum(BalanceRow.spent))
        .join(BalanceRow, BalanceRow.account_id == AccountRow.id)
        .where(
            AccountRow.unit == unit,
            AccountRow.kind != AccountKind.PROJECT,
            BalanceRow.period.in_([part.key for part in period.parts()]),
        )
        .group_by(AccountRow.office_id, BalanceRow.period)
    )
    if office_id:
        query = query.where(AccountRow.office_id == office_id)
    return {(office, key): int(spent) for office, key, spent in session.execute(query)}


@dataclass(frozen=True)
class OpenProposal:
    """An adjustment that waits for a second person."""

    id: str
    office_id: str
    holder: str
    unit: Unit
    period: Period
    amount: int
    reason: str
    proposed_by: str
    proposed_name: str
    proposed_at: datetime


def open_proposals(session: Session) -> list[OpenProposal]:
    """Return the adjustments that wait for a second person, oldest first."""
    rows = session.execute(
        select(ProposalRow, AccountRow)
        .join(AccountRow, AccountRow.id == ProposalRow.account_id)
        .where(ProposalRow.state == "proposed")
        .order_by(ProposalRow.proposed_at, ProposalRow.id)
    )
    return [
        OpenProposal(
            row.id,
            account.office_id,
            account.holder,
            Unit(account.unit),
            Period.of_key(row.period),
            row.amount,
            row.reason,
            row.proposed_by,
            row.proposed_name,
            row.proposed_at,
        )
        for row, account in rows
    ]


def accounts_to_turn(
    session: Session, *, now: datetime, zone: ZoneInfo = DEFAULT_ZONE
) -> list[str]:
    """Return the accounts that are not in the period of this moment yet."""
    behind = [
        and_(
            AccountRow.span == span,
            or_(AccountRow.turned == "", AccountRow.turned < Period.of_moment(now, zone, span).key),
        )
        for span in MONTHS
    ]
    query = select(AccountRow.id).where(AccountRow.closed_at.is_(None), or_(*behind))
    return list(session.scalars(query.order_by(AccountRow.id)))


def accounts_to_clear(
    session: Session, *, now: datetime, zone: ZoneInfo = DEFAULT_ZONE
) -> list[str]:
    """Return the closed accounts, ended projects among them, in which something is left."""
    current = [Period.of_moment(now, zone, span).key for span in Span]
    return list(
        session.scalars(
            select(AccountRow.id)
            .join(BalanceRow, BalanceRow.account_id == AccountRow.id)
            .where(
                or_(AccountRow.closed_at.is_not(None), AccountRow.ends_at <= now),
                BalanceRow.period.in_(current),
                BalanceRow.granted > BalanceRow.held + BalanceRow.spent,
            )
            .order_by(AccountRow.id)
        )
    )


def renewed_until(session: Session, ids: Collection[str]) -> dict[str, datetime]:
    """Return until when those of these reservations live that were renewed."""
    rows = session.execute(
        select(ReservationRow.id, ReservationRow.renewed_until).where(
            ReservationRow.id.in_(ids), ReservationRow.renewed_until.is_not(None)
        )
    )
    return {key: until for key, until in rows if until is not None}


def entries(
    session: Session,
    office_id: str,
    unit: Unit,
    period: Period,
    *,
    holder: str | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> list[Entry]:
    """Return the lines of a statement, newest first."""
    query = _entries(office_id, unit, period, holder).order_by(EntryRow.seq.desc()).offset(offset)
    return [entry_of(row) for row in session.scalars(query.limit(limit) if limit else query)]


def booked(session: Session, entry_ids: Sequence[str]) -> dict[str, Booked]:
    """Return those of these entries that there are, by their ids."""
    found: dict[str, Booked] = {}
    for begin in range(0, len(entry_ids), _CHUNK):
        of_these = EntryRow.id.in_(entry_ids[begin : begin + _CHUNK])
        found |= {each.id: each for each in _booked(session.execute(_BOOKED.where(of_these)))}
    return found


def grants_since(session: Session, year: int) -> list[Booked]:
    """Return the grants to offices for this year's periods and later ones, in order of entry."""
    query = _BOOKED.where(
        AccountRow.holder == "", EntryRow.kind == Kind.GRANT, EntryRow.period >= _first_key(year)
    )
    return _booked(session.execute(query.order_by(EntryRow.seq)))


def granted_since(session: Session, year: int) -> dict[tuple[str, Unit, Period], int]:
    """Return what came into each office's own account in each period of this year and later."""
    query = select(AccountRow.office_id, AccountRow.unit, BalanceRow.period, BalanceRow.granted)
    query = query.join(BalanceRow, BalanceRow.account_id == AccountRow.id)
    return {
        (office_id, Unit(unit), Period.of_key(period)): granted
        for office_id, unit, period, granted in session.execute(
            query.where(AccountRow.holder == "", BalanceRow.period >= _first_key(year))
        )
    }


def office_accounts(session: Session) -> list[Account]:
    """Return the offices' own accounts, in all units."""
    rows = session.scalars(
        select(AccountRow).where(AccountRow.holder == "").order_by(AccountRow.id)
    )
    return [account_of(row) for row in rows]


def count_entries(session: Session, office_id: str, unit: Unit, period: Period) -> int:
    """Return how many lines a statement has."""
    query = _entries(office_id, unit, period).with_only_columns(func.count())
    return session.scalar(query) or 0


def discrepancies(session: Session) -> list[Discrepancy]:
    """Return every balance that is not the fold of its entries, or holds what nobody reserved."""
    found = []
    for account in session.scalars(select(AccountRow)):
        for period in _periods(session, account.id):
            stored_row = session.get(BalanceRow, (account.id, period))
            stored = (
                Balance(stored_row.granted, stored_row.held, stored_row.spent)
                if stored_row
                else Balance()
            )
            folded = _folded(session, account.id, period)
            reserved = _open(session, account.id, period)
            if stored != folded or stored.held != reserved:
                unit = Unit(account.unit)
                found.append(Discrepancy(account.office_id, unit, period, stored, folded, reserved))
    return found


@dataclass(frozen=True)
class Reserved:
    """A reservation and how it ended."""

    id: str
    state: State
    amount: int
    used: int | None
    settlements: int
    """Ledger entries that settled it; never more than one."""


def reservations(session: Session) -> list[Reserved]:
    """Return every reservation ever made, for those who compare them with what they were for."""
    settled = (
        select(EntryRow.reservation_id, func.count().label("settlements"))
        .where(EntryRow.kind == Kind.SETTLE)
        .group_by(EntryRow.reservation_id)
        .subquery()
    )
    rows = session.execute(
        select(ReservationRow, func.coalesce(settled.c.settlements, 0)).outerjoin(
            settled, settled.c.reservation_id == ReservationRow.id
        )
    )
    return [
        Reserved(row.id, State(row.state), row.amount, row.used, int(count)) for row, count in rows
    ]


def plan_of(row: PlanRow) -> Plan:
    """Return a plan as a value."""
    return Plan(row.percent_less, row.amount, row.starts_on, Base(row.base))


def account_of(row: AccountRow) -> Account:
    """Return an account as a value."""
    return Account(
        row.id,
        row.office_id,
        Unit(row.unit),
        AccountKind(row.kind),
        row.holder,
        row.name,
        Span(row.span),
        row.carry_max,
        row.adjust_max,
        row.ends_at,
        row.closed_at,
        row.code,
        row.limited,
    )


_BOOKED = select(
    EntryRow.id,
    AccountRow.office_id,
    AccountRow.unit,
    EntryRow.period,
    EntryRow.kind,
    EntryRow.granted,
    AccountRow.holder,
).join(AccountRow, AccountRow.id == EntryRow.account_id)


def _booked(rows: Iterable[Row[str, str, str, str, str, int, str]]) -> list[Booked]:
    return [
        Booked(entry_id, office_id, Unit(unit), Period.of_key(period), Kind(kind), granted, holder)
        for entry_id, office_id, unit, period, kind, granted, holder in rows
    ]


def _first_key(year: int) -> str:
    # The key of a year is less than those of its quarters and months.
    return Period(year, 1, Span.YEAR).key


def _periods(session: Session, account_id: str) -> list[str]:
    of_entries = select(EntryRow.period).where(EntryRow.account_id == account_id)
    of_balances = select(BalanceRow.period).where(BalanceRow.account_id == account_id)
    return sorted(set(session.scalars(of_entries)) | set(session.scalars(of_balances)))


def _folded(session: Session, account_id: str, period: str) -> Balance:
    rows = session.execute(
        select(EntryRow.granted, EntryRow.held, EntryRow.spent).where(
            EntryRow.account_id == account_id, EntryRow.period == period
        )
    )
    return fold(Delta(granted, held, spent) for granted, held, spent in rows)


def _open(session: Session, account_id: str, period: str) -> int:
    query = select(func.coalesce(func.sum(ReservationRow.amount), 0)).where(
        ReservationRow.account_id == account_id,
        ReservationRow.period == period,
        ReservationRow.state == State.RESERVED,
    )
    return int(session.scalar(query) or 0)


def _entries(
    office_id: str, unit: Unit, period: Period, holder: str | None = None
) -> Select[EntryRow]:
    query = (
        select(EntryRow)
        .join(AccountRow, AccountRow.id == EntryRow.account_id)
        .where(
            AccountRow.office_id == office_id,
            AccountRow.unit == unit,
            EntryRow.period == period.key,
        )
    )
    return query if holder is None else query.where(AccountRow.holder == holder)


def entry_of(row: EntryRow) -> Entry:
    """Return a row of the ledger as a value."""
    return Entry(
        row.seq,
        row.at,
        Kind(row.kind),
        row.granted,
        row.held,
        row.spent,
        row.person_id,
        row.printer,
        row.label,
        row.estimated,
        row.reason,
        row.actor,
        row.reservation_id,
        row.account_id,
    )
