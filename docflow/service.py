"""The verbs of documents: each checks who asks and the state of the document, and is audited."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from core import audit, notices
from core.db import insert_new, locked
from core.errors import InvalidInput
from core.identity import queries as identity
from core.ids import new_uuid
from core.people import Actor
from core.text import Text, clean_line
from docflow import queries
from docflow.access import Relation, may_do, may_read
from docflow.errors import DocumentEnded, GrantSpent, NoSuchDocument, NotAllowed
from docflow.lifecycle import TRANSITIONS, Action, State, may
from docflow.models import DocumentRow, GrantRow, OpinionRow, ReaderRow, RevisionRow
from docflow.queries import Document, PrintGrant

TITLE_LENGTH_MAX = 255
OPINION_LENGTH_MAX = 5000
REASON_LENGTH_MIN = 5
COPIES_MAX = 100

OPEN, USED, VOID = "open", "used", "void"


def submit_draft(
    session: Session,
    *,
    document_id: str,
    title: str,
    owner_id: str,
    origin: str,
    digest: str,
    octets: int,
    pages: int,
    now: datetime,
    actor: Actor,
) -> Document:
    """Start a document with its first revision; submitting the same id again changes nothing."""
    owner = identity.person(session, owner_id)
    if insert_new(
        session,
        DocumentRow,
        id=document_id,
        title=clean_line(title, TITLE_LENGTH_MAX),
        owner_id=owner_id,
        office_id=owner.office_id,
        origin=origin,
        state=State.CIRCULATING,
        created_at=now,
        changed_at=now,
    ):
        _add_file(session, document_id, 1, digest, octets, pages, owner_id, now)
        details = {"origin": origin, "sha256": digest, "pages": pages}
        audit.record(session, actor, "document.submit", document_id, details, now)
    return queries.document(session, document_id, Actor.of(owner))


def name_readers(
    session: Session, document_id: str, person_ids: Iterable[str], *, actor: Actor, now: datetime
) -> None:
    """Let people read; they are told. Naming somebody again changes nothing."""
    row = _act(session, document_id, Action.NAME_READERS, actor, now)
    for person_id in person_ids:
        person = identity.person(session, person_id)
        known = session.get(ReaderRow, (document_id, person.id)) is not None
        if known or person.id == row.owner_id:
            continue
        session.add(ReaderRow(document_id=document_id, person_id=person.id, named_at=now))
        session.flush()
        audit.record(session, actor, "document.reader", document_id, {"person": person.id}, now)
        text = Text("{name} asks you to read a document.", {"name": actor.name})
        notices.notify(session, person.id, text, _page(row), now=now)


def remove_reader(
    session: Session, document_id: str, person_id: str, *, actor: Actor, now: datetime
) -> None:
    """Stop somebody from reading; removing one who is no reader changes nothing."""
    _act(session, document_id, Action.NAME_READERS, actor, now)
    reader = session.get(ReaderRow, (document_id, person_id))
    if reader is not None:
        session.delete(reader)
        details = {"person": person_id}
        audit.record(session, actor, "document.remove-reader", document_id, details, now)


def mark_opened(session: Session, document_id: str, *, actor: Actor, now: datetime) -> None:
    """Note that a reader opened the document: the read receipt. Only the first time counts."""
    key = (document_id, actor.person_id)
    reader = locked(session, ReaderRow, key) if actor.person_id else None
    if reader is not None and reader.opened_at is None:
        reader.opened_at = now
        audit.record(session, actor, "document.open", document_id, {}, now)


def give_opinion(
    session: Session, document_id: str, text: str, *, actor: Actor, now: datetime
) -> None:
    """Add an opinion on the newest revision; the owner is told."""
    row = _act(session, document_id, Action.GIVE_OPINION, actor, now)
    lines = [clean_line(line, OPINION_LENGTH_MAX + 1) for line in text.splitlines()]
    words = "\n".join(lines).strip()
    if not words or len(words) > OPINION_LENGTH_MAX:
        raise InvalidInput(Text("An opinion has 1 to {n} characters.", {"n": OPINION_LENGTH_MAX}))
    newest = queries.newest_revision(session, document_id)
    session.add(
        OpinionRow(
            document_id=document_id,
            revision=newest.number,
            person_id=actor.person_id,
            text=words,
            at=now,
        )
    )
    session.flush()
    audit.record(session, actor, "document.opinion", document_id, {"n": newest.number}, now)
    if row.owner_id != actor.person_id:
        news = Text("{name} gave an opinion on your document.", {"name": actor.name})
        notices.notify(session, row.owner_id, news, _page(row), now=now)


def end(
    session: Session, document_id: str, action: Action, *, actor: Actor, now: datetime
) -> Document:
    """Close or withdraw a document."""
    if action not in (Action.CLOSE, Action.WITHDRAW):
        raise ValueError(f"{action} does not end a document")
    row = _act(session, document_id, action, actor, now)
    row.state = TRANSITIONS[State(row.state)][action]
    audit.record(session, actor, f"document.{action}", document_id, {}, now)
    session.flush()
    return queries.document(session, document_id, actor)


def ask_print(
    session: Session,
    document_id: str,
    *,
    copies: int,
    reason: str,
    actor: Actor,
    now: datetime,
) -> PrintGrant:
    """Grant so many paper copies of the newest revision, with a reason; used once or voided."""
    _act(session, document_id, Action.ASK_PRINT, actor, now)
    given = clean_line(reason, 500)
    if len(given) < REASON_LENGTH_MIN:
        raise InvalidInput(
            Text("Please give a reason of at least {n} characters.", {"n": REASON_LENGTH_MIN})
        )
    if not 1 <= copies <= COPIES_MAX:
        raise InvalidInput(Text("1 to {n} copies can be printed.", {"n": COPIES_MAX}))
    newest = queries.newest_revision(session, document_id)
    row = GrantRow(
        id=new_uuid(),
        document_id=document_id,
        digest=newest.digest,
        pages=newest.pages,
        copies=copies,
        reason=given,
        asked_by=actor.person_id,
        asked_at=now,
        state=OPEN,
    )
    session.add(row)
    session.flush()
    audit.record(session, actor, "document.ask-print", document_id, {"copies": copies}, now)
    return queries.grant_of(session, row)


def use_grant(
    session: Session, grant_id: str, used_by: str, *, actor: Actor, now: datetime
) -> None:
    """Note by what origin a grant was used; noting the same again changes nothing."""
    row = _grant(session, grant_id)
    if (row.state, row.used_by) == (USED, used_by):
        return
    if row.state != OPEN:
        raise GrantSpent(Text("This permission to print has been used already."))
    row.state, row.used_by = USED, used_by
    audit.record(session, actor, "document.printed", row.document_id, {"by": used_by}, now)


def void_grant(session: Session, grant_id: str, *, actor: Actor, now: datetime) -> None:
    """Take back a grant that was not used; one that is over stays as it is."""
    row = _grant(session, grant_id)
    if row.state == OPEN:
        row.state = VOID
        audit.record(session, actor, "document.void-print", row.document_id, {}, now)


def _grant(session: Session, grant_id: str) -> GrantRow:
    row = locked(session, GrantRow, grant_id)
    assert row is not None
    return row


def _act(
    session: Session, document_id: str, action: Action, actor: Actor, now: datetime
) -> DocumentRow:
    """Return the row if the actor may do this to it now."""
    row = locked(session, DocumentRow, document_id)
    relation = Relation.STRANGER if row is None else queries.relation(session, row, actor)
    if row is None or not may_read(relation):
        raise NoSuchDocument(Text("There is no such document."))
    if not may_do(relation, action):
        raise NotAllowed(Text("Only the owner of this document may do that."))
    if not may(State(row.state), action):
        raise DocumentEnded(Text("This document is closed; nothing can be added to it."))
    row.changed_at = now
    return row


def _add_file(
    session: Session,
    document_id: str,
    number: int,
    digest: str,
    octets: int,
    pages: int,
    person_id: str,
    now: datetime,
) -> None:
    session.add(
        RevisionRow(
            document_id=document_id,
            number=number,
            digest=digest,
            octets=octets,
            pages=pages,
            created_by=person_id,
            created_at=now,
        )
    )
    session.flush()


def _page(row: DocumentRow) -> str:
    return f"/documents/{row.id}"
