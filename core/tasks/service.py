"""Laying work aside, claiming it, and saying what became of it.

A task is a name, a subject and some values. There is at most one waiting task for a name and a
subject, so asking twice is asking once. A claim is a conditional UPDATE and an answer to "did
exactly one row change?": the same on every database, for any number of runners. A claim ends by
itself unless its runner prolongs it, so the work of a runner that died is taken up by another soon,
and long work stays with one that lives. A runner may be cut off from the database, though; every
task must therefore bear being run twice.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Executable, bindparam, case, delete, func, literal, or_, select, update
from sqlalchemy.orm import Session

from core import audit
from core.db import dialect_of, insert_or, table, wake_after_commit
from core.ids import new_uuid
from core.people import Actor
from core.tasks.models import TaskRow

CLAIM = timedelta(seconds=20)
_BACKOFF_SECONDS = (1, 2, 5, 10, 30, 60)

# What every task comes through is built once (see quotas/statements.py).
_TASK = table(TaskRow).c
_FREE = or_(_TASK.claimed_until.is_(None), _TASK.claimed_until <= bindparam("now"))
_DUE = (_TASK.due_at <= bindparam("now"), _FREE)
_ANYTHING_DUE = select(literal(1)).where(*_DUE).limit(1)
# Where many can write, each passes over the rows that another is claiming at this moment.
_NEXT_DUE = (
    select(_TASK.id, _TASK.name, _TASK.subject, _TASK["values"], _TASK.attempts, _TASK.claims)
    .where(*_DUE)
    .order_by(_TASK.due_at)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_CLAIM = (
    update(table(TaskRow))
    .where(_TASK.id == bindparam("of_id"), _FREE)
    .values(claims=_TASK.claims + 1)
)
_FINISH = delete(table(TaskRow)).where(
    _TASK.id == bindparam("of_id"), _TASK.claimed_by == bindparam("of_claim")
)


@dataclass(frozen=True)
class Task:
    """A claimed piece of work."""

    id: str
    name: str
    subject: str
    values: dict[str, Any]
    attempts: int
    claim: str
    first: bool
    """Whether nobody has ever taken it up before: nothing of it can be half done."""


def enqueue(  # what a task is
    session: Session,
    name: str,
    subject: str,
    *,
    now: datetime,
    values: dict[str, Any] | None = None,
    delay: timedelta = timedelta(0),
) -> None:
    """Lay a task aside in the caller's transaction; one that waits already is made due sooner."""
    session.flush()
    new = {
        "id": new_uuid(),
        "name": name,
        "subject": subject,
        "values": values or {},
        "created_at": now,
        "due_at": now + delay,
    }
    session.execute(_lay_aside(dialect_of(session), with_values=values is not None), new)
    if delay <= timedelta(0):
        wake_after_commit(session)


@cache
def _lay_aside(dialect: str, *, with_values: bool) -> Executable:
    new = insert_or(dialect, TaskRow)
    sooner = case((_TASK.due_at < new.excluded.due_at, _TASK.due_at), else_=new.excluded.due_at)
    # A claim that stands is withdrawn: its runner may have looked before this happened.
    changed: dict[str, Any] = {"due_at": sooner, "claimed_by": None, "claimed_until": None}
    if with_values:
        changed["values"] = new.excluded["values"]
    return new.on_conflict_do_update(index_elements=["name", "subject"], set_=changed)


def anything_due(session: Session, *, now: datetime) -> bool:
    """Tell whether there is a task that could be claimed now."""
    return session.scalar(_ANYTHING_DUE, {"now": now}) is not None


def claim_due(session: Session, *, now: datetime) -> Task | None:
    """Claim the task that is due longest, or return None when there is none."""
    row = session.execute(_NEXT_DUE, {"now": now}).one_or_none()
    if row is None:
        return None
    claim = new_uuid()
    claimed = {"claimed_until": now + CLAIM, "claimed_by": claim}
    changed = session.execute(_CLAIM, {"of_id": row[0], "now": now, **claimed})
    if changed.rowcount != 1:  # type: ignore[attr-defined]
        return None
    return Task(row[0], row[1], row[2], dict(row[3]), row[4], claim, first=row[5] == 0)


