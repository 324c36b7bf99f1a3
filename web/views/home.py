"""The first page: what is new for me, what waits for me, my newest jobs."""

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, g, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from core import checkups, notices
from core.errors import NotFound
from core.notices import Notice
from docflow import queries as docflow
from docflow.lifecycle import State
from printgate import queries as printing
from quotas import emergency_queries
from quotas import queries as quotas
from quotas.ledger import Balance
from quotas.units import Unit
from web.access import PERSON, access
from web.services import services

home = Blueprint("home", __name__)

_NEWEST = 5


@dataclass(frozen=True)
class News:
    """A line of news with the title of the job or document that it is about."""

    notice: Notice
    about: str


@home.get("/")
@access(PERSON)
def first_page() -> str:
    """Show the first page after sign-in."""
    now = services().clock.now()
    with services().database.snapshot() as session:
        to_read = docflow.documents_to_read(session, g.actor)
        return render_template(
            "home.html",
            now=now,
            owed=emergency_queries.due_from(session, g.person.id),
            to_judge=emergency_queries.to_judge(session, g.actor),
            checkup=checkups.last(session) if g.person.admin else None,
            news=[
                News(notice, _about(session, notice.path))
                for notice in notices.unseen(session, g.person.id)
            ],
            unread=[document for document in to_read if document.unread],
            circulating=[
                document
                for document in docflow.documents_of(session, g.actor)
                if document.state is State.CIRCULATING
            ],
            jobs=printing.jobs_of_person(session, g.person.id, limit=_NEWEST),
            **_paper(session, now),
        )


def _paper(session: Session, now: datetime) -> dict[str, object]:
    """Return the account that the reader prints from, and how it stands."""
    office_id = g.person.office_id
    account = quotas.account_for(session, office_id, Unit.SHEETS, g.person.id, now=now)
    if account is None:
        return {"account": None, "balance": Balance()}
    period = account.period_at(now, services().zone)
    balance = quotas.balance(session, office_id, Unit.SHEETS, period, holder=account.holder)
    return {"account": account, "balance": balance}


@home.post("/notices")
@access(PERSON)
def put_away() -> Response:
    """Put one line of news away, or all."""
    with services().database.transaction() as session:
        notice_id = request.form.get("notice") or None
        notices.mark_seen(session, g.person.id, notice_id, now=services().clock.now())
    return redirect(url_for("home.first_page"))


def _about(session: Session, path: str) -> str:
    """Return the title of what the page at `path` tells of; "" if there is none for the reader."""
    area, _, key = path.strip("/").partition("/")
    try:
        if area == "jobs":
            return printing.job_for(session, int(key), g.actor).title
        return docflow.document(session, key, g.actor).title
    except NotFound:
        return ""
