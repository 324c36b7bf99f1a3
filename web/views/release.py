"""Releasing held jobs: the page for a phone at the printer, and the buttons of a job's own page.

Two ways. Who signed in releases their own jobs. Who has a job's number and PIN needs no sign-in:
guests print too. That way tells nothing but yes or no, the same "no" for every reason.
"""

from flask import Blueprint, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from core.errors import Forbidden
from core.text import Text
from printgate import queries as printing
from printgate.service import holding
from web.access import ANYONE, PERSON, access
from web.services import services

release = Blueprint("release", __name__)

_JOB_DIGITS_MAX = 9
_PIN_LENGTH_MAX = 64


@release.get("/release")
@access(ANYONE)
def show_held() -> str:
    """Show my held jobs, and the form for a job's number and PIN."""
    return _page(request.args.get("job", ""))


@release.post("/release/pin")
@access(ANYONE)
def release_by_pin() -> str | tuple[str, int]:
    """Release a job by its number and PIN."""
    number = request.form.get("job", "").strip()
    pin = request.form.get("pin", "")[:_PIN_LENGTH_MAX]
    known = number.isascii() and number.isdigit() and len(number) <= _JOB_DIGITS_MAX
    with services().database.transaction() as session:
        released = holding.release_by_pin(
            session,
            int(number) if known else 0,
            pin,
            address=request.remote_addr or "",
            now=services().clock.now(),
        )
    if released is None:
        wrong = Text("No job waits under this number and PIN, or the PIN is locked.")
        return _page(number, wrong=wrong), 403
    return _page("", done=Text("Job {number} is on its way to {printer}.", _where(released)))


@release.post("/release/all")
@access(PERSON)
def release_all() -> Response:
    """Release all my held jobs."""
    with services().database.transaction() as session:
        for job in printing.held_jobs_of(session, g.person.id):
            holding.release(session, job.uuid, actor=g.actor, now=services().clock.now())
    return redirect(url_for("release.show_held"))


@release.post("/jobs/<int:job_id>/release")
@access(PERSON)
def release_job(job_id: int) -> Response:
    """Release a held job of mine; the administrator may too, for guests have no sign-in."""
    with services().database.transaction() as session:
        job = printing.job_for(session, job_id, g.actor)
        if not holding.may_release(job, g.actor):
            raise Forbidden(Text("Only its owner releases a job."))
        holding.release(session, job.uuid, actor=g.actor, now=services().clock.now())
    if request.form.get("from") == "release":
        return redirect(url_for("release.show_held"))
    return redirect(url_for("jobs.show_job", job_id=job_id))


@release.post("/jobs/<int:job_id>/hold")
@access(PERSON)
def hold_job(job_id: int) -> Response:
    """Hold a job of mine that has not gone to its printer."""
    with services().database.transaction() as session:
        job = printing.job_for(session, job_id, g.actor)
        if not holding.may_release(job, g.actor):
            raise Forbidden(Text("Only its owner holds a job."))
        holding.hold(session, job.uuid, actor=g.actor, now=services().clock.now())
    return redirect(url_for("jobs.show_job", job_id=job_id))


@release.post("/jobs/<int:job_id>/renew")
@access(PERSON)
def renew_job(job_id: int) -> Response:
    """Let a held job of mine wait for its release once more as long."""
    longer = services().printing.terms.hold_expires
    with services().database.transaction() as session:
        job = printing.job_for(session, job_id, g.actor)
        if not holding.may_release(job, g.actor):
            raise Forbidden(Text("Only its owner holds a job."))
        now = services().clock.now()
        holding.renew(session, job.uuid, hold_expires=longer, actor=g.actor, now=now)
    return redirect(url_for("jobs.show_job", job_id=job_id))


def _page(number: str, *, wrong: Text | None = None, done: Text | None = None) -> str:
    jobs = []
    if g.person is not None:
        with services().database.snapshot() as session:
            jobs = printing.held_jobs_of(session, g.person.id)
    return render_template(
        "release.html",
        jobs=jobs,
        number=number[:_JOB_DIGITS_MAX],
        wrong=wrong,
        done=done,
        hours=round(services().printing.terms.hold_expires.total_seconds() / 3600),
    )


def _where(job: printing.Job) -> dict[str, str | int]:
    return {"number": job.id, "printer": job.target}
