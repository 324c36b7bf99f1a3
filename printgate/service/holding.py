"""Holding a job and releasing it: by its owner's sign-in, over IPP, or by its number and PIN."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

import quotas.service
from core import audit
from core.errors import Forbidden
from core.identity.passwords import hash_password, verify_password
from core.people import Actor
from core.tasks import service as tasks
from core.text import Text
from printgate.errors import JobNotPossible
from printgate.holding import PIN_FAILURES_MAX, Hold, released_by_claim, stronger, typed_key
from printgate.lifecycle import ACTIVE, AT_BACKEND, UNDECIDED, Event, Stage, may
from printgate.models import JobRow, PinFailureRow
from printgate.queries import Job, job_by_uuid
from printgate.service.rows import FORWARD_TASK, change, job_row, lay_aside

ADDRESS_FAILURES_MAX = 30
ADDRESS_WINDOW = timedelta(minutes=15)
_ADDRESS_LENGTH_MAX = 64
# An answer to "which job is this?" by guessing is worth as much as the job's number.
_BY_PIN = Actor("PIN")


def pin_hash(key: str) -> str:
    """Return what is stored of a PIN's key; slow on purpose, so it is made outside transactions."""
    return hash_password(key)


def may_release(job: Job, actor: Actor) -> bool:
    """Tell whether an actor's sign-in releases and holds a job: its owner, or an administrator."""
    return actor.admin or (job.person_id is not None and job.person_id == actor.person_id)


def hold(session: Session, uuid: str, *, actor: Actor, now: datetime) -> Job:
    """Hold a job that has not gone to its printer; holding a held job changes nothing.

    Before it is accepted the hold is remembered until then. JobNotPossible when it is at the
    printer or over (RFC 8011 §4.3.5), and while it is being handed to the print system: what is
    under way can't be called back, and a release must never set a second try beside it.
    """
    row = job_row(session, uuid)
    stage = Stage(row.stage)
    if stage is Stage.HELD:
        return job_by_uuid(session, uuid)
    if stage not in UNDECIDED and not may(stage, Event.HOLD):
        text = (
            Text("This job is at the printer already and can't be held.")
            if stage in AT_BACKEND
            else Text("This job is over and can't be held.")
        )
        raise JobNotPossible(text)
    if stage not in UNDECIDED and not tasks.withdraw(session, FORWARD_TASK, row.uuid, now=now):
        raise JobNotPossible(Text("This job is on its way to the printer and can't be held."))
    row.hold = stronger(Hold(row.hold), Hold.ASKED)
    if stage in UNDECIDED:
        audit.record(session, actor, "job.hold-asked", row.uuid, {"stage": str(stage)}, now)
    else:
        change(session, row, Event.HOLD, actor=actor, now=now, details={"why": row.hold})
    session.flush()
    return job_by_uuid(session, uuid)


def renew(
    session: Session, uuid: str, *, hold_expires: timedelta, actor: Actor, now: datetime
) -> Job:
    """Let a held job wait for its release once more as long; JobNotPossible if it is not held.

    Its sheets stay reserved meanwhile. The caller has made sure that the actor may (`may_release`).
    """
    row = job_row(session, uuid)
    if Stage(row.stage) is not Stage.HELD:
        raise JobNotPossible(Text("This job is not held."))
    until = now + hold_expires
    quotas.service.renew(session, uuid, until, actor=actor, now=now)
    audit.record(session, actor, "job.renew", uuid, {"until": until.isoformat()}, now)
    return job_by_uuid(session, uuid)


def release(session: Session, uuid: str, *, actor: Actor, now: datetime) -> Job:
    """Release a held job, whatever holds it; JobNotPossible if it is not held.

    The caller has made sure that the actor is who they say, and may (`may_release`).
    """
    row = job_row(session, uuid)
    if Stage(row.stage) is not Stage.HELD:
        raise JobNotPossible(Text("This job is not held."))
    _let_go(session, row, actor, now)
    return job_by_uuid(session, uuid)


def release_by_claim(session: Session, uuid: str, *, actor: Actor, now: datetime) -> Job:
    """Release a job over IPP, where the actor's name is a claim (RFC 8011 §4.3.6).

    A hold that waits to be carried out is forgotten; a job that is not held is left as it is.
    Forbidden for one that is held by the rules or by a PIN, JobNotPossible for one that is over.
    """
    row = job_row(session, uuid)
    stage = Stage(row.stage)
    if stage not in ACTIVE:
        raise JobNotPossible(Text("This job is over."))
    if not released_by_claim(Hold(row.hold)):
        raise Forbidden(Text('This job is released on the page "Release", or with its PIN.'))
    if stage is Stage.HELD:
        _let_go(session, row, actor, now)
    elif stage in UNDECIDED and Hold(row.hold) is not Hold.NONE:
        row.hold = Hold.NONE
        audit.record(session, actor, "job.hold-forgotten", row.uuid, {"stage": str(stage)}, now)
        session.flush()
    return job_by_uuid(session, uuid)


def release_by_pin(
    session: Session, job_id: int, pin: str, *, address: str, now: datetime
) -> Job | None:
    """Release a job by its number and PIN; None for any reason not to, always the same.

    A wrong try is counted in this transaction, for the job and for the address it came from, so
    the caller commits it before it answers. The time it takes tells nothing either.
    """
    if _too_many_from(session, address, now):
        return None
    row = session.scalar(select(JobRow).where(JobRow.id == job_id).with_for_update())
    waits = (
        row is not None
        and Stage(row.stage) is Stage.HELD
        and row.pin_hash != ""
        and row.pin_failures < PIN_FAILURES_MAX
    )
    right = verify_password(row.pin_hash if row is not None and waits else "", typed_key(pin))
    if row is not None and right:
        _let_go(session, row, _BY_PIN, now)
        return job_by_uuid(session, row.uuid)
    _count_failure(session, address, now)
    if row is not None and waits:
        row.pin_failures += 1
        details = {"failures": row.pin_failures}
        audit.record(session, _BY_PIN, "job.pin-failed", row.uuid, details, now)
    return None


def _let_go(session: Session, row: JobRow, actor: Actor, now: datetime) -> None:
    change(session, row, Event.RELEASE_HOLD, actor=actor, now=now, details={"why": row.hold})
    row.hold, row.pin_hash, row.pin_failures = Hold.NONE, "", 0
    lay_aside(session, FORWARD_TASK, row, now)
    session.flush()


def _too_many_from(session: Session, address: str, now: datetime) -> bool:
    row = session.get(PinFailureRow, address[:_ADDRESS_LENGTH_MAX])
    return row is not None and row.failures >= ADDRESS_FAILURES_MAX and _recent(row, now)


def _count_failure(session: Session, address: str, now: datetime) -> None:
    session.execute(delete(PinFailureRow).where(PinFailureRow.since <= now - ADDRESS_WINDOW))
    row = session.get(PinFailureRow, address[:_ADDRESS_LENGTH_MAX], populate_existing=True)
    if row is None:
        row = PinFailureRow(address=address[:_ADDRESS_LENGTH_MAX], failures=0, since=now)
        session.add(row)
    row.failures += 1


def _recent(row: PinFailureRow, now: datetime) -> bool:
    return row.since > now - ADDRESS_WINDOW
