"""Reads of limits: what is set, what each person has taken, and the proof of that."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from quotas.fairness import Fairness
from quotas.limits import Limits
from quotas.models import AccountRow, EntryRow, LimitsRow, PersonLimitRow, ReservationRow
from quotas.periods import Period
from quotas.units import Unit


def limits(session: Session, office_id: str) -> Limits:
    """Return an office's limits."""
    return limits_of(
        session.scalar(
            select(LimitsRow)
            .join(AccountRow, AccountRow.id == LimitsRow.account_id)
            .where(*_own(office_id))
            .execution_options(populate_existing=True)
        )
    )


def limits_of(row: LimitsRow | None) -> Limits:
    """Return limits as a value."""
    if row is None:
        return Limits()
    fair = Fairness(row.fair_days, row.fair_percent, row.fair_least) if row.fair_days else None
    return Limits(row.job_max, row.person_max, fair, row.soft_percent)


def person_limits(session: Session, office_id: str) -> dict[str, int]:
    """Return what those persons may take of an office's account who have a limit of their own."""
    rows = session.execute(
        select(PersonLimitRow.person_id, PersonLimitRow.sheets_max)
        .join(AccountRow, AccountRow.id == PersonLimitRow.account_id)
        .where(*_own(office_id))
    )
    return {row.person_id: row.sheets_max for row in rows}


def taken(
    session: Session, office_id: str, period: Period, since: datetime | None = None
) -> dict[str, int]:
    """Return what each person has taken of an office's own account in a period, in sheets.

    All of it, or what jobs took that were reserved since a moment.
    """
    of_late = () if since is None else (ReservationRow.reserved_at >= since,)
    rows = session.execute(
        select(ReservationRow.person_id, _TAKEN)
        .join(AccountRow, AccountRow.id == ReservationRow.account_id)
        .where(
            *_own(office_id),
            ReservationRow.period == period.key,
            ReservationRow.person_id.is_not(None),
            *of_late,
        )
        .group_by(ReservationRow.person_id)
    )
    return {person_id: int(sheets) for person_id, sheets in rows if person_id}


@dataclass(frozen=True)
class PersonDiscrepancy:
    """A person whose reservations of a period say something else than the entries of these."""

    account_id: str
    period: str
    person_id: str | None
    reserved: int
    folded: int


def person_discrepancies(session: Session) -> list[PersonDiscrepancy]:
    """Return whoever has not taken by their reservations what the ledger's entries add up to."""
    key = (ReservationRow.account_id, ReservationRow.period, ReservationRow.person_id)
    reserved = {
        (account, period, person): int(sheets)
        for account, period, person, sheets in session.execute(select(*key, _TAKEN).group_by(*key))
    }
    of_entry = (EntryRow.account_id, EntryRow.period, EntryRow.person_id)
    folded = {
        (account, period, person): int(sheets)
        for account, period, person, sheets in session.execute(
            select(*of_entry, func.sum(EntryRow.held + EntryRow.spent))
            .where(EntryRow.reservation_id.is_not(None))
            .group_by(*of_entry)
        )
    }
    return [
        PersonDiscrepancy(*place, reserved.get(place, 0), folded.get(place, 0))
        for place in sorted({*reserved, *folded}, key=str)
        if reserved.get(place, 0) != folded.get(place, 0)
    ]


_TAKEN = func.sum(func.coalesce(ReservationRow.used, ReservationRow.amount))


def _own(office_id: str) -> tuple[ColumnElement[bool], ...]:
    return (
        AccountRow.office_id == office_id,
        AccountRow.unit == Unit.SHEETS,
        AccountRow.holder == "",
    )
