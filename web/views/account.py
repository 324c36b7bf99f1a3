"""Signing in and out, and the choice of language."""

from flask import Blueprint, g, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from core.i18n import LANGUAGES
from core.identity import service as identity
from core.text import Text
from web.access import ANYONE, PERSON, access
from web.language import COOKIE
from web.paths import local_path
from web.services import services

account = Blueprint("account", __name__)

_YEAR_SECONDS = 365 * 24 * 3600


@account.get("/sign-in")
@access(ANYONE)
def sign_in() -> str:
    """Show the form."""
    return render_template("sign_in.html", next=local_path(request.args.get("next")), login="")


@account.post("/sign-in")
@access(ANYONE)
def sign_in_now() -> str | Response | tuple[str, int]:
    """Check name and password; the sentence for any failure is the same."""
    login, onward = request.form.get("login", ""), local_path(request.form.get("next"))
    with services().database.transaction() as transaction:
        person = identity.sign_in(
            transaction, login, request.form.get("password", ""), now=services().clock.now()
        )
    if person is None:
        wrong = Text("The name or the password is not right, or the name is locked for a while.")
        form = render_template("sign_in.html", next=onward, login=login[:255], wrong=wrong)
        return form, 403
    session.rotate(person.id)  # type: ignore[attr-defined]
    return redirect(onward)


@account.post("/sign-out")
@access(PERSON)
def sign_out() -> Response:
    """End the session here and in the database."""
    session.rotate(None)  # type: ignore[attr-defined]
    return redirect(url_for("account.sign_in"))


@account.post("/language")
@access(ANYONE)
def choose_language() -> Response:
    """Remember the language for this browser and, if signed in, for this person."""
    chosen = request.form.get("language", "")
    response = redirect(local_path(request.form.get("next")))
    if chosen in LANGUAGES:
        response.set_cookie(
            COOKIE, chosen, max_age=_YEAR_SECONDS, samesite="Lax", httponly=True, path="/"
        )
        if g.person is not None:
            with services().database.transaction() as transaction:
                identity.set_language(transaction, g.person.id, chosen)
    return response
