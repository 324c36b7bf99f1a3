"""Taking jobs that are over into the tallies, once each; making all tallies again."""

from functools import cache
from zoneinfo import ZoneInfo

from sqlalchemy import Executable, delete, select, update
from sqlalchemy.orm import Session

from core.db import dialect_of, insert_or
from printgate.lifecycle import OVER
from printgate.models import JobRow, TallyRow
from printgate.savings import saving
from printgate.tallies import NAMES, counted
from printgate.ticket import JobTicket


def tally(session: Session, zone: ZoneInfo, *, limit: int) -> int:
    """Take the next jobs that are over into the tallies; return how many there were."""
    over = [str(stage) for stage in OVER]
    rows = session.scalars(
        select(JobRow)
        .where(~JobRow.tallied, JobRow.stage.in_(over))
        .order_by(JobRow.id)
        .limit(limit)
        .with_for_update(key_share=True, skip_locked=True)
    ).all()
    for row in rows:
        asked, printed = JobTicket.from_json(row.ticket_asked), JobTicket.from_json(row.ticket)
        saved = saving(asked, printed, row.pages, row.sheets_used or 0)
        row.two_sided_sheets = saved.two_sided_sheets
        row.saved_by_two_sided = saved.by_two_sided
        row.saved_by_number_up = saved.by_number_up
        row.tallied = True
    session.flush()
    if rows:
        summed = counted(session, zone, JobRow.id.in_([row.id for row in rows]))
        new = [
            {"office_id": office_id, "day": day, **vars(found)}
            # In one order, so that two who tally never wait for each other in a ring.
            for (office_id, day), found in sorted(summed.items())
        ]
        session.execute(_add(dialect_of(session)), new)
    return len(rows)


def rebuild(session: Session) -> None:
    """Forget all tallies; they are made again from the first job on."""
    session.execute(delete(TallyRow))
    session.execute(update(JobRow).where(JobRow.tallied).values(tallied=False))


@cache
def _add(dialect: str) -> Executable:
    new = insert_or(dialect, TallyRow)
    more = {name: TallyRow.__table__.c[name] + new.excluded[name] for name in NAMES}
    return new.on_conflict_do_update(index_elements=["office_id", "day"], set_=more)
