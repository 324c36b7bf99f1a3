"""Tables of the gateway: printers, jobs, supplies, permits, jobs that went past us, wrong PINs."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from core.append_only import append_only
from core.db import Base

_BIG = BigInteger().with_variant(Integer, "sqlite")


class PrinterRow(Base):
    """A printer that the gateway offers, and what its backend printer last said of itself."""

    __tablename__ = "printers"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    name: Mapped[str] = mapped_column(String(127), unique=True)
    info: Mapped[str] = mapped_column(String(255), default="")
    location: Mapped[str] = mapped_column(String(255), default="")
    is_default: Mapped[bool] = mapped_column(default=False)
    queue: Mapped[str] = mapped_column(String(127))
    device_uri: Mapped[str] = mapped_column(String(1023), default="")
    coverage: Mapped[float] = mapped_column(default=0.05)
    """Share of a page that is assumed to be marked, until coverage is measured per job."""
    attributes: Mapped[bytes] = mapped_column(LargeBinary, default=b"")
    """The last Get-Printer-Attributes answer of the device (RFC 8010 encoding); b"" if none."""
    two_sided: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(String(32), default="idle")
    state_reasons: Mapped[list[Any]] = mapped_column(default=list)
    state_changed_at: Mapped[datetime]
    reachable: Mapped[bool] = mapped_column(default=False)
    polled_at: Mapped[datetime | None]
    retired_at: Mapped[datetime | None]
    """Since when it takes no new jobs; its name stays with the jobs that it had."""
    milliwatts_printing: Mapped[int | None]
    milliwatts_ready: Mapped[int | None]
    milliwatts_sleep: Mapped[int | None]
    """From the device's label; None until somebody has entered it."""
    power: Mapped[str | None] = mapped_column(String(16))
    power_since: Mapped[datetime | None]
    power_seen_at: Mapped[datetime | None]
    """What it does (energy.py), since when and up to which look: not yet among its intervals."""


class PrinterStateRow(Base):
    """What a printer did for a time within one day; added when that is over, never changed."""

    __tablename__ = "printer_states"

    seq: Mapped[int] = mapped_column(_BIG, primary_key=True)
    id: Mapped[str] = mapped_column(String(36), unique=True)
    printer_id: Mapped[str] = mapped_column(ForeignKey("printers.id"))
    power: Mapped[str] = mapped_column(String(16))
    day: Mapped[date]
    since: Mapped[datetime]
    until: Mapped[datetime]
    seconds: Mapped[int]

    __table_args__ = (
        CheckConstraint("seconds > 0", name="seconds_above_zero"),
        # A year of a house is some millions of rows: its sums are read from the index alone.
        Index("ix_printer_states_sums", "day", "printer_id", "power", "seconds"),
    )


append_only(PrinterStateRow)


class SupplyRow(Base):
    """A level of paper or toner at a moment; a row is added only when the level changed."""

    __tablename__ = "supply_levels"

    id: Mapped[int] = mapped_column(primary_key=True)
    printer_id: Mapped[str] = mapped_column(ForeignKey("printers.id"))
    kind: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(255))
    level: Mapped[int]
    """Per cent of toner, sheets of paper; negative values are unknown (PWG 5100.13)."""
    level_max: Mapped[int]
    at: Mapped[datetime]

    __table_args__ = (Index("ix_supply_levels_course", "printer_id", "name", "at"),)


