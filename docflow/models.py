"""Tables of documents, their revisions, readers, opinions and print grants."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base


class DocumentRow(Base):
    """A document; its files are revisions."""

    __tablename__ = "documents"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    title: Mapped[str] = mapped_column(String(255))
    owner_id: Mapped[str] = mapped_column(ForeignKey("persons.id"), index=True)
    office_id: Mapped[str] = mapped_column(ForeignKey("offices.id"))
    origin: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]


class RevisionRow(Base):
    """One file of a document; never changed."""

    __tablename__ = "revisions"

    id: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id"))
    number: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64), index=True)
    octets: Mapped[int]
    pages: Mapped[int]
    created_by: Mapped[str] = mapped_column(ForeignKey("persons.id"))
    created_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("document_id", "number"),
        CheckConstraint("pages > 0", name="has_pages"),
    )


class ReaderRow(Base):
    """That a person may read a document, and when they first did."""

    __tablename__ = "readers"

    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id"), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("persons.id"), primary_key=True)
    named_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]


class OpinionRow(Base):
    """What a person thinks of one revision."""

    __tablename__ = "opinions"

    id: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id"), index=True)
    revision: Mapped[int]
    person_id: Mapped[str] = mapped_column(ForeignKey("persons.id"))
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]


class GrantRow(Base):
    """A right to so many paper copies of one revision, asked for with a reason; used once."""

    __tablename__ = "print_grants"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id"), index=True)
    digest: Mapped[str] = mapped_column(String(64))
    pages: Mapped[int]
    copies: Mapped[int]
    reason: Mapped[str] = mapped_column(String(500))
    asked_by: Mapped[str] = mapped_column(ForeignKey("persons.id"))
    asked_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(16))
    used_by: Mapped[str] = mapped_column(String(64), default="")
