"""Reads of the outbox, for people: what waits, and what fails."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.tasks.models import TaskRow
from core.text import Text


@dataclass(frozen=True)
class Depth:
    """How much of one kind of work waits."""

    name: str
    waiting: int
    due: int
    failing: int


@dataclass(frozen=True)
class FailingTask:
    """A task that failed at least once; its values stay hidden, for they may be private."""

    id: str
    name: str
    subject: str
    attempts: int
    last_error: str
    created_at: datetime
    due_at: datetime


def depths(session: Session, *, now: datetime) -> list[Depth]:
    """Return how much work waits, by its name."""
    counts: dict[str, list[int]] = {}
    rows = session.execute(select(TaskRow.name, TaskRow.due_at, TaskRow.attempts))
    for name, due_at, attempts in rows:
        count = counts.setdefault(name, [0, 0, 0])
        count[0] += 1
        count[1] += due_at <= now
        count[2] += attempts > 0
    return [Depth(name, *counts[name]) for name in sorted(counts)]


def failing(session: Session, *, limit: int) -> list[FailingTask]:
    """Return the tasks that failed, the most often first."""
    query = select(TaskRow).where(TaskRow.attempts > 0)
    rows = session.scalars(query.order_by(TaskRow.attempts.desc(), TaskRow.due_at).limit(limit))
    return [_failing(row) for row in rows]


def failing_task(session: Session, task_id: str) -> FailingTask:
    """Return one task that failed; NotFound if it is done or never failed."""
    row = session.get(TaskRow, task_id)
    if row is None or row.attempts == 0:
        raise NotFound(Text("There is no such task any more."))
    return _failing(row)


def _failing(row: TaskRow) -> FailingTask:
    return FailingTask(
        row.id,
        row.name,
        row.subject,
        row.attempts,
        row.last_error or "",
        row.created_at,
        row.due_at,
    )
