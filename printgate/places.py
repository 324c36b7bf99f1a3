"""Where a job could go, and what its sender may use: what every decision asks, in one query."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from core.db import UtcDateTime
from printgate.models import PermitRow, PrinterRow
from printgate.permits import Allowance, Measure, State
from printgate.policy import PrinterFacts

# Joined into what is asked anyway: nobody waits for a query more because others have permits.
_PERMIT = (
    select(PermitRow.id)
    .where(
        PermitRow.person_id == bindparam("of_person"),
        PermitRow.state == State.GRANTED,
        PermitRow.office_id == bindparam("of_office"),
        PermitRow.ends_at > bindparam("now", type_=UtcDateTime()),
        PermitRow.used < PermitRow.allowed,
    )
    .order_by(PermitRow.ends_at, PermitRow.id)
    .limit(1)
    .scalar_subquery()
)
_PLACES = (
    select(PrinterRow.name, PrinterRow.two_sided, PrinterRow.location, _PERMIT)
    .where(PrinterRow.retired_at.is_(None))
    .order_by(PrinterRow.name)
)


@dataclass(frozen=True)
class Places:
    """Where a job could go, by name, each with its location; and what its sender may use."""

    printers: tuple[tuple[PrinterFacts, str], ...]
    permit: Allowance | None


def places(session: Session, person_id: str | None, office_id: str, now: datetime) -> Places:
    """Return what the rules ask of the printers that take jobs, and of the sender's permits.

    Of several permits it is the one that ends first.
    """
    of = {"of_person": person_id, "of_office": office_id, "now": now}
    rows = session.execute(_PLACES, of).all()
    number = rows[0][3] if rows else None
    return Places(
        tuple((PrinterFacts(name, two_sided), location) for name, two_sided, location, _ in rows),
        None if number is None else _allowance(session.get_one(PermitRow, number)),
    )


def _allowance(row: PermitRow) -> Allowance:
    return Allowance(row.id, Measure(row.measure), row.allowed - row.used, row.reason)
