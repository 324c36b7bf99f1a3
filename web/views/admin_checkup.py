"""For the administrator: what the last check of the system found, and having it checked now."""

from flask import Blueprint, g, redirect, render_template, url_for
from werkzeug.wrappers import Response

from core import checkups
from web.access import ADMIN, access
from web.services import services

admin_checkup = Blueprint("admin_checkup", __name__)


@admin_checkup.get("/admin/checkup")
@access(ADMIN)
def show_checkup() -> str:
    """Show what the last check found and when, or that one is under way."""
    with services().database.snapshot() as session:
        return render_template("admin_checkup.html", checkup=checkups.last(session))


@admin_checkup.post("/admin/checkup")
@access(ADMIN)
def check_now() -> Response:
    """Have the system checked in the background; the page shows when it is done."""
    with services().database.transaction() as session:
        checkups.ask(session, actor=g.actor, now=services().clock.now())
    return redirect(url_for("admin_checkup.show_checkup"))
