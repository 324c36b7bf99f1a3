"""Permits to print on one side: asking for one, deciding on it, and what it was used for."""

from datetime import date
from typing import Any

from flask import Blueprint, g, redirect, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from core.errors import InvalidInput, PrintgateError
from core.ids import is_uuid, new_uuid
from core.text import Text
from printgate import permit_queries
from printgate.permit_queries import Permit, PermitSearch
from printgate.permits import COUNT_MAX, LASTS_MAX, Act, Measure, Standing
from printgate.service import permits as service
from web.access import PERSON, access
from web.filters import asked_for
from web.forms import given, refused
from web.services import services
from web.views.jobs import PAGE, page_number

permits = Blueprint("permits", __name__)

Answer = str | Response | tuple[str, int]
_STANDINGS = [standing.value for standing in Standing]
_OFFICES = "office"


@permits.get("/permits")
@access(PERSON)
def list_permits() -> str:
    """Show my permits, or those of the offices that I look after, with a form to ask for one."""
    return render_template("permits.html", form={}, **_list())


@permits.post("/permits")
@access(PERSON)
def ask() -> Answer:
    """Ask for a permit. The form carries its key, so sending it twice asks once."""
    try:
        with services().database.transaction() as session:
            permit = _ask(session)
    except PrintgateError as error:
        return refused("permits.html", error, **_list())
    return redirect(url_for("permits.show_permit", number=permit.id))


@permits.get("/permits/<int:number>")
@access(PERSON)
def show_permit(number: int) -> str:
    """Show a permit, the jobs that used it, and what I can do with it."""
    return render_template("permit.html", form={}, **_one(number))


@permits.post("/permits/<int:number>/<act>")
@access(PERSON)
def decide(number: int, act: str) -> Answer:
    """Grant, refuse, withdraw or revoke a permit."""
    try:
        wanted = Act(act)
    except ValueError:
        raise InvalidInput(Text("The request can't be understood.")) from None
    try:
        with services().database.transaction() as session:
            service.decide(
                session,
                number,
                wanted,
                answer=given("reason"),
                actor=g.actor,
                now=services().clock.now(),
            )
    except InvalidInput as error:
        return refused("permit.html", error, **_one(number, refused_act=act))
    return redirect(url_for("permits.show_permit", number=number))


def _ask(session: Session) -> Permit:
    key, measure = given("key"), given("measure")
    if not is_uuid(key) or measure not in list(Measure):
        raise InvalidInput(Text("The request can't be understood."))
    return service.ask(
        session,
        key,
        measure=Measure(measure),
        count=_count(Measure(measure)),
        last_day=_day(given("last_day")),
        reason=given("reason"),
        actor=g.actor,
        now=services().clock.now(),
        zone=services().zone,
    )


def _count(measure: Measure) -> int:
    typed = given("count")
    if not (typed.isascii() and typed.isdigit() and len(typed) < 7):
        raise InvalidInput(Text("Please enter a number from 1 to {n}.", {"n": COUNT_MAX[measure]}))
    return int(typed)


def _day(typed: str) -> date:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        raise InvalidInput(Text("Please enter the last day.")) from None


def _list() -> dict[str, Any]:
    now = services().clock.now()
    chosen, page = asked_for({"standing": _STANDINGS, "of": [_OFFICES]}), page_number()
    looks_after = bool(g.actor.admin or g.actor.heads)
    offices = looks_after and chosen.get("of") == _OFFICES
    search = PermitSearch(
        person_id="" if offices else g.person.id,
        office_ids=g.actor.heads if offices and not g.actor.admin else None,
        standing=chosen.get("standing"),
    )
    offset = (page - 1) * PAGE
    with services().database.snapshot() as session:
        count = permit_queries.count_permits(session, search, now)
        found = permit_queries.find_permits(session, search, now, limit=PAGE, offset=offset)
    today = now.astimezone(services().zone).date()
    return {
        "permits": found,
        "count": count,
        "page": page,
        "pages": -(-count // PAGE),
        "filter": chosen,
        "offices": offices,
        "looks_after": looks_after,
        "now": now,
        "key": new_uuid(),
        "today": today,
        "latest": today + LASTS_MAX,
    }


def _one(number: int, refused_act: str = "") -> dict[str, Any]:
    with services().database.snapshot() as session:
        permit = permit_queries.permit_for(session, number, g.actor)
        uses = permit_queries.uses_of(session, number)
    acts = [act.value for act in Act if permit.may(act, g.actor)]
    now = services().clock.now()
    return {"permit": permit, "uses": uses, "acts": acts, "now": now, "refused_act": refused_act}
