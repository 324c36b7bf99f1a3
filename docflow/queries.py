"""Reads of documents: only what the asker may know."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from core.identity.models import PersonRow
from core.people import Actor
from core.text import Text
from docflow.access import Relation, may_do, may_read
from docflow.errors import NoSuchDocument
from docflow.lifecycle import Action, State, may
from docflow.models import DocumentRow, GrantRow, OpinionRow, ReaderRow, RevisionRow


@dataclass(frozen=True)
class Revision:
    """One file of a document."""

    number: int
    digest: str
    octets: int
    pages: int
    created_at: datetime


@dataclass(frozen=True)
class Reader:
    """A person who may read, and when they first did."""

    person_id: str
    name: str
    named_at: datetime
    opened_at: datetime | None


@dataclass(frozen=True)
class Opinion:
    """What a person thinks of one revision."""

    revision: int
    person_name: str
    text: str
    at: datetime


@dataclass(frozen=True)
class PrintGrant:
    """A right to so many paper copies of one file."""

    id: str
    document_id: str
    digest: str
    pages: int
    copies: int
    reason: str
    asked_by_name: str
    asked_at: datetime
    state: str


@dataclass(frozen=True)
class Document:
    """A document as one asker sees it."""

    id: str
    title: str
    owner_id: str
    owner_name: str
    office_id: str
    origin: str
    state: State
    created_at: datetime
    changed_at: datetime
    revision: Revision
    relation: Relation
    unread: bool

    def may(self, action: Action) -> bool:
        """Whether the asker may do this now."""
        return may_do(self.relation, action) and may(self.state, action)


@dataclass(frozen=True)
class DocumentSearch:
    """Which documents a list shows; what is left empty does not matter."""

    relation: Relation
    """What the actor is to them: owner or reader."""
    state: State | None = None
    owner: str = ""
    """A part of the owner's name."""
    title: str = ""
    since: datetime | None = None
    before: datetime | None = None
    """Changed since and before."""


def document(session: Session, document_id: str, actor: Actor) -> Document:
    """Return a document that the actor may read; NoSuchDocument for any other."""
    row = session.get(DocumentRow, document_id)
    if row is None or not may_read(relation(session, row, actor)):
        raise NoSuchDocument(Text("There is no such document."))
    return _document(session, row, actor)


def documents_of(session: Session, actor: Actor) -> list[Document]:
    """Return the documents that the actor owns, newest first."""
    return find_documents(session, DocumentSearch(Relation.OWNER), actor)


def documents_to_read(session: Session, actor: Actor) -> list[Document]:
    """Return the documents that the actor was named a reader of, newest first."""
    return find_documents(session, DocumentSearch(Relation.READER), actor)


def find_documents(
    session: Session,
    asked: DocumentSearch,
    actor: Actor,
    *,
    limit: int | None = None,
    offset: int = 0,
) -> list[Document]:
    """Return the documents that a list shows to the actor, the last changed first."""
    query = _found(asked, actor).order_by(DocumentRow.changed_at.desc(), DocumentRow.id)
    rows = session.scalars(query.limit(limit).offset(offset))
    return [_document(session, row, actor) for row in rows]


def count_documents(session: Session, asked: DocumentSearch, actor: Actor) -> int:
    """Return how many documents `find_documents` finds."""
    query = _found(asked, actor).with_only_columns(func.count(DocumentRow.id))
    return session.scalar(query) or 0


def _found(asked: DocumentSearch, actor: Actor) -> Select[DocumentRow]:
    read = select(ReaderRow.document_id).where(ReaderRow.person_id == actor.person_id)
    is_to_actor = {
        Relation.OWNER: DocumentRow.owner_id == actor.person_id,
        Relation.READER: DocumentRow.id.in_(read),
    }
    conditions = (
        (asked.state, DocumentRow.state == asked.state),
        (asked.owner, PersonRow.name.icontains(asked.owner, autoescape=True)),
        (asked.title, DocumentRow.title.icontains(asked.title, autoescape=True)),
    )
    query = (
        select(DocumentRow)
        .join(PersonRow, PersonRow.id == DocumentRow.owner_id)
        .where(is_to_actor[asked.relation])
        .where(*(condition for wanted, condition in conditions if wanted))
    )
    if asked.since is not None:
        query = query.where(DocumentRow.changed_at >= asked.since)
    if asked.before is not None:
        query = query.where(DocumentRow.changed_at < asked.before)
    return query


def readers(session: Session, document_id: str) -> list[Reader]:
    """Return who may read a document, by name."""
    query = (
        select(ReaderRow, PersonRow.name)
        .join(PersonRow, PersonRow.id == ReaderRow.person_id)
        .where(ReaderRow.document_id == document_id)
        .order_by(PersonRow.name)
    )
    return [
        Reader(row.person_id, name, row.named_at, row.opened_at)
        for row, name in session.execute(query)
    ]


