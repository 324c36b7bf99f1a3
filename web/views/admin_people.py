"""For the administrator: the people, their offices, roles and passwords.

A new password is made here and shown once, in the answer to the form that asked for it; it is kept
nowhere but as a hash.
"""

from dataclasses import replace
from urllib.parse import urlencode

from flask import Blueprint, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from core.errors import PrintgateError
from core.identity import queries as identity
from core.identity import service
from core.identity.passwords import new_password
from core.identity.service import PersonFields
from core.people import Office, Person
from web.access import ADMIN, access
from web.forms import given, refused, ticked
from web.services import services
from web.views.jobs import PAGE, page_number

admin_people = Blueprint("admin_people", __name__)

Answer = str | Response | tuple[str, int]
_WORDS_LENGTH_MAX = 100


@admin_people.get("/admin/people")
@access(ADMIN)
def list_people() -> str:
    """Find people by name, sign-in name, mail and office."""
    words, page = request.args.get("q", "").strip()[:_WORDS_LENGTH_MAX], page_number()
    with services().database.snapshot() as session:
        offices = {office.id: office for office in identity.offices(session)}
        asked = request.args.get("office", "")
        office_id = asked if asked in offices else None
        found = identity.find_persons(
            session, words, office_id, limit=PAGE, offset=(page - 1) * PAGE
        )
        count = identity.count_persons(session, words, office_id)
    return render_template(
        "admin_people.html",
        people=found,
        offices=offices,
        words_asked=words,
        office_id=office_id,
        count=count,
        page=page,
        pages=-(-count // PAGE),
        extra=urlencode({"q": words, "office": office_id or ""}) + "&",
    )


@admin_people.get("/admin/people/new")
@access(ADMIN)
def new_person() -> str:
    """Show the form for one more person."""
    return render_template("admin_person_new.html", offices=_offices(), form={})


@admin_people.post("/admin/people/new")
@access(ADMIN)
def add_person() -> Answer:
    """Add a person and show their first password."""
    password = new_password()
    try:
        with services().database.transaction() as session:
            person = service.add_person(
                session,
                login=given("login"),
                name=given("name"),
                office_id=given("office"),
                email=given("email"),
                admin=ticked("admin"),
                heads_own_office=ticked("head"),
                password=password,
                actor=g.actor,
                now=services().clock.now(),
            )
    except PrintgateError as error:
        return refused("admin_person_new.html", error, offices=_offices())
    return render_template("admin_password.html", person=person, password=password)


@admin_people.get("/admin/people/<person_id>")
@access(ADMIN)
def show_person(person_id: str) -> str:
    """Show what can be changed of a person."""
    person = _person(person_id)
    form = {"name": person.name, "email": person.email, "office": person.office_id}
    if person.admin:
        form["admin"] = "on"
    return render_template(
        "admin_person.html", person=person, offices=_offices(), form=form, heads=person.heads
    )


@admin_people.post("/admin/people/<person_id>")
@access(ADMIN)
def change_person(person_id: str) -> Answer:
    """Change a person's name, office, mail and roles."""
    person = _person(person_id)
    heads = frozenset(request.form.getlist("heads"))
    fields = PersonFields(
        given("name"), given("office"), given("email"), ticked("admin"), person.active, heads
    )
    try:
        _change(person_id, fields)
    except PrintgateError as error:
        return refused("admin_person.html", error, person=person, offices=_offices(), heads=heads)
    return redirect(url_for("admin_people.list_people"))


@admin_people.get("/admin/people/<person_id>/deactivate")
@access(ADMIN)
def ask_deactivate(person_id: str) -> str:
    """Ask before a person is shut out."""
    return render_template("admin_person_deactivate.html", person=_person(person_id))


@admin_people.post("/admin/people/<person_id>/deactivate")
@access(ADMIN)
def deactivate(person_id: str) -> Response:
    """Shut a person out: no sign-in, no printing; what they printed stays."""
    _set_active(person_id, active=False)
    return redirect(url_for("admin_people.show_person", person_id=person_id))


@admin_people.post("/admin/people/<person_id>/activate")
@access(ADMIN)
def activate(person_id: str) -> Response:
    """Let a person in again."""
    _set_active(person_id, active=True)
    return redirect(url_for("admin_people.show_person", person_id=person_id))


@admin_people.post("/admin/people/<person_id>/password")
@access(ADMIN)
def set_password(person_id: str) -> str:
    """Give a person a new password, sign them out everywhere, and show it this once."""
    person, password = _person(person_id), new_password()
    with services().database.transaction() as session:
        service.set_password(
            session, person_id, password, actor=g.actor, now=services().clock.now()
        )
    return render_template("admin_password.html", person=person, password=password)


def _set_active(person_id: str, *, active: bool) -> None:
    person = _person(person_id)
    fields = PersonFields(
        person.name, person.office_id, person.email, person.admin, person.active, person.heads
    )
    _change(person_id, replace(fields, active=active))


def _change(person_id: str, fields: PersonFields) -> None:
    with services().database.transaction() as session:
        service.change_person(session, person_id, fields, actor=g.actor, now=services().clock.now())


def _person(person_id: str) -> Person:
    with services().database.snapshot() as session:
        return identity.person(session, person_id)


def _offices() -> list[Office]:
    with services().database.snapshot() as session:
        return identity.offices(session)
