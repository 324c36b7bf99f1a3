"""Keeping a file between its preview and its import, and carrying out exactly what was shown.

The file is kept here, not in the browser: what is imported is what was previewed. It is kept for an
hour, for the one who sent it, and only the last of each kind. When its import is agreed to, the
plan is made again in the transaction that carries it out, and is carried out only if its digest is
the one that was agreed to.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete
from sqlalchemy.orm import Session

from core import audit
from core.db import locked
from core.errors import Conflict, NotFound
from core.ids import new_uuid
from core.importing.models import UploadRow
from core.importing.plan import Plan, Step
from core.importing.table import Column, Table, read
from core.people import Actor
from core.tasks import service as tasks
from core.tasks.service import Task
from core.text import Text, clean_line

KEPT_FOR = timedelta(hours=1)
DISCARD_TASK = "core.discard-upload"


class PlanChanged(Conflict):
    """What an import would do is no longer what was agreed to."""

    code = "plan-changed"


@dataclass(frozen=True)
class Asking:
    """Who asks for an import, when, and by which calendar."""

    actor: Actor
    now: datetime
    zone: ZoneInfo


@dataclass(frozen=True)
class FileKind:
    """A kind of file that can be imported: each package that owns the things has its own."""

    name: str
    columns: tuple[Column, ...]
    plan: Callable[[Session, Table, Asking], Plan[Any]]
    carry_out: Callable[[Session, Plan[Any], Asking], None]
    current: Callable[[Session, Asking], Iterable[Mapping[str, str]]]
    """The lines of a file that says what there is."""
    hold: Callable[[Session, Table], None]
    """Lets nobody else change the things that the file names until this transaction ends."""


@dataclass(frozen=True)
class Upload:
    """A file that was sent; `content` is empty once it was imported."""

    id: str
    kind: str
    file_name: str
    content: bytes
    outcome: Mapping[str, int] | None


def keep(session: Session, kind: FileKind, file_name: str, content: bytes, asking: Asking) -> str:
    """Keep a file for its sender, in place of an earlier one of its kind; return its id."""
    actor, now = asking.actor, asking.now
    assert actor.person_id is not None
    session.execute(
        delete(UploadRow).where(UploadRow.person_id == actor.person_id, UploadRow.kind == kind.name)
    )
    upload_id = new_uuid()
    session.add(
        UploadRow(
            id=upload_id,
            person_id=actor.person_id,
            kind=kind.name,
            file_name=clean_line(file_name, 255),
            content=content,
            created_at=now,
            expires_at=now + KEPT_FOR,
        )
    )
    tasks.enqueue(session, DISCARD_TASK, upload_id, now=now, delay=KEPT_FOR)
    details = {"kind": kind.name, "octets": len(content)}
    audit.record(session, actor, "import.upload", upload_id, details, now)
    return upload_id


def find(session: Session, upload_id: str, asking: Asking) -> Upload:
    """Return a file that the actor sent; NotFound if it is somebody else's or no longer kept."""
    return _upload(session.get(UploadRow, upload_id), asking)


def look(
    session: Session, kind: FileKind, content: bytes, asking: Asking
) -> tuple[Table, Plan[Any]]:
    """Return what a file says and what it would do now; changes nothing."""
    table = read(content, kind.columns)
    return table, kind.plan(session, table, asking)


def apply(session: Session, kind: FileKind, upload_id: str, digest: str, asking: Asking) -> Upload:
    """Carry out the plan with this digest, all of it; once it was, asking again changes nothing.

    PlanChanged when the file would do something else now, or has faults; then nothing is done.
    """
    upload = _upload(locked(session, UploadRow, upload_id), asking)
    if upload.outcome is not None:
        return upload
    done = carry_out(session, kind, upload.content, digest, asking, subject=upload_id)
    row = session.get_one(UploadRow, upload_id)
    row.content, row.outcome = None, done
    session.flush()
    return _upload(row, asking)


def carry_out(
    session: Session,
    kind: FileKind,
    content: bytes,
    digest: str,
    asking: Asking,
    *,
    subject: str = "",
) -> dict[str, int]:
    """Do what a file says if that is the plan with this digest; return how many of each step."""
    table = read(content, kind.columns)
    kind.hold(session, table)
    plan = kind.plan(session, table, asking)
    if plan.faults or plan.digest != digest:
        raise PlanChanged(
            Text("Something was changed since you looked. Nothing was imported; please look again.")
        )
    kind.carry_out(session, plan, asking)
    done = {step.value: plan.count(step) for step in Step}
    details = {"kind": kind.name, "digest": digest, **done}
    audit.record(session, asking.actor, "import.apply", subject, details, asking.now)
    return done


def discard(session: Session, upload_id: str, asking: Asking) -> None:
    """Forget a file that the actor sent."""
    row = session.get(UploadRow, upload_id)
    _upload(row, asking)
    session.delete(row)
    audit.record(session, asking.actor, "import.discard", upload_id, {}, asking.now)


def forget(session: Session, task: Task, *, now: datetime) -> None:
    """Forget a file whose time is over: the work behind `DISCARD_TASK`."""
    session.execute(
        delete(UploadRow).where(UploadRow.id == task.subject, UploadRow.expires_at <= now)
    )


def _upload(row: UploadRow | None, asking: Asking) -> Upload:
    mine = row is not None and row.person_id == asking.actor.person_id
    if row is None or not mine or row.expires_at <= asking.now:
        raise NotFound(
            Text("This file is not kept any more; it is for an hour. Please choose it again.")
        )
    return Upload(row.id, row.kind, row.file_name, row.content or b"", row.outcome)
