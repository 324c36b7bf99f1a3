"""For the administrator: the offices."""

from flask import Blueprint, g, redirect, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from core.errors import PrintgateError
from core.identity import queries as identity
from core.identity import service
from core.people import Office
from web.access import ADMIN, access
from web.forms import given, refused, ticked
from web.services import services

admin_offices = Blueprint("admin_offices", __name__)

Answer = str | Response | tuple[str, int]


@admin_offices.get("/admin/offices")
@access(ADMIN)
def list_offices() -> str:
    """List the offices, with a form for one more."""
    return render_template("admin_offices.html", offices=_offices(), form={})


@admin_offices.post("/admin/offices")
@access(ADMIN)
def add_office() -> Answer:
    """Add an office."""
    try:
        with services().database.transaction() as session:
            service.add_office(
                session,
                code=given("code"),
                name=given("name"),
                guest=ticked("guest"),
                titles_visible=ticked("titles_visible"),
                actor=g.actor,
                now=services().clock.now(),
            )
    except PrintgateError as error:
        return refused("admin_offices.html", error, offices=_offices())
    return redirect(url_for("admin_offices.list_offices"))


@admin_offices.get("/admin/offices/<office_id>")
@access(ADMIN)
def show_office(office_id: str) -> str:
    """Show what can be changed of an office."""
    office = _office(office_id)
    form = {"name": office.name}
    form |= {flag: "on" for flag in ("guest", "titles_visible") if getattr(office, flag)}
    return render_template("admin_office.html", office=office, form=form)


@admin_offices.post("/admin/offices/<office_id>")
@access(ADMIN)
def change_office(office_id: str) -> Answer:
    """Change an office."""
    office = _office(office_id)
    try:
        with services().database.transaction() as session:
            service.change_office(
                session,
                office_id,
                name=given("name"),
                guest=ticked("guest"),
                titles_visible=ticked("titles_visible"),
                actor=g.actor,
                now=services().clock.now(),
            )
    except PrintgateError as error:
        return refused("admin_office.html", error, office=office)
    return redirect(url_for("admin_offices.list_offices"))


def _office(office_id: str) -> Office:
    with services().database.snapshot() as session:
        return identity.office(session, office_id)


def _offices() -> list[tuple[Office, int]]:
    """Return the offices, each with the number of its people."""
    with services().database.snapshot() as session:
        return [(office, _people(session, office)) for office in identity.offices(session)]


def _people(session: Session, office: Office) -> int:
    return identity.count_persons(session, "", office.id)
