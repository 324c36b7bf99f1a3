"""Reads of offices and persons."""

from collections.abc import Iterable

from sqlalchemy import Select, bindparam, func, or_, select
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.identity.models import HeadRow, OfficeRow, PersonRow
from core.people import Office, Person, normalise_login
from core.text import Text

# What every request asks is built once (see quotas/statements.py).
_BY_LOGIN = select(PersonRow).where(PersonRow.login == bindparam("of_login"))
_HEADED = select(HeadRow.office_id).where(HeadRow.person_id == bindparam("of_person"))


def office(session: Session, office_id: str) -> Office:
    """Return one office; NotFound if there is none."""
    row = session.get(OfficeRow, office_id)
    if row is None:
        raise NotFound(Text("There is no such office."))
    return _office(row)


def offices(session: Session) -> list[Office]:
    """Return all offices, by name."""
    return [_office(row) for row in session.scalars(select(OfficeRow).order_by(OfficeRow.name))]


def guest_office(session: Session) -> Office | None:
    """Return the office that unknown people's jobs may be booked to, if there is one."""
    row = session.scalar(select(OfficeRow).where(OfficeRow.guest))
    return _office(row) if row else None


def person(session: Session, person_id: str) -> Person:
    """Return one person; NotFound if there is none."""
    row = session.get(PersonRow, person_id)
    if row is None:
        raise NotFound(Text("There is no such person."))
    return _person(session, row)


def person_by_login(session: Session, claim: str) -> Person | None:
    """Return the active person with this sign-in name, in whatever form it was typed."""
    row = session.scalar(_BY_LOGIN, {"of_login": normalise_login(claim)})
    return _person(session, row) if row and row.active else None


def persons(session: Session, office_ids: Iterable[str] | None = None) -> list[Person]:
    """Return the active persons, of these offices or of all, by name."""
    query = select(PersonRow).where(PersonRow.active).order_by(PersonRow.name)
    if office_ids is not None:
        query = query.where(PersonRow.office_id.in_(list(office_ids)))
    return [_person(session, row) for row in session.scalars(query)]


def everybody(session: Session) -> list[Person]:
    """Return all persons, inactive ones too, by sign-in name; two queries, however many."""
    heads: dict[str, set[str]] = {}
    for person_id, office_id in session.execute(select(HeadRow.person_id, HeadRow.office_id)):
        heads.setdefault(person_id, set()).add(office_id)
    rows = session.scalars(select(PersonRow).order_by(PersonRow.login))
    return [_made(row, heads.get(row.id, ())) for row in rows]


def names(session: Session, person_ids: Iterable[str]) -> dict[str, str]:
    """Return what persons are called, inactive ones too: what they used stays theirs."""
    query = select(PersonRow.id, PersonRow.name).where(PersonRow.id.in_(list(person_ids)))
    return {person_id: name for person_id, name in session.execute(query)}  # noqa: C416  # rows


def find_persons(
    session: Session, words: str, office_id: str | None, *, limit: int, offset: int = 0
) -> list[Person]:
    """Return the persons, inactive ones too, in whose name, sign-in name or mail `words` stands."""
    query = _found(words, office_id).order_by(PersonRow.name, PersonRow.id)
    rows = session.scalars(query.limit(limit).offset(offset))
    return [_person(session, row) for row in rows]


def count_persons(session: Session, words: str, office_id: str | None) -> int:
    """Return how many persons `find_persons` finds."""
    return session.scalar(_found(words, office_id).with_only_columns(func.count(PersonRow.id))) or 0


def administrators(session: Session) -> list[Person]:
    """Return who runs the system: the people to ask."""
    return [someone for someone in persons(session) if someone.admin]


def heads_of(session: Session, office_id: str) -> list[Person]:
    """Return the active persons who head an office, by name."""
    query = (
        select(PersonRow)
        .join(HeadRow, HeadRow.person_id == PersonRow.id)
        .where(HeadRow.office_id == office_id, PersonRow.active)
        .order_by(PersonRow.name, PersonRow.id)
    )
    return [_person(session, row) for row in session.scalars(query)]


def _found(words: str, office_id: str | None) -> Select[PersonRow]:
    query = select(PersonRow)
    if office_id is not None:
        query = query.where(PersonRow.office_id == office_id)
    if words:
        columns = (PersonRow.name, PersonRow.login, PersonRow.email)
        query = query.where(or_(*(column.icontains(words, autoescape=True) for column in columns)))
    return query


def _office(row: OfficeRow) -> Office:
    return Office(row.id, row.code, row.name, row.guest, row.titles_visible)


def _person(session: Session, row: PersonRow) -> Person:
    return _made(row, session.scalars(_HEADED, {"of_person": row.id}))


def _made(row: PersonRow, heads: Iterable[str]) -> Person:
    return Person(
        id=row.id,
        login=row.login,
        name=row.name,
        office_id=row.office_id,
        email=row.email,
        language=row.language,
        active=row.active,
        admin=row.admin,
        heads=frozenset(heads),
    )