def take_back_claims(session: Session) -> int:
    """Free every claim, and return how many there were.

    Only for a process that is known to be the only one: whoever held a claim is dead then.
    """
    changed = session.execute(
        update(TaskRow)
        .where(TaskRow.claimed_by.is_not(None))
        .values(claimed_by=None, claimed_until=None)
    )
    return int(changed.rowcount)  # type: ignore[attr-defined]


def heed_jump(session: Session, jump: timedelta, *, now: datetime) -> None:
    """Keep a clock that was set back from putting off what was due; doing it twice is fine."""
    if jump > timedelta(0):
        return
    soon = now - jump + timedelta(seconds=_BACKOFF_SECONDS[-1])
    session.execute(
        update(TaskRow).where(TaskRow.due_at > now, TaskRow.due_at <= soon).values(due_at=now)
    )
    session.execute(
        update(TaskRow).where(TaskRow.claimed_until > now + CLAIM).values(claimed_until=now + CLAIM)
    )


def finish(session: Session, task: Task) -> None:
    """Forget a task that is done, unless it was asked for again meanwhile."""
    session.execute(_FINISH, {"of_id": task.id, "of_claim": task.claim})


def prolong(session: Session, claims: Collection[str], *, now: datetime) -> None:
    """Keep the claims of tasks that are being worked on; one that was withdrawn stays withdrawn."""
    session.execute(
        update(TaskRow)
        .where(TaskRow.claimed_by.in_(claims))
        .values(claimed_until=now + CLAIM)
        .execution_options(synchronize_session=False)
    )


def postpone(session: Session, task: Task, *, until: datetime) -> None:
    """Put a task that is not done yet back, due at `until`; this is not a failure."""
    session.execute(
        update(TaskRow)
        .where(TaskRow.id == task.id, TaskRow.claimed_by == task.claim)
        .values(due_at=until, claimed_by=None, claimed_until=None, attempts=0, last_error=None)
    )


def fail(session: Session, task: Task, error: str, *, now: datetime) -> None:
    """Put a task that failed back, later and later, with what went wrong."""
    wait = _BACKOFF_SECONDS[min(task.attempts, len(_BACKOFF_SECONDS) - 1)]
    session.execute(
        update(TaskRow)
        .where(TaskRow.id == task.id, TaskRow.claimed_by == task.claim)
        .values(
            due_at=now + timedelta(seconds=wait),
            attempts=task.attempts + 1,
            claimed_by=None,
            claimed_until=None,
            last_error=error[:1000],
        )
    )


@dataclass(frozen=True)
class Waiting:
    """A task that is laid aside, as somebody who looks for what is stuck sees it."""

    name: str
    subject: str
    due_at: datetime
    claimed_until: datetime | None
    attempts: int
    last_error: str | None


def waiting(session: Session) -> list[Waiting]:
    """Return all tasks that are not done, the one due longest first."""
    return [
        Waiting(row.name, row.subject, row.due_at, row.claimed_until, row.attempts, row.last_error)
        for row in session.scalars(select(TaskRow).order_by(TaskRow.due_at))
    ]


def depth(session: Session, *, now: datetime) -> tuple[int, int]:
    """Return (tasks that are due, tasks that failed at least once)."""
    due = select(func.count()).where(TaskRow.due_at <= now)
    failing = select(func.count()).where(TaskRow.attempts > 0)
    return session.scalar(due) or 0, session.scalar(failing) or 0


def try_now(session: Session, task_id: str, *, actor: Actor, now: datetime) -> None:
    """Make a task that failed due at once; one that is done by now is left alone."""
    changed = session.execute(
        update(TaskRow)
        .where(TaskRow.id == task_id)
        .values(due_at=now)
        .execution_options(synchronize_session=False)
    )
    if changed.rowcount == 1:  # type: ignore[attr-defined]
        audit.record(session, actor, "task.try-now", task_id, {}, now)
        wake_after_commit(session)


def withdraw(session: Session, name: str, subject: str, *, now: datetime) -> bool:
    """Take back a task that nobody works on; False if somebody does, who can't be called back."""
    free = or_(TaskRow.claimed_until.is_(None), TaskRow.claimed_until <= now)
    named = (TaskRow.name == name, TaskRow.subject == subject)
    session.flush()
    session.execute(
        delete(TaskRow).where(*named, free).execution_options(synchronize_session=False)
    )
    return session.scalar(select(TaskRow.id).where(*named)) is None
