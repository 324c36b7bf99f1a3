"""Uses of permits: taken when a job is decided, given back when nothing came of it.

Whether a permit has enough left is answered by the UPDATE itself. The permit's row is locked after
the job's and before the reservation's, in every transaction (see core/db.py).
"""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import bindparam, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from core import audit
from core.db import UtcDateTime, table
from printgate.models import JobRow, PermitRow, PermitUseRow
from printgate.permits import Measure, State, kept
from printgate.policy import PermitUse
from printgate.service.rows import sender

_PERMIT, _USE = table(PermitRow).c, table(PermitUseRow).c
_TAKE = (
    update(table(PermitRow))
    .where(
        _PERMIT.id == bindparam("of_permit"),
        _PERMIT.state == State.GRANTED,
        _PERMIT.ends_at > bindparam("now", type_=UtcDateTime()),
        _PERMIT.used + bindparam("amount") <= _PERMIT.allowed,
    )
    .values(used=_PERMIT.used + bindparam("amount"))
)
_GIVE_BACK = (
    update(table(PermitRow))
    .where(_PERMIT.id == bindparam("of_permit"))
    .values(used=_PERMIT.used - bindparam("amount"))
)
_SETTLE = update(table(PermitUseRow)).where(
    _USE.job_uuid == bindparam("of_job"), _USE.settled_at.is_(None)
)


def take(session: Session, row: JobRow, use: PermitUse, *, now: datetime) -> bool:
    """Use a permit for a job; False, and nothing is done, if it has not enough left by now."""
    of = {"of_permit": use.number, "now": now, "amount": use.amount}
    taken = session.execute(_TAKE, of)
    assert isinstance(taken, CursorResult)
    if taken.rowcount != 1:
        return False
    session.flush()  # a new job has its row from here on
    session.add(
        PermitUseRow(
            job_uuid=row.uuid,
            permit_id=use.number,
            amount=use.amount,
            two_sided_sheets=use.two_sided_sheets,
            used_at=now,
        )
    )
    row.permit_id = use.number
    details = _details(row, use.amount)
    audit.record(session, sender(row), "permit.use", f"permit:{use.number}", details, now)
    return True


def settle(session: Session, row: JobRow, sheets: int, *, now: datetime) -> None:
    """Say how many sheets of a job came out: the rest of its use goes back, once."""
    if row.permit_id is None:
        return
    session.flush()
    found = select(_USE.amount, _PERMIT.measure).join(
        table(PermitRow), _PERMIT.id == _USE.permit_id
    )
    amount, measure = session.execute(found.where(_USE.job_uuid == row.uuid)).one()
    stands = kept(Measure(measure), amount, sheets)
    ended = session.execute(_SETTLE, {"of_job": row.uuid, "kept": stands, "settled_at": now})
    assert isinstance(ended, CursorResult)
    if ended.rowcount == 1 and stands < amount:
        back = amount - stands
        session.execute(_GIVE_BACK, {"of_permit": row.permit_id, "amount": back})
        subject, details = f"permit:{row.permit_id}", _details(row, back)
        audit.record(session, sender(row), "permit.give-back", subject, details, now)


def hold(session: Session, numbers: Iterable[int | None]) -> None:
    """Lock several permits in one order, for a transaction that ends several jobs."""
    wanted = sorted({number for number in numbers if number is not None})
    if wanted:
        rows = select(PermitRow.id).where(PermitRow.id.in_(wanted)).order_by(PermitRow.id)
        session.execute(rows.with_for_update(key_share=True))


def _details(row: JobRow, amount: int) -> dict[str, str | int]:
    return {"job": row.uuid, "amount": amount}
