"""The application of the pages: made by `create_app`, never at import."""

import logging
from typing import Any

from flask import Blueprint, Flask, Response, g, render_template, request, session
from flask_wtf.csrf import CSRFError, CSRFProtect
from jinja2 import StrictUndefined
from werkzeug.exceptions import HTTPException

from core.db import DatabaseUnavailable
from core.errors import PrintgateError
from core.text import Text
from web import language, words
from web.access import guard, known
from web.observing import observe
from web.services import KEY, WebServices
from web.sessions import DatabaseSessions
from web.views import BLUEPRINTS

log = logging.getLogger(__name__)

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self'; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}

FORM_OCTETS_MAX = 4 * 2**20
"""What a form may send: the largest is a list to import (core/importing/table.py)."""

_SENTENCES = {
    400: Text("The request can't be understood."),
    401: Text("Please sign in first."),
    403: Text("You may not open this page."),
    404: Text("There is no such page."),
    405: Text("This can't be done here."),
    413: Text("What you sent is too large."),
    415: Text("This address takes print jobs in IPP only."),
    500: Text("Something went wrong here; nothing was changed."),
}


class _Pages(Flask):
    """Flask, except that a session which cannot be stored is no riddle that needs a trace."""

    def log_exception(self, exc_info: Any) -> None:  # noqa: ANN401  # as Flask has it
        """Log what was raised where no view and no error handler of ours was at work."""
        if isinstance(exc_info[1], DatabaseUnavailable):
            log.warning("%s %s: %s", request.method, request.path, exc_info[1])
        else:
            super().log_exception(exc_info)


def create_app(services: WebServices, blueprints: tuple[Blueprint, ...] = ()) -> Flask:
    """Return the pages, with `blueprints` (the gateway) beside them: those guard themselves."""
    app = _Pages(__name__)
    app.config.update(
        SECRET_KEY=services.secret_key,
        WTF_CSRF_TIME_LIMIT=None,
        SESSION_COOKIE_SECURE=services.secure,
        TEMPLATES_AUTO_RELOAD=False,
    )
    app.extensions[KEY] = services
    app.session_interface = DatabaseSessions(services.database, services.clock)
    # First of all, so that a request that is ended early is noted too.
    observe(app, services.metrics)
    open_blueprints = frozenset(blueprint.name for blueprint in blueprints)
    app.before_request(lambda: _limit_forms(open_blueprints))
    app.before_request(lambda: known(open_blueprints))
    csrf = CSRFProtect(app)
    for blueprint in blueprints:
        app.register_blueprint(blueprint)
        csrf.exempt(blueprint)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    app.before_request(lambda: guard(open_blueprints))
    app.after_request(_finish)
    _prepare_templates(app)
    _handle_errors(app)
    return app


def _limit_forms(open_blueprints: frozenset[str]) -> None:
    """Take no more from a browser than a form can hold; the gateway has its own limit."""
    if request.blueprint not in open_blueprints:
        request.max_content_length = FORM_OCTETS_MAX


def _prepare_templates(app: Flask) -> None:
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    # A figure that a page asks for and nobody gives is a fault, not an empty place.
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.globals.update(
        _=language.sentence,
        _n=language.counted_sentence,
        sentences=language.sentences,
        languages=language.choices(),
        language=language.language,
        words=words,
        zip=zip,
        # What a form was refused for: its view says so, all others need not say that it was not.
        wrong=None,
        wrong_field="",
    )
    app.jinja_env.filters.update(
        words=language.words,
        marked=language.marked,
        local_time=language.local_time,
        last_day=language.last_day,
        month=language.month,
        yuan=language.yuan,
        day=language.day,
    )
    app.jinja_env.filters["sheets"] = lambda number: f"{number:,}"


def _handle_errors(app: Flask) -> None:
    app.register_error_handler(PrintgateError, _refusal)
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _failure)


def _page(text: Text, status: int, error_id: str = "") -> tuple[str, int]:
    g.setdefault("person", None)
    return render_template("error.html", text=text, status=status, error_id=error_id), status


def _refusal(error: PrintgateError) -> tuple[str, int]:
    if isinstance(error, DatabaseUnavailable):
        # The page that says so must not try to store a session.
        session.fault = error  # type: ignore[attr-defined]
    return _page(error.text, error.http_status)


def _stale_form(_error: CSRFError) -> tuple[str, int]:
    return _page(Text("This form is too old. Please go back, reload the page and try again."), 400)


def _http_error(error: HTTPException) -> tuple[str, int] | Response:
    cause = getattr(error, "original_exception", None)
    if isinstance(cause, PrintgateError):
        # Raised when the answer was ready and its session could not be stored.
        return _refusal(cause)
    if error.code is None or error.code < 400:
        return error.get_response()  # type: ignore[return-value]
    # An address that only takes print jobs is, for a browser, no page.
    code = 404 if error.code == 405 and request.method == "GET" else error.code
    return _page(_SENTENCES.get(code, _SENTENCES[400]), code)


def _failure(error: Exception) -> tuple[str, int]:
    error_id = g.request_id
    log.error("%s %s failed (%s)", request.method, request.path, error_id, exc_info=error)
    return _page(_SENTENCES[500], 500, error_id)


def _finish(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    return response
