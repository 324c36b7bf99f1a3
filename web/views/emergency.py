"""The emergency pool: printing what is urgent, and saying afterwards why it was."""

from collections.abc import Callable

from flask import Blueprint, g, redirect, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from core.errors import InvalidInput, PrintgateError
from core.identity import queries as identity
from core.text import Text
from printgate import queries as printing
from printgate.service import answer
from quotas import emergency_queries
from quotas.emergency import Use
from quotas.service import emergency as service
from web import emergency_words
from web.access import PERSON, access
from web.forms import given, refused
from web.services import services
from web.views.jobs import PAGE, page_number

emergency = Blueprint("emergency", __name__)

Answer = str | Response | tuple[str, int]


@emergency.get("/requests/emergency")
@access(PERSON)
def list_uses() -> str:
    """List the uses of the pool that the reader may see, newest first, with what they can do."""
    with services().database.snapshot() as session:
        return render_template("emergency.html", form={}, **_context(session))


@emergency.post("/requests/emergency")
@access(PERSON)
def say() -> Answer:
    """Say why sheets were drawn, accept that, or object to it."""
    use_id = given("use")
    with services().database.snapshot() as session:
        emergency_queries.use_for(session, use_id, g.actor)
    try:
        verb = _VERBS.get(given("action"))
        if verb is None:
            raise InvalidInput(Text("The request can't be understood."))
        with services().database.transaction() as session:
            verb(session, use_id, given("reason"), actor=g.actor, now=services().clock.now())
    except PrintgateError as error:
        with services().database.snapshot() as session:
            context = _context(session)
        return refused("emergency.html", error, **context)
    return redirect(url_for("emergency.list_uses"))


@emergency.post("/jobs/<int:job_id>/urgent")
@access(PERSON)
def print_urgently(job_id: int) -> Response:
    """Print a job of mine for which the office has too few sheets, from the pool."""
    with services().database.transaction() as session:
        job = printing.job_for(session, job_id, g.actor)
        answer.print_urgently(
            session,
            job.uuid,
            services().printing.rules,
            workdays=services().printing.terms.workdays,
            actor=g.actor,
            now=services().clock.now(),
        )
    return redirect(url_for("jobs.show_job", job_id=job_id))


_VERBS: dict[str, Callable[..., Use]] = {
    "justify": service.justify,
    "accept": service.accept,
    "object": service.object_to,
}


def _context(session: Session) -> dict[str, object]:
    page, count = page_number(), emergency_queries.count_uses(session, g.actor)
    uses = emergency_queries.uses(session, g.actor, limit=PAGE, offset=(page - 1) * PAGE)
    offices = {each.id: each.name for each in identity.offices(session)}
    jobs = printing.jobs_with(session, [each.id for each in uses])
    now, pool = services().clock.now(), services().printing.rules.emergency
    drawn = emergency_queries.drawn(session, g.person.office_id, now, services().zone)
    return {
        "says": emergency_words,
        "uses": uses,
        "count": count,
        "page": page,
        "pages": -(-count // PAGE),
        "offices": offices,
        "jobs": jobs,
        "now": now,
        "pool": pool,
        "pool_left": max(0, pool.sheets_max - drawn) if pool else 0,
    }
