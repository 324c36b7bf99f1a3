"""My jobs: what became of each and why; cancel, print or circulate."""

from collections.abc import Collection
from typing import Any

from flask import Blueprint, g, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from core.identity import queries as identity
from printgate import deciding
from printgate import queries as printing
from printgate.lifecycle import Stage
from printgate.metering import Usage
from printgate.queries import Job, JobSearch
from printgate.service import answer, finish, holding
from quotas import emergency_queries
from quotas import queries as accounts
from web.access import PERSON, access
from web.filters import asked_for
from web.forms import whole_number
from web.services import services
from web.words import STAGE_CHOICES

jobs = Blueprint("jobs", __name__)

PAGE = 25


@jobs.get("/jobs")
@access(PERSON)
def list_jobs() -> str:
    """List my jobs, newest first."""
    with services().database.snapshot() as session:
        return render_template("jobs.html", **job_list(session, person_id=g.person.id))


@jobs.get("/jobs/<int:job_id>")
@access(PERSON)
def show_job(job_id: int) -> str:
    """Show one job of mine, or of an office that I may look into."""
    with services().database.snapshot() as session:
        job = printing.job_for(session, job_id, g.actor)
        return render_template(
            "job.html",
            job=job,
            **_pool(session, job),
            booked=accounts.account_booked(session, job.uuid),
            mine=job.person_id == g.person.id,
            titled=_title_shown(session, job),
            may_release=holding.may_release(job, g.actor),
            may_print=answer.may_override(
                services().printing.rules, g.actor, job.person_id, job.office_id
            ),
        )


@jobs.post("/jobs/<int:job_id>/cancel")
@access(PERSON)
def cancel_job(job_id: int) -> Response:
    """Cancel a job of mine; the head of the office and the administrator may too."""
    with services().database.transaction() as session:
        job = printing.job_for(session, job_id, g.actor)
        finish.cancel(session, job.uuid, actor=g.actor, now=services().clock.now())
    return _back(job_id)


@jobs.post("/jobs/<int:job_id>/print")
@access(PERSON)
def print_asked(job_id: int) -> Response:
    """Print a draft that waits for an answer, with a reason."""
    with services().database.transaction() as session:
        job = printing.job_for(session, job_id, g.actor)
        answer.print_asked(
            session,
            job.uuid,
            request.form.get("reason", ""),
            services().printing.rules,
            workdays=services().printing.terms.workdays,
            actor=g.actor,
            now=services().clock.now(),
        )
    return _back(job_id)


@jobs.post("/jobs/<int:job_id>/circulate")
@access(PERSON)
def circulate_asked(job_id: int) -> Response:
    """Circulate a draft that waits for an answer."""
    with services().database.snapshot() as session:
        job = printing.job_for(session, job_id, g.actor)
        answer.check_asked(session, job.uuid)
    kept = deciding.keep(services().printing, job.uuid)
    with services().database.transaction() as session:
        answer.circulate_asked(session, job.uuid, kept, now=services().clock.now())
    return _back(job_id)


@jobs.post("/jobs/<int:job_id>/close")
@access(PERSON)
def close_unknown(job_id: int) -> Response:
    """Say how many sheets of a lost job came out."""
    sheets = whole_number("sheets")
    with services().database.transaction() as session:
        job = printing.job_for(session, job_id, g.actor)
        finish.close_unknown(
            session, job.uuid, Usage(sheets, 0), actor=g.actor, now=services().clock.now()
        )
    return _back(job_id)


def _pool(session: Session, job: Job) -> dict[str, object]:
    """Return the emergency pool and what it has left for the office of a job."""
    pool = services().printing.rules.emergency
    if pool is None or job.stage is not Stage.SHORT:
        return {"pool": None}
    now, zone = services().clock.now(), services().zone
    drawn = emergency_queries.drawn(session, job.office_id, now, zone)
    return {"pool": pool, "pool_left": max(0, pool.sheets_max - drawn)}


def _title_shown(session: Session, job: Job) -> bool:
    """Tell whether the reader may know the title: the sender, and the head where offices say so."""
    mine = job.person_id is not None and job.person_id == g.person.id
    return mine or identity.office(session, job.office_id).titles_visible


def job_list(
    session: Session,
    *,
    person_id: str = "",
    office_id: str = "",
    offices: Collection[str] = (),
) -> dict[str, Any]:
    """Return what a page shows of a person's or an office's jobs, as its filter asks.

    With `offices` to choose from these are the jobs of all, or of the one that was chosen.
    """
    printers = [each.name for each in printing.printers(session)]
    choices = {"state": STAGE_CHOICES, "printer": printers, "office": offices}
    chosen = asked_for(choices, "q", "person")
    search = JobSearch(
        person_id=person_id,
        office_id=office_id or chosen.get("office"),
        stages=STAGE_CHOICES.get(chosen.get("state"), ()),
        printer=chosen.get("printer"),
        person=chosen.get("person"),
        title=chosen.get("q"),
        since=chosen.since,
        before=chosen.before,
    )
    page, count = page_number(), printing.count_jobs(session, search, g.actor)
    return {
        "jobs": printing.find_jobs(session, search, g.actor, limit=PAGE, offset=(page - 1) * PAGE),
        "count": count,
        "page": page,
        "pages": -(-count // PAGE),
        "filter": chosen,
        "printers": printers,
    }


def page_number(name: str = "page") -> int:
    """Return the page of a list that the address asks for, 1 if it makes no sense."""
    asked = request.args.get(name, "1")
    return max(1, int(asked)) if asked.isascii() and asked.isdigit() and len(asked) < 7 else 1


def _back(job_id: int) -> Response:
    return redirect(url_for("jobs.show_job", job_id=job_id))
