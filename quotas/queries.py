"""Reads of accounts. Every figure here is the sum of rows that another query here lists."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from quotas.ledger import Balance, Delta, Kind, State, fold
from quotas.models import AccountRow, BalanceRow, EntryRow, ReservationRow
from quotas.periods import Period
from quotas.units import Unit


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


@dataclass(frozen=True)
class Discrepancy:
    """A balance that is not the sum of its entries."""

    office_id: str
    unit: Unit
    period: str
    stored: Balance
    folded: Balance
    open_reservations: int


def balance(session: Session, office_id: str, unit: Unit, period: Period) -> Balance:
    """Return what an office was granted, holds and has spent; zeros where there is no account."""
    row = session.scalar(
        select(BalanceRow)
        .join(AccountRow, AccountRow.id == BalanceRow.account_id)
        .where(
            AccountRow.office_id == office_id,
            AccountRow.unit == unit,
            BalanceRow.period == period.key,
        )
    )
    return Balance(row.granted, row.held, row.spent) if row else Balance()


def entries(
    session: Session,
    office_id: str,
    unit: Unit,
    period: Period,
    *,
    limit: int | None = None,
    offset: int = 0,
) -> list[Entry]:
    """Return the lines of a statement, newest first."""
    query = _entries(office_id, unit, period).order_by(EntryRow.seq.desc()).offset(offset)
    return [entry_of(row) for row in session.scalars(query.limit(limit) if limit else query)]


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


def _entries(office_id: str, unit: Unit, period: Period) -> Select[EntryRow]:
    return (
        select(EntryRow)
        .join(AccountRow, AccountRow.id == EntryRow.account_id)
        .where(
            AccountRow.office_id == office_id,
            AccountRow.unit == unit,
            EntryRow.period == period.key,
        )
    )


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
    )
