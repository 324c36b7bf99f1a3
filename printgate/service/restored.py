"""What becomes of jobs when yesterday's database is put back: nobody knows what came out since."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import notices
from core.people import SYSTEM
from core.text import Text
from printgate.lifecycle import Event, Stage
from printgate.models import JobRow
from printgate.policy import Reason
from printgate.service.rows import change, news_path, reasons_to_json

_EVENTS = {
    # Their documents are not in the backup.
    Stage.RECEIVING: Event.EXPIRE,
    Stage.DECIDING: Event.EXPIRE,
    Stage.ASKED: Event.EXPIRE,
    Stage.SHORT: Event.EXPIRE,
    # They may have been printed after it was taken. What CUPS has already, the watch will settle.
    Stage.ACCEPTED: Event.BACKEND_LOST,
    Stage.FORWARDED: Event.BACKEND_LOST,
}
_WHY = Text(
    "The system was restored from a backup that was taken while this job was on its way. "
    "Please look whether it came out."
)


def after_restore(session: Session, *, now: datetime) -> int:
    """End or ask about every job that was on its way; return how many there were."""
    rows = session.scalars(select(JobRow).where(JobRow.stage.in_(list(_EVENTS)))).all()
    for row in rows:
        row.reasons = [*row.reasons, *reasons_to_json([Reason("storage", _WHY)])]
        change(session, row, _EVENTS[Stage(row.stage)], actor=SYSTEM, now=now)
        if row.person_id is not None:
            notices.notify(session, row.person_id, _WHY, news_path(row), now=now)
    return len(rows)
