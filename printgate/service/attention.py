"""What an administrator does with a job that does not move."""

from datetime import datetime

from sqlalchemy.orm import Session

from core import audit
from core.people import Actor
from core.tasks import service as tasks
from core.text import Text
from printgate.errors import JobNotPossible
from printgate.lifecycle import Stage
from printgate.queries import Job, job_by_uuid
from printgate.service.rows import CANCEL_TASK, DECIDE_TASK, FORWARD_TASK, job_row, lay_aside

_WORK = {
    Stage.DECIDING: DECIDE_TASK,
    Stage.ACCEPTED: FORWARD_TASK,
    Stage.FORWARDED: FORWARD_TASK,
    Stage.RELEASED: FORWARD_TASK,
    Stage.CANCELING: CANCEL_TASK,
}
"""The work that moves a job on; each may be done twice, and none prints what was let go before."""


def retry(session: Session, uuid: str, *, actor: Actor, now: datetime) -> Job:
    """Do now what the job waits for; JobNotPossible if no work of ours would move it.

    Also while somebody is at it: two at once could get in each other's way in CUPS.
    """
    row = job_row(session, uuid)
    work = _WORK.get(Stage(row.stage))
    if work is None:
        raise JobNotPossible(Text("Trying again would not move this job."))
    if not tasks.withdraw(session, work, row.uuid, now=now):
        raise JobNotPossible(Text("This is being done at this moment. Please look again soon."))
    lay_aside(session, work, row, now)
    audit.record(session, actor, "job.retry", row.uuid, {"stage": row.stage, "task": work}, now)
    return job_by_uuid(session, uuid)
