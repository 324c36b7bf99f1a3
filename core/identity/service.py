"""Changes to offices and persons, sign-in, and the life of web sessions."""

import hashlib
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core import audit
from core.db import insert_new, locked
from core.errors import Conflict, InvalidInput, NotAuthenticated
from core.identity import queries
from core.identity.models import HeadRow, OfficeRow, PersonRow, WebSessionRow
from core.identity.passwords import hash_password, verify_password
from core.ids import new_token, new_uuid
from core.people import Actor, Office, Person, normalise_login
from core.text import Text

SESSION_IDLE = timedelta(minutes=30)
SESSION_LIFE = timedelta(hours=12)
SIGN_IN_FAILURES_MAX = 5
SIGN_IN_LOCK = timedelta(minutes=15)
PASSWORD_LENGTH_MIN = 8
# A session touched more recently is not written again: one write a minute, not one a page.
_SEEN_GRAIN = timedelta(minutes=1)


def add_office(  # the fields of an office
    session: Session,
    *,
    code: str,
    name: str,
    actor: Actor,
    now: datetime,
    guest: bool = False,
    titles_visible: bool = False,
) -> Office:
    """Add an office; Conflict when its code is taken or a second guest office is asked for."""
    if guest and queries.guest_office(session):
        raise Conflict(Text("There is already a guest office."))
    office_id = new_uuid()
    columns = {"code": code, "name": name, "guest": guest, "titles_visible": titles_visible}
    if not insert_new(session, OfficeRow, id=office_id, **columns):
        raise Conflict(Text("There is already an office with the code {code}.", {"code": code}))
    audit.record(session, actor, "office.add", office_id, {"code": code}, now)
    return queries.office(session, office_id)


def add_person(  # the fields of a person
    session: Session,
    *,
    login: str,
    name: str,
    office_id: str,
    actor: Actor,
    now: datetime,
    email: str = "",
    language: str = "",
    admin: bool = False,
    password: str | None = None,
    heads_own_office: bool = False,
) -> Person:
    """Add a person; Conflict when the sign-in name is taken in any way of writing it."""
    normal = normalise_login(login)
    if not normal:
        raise InvalidInput(Text("A person needs a sign-in name."))
    person_id = new_uuid()
    if not insert_new(
        session,
        PersonRow,
        id=person_id,
        login=normal,
        name=name,
        office_id=office_id,
        email=email,
        language=language,
        admin=admin,
        password_hash="" if password is None else hash_password(_long_enough(password)),
    ):
        raise Conflict(Text("The sign-in name {login} is taken.", {"login": normal}))
    if heads_own_office:
        session.add(HeadRow(person_id=person_id, office_id=office_id))
        session.flush()
    audit.record(session, actor, "person.add", person_id, {"login": normal, "admin": admin}, now)
    return queries.person(session, person_id)


def set_password(
    session: Session, person_id: str, password: str, *, actor: Actor, now: datetime
) -> None:
    """Give a person a new password and end their sessions everywhere."""
    row = session.get_one(PersonRow, person_id)
    row.password_hash = hash_password(_long_enough(password))
    row.failures, row.locked_until = 0, None
    session.execute(delete(WebSessionRow).where(WebSessionRow.person_id == person_id))
    audit.record(session, actor, "person.set-password", person_id, {}, now)


def set_language(session: Session, person_id: str, language: str) -> None:
    """Remember in which language a person reads pages and mail."""
    session.get_one(PersonRow, person_id).language = language


def sign_in(session: Session, login: str, password: str, *, now: datetime) -> Person | None:
    """Return who this is, or None; five failures lock the name for fifteen minutes.

    The failure is counted in this transaction, so the caller commits it before it answers.
    The answer for a wrong name, a wrong password and a locked name is the same.
    """
    # Locked, so that of many guesses at once each is counted.
    row = session.scalar(
        select(PersonRow)
        .where(PersonRow.login == normalise_login(login))
        .with_for_update(key_share=True)
    )
    known = verify_password(row.password_hash if row and row.active else "", password)
    if row is None:
        return None
    locked = row.locked_until is not None and row.locked_until > now
    if known and not locked:
        row.failures, row.locked_until = 0, None
        person = queries.person(session, row.id)
        audit.record(session, Actor.of(person), "person.sign-in", row.id, {}, now)
        return person
    row.failures += 1
    if row.failures >= SIGN_IN_FAILURES_MAX:
        row.failures, row.locked_until = 0, now + SIGN_IN_LOCK
    audit.record(session, Actor(row.name, row.id), "person.sign-in-failed", row.id, {}, now)
    return None


def open_session(
    session: Session, person_id: str | None, values: dict[str, Any], *, now: datetime
) -> str:
    """Open a browser session and return its secret: the only time that it is known."""
    secret = new_token()
    # Those that another transaction holds are left to it.
    over = select(WebSessionRow.secret_hash).where(WebSessionRow.expires_at < now)
    over = over.with_for_update(skip_locked=True)
    session.execute(delete(WebSessionRow).where(WebSessionRow.secret_hash.in_(over)))
    session.add(
        WebSessionRow(
            secret_hash=_hashed(secret),
            person_id=person_id,
            values=values,
            created_at=now,
            seen_at=now,
            expires_at=now + SESSION_IDLE,
        )
    )
    return secret


def find_session(
    session: Session, secret: str, *, now: datetime
) -> tuple[str | None, dict[str, Any], bool] | None:
    """Return (person id, values, due for a touch) of a living session, else None."""
    row = session.get(WebSessionRow, _hashed(secret))
    if row is None or row.expires_at <= now or row.created_at + SESSION_LIFE <= now:
        return None
    return row.person_id, dict(row.values), now - row.seen_at > _SEEN_GRAIN


def touch_session(session: Session, secret: str, values: dict[str, Any], *, now: datetime) -> None:
    """Keep a session alive and store its values; NotAuthenticated if it ended meanwhile."""
    row = locked(session, WebSessionRow, _hashed(secret))
    if row is None:
        raise NotAuthenticated(Text("Your session has ended. Please sign in again."))
    row.values = values
    row.seen_at = now
    row.expires_at = min(now + SESSION_IDLE, row.created_at + SESSION_LIFE)


def close_session(session: Session, secret: str) -> None:
    """End a session; ending one that has ended is fine."""
    session.execute(delete(WebSessionRow).where(WebSessionRow.secret_hash == _hashed(secret)))


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _long_enough(password: str) -> str:
    if len(password) < PASSWORD_LENGTH_MIN:
        raise InvalidInput(
            Text("A password needs at least {n} characters.", {"n": PASSWORD_LENGTH_MIN})
        )
    return password
