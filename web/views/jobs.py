"""My jobs: what became of each and why; cancel, print or circulate."""

from collections.abc import Mapping

from flask import Blueprint, g, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from core.errors import InvalidInput
from core.identity import queries as identity
from core.text import Text
from printgate import deciding
from printgate import queries as printing
from printgate.metering import Usage
from printgate.queries import Job
from printgate.service import answer, finish, holding
from web.access import PERSON, access
from web.services import services

jobs = Blueprint("jobs", __name__)

PAGE = 25


@jobs.get("/jobs")
@access(PERSON)
def list_jobs() -> str:
    """List my jobs, newest first."""
    page = page_number()
    with services().database.snapshot() as session:
        found = printing.jobs_of_person(session, g.person.id, limit=PAGE, offset=(page - 1) * PAGE)
        count = printing.count_of_person(session, g.person.id)
    return render_template("jobs.html", jobs=found, page=page, pages=-(-count // PAGE), count=count)


@jobs.get("/jobs/<int:job_id>")
@access(PERSON)
def show_job(job_id: int) -> str:
    """Show one job of mine, or of an office that I may look into."""
    with services().database.snapshot() as session:
        job = printing.job_for(session, job_id, g.actor)
        return render_template(
            "job.html",
            job=job,
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


def _title_shown(session: Session, job: Job) -> bool:
    """Tell whether the reader may know the title: the sender, and the head where offices say so."""
    mine = job.person_id is not None and job.person_id == g.person.id
    return mine or identity.office(session, job.office_id).titles_visible


def page_number() -> int:
    """Return the page of a list that the address asks for, 1 if it makes no sense."""
    asked = request.args.get("page", "1")
    return max(1, int(asked)) if asked.isascii() and asked.isdigit() and len(asked) < 7 else 1


def whole_number(field: str, sent: Mapping[str, str] | None = None) -> int:
    """Return a number from what was `sent`, else from the form; InvalidInput if it is none."""
    given = (request.form if sent is None else sent).get(field, "").strip()
    if not (given.isascii() and given.isdigit() and len(given) < 7):
        raise InvalidInput(Text("Please enter a whole number."))
    return int(given)


def _back(job_id: int) -> Response:
    return redirect(url_for("jobs.show_job", job_id=job_id))
