"""Whether a gateway lives and can take jobs: asked by what stands before it."""

from flask import Blueprint
from sqlalchemy import text

from core.db import Database
from core.errors import Unavailable


def blueprint(database: Database) -> Blueprint:
    """Return /healthz (the process lives) and /readyz (the database answers)."""
    routes = Blueprint("health", __name__)

    def healthz() -> tuple[str, int]:
        return "ok\n", 200

    def readyz() -> tuple[str, int]:
        try:
            with database.snapshot() as session:
                session.execute(text("SELECT 1"))
        except Unavailable as error:
            return f"{error.code}\n", error.http_status
        return "ok\n", 200

    routes.add_url_rule("/healthz", view_func=healthz)
    routes.add_url_rule("/readyz", view_func=readyz)
    return routes