class JobRow(Base):
    """A job, from its arrival to the last sheet."""

    __tablename__ = "jobs"

    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[str] = mapped_column(String(36), unique=True)
    printer_id: Mapped[str] = mapped_column(ForeignKey("printers.id"))
    target_printer_id: Mapped[str | None] = mapped_column(ForeignKey("printers.id"))
    person_id: Mapped[str | None] = mapped_column(ForeignKey("persons.id"))
    office_id: Mapped[str] = mapped_column(ForeignKey("offices.id"))
    claimed_name: Mapped[str] = mapped_column(String(255))
    verified: Mapped[bool]
    title: Mapped[str] = mapped_column(String(255))
    language: Mapped[str] = mapped_column(String(16), default="")
    format: Mapped[str] = mapped_column(String(64), default="")
    octets: Mapped[int] = mapped_column(default=0)
    spooled: Mapped[str | None] = mapped_column(String(64))
    output_digest: Mapped[str | None] = mapped_column(String(64))
    """SHA-256 of the rewritten document, noted when the job is decided and checked when it goes."""
    stage: Mapped[str] = mapped_column(String(16))
    ticket_asked: Mapped[dict[str, Any]]
    ticket: Mapped[dict[str, Any]]
    reasons: Mapped[list[Any]] = mapped_column(default=list)
    state_reasons: Mapped[list[Any]] = mapped_column(default=list)
    """Why it waits or how it ended, as IPP keywords of the printer, CUPS or ours."""
    pages: Mapped[int] = mapped_column(default=0)
    sheets_reserved: Mapped[int] = mapped_column(default=0)
    sheets_used: Mapped[int | None]
    impressions: Mapped[int | None]
    estimated: Mapped[bool] = mapped_column(default=False)
    wants_paper: Mapped[bool] = mapped_column(default=False)
    """Somebody who may do so asked for paper with a reason: the draft rule stands back."""
    hold: Mapped[str] = mapped_column(String(8), default="none", server_default="none")
    """Why it is held, or will be once it is accepted: see holding.py."""
    pin_hash: Mapped[str] = mapped_column(String(255), default="", server_default="")
    """A slow, salted hash of its PIN; removed as soon as the PIN has nothing to release."""
    pin_failures: Mapped[int] = mapped_column(default=0, server_default="0")
    backend_job_id: Mapped[int | None]
    document_id: Mapped[str | None] = mapped_column(String(36), index=True)
    grant_id: Mapped[str | None] = mapped_column(String(36), unique=True)
    permit_id: Mapped[int | None]
    """The permit that lets it print on one side."""
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    processing_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    two_sided_sheets: Mapped[int | None]
    saved_by_two_sided: Mapped[int | None]
    saved_by_number_up: Mapped[int | None]
    """Known once it is tallied (savings.py)."""
    tallied: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether it is over and its office's tally of the day has it."""

    __table_args__ = (
        Index("ix_jobs_ended", "office_id", "completed_at"),
        Index(
            "ix_jobs_untallied",
            "id",
            sqlite_where=text("tallied = 0"),
            postgresql_where=text("NOT tallied"),
        ),
        Index("ix_jobs_person", "person_id", "id"),
        Index("ix_jobs_office", "office_id", "id"),
        Index("ix_jobs_stage", "stage"),
        # An id that a client has seen is never handed out again.
        {"sqlite_autoincrement": True},
    )


class PermitRow(Base):
    """That a person may print on one side for a while; or that they asked for it."""

    __tablename__ = "permits"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(36), unique=True)
    """Made by the form that asks, so that sending it twice asks once."""
    person_id: Mapped[str] = mapped_column(ForeignKey("persons.id"))
    office_id: Mapped[str] = mapped_column(ForeignKey("offices.id"))
    reason: Mapped[str] = mapped_column(String(500))
    measure: Mapped[str] = mapped_column(String(8))
    allowed: Mapped[int]
    used: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(String(16))
    ends_at: Mapped[datetime]
    asked_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str] = mapped_column(String(255), default="")
    answer: Mapped[str] = mapped_column(String(500), default="")

    __table_args__ = (
        CheckConstraint("used >= 0", name="used_not_negative"),
        CheckConstraint("used <= allowed", name="used_within_allowed"),
        # Asked with every job: what a person's job may use.
        Index("ix_permits_person", "person_id", "state"),
        Index("ix_permits_office", "office_id", "id"),
        {"sqlite_autoincrement": True},
    )


class PermitUseRow(Base):
    """That a job was printed on one side by a permit."""

    __tablename__ = "permit_uses"

    job_uuid: Mapped[str] = mapped_column(ForeignKey("jobs.uuid"), primary_key=True)
    permit_id: Mapped[int] = mapped_column(ForeignKey("permits.id"))
    amount: Mapped[int]
    two_sided_sheets: Mapped[int]
    """What the job would have taken two-sided: the baseline of the report."""
    kept: Mapped[int | None]
    """What of the amount stands; None until the job is over."""
    used_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_permit_uses_permit", "permit_id", "used_at"),)


class TallyRow(Base):
    """What became of an office's jobs that were over on a day: sums over them (tallies.py)."""

    __tablename__ = "job_tallies"

    office_id: Mapped[str] = mapped_column(ForeignKey("offices.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    jobs: Mapped[int]
    sheets: Mapped[int]
    two_sided_sheets: Mapped[int]
    saved_by_two_sided: Mapped[int]
    saved_by_number_up: Mapped[int]
    refused: Mapped[int]
    circulated: Mapped[int]
    after_all: Mapped[int]


class ForeignJobRow(Base):
    """A job that CUPS had and that was not ours: uncontrolled paper."""

    __tablename__ = "foreign_jobs"

    id: Mapped[int] = mapped_column(primary_key=True)
    queue: Mapped[str] = mapped_column(String(127))
    backend_job_id: Mapped[int]
    created_at: Mapped[datetime]
    user: Mapped[str] = mapped_column(String(255))
    sheets: Mapped[int] = mapped_column(default=0)
    impressions: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(String(32))
    seen_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("queue", "backend_job_id", "created_at"),)


class PinFailureRow(Base):
    """How often an address tried to release jobs with a wrong number or PIN, and since when."""

    __tablename__ = "pin_failures"

    address: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int]
    since: Mapped[datetime]
