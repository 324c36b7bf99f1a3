"""Changes to offices and persons, sign-in, and the life of web sessions."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core import audit
from core.db import insert_new, locked
from core.errors import Conflict, InvalidInput, NotAuthenticated, NotFound
from core.identity import queries
from core.identity.models import HeadRow, OfficeRow, PersonRow, WebSessionRow
from core.identity.passwords import hash_password, verify_password
from core.ids import new_token, new_uuid
from core.people import Actor, Office, Person, normalise_login, valid_code, valid_email
from core.text import Text, clean_line

SESSION_IDLE = timedelta(minutes=30)
SESSION_LIFE = timedelta(hours=12)
SIGN_IN_FAILURES_MAX = 5
SIGN_IN_LOCK = timedelta(minutes=15)
PASSWORD_LENGTH_MIN = 8
_TEXT_LENGTH_MAX = 255
_Row = TypeVar("_Row", OfficeRow, PersonRow)
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
    """Add an office; Conflict when its code is taken or a second guest office is asked for.

    InvalidInput when the code is not of small letters, digits and dashes, or there is no name.
    """
    if not valid_code(code):
        raise InvalidInput(Text("A code has 1 to 64 small letters, digits and dashes."))
    _check_guest(session, guest)
    office_id = new_uuid()
    columns = {
        "code": code,
        "name": _given_name(name),
        "guest": guest,
        "titles_visible": titles_visible,
    }
    if not insert_new(session, OfficeRow, id=office_id, **columns):
        raise Conflict(Text("There is already an office with the code {code}.", {"code": code}))
    audit.record(session, actor, "office.add", office_id, {"code": code}, now)
    return queries.office(session, office_id)


def change_office(
    session: Session,
    office_id: str,
    *,
    name: str,
    guest: bool,
    titles_visible: bool,
    actor: Actor,
    now: datetime,
) -> Office:
    """Change what an office is called and shows; its code stays, for rules and exports name it."""
    row = _row(session, OfficeRow, office_id, Text("There is no such office."))
    _check_guest(session, guest and not row.guest)
    row.name, row.guest, row.titles_visible = _given_name(name), guest, titles_visible
    details = {"guest": guest, "titles_visible": titles_visible}
    audit.record(session, actor, "office.change", office_id, details, now)
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
    normal = normalise_login(clean_line(login, _TEXT_LENGTH_MAX))
    if not normal:
        raise InvalidInput(Text("A person needs a sign-in name."))
    person_id = new_uuid()
    if not insert_new(
        session,
        PersonRow,
        id=person_id,
        login=normal,
        name=_given_name(name),
        office_id=queries.office(session, office_id).id,
        email=_checked_email(email),
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


@dataclass(frozen=True)
class PersonFields:
    """What an administrator sets of a person; the sign-in name stays."""

    name: str
    office_id: str
    email: str
    admin: bool
    active: bool
    heads: frozenset[str]
    """The ids of the offices that the person heads."""


def change_person(
    session: Session, person_id: str, given: PersonFields, *, actor: Actor, now: datetime
) -> Person:
    """Change a person; who becomes inactive is signed out everywhere.

    What was printed stays with the office that paid for it. Conflict when administrators would
    take the right, or the account, from themselves: so one always remains.
    """
    row = _row(session, PersonRow, person_id, Text("There is no such person."))
    if actor.person_id == person_id and not (given.admin and given.active):
        raise Conflict(Text("You can't take your own right to administer away."))
    for office_id in (given.office_id, *given.heads):
        queries.office(session, office_id)
    row.name, row.email = _given_name(given.name), _checked_email(given.email)
    row.office_id, row.admin, row.active = given.office_id, given.admin, given.active
    session.execute(delete(HeadRow).where(HeadRow.person_id == person_id))
    session.add_all(HeadRow(person_id=person_id, office_id=each) for each in given.heads)
    if not given.active:
        session.execute(delete(WebSessionRow).where(WebSessionRow.person_id == person_id))
    session.flush()
    details = {
        "office": given.office_id,
        "admin": given.admin,
        "active": given.active,
        "heads": sorted(given.heads),
    }
    audit.record(session, actor, "person.change", person_id, details, now)
    return queries.person(session, person_id)


def set_password(
    session: Session, person_id: str, password: str, *, actor: Actor, now: datetime
) -> None:
    """Give a person a new password and end their sessions everywhere."""
    row = _row(session, PersonRow, person_id, Text("There is no such person."))
    row.password_hash = hash_password(_long_enough(password))
    row.failures, row.locked_until = 0, None
    session.execute(delete(WebSessionRow).where(WebSessionRow.person_id == person_id))
    audit.record(session, actor, "person.set-password", person_id, {}, now)


def set_language(session: Session, person_id: str, language: str) -> None:
    """Remember in which language a person reads pages and mail."""
    session.get_one(PersonRow, person_id).language = language


def take_turns(session: Session, person: Person | None, office: Office) -> None:
    """Let what else is decided for this person (without one: this office) wait until the end.

    For limits that count rows: two that count at once would both find room for one more.
    """
    if person is not None:
        locked(session, PersonRow, person.id)
    else:
        locked(session, OfficeRow, office.id)


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


def _row(session: Session, kind: type[_Row], key: str, otherwise: Text) -> _Row:
    row = session.get(kind, key)
    if row is None:
        raise NotFound(otherwise)
    return row


def _check_guest(session: Session, wanted: bool) -> None:
    if wanted and queries.guest_office(session):
        raise Conflict(Text("There is already a guest office."))


def _given_name(name: str) -> str:
    given = clean_line(name, _TEXT_LENGTH_MAX)
    if not given:
        raise InvalidInput(Text("Please enter a name."))
    return given


def _checked_email(email: str) -> str:
    given = email.strip()
    if given and not valid_email(given):
        raise InvalidInput(Text("{email} is not a mail address.", {"email": given[:100]}))
    return given


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _long_enough(password: str) -> str:
    if len(password) < PASSWORD_LENGTH_MIN:
        raise InvalidInput(
            Text("A password needs at least {n} characters.", {"n": PASSWORD_LENGTH_MIN})
        )
    return password
