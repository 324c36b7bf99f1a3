"""Browser sessions that live in the database, so that they can be ended there.

The cookie carries a secret of which only the hash is stored. A sign-in gets a new secret, so that
one planted before is worth nothing after.
"""

from typing import Any

from flask import Flask, Request, Response
from flask.sessions import SessionInterface, SessionMixin
from werkzeug.datastructures import CallbackDict

from core.clock import Clock
from core.db import Database, DatabaseUnavailable
from core.errors import NotAuthenticated
from core.identity import service as identity

COOKIE = "printgate-session"


class WebSession(CallbackDict[str, Any], SessionMixin):
    """The values of one browser session, and whose it is."""

    def __init__(
        self,
        values: dict[str, Any] | None = None,
        secret: str | None = None,
        person_id: str | None = None,
        *,
        due: bool = False,
    ) -> None:
        super().__init__(values, _mark_modified)
        self.secret, self.person_id, self.due = secret, person_id, due
        self.modified = False
        self.ended: str | None = None
        self.fault: DatabaseUnavailable | None = None
        """Why it could not be read or stored; nothing of it is stored then."""

    def rotate(self, person_id: str | None) -> None:
        """Give the session to a person (or to nobody) under a new secret; the old one ends."""
        self.ended, self.secret, self.person_id = self.secret, None, person_id
        self.clear()
        self.modified = True


def _mark_modified(session: "CallbackDict[str, Any]") -> None:
    if isinstance(session, WebSession):
        session.modified = True


class DatabaseSessions(SessionInterface):
    """Flask's sessions, kept by `core.identity.service`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    def open_session(self, app: Flask, request: Request) -> WebSession:
        """Return the session of the request's cookie, or a new one.

        Nothing is raised here, where no error page can be made yet: see `web.access.known`.
        """
        secret = request.cookies.get(COOKIE, "")
        opened = WebSession()
        if not secret:
            return opened
        try:
            with self._database.snapshot() as session:
                found = identity.find_session(session, secret, now=self._clock.now())
        except DatabaseUnavailable as error:
            opened.fault = error
            return opened
        if found is None:
            return opened
        person_id, values, due = found
        return WebSession(values, secret, person_id, due=due)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Store what changed and set the cookie of a new session."""
        assert isinstance(session, WebSession)
        changed = session.modified or session.due or session.ended is not None
        if session.fault is not None or not changed:
            return
        try:
            self._store(app, session, response)
        except DatabaseUnavailable as error:
            session.fault = error
            raise

    def _store(self, app: Flask, session: WebSession, response: Response) -> None:
        now = self._clock.now()
        with self._database.transaction() as transaction:
            if session.ended is not None:
                identity.close_session(transaction, session.ended)
            if session.secret is not None:
                try:
                    identity.touch_session(transaction, session.secret, dict(session), now=now)
                except NotAuthenticated:
                    session.secret = None
                return
            session.secret = identity.open_session(
                transaction, session.person_id, dict(session), now=now
            )
        response.set_cookie(
            COOKIE,
            session.secret,
            httponly=True,
            samesite="Lax",
            secure=self.get_cookie_secure(app),
            path="/",
        )
