"""Which jobs were refused because an account had too little left, and what they needed.

What a job needed stands in the reason that it was refused with: it never held anything.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from printgate.lifecycle import Stage
from printgate.models import JobRow
from printgate.queries import reasons_from_json
from quotas.errors import QuotaExceeded


@dataclass(frozen=True)
class RefusedJob:
    """A job that an account turned away."""

    uuid: str
    at: datetime
    office_id: str
    person_id: str | None
    needed: int


def refused_for_quota(
    session: Session, since: datetime, before: datetime, office_id: str = ""
) -> Iterator[RefusedJob]:
    """Yield the jobs that were refused in a span for want of sheets, in order of time.

    Not those that a closed or a project's account refused, nor those that exceeded a limit.
    """
    query = select(
        JobRow.uuid, JobRow.completed_at, JobRow.office_id, JobRow.person_id, JobRow.reasons
    ).where(
        JobRow.stage == Stage.REFUSED, JobRow.completed_at >= since, JobRow.completed_at < before
    )
    if office_id:
        query = query.where(JobRow.office_id == office_id)
    for uuid, at, office, person_id, stored in session.execute(
        query.order_by(JobRow.completed_at, JobRow.id)
    ):
        reasons = reasons_from_json(stored)
        needed = reasons[-1].text.values.get("needed") if reasons else None
        if at is not None and isinstance(needed, int) and reasons[-1].rule == QuotaExceeded.rule:
            yield RefusedJob(uuid, at, office, person_id, needed)
