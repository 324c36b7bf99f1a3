"""For the administrator: background work, what fails, and jobs that do not move."""

from flask import Blueprint, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from core.errors import PrintgateError
from core.tasks import queries as outbox
from core.tasks import service as tasks
from printgate import queries as printing
from printgate.metering import Usage
from printgate.queries import Job
from printgate.service import attention, finish
from printgate.stuck import STUCK_AFTER, TROUBLES
from web.access import ADMIN, access
from web.forms import refused, whole_number
from web.services import services

admin_background = Blueprint("admin_background", __name__)

_FAILING_SHOWN = 50
_SETTLE = "admin_job_settle.html"


@admin_background.get("/admin/background")
@access(ADMIN)
def show_background() -> str:
    """Show how much work waits, what fails and why, and the jobs that stand still."""
    now = services().clock.now()
    with services().database.snapshot() as session:
        return render_template(
            "admin_background.html",
            depths=outbox.depths(session, now=now),
            failing=outbox.failing(session, limit=_FAILING_SHOWN),
            stuck=printing.stuck_jobs(session, now - STUCK_AFTER),
            troubles=TROUBLES,
            minutes=round(STUCK_AFTER.total_seconds() / 60),
        )


@admin_background.post("/admin/tasks/<task_id>/try")
@access(ADMIN)
def try_task(task_id: str) -> Response:
    """Do a task that failed again, now."""
    with services().database.transaction() as session:
        task = outbox.failing_task(session, task_id)
        tasks.try_now(session, task.id, actor=g.actor, now=services().clock.now())
    return _back()


@admin_background.post("/admin/jobs/<int:job_id>/retry")
@access(ADMIN)
def retry_job(job_id: int) -> Response:
    """Do now what a job waits for."""
    with services().database.transaction() as session:
        uuid = printing.job(session, job_id).uuid
        attention.retry(session, uuid, actor=g.actor, now=services().clock.now())
    return _back()


@admin_background.get("/admin/jobs/<int:job_id>/cancel")
@access(ADMIN)
def ask_cancel(job_id: int) -> str:
    """Ask before somebody's job is cancelled."""
    return render_template("admin_job_cancel.html", job=_job(job_id))


@admin_background.post("/admin/jobs/<int:job_id>/cancel")
@access(ADMIN)
def cancel_job(job_id: int) -> Response:
    """Cancel a job and free its sheets."""
    with services().database.transaction() as session:
        uuid = printing.job(session, job_id).uuid
        finish.cancel(session, uuid, actor=g.actor, now=services().clock.now())
    return _back()


@admin_background.get("/admin/jobs/<int:job_id>/settle")
@access(ADMIN)
def ask_settle(job_id: int) -> str | tuple[str, int]:
    """Ask how many sheets of a job came out, and ask again before that is charged."""
    job = _job(job_id)
    if "sheets" not in request.args:
        return render_template(_SETTLE, job=job, sheets=None, form={})
    try:
        sheets = whole_number("sheets", request.args)
        finish.check_close(job.stage, job.sheets_reserved, sheets, g.actor)
    except PrintgateError as error:
        return refused(_SETTLE, error, job=job, sheets=None)
    return render_template(_SETTLE, job=job, sheets=sheets)


@admin_background.post("/admin/jobs/<int:job_id>/settle")
@access(ADMIN)
def settle_job(job_id: int) -> Response:
    """Say how many sheets of a job came out, where the print system does not."""
    sheets = whole_number("sheets")
    with services().database.transaction() as session:
        uuid = printing.job(session, job_id).uuid
        now = services().clock.now()
        finish.close_unknown(session, uuid, Usage(sheets, 0), actor=g.actor, now=now)
    return _back()


def _job(job_id: int) -> Job:
    with services().database.snapshot() as session:
        return printing.job(session, job_id)


def _back() -> Response:
    return redirect(url_for("admin_background.show_background"))
