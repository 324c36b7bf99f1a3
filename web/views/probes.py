"""For programs, not for people: does the process live, can it work, and its figures."""

import hmac

from flask import Blueprint, Response, abort, request
from sqlalchemy import text

from core.metrics import CONTENT_TYPE
from web.access import ANYONE, access
from web.services import services

probes = Blueprint("probes", __name__)


@probes.get("/healthz")
@access(ANYONE)
def healthz() -> tuple[str, int]:
    """Say that the process lives."""
    return "ok\n", 200


@probes.get("/readyz")
@access(ANYONE)
def readyz() -> tuple[str, int]:
    """Say that the database answers."""
    with services().database.snapshot() as session:
        session.execute(text("SELECT 1"))
    return "ok\n", 200


@probes.get("/metrics")
@access(ANYONE)
def metrics() -> Response:
    """Give the figures to a collector that shows the token; without a token there are none."""
    token = services().metrics_token
    if not token:
        abort(404)
    shown = request.headers.get("Authorization", "").encode()
    if not hmac.compare_digest(shown, f"Bearer {token}".encode()):
        abort(401)
    return Response(services().metrics.text(), mimetype=CONTENT_TYPE)
