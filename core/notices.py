"""News for a person: a line on the first page after sign-in, and a mail where an address is known.

A print queue shows no text at all, so this is how people learn what became of a job.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from core import mail
from core.db import Base
from core.identity import queries as identity
from core.ids import new_uuid
from core.text import Text

NOTICES_SHOWN_MAX = 50


class NoticeRow(Base):
    """One line of news for one person."""

    __tablename__ = "notices"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("persons.id"), index=True)
    text: Mapped[dict[str, Any]]
    path: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime | None]


@dataclass(frozen=True)
class Notice:
    """One line of news; `path` is the page that tells more."""

    id: str
    text: Text
    path: str
    created_at: datetime
    seen: bool


def notify(session: Session, person_id: str, text: Text, path: str, *, now: datetime) -> None:
    """Tell a person: on the page always, by mail when their address is known."""
    session.add(
        NoticeRow(
            id=new_uuid(), person_id=person_id, text=text.to_json(), path=path, created_at=now
        )
    )
    person = identity.person(session, person_id)
    if person.email:
        mail.post(session, person.email, person.language, text, path, now=now)


def unseen(session: Session, person_id: str) -> list[Notice]:
    """Return the newest news that the person has not put away."""
    query = (
        select(NoticeRow)
        .where(NoticeRow.person_id == person_id, NoticeRow.seen_at.is_(None))
        .order_by(NoticeRow.created_at.desc())
        .limit(NOTICES_SHOWN_MAX)
    )
    return [
        Notice(row.id, Text.from_json(row.text), row.path, row.created_at, row.seen_at is not None)
        for row in session.scalars(query)
    ]


def mark_seen(session: Session, person_id: str, notice_id: str | None, *, now: datetime) -> None:
    """Put one line of news away, or all of them (`notice_id` None)."""
    query = update(NoticeRow).where(NoticeRow.person_id == person_id, NoticeRow.seen_at.is_(None))
    if notice_id is not None:
        query = query.where(NoticeRow.id == notice_id)
    session.execute(query.values(seen_at=now))
