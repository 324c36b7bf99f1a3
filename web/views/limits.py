"""What one job and one person may take of an office's sheets: shown, and set by who answers."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, abort, g, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from core.errors import InvalidInput, PrintgateError
from core.identity import queries as identity
from core.people import Office
from core.text import Text
from quotas import limit_queries, service
from quotas import queries as quotas
from quotas.fairness import Fairness
from quotas.limits import Limits
from quotas.units import Unit
from web.access import HEAD, access
from web.forms import given, refused
from web.services import services

limits = Blueprint("limits", __name__)

Answer = str | Response | tuple[str, int]


@dataclass(frozen=True)
class Share:
    """What a person has taken of the office's account in this period, and what they may take."""

    person_id: str
    name: str
    taken: int
    most: int | None
    own: bool
    """Whether the limit was set for this person alone."""


@limits.get("/office/limits")
@access(HEAD)
def show_limits() -> str:
    """Show an office's limits and what each person has taken, with the forms that change them."""
    with services().database.snapshot() as session:
        context = _context(session, _office(session, request.args.get("office", "")))
    return render_template("limits.html", form={}, **context)


@limits.post("/office/limits")
@access(HEAD)
def change() -> Answer:
    """Set the office's limits, or those of one person."""
    with services().database.snapshot() as session:
        office = _office(session, given("office"))
    try:
        deed = DEEDS.get(given("kind"))
        if deed is None:
            raise InvalidInput(Text("The request can't be understood."))
        with services().database.transaction() as session:
            deed(session, office)
    except PrintgateError as error:
        with services().database.snapshot() as session:
            context = _context(session, office)
        return refused("limits.html", error, **context)
    return redirect(url_for("limits.show_limits", office=office.id))


def _set_limits(session: Session, office: Office) -> None:
    days, percent, least = _most("fair_days"), _most("fair_percent"), _most("fair_least")
    fair = None if days is None else Fairness(days, percent or 0, least or 0)
    # A form that does not have the field leaves it as it is.
    is_set = "soft_percent" in request.form
    soft = (
        _most("soft_percent") if is_set else limit_queries.limits(session, office.id).soft_percent
    )
    given_limits = Limits(_most("job_max"), _most("person_max"), fair, soft or 0)
    now = services().clock.now()
    service.set_limits(session, office.id, given_limits, actor=g.actor, now=now)


def _set_person_limit(session: Session, office: Office) -> None:
    now = services().clock.now()
    service.set_person_limit(
        session, office.id, given("person"), _most("sheets_max"), actor=g.actor, now=now
    )


DEEDS: dict[str, Callable[[Session, Office], None]] = {
    "limits": _set_limits,
    "person": _set_person_limit,
}
"""What each form of the page does."""


def _most(field: str) -> int | None:
    """Return a limit that was typed; None for an empty field, InvalidInput if it is no number."""
    typed = given(field)
    if typed and not (typed.isascii() and typed.isdigit() and len(typed) < 8):
        raise InvalidInput(
            Text("A limit is a whole number of sheets, or empty where there is none.")
        )
    return int(typed) if typed else None


def _office(session: Session, asked: str) -> Office:
    """Return the office that is asked for, or one that the reader answers for; else 404."""
    mine = {each.id: each for each in _offices(session)}
    found = mine.get(asked or g.person.office_id) or (None if asked else next(iter(mine.values())))
    return found or abort(404)


def _offices(session: Session) -> list[Office]:
    return [each for each in identity.offices(session) if g.actor.may_see_office(each.id)]


def _context(session: Session, office: Office) -> dict[str, object]:
    now, zone = services().clock.now(), services().zone
    period = quotas.period_now(session, office.id, Unit.SHEETS, now=now, zone=zone)
    found = limit_queries.limits(session, office.id)
    named = limit_queries.person_limits(session, office.id)
    taken = limit_queries.taken(session, office.id, period)
    people = {each.id: each for each in identity.persons(session)}
    here = [each for each in people.values() if each.office_id == office.id and each.active]
    shown = {each.id for each in here} | set(named) | set(taken)
    shares = [
        Share(
            key,
            people[key].name,
            taken.get(key, 0),
            found.for_person(named.get(key)).person_max,
            key in named,
        )
        for key in shown
    ]
    return {
        "office": office,
        "offices": _offices(session),
        "period": period,
        "limits": found,
        "shares": sorted(shares, key=lambda each: (-each.taken, each.name, each.person_id)),
        "people": sorted(
            (people[key] for key in {each.id for each in here} | set(named)),
            key=lambda each: (each.name, each.id),
        ),
    }