def opinions(session: Session, document_id: str) -> list[Opinion]:
    """Return the opinions on a document, oldest first."""
    query = (
        select(OpinionRow, PersonRow.name)
        .join(PersonRow, PersonRow.id == OpinionRow.person_id)
        .where(OpinionRow.document_id == document_id)
        .order_by(OpinionRow.id)
    )
    return [Opinion(row.revision, name, row.text, row.at) for row, name in session.execute(query)]


def revisions(session: Session, document_id: str) -> list[Revision]:
    """Return the files of a document, newest first."""
    rows = session.scalars(
        select(RevisionRow)
        .where(RevisionRow.document_id == document_id)
        .order_by(RevisionRow.number.desc())
    )
    return [_revision(row) for row in rows]


def grants(session: Session, document_id: str) -> list[PrintGrant]:
    """Return the print grants of a document, newest first."""
    rows = session.scalars(
        select(GrantRow)
        .where(GrantRow.document_id == document_id)
        .order_by(GrantRow.asked_at.desc())
    )
    return [grant_of(session, row) for row in rows]


@dataclass(frozen=True)
class Circulation:
    """What became of a document that was put into circulation: no word of what it says."""

    document_id: str
    office_id: str
    owner_name: str
    origin: str
    pages: int
    created_at: datetime
    opened: int
    """Readers, beside the owner, who opened it until now."""


def circulations(
    session: Session, since: datetime, before: datetime, office_id: str = ""
) -> list[Circulation]:
    """Return the documents put into circulation between two moments, newest first."""
    opened = (
        select(func.count())
        .where(
            ReaderRow.document_id == DocumentRow.id,
            ReaderRow.person_id != DocumentRow.owner_id,
            ReaderRow.opened_at.is_not(None),
        )
        .scalar_subquery()
    )
    query = (
        select(DocumentRow, PersonRow.name, RevisionRow.pages, opened)
        .join(PersonRow, PersonRow.id == DocumentRow.owner_id)
        .join(RevisionRow, RevisionRow.document_id == DocumentRow.id)
        .where(
            RevisionRow.number == 1,
            DocumentRow.created_at >= since,
            DocumentRow.created_at < before,
        )
        .order_by(DocumentRow.created_at.desc(), DocumentRow.id)
    )
    if office_id:
        query = query.where(DocumentRow.office_id == office_id)
    return [
        Circulation(row.id, row.office_id, owner, row.origin, pages, row.created_at, int(count))
        for row, owner, pages, count in session.execute(query)
    ]


def digests(session: Session) -> set[str]:
    """Return every file that some revision needs."""
    return set(session.scalars(select(RevisionRow.digest)))


def relation(session: Session, row: DocumentRow, actor: Actor) -> Relation:
    """Return what the actor is to a document."""
    if actor.person_id is None:
        return Relation.STRANGER
    if row.owner_id == actor.person_id:
        return Relation.OWNER
    reader = session.get(ReaderRow, (row.id, actor.person_id))
    return Relation.STRANGER if reader is None else Relation.READER


def grant_of(session: Session, row: GrantRow) -> PrintGrant:
    """Return a print grant's row as a value."""
    return PrintGrant(
        id=row.id,
        document_id=row.document_id,
        digest=row.digest,
        pages=row.pages,
        copies=row.copies,
        reason=row.reason,
        asked_by_name=session.get_one(PersonRow, row.asked_by).name,
        asked_at=row.asked_at,
        state=row.state,
    )


def newest_revision(session: Session, document_id: str) -> RevisionRow:
    """Return the row of a document's newest file."""
    number = select(func.max(RevisionRow.number)).where(RevisionRow.document_id == document_id)
    query = select(RevisionRow).where(
        RevisionRow.document_id == document_id, RevisionRow.number == number.scalar_subquery()
    )
    return session.scalars(query).one()


def _document(session: Session, row: DocumentRow, actor: Actor) -> Document:
    is_to_actor = relation(session, row, actor)
    reader = session.get(ReaderRow, (row.id, actor.person_id)) if actor.person_id else None
    return Document(
        id=row.id,
        title=row.title,
        owner_id=row.owner_id,
        owner_name=session.get_one(PersonRow, row.owner_id).name,
        office_id=row.office_id,
        origin=row.origin,
        state=State(row.state),
        created_at=row.created_at,
        changed_at=row.changed_at,
        revision=_revision(newest_revision(session, row.id)),
        relation=is_to_actor,
        unread=reader is not None and reader.opened_at is None,
    )


def _revision(row: RevisionRow) -> Revision:
    return Revision(row.number, row.digest, row.octets, row.pages, row.created_at)
