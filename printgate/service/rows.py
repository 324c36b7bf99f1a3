"""Rows of jobs: finding them, and moving them from stage to stage with an audit record."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from core import audit
from core.people import Actor
from core.tasks import service as tasks
from core.text import Text
from printgate.errors import NoSuchJob
from printgate.lifecycle import ACTIVE, Event, Stage, advance
from printgate.models import JobRow
from printgate.policy import Reason

_HELD = "printgate-jobs"
_LOCKED = (
    select(JobRow)
    .where(JobRow.uuid == bindparam("of_uuid"))
    .execution_options(populate_existing=True)
    .with_for_update(key_share=True)
)
DECIDE_TASK = "printgate.decide"
FORWARD_TASK = "printgate.forward"
CANCEL_TASK = "printgate.cancel"
DISCARD_TASK = "printgate.discard"

# A job in one of these stages still needs its document; UNKNOWN may have to be looked into.
_KEEPS_DOCUMENT = ACTIVE | {Stage.UNKNOWN}


def job_row(session: Session, uuid: str) -> JobRow:
    """Return the row of a job by our own key; NoSuchJob if there is none.

    It is locked: of two that move a job at once, the second sees where the first has left it. It is
    the first lock of every transaction, before quotas, documents and tasks (see core/db.py). What
    this transaction has locked or added it has still, and is not asked for again.
    """
    known = _held(session).get(uuid)
    if known is not None:
        return known
    row = session.scalar(_LOCKED, {"of_uuid": uuid})
    if row is None:
        raise NoSuchJob(Text("There is no such job."))
    return hold_row(session, row)


def hold_row(session: Session, row: JobRow) -> JobRow:
    """Remember a row that this transaction has locked or added."""
    _held(session)[row.uuid] = row
    return row


def _held(session: Session) -> dict[str, JobRow]:
    held: dict[str, JobRow] = session.info.setdefault(_HELD, {})
    return held


def sender(row: JobRow) -> Actor:
    """Return the one who sent a job as the one who acts."""
    return Actor(row.claimed_name or "anonymous", row.person_id, row.office_id)


def change(  # what a move of stage is
    session: Session,
    row: JobRow,
    event: Event,
    *,
    actor: Actor,
    now: datetime,
    details: Mapping[str, Any] | None = None,
    state_reasons: Iterable[str] = (),
) -> None:
    """Move a job to its next stage; WrongStage if the event cannot happen to it now.

    A job that reached its end leaves the spool: the task that removes its files is laid aside in
    the same transaction.
    """
    stage = advance(Stage(row.stage), event)
    row.stage, row.changed_at = stage, now
    row.state_reasons = list(state_reasons)
    if stage not in ACTIVE:
        row.completed_at = now
        row.expires_at, row.pin_hash = None, ""
    if stage not in _KEEPS_DOCUMENT:
        tasks.enqueue(session, DISCARD_TASK, row.uuid, now=now)
    audit.record(
        session, actor, f"job.{event}", row.uuid, {"stage": str(stage), **(details or {})}, now
    )


def lay_aside(
    session: Session, name: str, row: JobRow, now: datetime, delay_seconds: float = 0
) -> None:
    """Ask for background work on a job, in this transaction."""
    tasks.enqueue(session, name, row.uuid, now=now, delay=timedelta(seconds=delay_seconds))


def reasons_to_json(reasons: Iterable[Reason]) -> list[Any]:
    """Return what the column of reasons keeps."""
    return [{"rule": reason.rule, "text": reason.text.to_json()} for reason in reasons]


def news_path(row: JobRow) -> str:
    """Return the page that tells of a job."""
    return f"/documents/{row.document_id}" if row.document_id else f"/jobs/{row.id}"
