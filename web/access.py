"""Who may open which page: default deny. A view without a declared access is never reached."""

from collections.abc import Callable
from typing import TypeVar

from flask import abort, current_app, g, redirect, request, session, url_for
from werkzeug.wrappers import Response

from core.identity import queries as identity
from core.people import Actor, Person
from web.services import services

View = TypeVar("View", bound=Callable[..., object])
ANYONE, PERSON, HEAD, ADMIN = "anyone", "person", "head", "admin"
_MAY: dict[str, Callable[[Person], bool]] = {
    PERSON: lambda _person: True,
    HEAD: lambda person: person.admin or bool(person.heads),
    ADMIN: lambda person: person.admin,
}
"""Who of those that are signed in may open a view; what is not here nobody opens."""

OPEN_ENDPOINTS = frozenset({"static"})


def access(who: str) -> Callable[[View], View]:
    """Declare who may open a view: ANYONE, PERSON (signed in), HEAD of an office, or ADMIN.

    An administrator may open what is a head's; of which office a view looks for itself.
    """

    def declare(view: View) -> View:
        view.access = who  # type: ignore[attr-defined]
        return view

    return declare


def declared(endpoint: str) -> str | None:
    """Return the access that an endpoint declares, or None."""
    return getattr(current_app.view_functions.get(endpoint), "access", None)


def known(open_blueprints: frozenset[str]) -> None:
    """End a request whose session cannot be read now: DatabaseUnavailable.

    Runs before the tokens of forms are checked, which lie in the session.
    """
    fault = getattr(session, "fault", None)
    if fault is not None and not _open(open_blueprints):
        raise fault


def _open(open_blueprints: frozenset[str]) -> bool:
    return request.blueprint in open_blueprints or request.endpoint in OPEN_ENDPOINTS


def guard(open_blueprints: frozenset[str]) -> Response | None:
    """Let a request through, send it to the sign-in page, or end it. Runs before every view."""
    g.actor, g.person = None, None
    endpoint = request.endpoint
    if _open(open_blueprints):
        return None
    person_id = getattr(session, "person_id", None)
    if person_id is not None:
        with services().database.snapshot() as transaction:
            person = identity.person(transaction, person_id)
        if person.active:
            g.person, g.actor = person, Actor.of(person)
    # An address that leads nowhere: the answer is 404 for everybody, with the menu for a person.
    who = ANYONE if endpoint is None else declared(endpoint)
    if who == ANYONE:
        return None
    if g.person is None:
        if request.method == "GET":
            return redirect(url_for("account.sign_in", next=request.full_path.rstrip("?")))
        abort(401)
    if who not in _MAY or not _MAY[who](g.person):
        abort(403)
    return None
