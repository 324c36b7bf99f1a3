"""The audit trail: who did what to which thing, in the transaction that did it, chained by hashes.

Each record's hash covers its content and the hash before it, so that changing, removing or
reordering any record breaks every one after it. Only ids and figures go in: no titles, no text.

A chain has one end, so whoever adds to it makes all others wait until they commit. The records of
a transaction are therefore kept until its last moment and added together: the wait is short, and
since nothing is locked after the end of the chain, no two can wait for each other.

Other rows that are never to change can be chained too, for nothing but the hashing: `attest` has
the digest of their content put into the last record of the transaction that writes them. Whoever
wrote them compares (`attested`).
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, String, func, insert, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from core.db import Base, at_the_end, insert_new, table
from core.people import Actor

_GENESIS = "0" * 64
_DEEDS, _ATTESTED = "printgate-deeds", "printgate-attested"


class AuditRow(Base):
    """One deed."""

    __tablename__ = "audit_records"

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(index=True)
    actor_name: Mapped[str] = mapped_column(String(255))
    actor_person_id: Mapped[str | None] = mapped_column(String(36))
    action: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(255), index=True)
    details: Mapped[dict[str, Any]]
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class AuditHeadRow(Base):
    """The end of the chain; updating it makes writers take turns."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int]
    hash: Mapped[str] = mapped_column(String(64))


# Every job comes through here some ten times, and on PostgreSQL all wait for the one who does: the
# statements are built once, and make no objects.
_HEAD = select(AuditHeadRow.seq, AuditHeadRow.hash).with_for_update(key_share=True)
_MOVE = update(table(AuditHeadRow)).where(table(AuditHeadRow).c.id == 1)
_ADD = insert(table(AuditRow)).inline()
_HASHED = ("actor_name", "actor_person_id", "action", "subject", "details", "previous_hash")


@dataclass(frozen=True)
class AuditRecord:
    """One deed, as a page shows it."""

    seq: int
    at: datetime
    actor_name: str
    action: str
    subject: str
    details: Mapping[str, Any]


@dataclass(frozen=True)
class AuditSearch:
    """Which records a list shows; what is left empty does not matter."""

    actor: str = ""
    """A part of the name."""
    action: str = ""
    """How it begins: `job` or `job.cancel`."""
    subject: str = ""
    since: datetime | None = None
    before: datetime | None = None


@dataclass(frozen=True)
class _Deed:
    """A record before it has its place in the chain."""

    actor: Actor
    action: str
    subject: str
    details: dict[str, Any]
    at: datetime


def record(  # the columns of a record
    session: Session,
    actor: Actor,
    action: str,
    subject: str,
    details: Mapping[str, Any],
    now: datetime,
) -> None:
    """Append a record to this transaction; `action` is `thing.verb`, `subject` the thing's id."""
    deeds: list[_Deed] | None = session.info.get(_DEEDS)
    if deeds is None:
        deeds = session.info[_DEEDS] = []
        at_the_end(session, _append)
    deeds.append(_Deed(actor, action, subject, dict(details), now))


def attest(session: Session, book: str, key: str, content: Sequence[object]) -> None:
    """Chain a row of another table: its digest goes into the last record of this transaction.

    `book` says which table it is of, `key` which row. Without a record nothing is chained.
    """
    books: dict[str, dict[str, Sequence[object]]] = session.info.setdefault(_ATTESTED, {})
    books.setdefault(book, {})[key] = content


def attested(session: Session, book: str) -> Iterator[Mapping[str, str]]:
    """Yield, record by record, the digests of the rows of a book by their keys, oldest first."""
    query = select(AuditRow.details).order_by(AuditRow.seq).execution_options(yield_per=1000)
    for details in session.scalars(query):
        if book in details:
            yield details[book]


def digest(content: Sequence[object]) -> str:
    """Return the SHA-256 of what a record or another row says."""
    said = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(said.encode()).hexdigest()


def _append(session: Session) -> None:
    deeds: list[_Deed] = session.info.pop(_DEEDS)
    for book, rows in session.info.pop(_ATTESTED, {}).items():
        deeds[-1].details[book] = {key: digest(content) for key, content in rows.items()}
    seq, previous = _locked_head(session)
    records = []
    for deed in deeds:
        columns: dict[str, Any] = {
            "seq": seq + 1,
            "at": deed.at,
            "actor_name": deed.actor.name,
            "actor_person_id": deed.actor.person_id,
            "action": deed.action,
            "subject": deed.subject,
            "details": deed.details,
            "previous_hash": previous,
        }
        columns["hash"] = _hash(columns)
        records.append(columns)
        seq, previous = seq + 1, columns["hash"]
    session.execute(_ADD, records)
    session.execute(_MOVE, {"seq": seq, "hash": previous})


def first_broken_seq(session: Session) -> int | None:
    """Return the number of the first record that does not fit the chain, or None if all do."""
    previous, seq = _GENESIS, 0
    for row in session.scalars(select(AuditRow).order_by(AuditRow.seq)):
        if (row.seq, row.previous_hash, row.hash) != (seq + 1, previous, _hash(vars(row))):
            return row.seq
        previous, seq = row.hash, row.seq
    head = session.get(AuditHeadRow, 1)
    stands_at = (head.seq, head.hash) if head else (0, _GENESIS)
    return None if stands_at == (seq, previous) else seq + 1


def records_of(session: Session, subject: str) -> Iterator[AuditRecord]:
    """Yield what was done to one thing, oldest first."""
    query = select(AuditRow).where(AuditRow.subject == subject).order_by(AuditRow.seq)
    yield from map(_record, session.scalars(query))


def find_records(
    session: Session, asked: AuditSearch, *, limit: int, offset: int = 0
) -> list[AuditRecord]:
    """Return the records that a list shows, newest first."""
    query = _found(asked).order_by(AuditRow.seq.desc()).limit(limit).offset(offset)
    return [_record(row) for row in session.scalars(query)]


def count_records(session: Session, asked: AuditSearch) -> int:
    """Return how many records `find_records` finds."""
    return session.scalar(_found(asked).with_only_columns(func.count(AuditRow.seq))) or 0


def _found(asked: AuditSearch) -> Select[AuditRow]:
    query = select(AuditRow)
    if asked.actor:
        query = query.where(AuditRow.actor_name.icontains(asked.actor, autoescape=True))
    if asked.action:
        query = query.where(AuditRow.action.startswith(asked.action, autoescape=True))
    if asked.subject:
        query = query.where(AuditRow.subject == asked.subject)
    if asked.since is not None:
        query = query.where(AuditRow.at >= asked.since)
    if asked.before is not None:
        query = query.where(AuditRow.at < asked.before)
    return query


def _record(row: AuditRow) -> AuditRecord:
    return AuditRecord(row.seq, row.at, row.actor_name, row.action, row.subject, row.details)


def _locked_head(session: Session) -> tuple[int, str]:
    """Return the number and the hash of the last record; nobody else adds one meanwhile."""
    session.flush()
    head = session.execute(_HEAD).one_or_none()
    if head is None:
        insert_new(session, AuditHeadRow, id=1, seq=0, hash=_GENESIS)
        head = session.execute(_HEAD).one()
    return head.seq, head.hash


def _hash(columns: Mapping[str, Any]) -> str:
    return digest(
        [
            columns["seq"],
            columns["at"].isoformat(timespec="microseconds"),
            *(columns[name] for name in _HASHED),
        ]
    )
