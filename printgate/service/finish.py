"""How a job ends: settled by what came out (T3), cancelled, expired, or closed by a person."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

import docflow.service
import quotas.queries
import quotas.service
from core import audit, notices
from core.people import SYSTEM, Actor
from core.tasks import service as tasks
from core.text import Text, counted
from printgate.errors import JobNotPossible
from printgate.lifecycle import AT_BACKEND, WAITS, Event, Stage, may
from printgate.metering import Usage
from printgate.models import JobRow, PrinterRow
from printgate.policy import Reason
from printgate.queries import Job, job_by_uuid
from printgate.service import permit_uses
from printgate.service.rows import (
    CANCEL_TASK,
    change,
    job_row,
    lay_aside,
    news_path,
    reasons_to_json,
    sender,
)
from quotas.toner import assumed

_NEWS = {
    Event.BACKEND_CANCELED: Text("A print job was cancelled at the printer, not by you."),
    Event.BACKEND_ABORTED: Text("A print job broke off at the printer. Please print it again."),
    Event.BACKEND_LOST: Text(
        "The print system lost a job. Please look whether it came out, and say so on its page."
    ),
}
_WAITED_IN_VAIN = {
    Stage.ASKED: Text("A draft waited too long for your decision and was not printed."),
    Stage.SHORT: Text(
        "A job for which the office had too few sheets waited too long. "
        "It was not printed, nor charged."
    ),
}
_REPEATED = Text(
    "The print system broke down while this job printed and began again: it may have come out "
    "twice. It was charged once."
)


def settle(
    session: Session,
    uuid: str,
    event: Event,
    usage: Usage,
    *,
    state_reasons: tuple[str, ...] = (),
    processing_at: datetime | None = None,
    repeated: bool = False,
    now: datetime,
) -> Job:
    """End a job as CUPS ended it and charge what came out; ending it again changes nothing.

    A job that CUPS lost keeps its reservation until a person says what came out. `processing_at` is
    when it began to print: perhaps nobody looked while it did. `repeated` is whether the printer
    had it more often than we sent it: a CUPS that dies while it prints begins again when it is
    back. That is charged once, and said.
    """
    row = job_row(session, uuid)
    if Stage(row.stage) not in AT_BACKEND:
        return job_by_uuid(session, uuid)
    was_wanted = Stage(row.stage) is Stage.RELEASED
    row.processing_at = row.processing_at or processing_at
    change(
        session,
        row,
        event,
        actor=SYSTEM,
        now=now,
        details={"sheets": usage.sheets, "estimated": usage.estimated},
        state_reasons=state_reasons,
    )
    if event is not Event.BACKEND_LOST:
        charge(session, row, usage, SYSTEM, now)
    if repeated:
        row.reasons = [*row.reasons, *reasons_to_json([Reason("backend", _REPEATED)])]
        if row.person_id is not None:
            notices.notify(session, row.person_id, _REPEATED, news_path(row), now=now)
    if event in _NEWS and was_wanted and row.person_id is not None:
        notices.notify(session, row.person_id, _NEWS[event], news_path(row), now=now)
    session.flush()
    return job_by_uuid(session, uuid)


def close_unknown(session: Session, uuid: str, usage: Usage, *, actor: Actor, now: datetime) -> Job:
    """End a job that CUPS lost, with what a person found in the tray.

    An administrator may so end one that was cancelled and of which CUPS never says how it ended;
    nobody else, for who cancelled it would have a reason to find nothing.
    """
    row = job_row(session, uuid)
    check_close(Stage(row.stage), row.sheets_reserved, usage.sheets, actor)
    change(session, row, Event.CLOSE, actor=actor, now=now, details={"sheets": usage.sheets})
    charge(session, row, usage, actor, now)
    session.flush()
    return job_by_uuid(session, uuid)


def check_close(stage: Stage, reserved: int, sheets: int, actor: Actor) -> None:
    """Raise JobNotPossible unless the actor may so end a job that is in this stage."""
    told = stage is not Stage.CANCELING or actor.admin
    if not told or not may(stage, Event.CLOSE):
        raise JobNotPossible(Text("This job does not wait for an answer."))
    if not 0 <= sheets <= reserved:
        raise JobNotPossible(
            counted(
                "This job can have taken 0 to {n} sheet.",
                "This job can have taken 0 to {n} sheets.",
                reserved,
            )
        )


def cancel(session: Session, uuid: str, *, actor: Actor, now: datetime) -> Job:
    """Cancel a job; one that CUPS has is cancelled there, and settled by what came out.

    JobNotPossible if the job is over (RFC 8011 §4.3.3: client-error-not-possible).
    """
    row = job_row(session, uuid)
    if not may(Stage(row.stage), Event.CANCEL):
        raise JobNotPossible(Text("This job is over and can't be cancelled."))
    in_backend = row.backend_job_id is not None
    change(session, row, Event.CANCEL, actor=actor, now=now)
    if Stage(row.stage) is Stage.CANCELED:
        charge(session, row, Usage(0, 0, estimated=False), actor, now)
    if in_backend:
        lay_aside(session, CANCEL_TASK, row, now)
    session.flush()
    return job_by_uuid(session, uuid)


def cancel_all(session: Session, uuids: Sequence[str], *, actor: Actor, now: datetime) -> None:
    """Cancel several jobs, or none: JobNotPossible if one of them is over."""
    # All are locked before the first one takes the lock of its office's balance (see core/db.py).
    jobs = session.execute(
        select(JobRow.id, JobRow.permit_id)
        .where(JobRow.uuid.in_(uuids))
        .order_by(JobRow.id)
        .with_for_update(key_share=True)
    )
    permit_uses.hold(session, (permit_id for _, permit_id in jobs))
    for uuid in uuids:
        cancel(session, uuid, actor=actor, now=now)


def expire(session: Session, *, hold_expires: timedelta, now: datetime) -> int:
    """End the jobs whose document, answer or release never came; return how many there were.

    `hold_expires` is how long a held job may wait for its release.
    """
    overdue = session.scalars(
        select(JobRow)
        .where(JobRow.stage.in_(WAITS), JobRow.expires_at <= now)
        # One that is being changed at this moment is looked at again in the next round.
        .with_for_update(key_share=True, skip_locked=True)
    ).all()
    for row in overdue:
        text = _WAITED_IN_VAIN.get(Stage(row.stage))
        change(session, row, Event.EXPIRE, actor=SYSTEM, now=now)
        if text is not None and row.person_id is not None:
            notices.notify(session, row.person_id, text, news_path(row), now=now)
    return len(overdue) + _expire_held(session, now - hold_expires, now)


def _expire_held(session: Session, held_before: datetime, now: datetime) -> int:
    overdue = session.scalars(
        select(JobRow)
        .where(JobRow.stage == Stage.HELD, JobRow.changed_at <= held_before)
        .with_for_update(key_share=True, skip_locked=True)
    ).all()
    renewed = quotas.queries.renewed_until(session, [row.uuid for row in overdue])
    overdue = [row for row in overdue if renewed.get(row.uuid, now) <= now]
    permit_uses.hold(session, (row.permit_id for row in overdue))
    for row in overdue:
        change(session, row, Event.EXPIRE, actor=SYSTEM, now=now)
        permit_uses.settle(session, row, 0, now=now)
        row.sheets_used, row.impressions, row.estimated = 0, 0, False
        quotas.service.expire(session, row.uuid, actor=SYSTEM, now=now)
        if row.grant_id is not None:
            _close_grant(session, row, Usage(0, 0), now)
        if row.backend_job_id is not None:
            lay_aside(session, CANCEL_TASK, row, now)
        if row.person_id is not None:
            text = Text("A held job was not released in time. It was not printed, nor charged.")
            notices.notify(session, row.person_id, text, news_path(row), now=now)
    return len(overdue)


def heed_jump(session: Session, jump: timedelta, *, now: datetime) -> None:
    """Let jobs wait as long as they were promised to, although the clock was set."""
    waiting = session.scalars(
        select(JobRow).where(JobRow.stage.in_(WAITS), JobRow.expires_at.is_not(None))
    )
    for row in waiting:
        assert row.expires_at is not None
        row.expires_at += jump
    # A held job's time is counted from when it was held.
    for row in session.scalars(select(JobRow).where(JobRow.stage == Stage.HELD)):
        row.changed_at += jump
    quotas.service.heed_jump(session, jump)
    tasks.heed_jump(session, jump, now=now)
    details = {"seconds": round(jump.total_seconds())}
    audit.record(session, SYSTEM, "clock.jump", "clock", details, now)


def charge(session: Session, row: JobRow, usage: Usage, actor: Actor, now: datetime) -> None:
    """Book what came out of a job and free the rest of its reservation."""
    row.sheets_used, row.impressions = usage.sheets, usage.impressions
    row.estimated = usage.estimated
    permit_uses.settle(session, row, usage.sheets, now=now)
    if row.sheets_reserved:
        quotas.service.settle(
            session, row.uuid, usage.sheets, estimated=usage.estimated, actor=actor, now=now
        )
    if row.grant_id is not None:
        _close_grant(session, row, usage, now)
    if usage.impressions:
        _book_toner(session, row, usage, now)


def _close_grant(session: Session, row: JobRow, usage: Usage, now: datetime) -> None:
    assert row.grant_id is not None
    if usage.sheets:
        docflow.service.use_grant(
            session, row.grant_id, f"printgate:{row.id}", actor=sender(row), now=now
        )
    else:
        docflow.service.void_grant(session, row.grant_id, actor=sender(row), now=now)


def _book_toner(session: Session, row: JobRow, usage: Usage, now: datetime) -> None:
    printer = session.get_one(PrinterRow, row.target_printer_id or row.printer_id)
    quotas.service.book_toner(
        session,
        row.uuid,
        row.office_id,
        usage.impressions,
        assumed(printer.coverage),
        person_id=row.person_id,
        printer=printer.name,
        kind="job",
        actor=SYSTEM,
        now=now,
    )
