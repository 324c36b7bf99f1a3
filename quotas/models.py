"""Tables of accounts. Entries are only ever added: the database itself refuses anything else."""

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from core.append_only import append_only
from core.db import Base

_BIG = BigInteger().with_variant(Integer, "sqlite")


class AccountRow(Base):
    """An account of an office, a person or a project, in one unit (accounts.py)."""

    __tablename__ = "accounts"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    office_id: Mapped[str] = mapped_column(ForeignKey("offices.id"))
    unit: Mapped[str] = mapped_column(String(16))
    kind: Mapped[str] = mapped_column(String(16), default="office", server_default="office")
    holder: Mapped[str] = mapped_column(String(36), default="", server_default="")
    name: Mapped[str] = mapped_column(String(100), default="", server_default="")
    code: Mapped[str] = mapped_column(String(32), default="", server_default="")
    """What a job names a project by (projects.py); "" for what no job can name."""
    span: Mapped[str] = mapped_column(String(8), default="month", server_default="month")
    carry_max: Mapped[int] = mapped_column(_BIG, default=0, server_default="0")
    adjust_max: Mapped[int | None] = mapped_column(_BIG)
    limited: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether more is asked than what is left before something is reserved (limits.py)."""
    turned: Mapped[str] = mapped_column(String(7), default="", server_default="")
    """The period that carry-over and plan have last been entered for."""
    opened_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("office_id", "unit", "holder"),
        Index(
            "ix_accounts_code",
            "office_id",
            "unit",
            "code",
            unique=True,
            sqlite_where=text("code <> '' AND closed_at IS NULL"),
            postgresql_where=text("code <> '' AND closed_at IS NULL"),
        ),
    )


class PlanRow(Base):
    """What an account gets in each period without anybody entering it (plans.py)."""

    __tablename__ = "account_plans"

    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    percent_less: Mapped[int]
    amount: Mapped[int] = mapped_column(_BIG)
    starts_on: Mapped[date] = mapped_column(Date)
    base: Mapped[str] = mapped_column(String(9), default="last-year", server_default="last-year")
    set_by: Mapped[str] = mapped_column(String(255))
    set_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("percent_less BETWEEN 0 AND 100", name="percent_less_is_a_share"),
        CheckConstraint("amount >= 0", name="amount_not_negative"),
    )


class LimitsRow(Base):
    """What a job, and a person, may take of an office's account (limits.py)."""

    __tablename__ = "account_limits"

    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    job_max: Mapped[int | None] = mapped_column(_BIG)
    person_max: Mapped[int | None] = mapped_column(_BIG)
    fair_days: Mapped[int] = mapped_column(default=0, server_default="0")
    """The last working days in which fairness.py holds; 0: none."""
    fair_percent: Mapped[int] = mapped_column(default=0, server_default="0")
    fair_least: Mapped[int] = mapped_column(_BIG, default=0, server_default="0")
    soft_percent: Mapped[int] = mapped_column(default=0, server_default="0")

    __table_args__ = (
        CheckConstraint("job_max > 0", name="a_job_takes_something"),
        CheckConstraint("person_max >= 0", name="person_max_not_negative"),
        CheckConstraint("fair_percent BETWEEN 0 AND 100", name="fair_percent_is_a_share"),
        CheckConstraint("soft_percent BETWEEN 0 AND 100", name="soft_percent_is_a_share"),
        CheckConstraint("fair_days >= 0 AND fair_least >= 0", name="fair_not_negative"),
    )


class PersonLimitRow(Base):
    """What one person, named by itself, may take of an office's account in a period."""

    __tablename__ = "person_limits"

    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    person_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    sheets_max: Mapped[int] = mapped_column(_BIG)

    __table_args__ = (CheckConstraint("sheets_max >= 0", name="sheets_max_not_negative"),)


class PlanDraftRow(Base):
    """What an office's plan and cap are to become, before anybody puts that into force."""

    __tablename__ = "plan_drafts"

    office_id: Mapped[str] = mapped_column(ForeignKey("offices.id"), primary_key=True)
    unit: Mapped[str] = mapped_column(String(16), primary_key=True)
    base: Mapped[str] = mapped_column(String(9))
    """What the plan reckons from; empty where nothing is to be granted by plan."""
    percent_less: Mapped[int]
    amount: Mapped[int] = mapped_column(_BIG)
    starts_on: Mapped[date | None] = mapped_column(Date)
    carry_max: Mapped[int] = mapped_column(_BIG)
    drafted_by: Mapped[str] = mapped_column(String(255))
    drafted_at: Mapped[datetime]


class ProposalRow(Base):
    """An adjustment that waits for a second person, and what became of it."""

    __tablename__ = "adjustment_proposals"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    period: Mapped[str] = mapped_column(String(7))
    amount: Mapped[int] = mapped_column(_BIG)
    reason: Mapped[str] = mapped_column(String(500))
    state: Mapped[str] = mapped_column(String(16))
    proposed_by: Mapped[str] = mapped_column(String(36))
    proposed_name: Mapped[str] = mapped_column(String(255))
    proposed_at: Mapped[datetime]
    decided_by: Mapped[str | None] = mapped_column(String(36))
    decided_name: Mapped[str | None] = mapped_column(String(255))
    decided_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_adjustment_proposals_state", "state", "account_id"),
        CheckConstraint("decided_by <> proposed_by OR state <> 'confirmed'", name="two_persons"),
    )


class RequestRow(Base):
    """Somebody's request for more sheets, and what became of it (requests.py)."""

    __tablename__ = "sheet_requests"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    amount: Mapped[int] = mapped_column(_BIG)
    reason: Mapped[str] = mapped_column(String(500))
    state: Mapped[str] = mapped_column(String(16))
    asked_by: Mapped[str] = mapped_column(String(36))
    asked_name: Mapped[str] = mapped_column(String(255))
    asked_at: Mapped[datetime]
    granted: Mapped[int | None] = mapped_column(_BIG)
    answer: Mapped[str] = mapped_column(String(500), default="")
    decided_by: Mapped[str | None] = mapped_column(String(36))
    decided_name: Mapped[str] = mapped_column(String(255), default="")
    decided_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_sheet_requests_state", "state", "asked_at"),
        Index("ix_sheet_requests_asked_by", "asked_by", "asked_at"),
        # One that waits is enough: whoever needs more takes it back and asks for more.
        Index(
            "ix_sheet_requests_one_open",
            "account_id",
            "asked_by",
            unique=True,
            sqlite_where=text("state = 'asked'"),
            postgresql_where=text("state = 'asked'"),
        ),
        CheckConstraint(
            "decided_by <> asked_by OR state IN ('asked', 'withdrawn')", name="two_persons"
        ),
        CheckConstraint("granted > 0 AND granted <= amount", name="no_more_than_asked_for"),
    )


class LoanRow(Base):
    """Sheets that one office lends to another, or was asked to (lending.py)."""

    __tablename__ = "loans"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    lender_id: Mapped[str] = mapped_column(ForeignKey("offices.id"))
    borrower_id: Mapped[str] = mapped_column(ForeignKey("offices.id"))
    amount: Mapped[int] = mapped_column(_BIG)
    reason: Mapped[str] = mapped_column(String(500))
    due_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(16))
    asked_by: Mapped[str] = mapped_column(String(36))
    asked_name: Mapped[str] = mapped_column(String(255))
    asked_at: Mapped[datetime]
    returned: Mapped[int] = mapped_column(_BIG, default=0)
    answer: Mapped[str] = mapped_column(String(500), default="")
    decided_by: Mapped[str | None] = mapped_column(String(36))
    decided_name: Mapped[str] = mapped_column(String(255), default="")
    decided_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]
    """When both offices were told that it is due and nothing could come back."""
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_loans_state", "state", "due_at"),
        Index("ix_loans_lender", "lender_id", "asked_at"),
        Index("ix_loans_borrower", "borrower_id", "asked_at"),
        CheckConstraint("lender_id <> borrower_id", name="two_offices"),
        CheckConstraint(
            "decided_by <> asked_by OR state IN ('asked', 'withdrawn')", name="two_persons"
        ),
        CheckConstraint("returned >= 0 AND returned <= amount", name="no_more_than_lent"),
    )


class WarningRow(Base):
    """That people were told how far an account was used up in a period (warnings.py)."""

    __tablename__ = "quota_warnings"

    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    period: Mapped[str] = mapped_column(String(7), primary_key=True)
    level: Mapped[int] = mapped_column(primary_key=True)
    warned_at: Mapped[datetime]


class EmergencyPoolRow(Base):
    """What an office drew from the emergency pool in a period, in sheets (emergency.py)."""

    __tablename__ = "emergency_pools"

    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    period: Mapped[str] = mapped_column(String(7), primary_key=True)
    drawn: Mapped[int] = mapped_column(_BIG)

    __table_args__ = (CheckConstraint("drawn >= 0", name="drawn_not_negative"),)


class EmergencyUseRow(Base):
    """One use of the emergency pool, by the key of its job, and what was said of it."""

    __tablename__ = "emergency_uses"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    office_id: Mapped[str] = mapped_column(ForeignKey("offices.id"))
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    period: Mapped[str] = mapped_column(String(7))
    amount: Mapped[int] = mapped_column(_BIG)
    person_id: Mapped[str] = mapped_column(String(36))
    person_name: Mapped[str] = mapped_column(String(255))
    used_at: Mapped[datetime]
    due_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(String(500), default="")
    justified_at: Mapped[datetime | None]
    answer: Mapped[str] = mapped_column(String(500), default="")
    decided_by: Mapped[str | None] = mapped_column(String(36))
    decided_name: Mapped[str] = mapped_column(String(255), default="")
    decided_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("amount > 0", name="amount_above_zero"),
        CheckConstraint("decided_by <> person_id", name="two_persons"),
        Index("ix_emergency_uses_office", "office_id", "used_at"),
        Index("ix_emergency_uses_person", "person_id", "state"),
    )


class BalanceRow(Base):
    """An account's balance in one period: the fold of its entries, kept at hand."""

    __tablename__ = "balances"

    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    period: Mapped[str] = mapped_column(String(7), primary_key=True)
    granted: Mapped[int] = mapped_column(_BIG, default=0)
    held: Mapped[int] = mapped_column(_BIG, default=0)
    spent: Mapped[int] = mapped_column(_BIG, default=0)

    __table_args__ = (
        CheckConstraint("held >= 0", name="held_not_negative"),
        CheckConstraint("spent >= 0", name="spent_not_negative"),
    )


class ReservationRow(Base):
    """Units set aside for one job."""

    __tablename__ = "reservations"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    period: Mapped[str] = mapped_column(String(7))
    amount: Mapped[int] = mapped_column(_BIG)
    state: Mapped[str] = mapped_column(String(16))
    used: Mapped[int | None] = mapped_column(_BIG)
    person_id: Mapped[str | None] = mapped_column(String(36))
    printer: Mapped[str] = mapped_column(String(127), default="")
    kind: Mapped[str] = mapped_column(String(64), default="")
    reserved_at: Mapped[datetime]
    renewed_until: Mapped[datetime | None]
    """Until when it was renewed; None: it lives as long as what it was made for."""
    ended_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_reservations_person", "account_id", "period", "person_id"),)


class EntryRow(Base):
    """One entry of the ledger."""

    __tablename__ = "entries"

    seq: Mapped[int] = mapped_column(_BIG, primary_key=True)
    id: Mapped[str] = mapped_column(String(64), unique=True)
    """Made from what it books (reservation id and kind), so that nothing is booked twice."""
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    period: Mapped[str] = mapped_column(String(7))
    kind: Mapped[str] = mapped_column(String(16))
    granted: Mapped[int] = mapped_column(_BIG)
    held: Mapped[int] = mapped_column(_BIG)
    spent: Mapped[int] = mapped_column(_BIG)
    reservation_id: Mapped[str | None] = mapped_column(String(36), index=True)
    transfer_id: Mapped[str | None] = mapped_column(String(64))
    """What the two entries of a transfer or a carry-over have in common."""
    person_id: Mapped[str | None] = mapped_column(String(36))
    printer: Mapped[str] = mapped_column(String(127), default="")
    label: Mapped[str] = mapped_column(String(64), default="")
    estimated: Mapped[bool] = mapped_column(default=False)
    reason: Mapped[str] = mapped_column(String(500), default="")
    actor: Mapped[str] = mapped_column(String(255))
    at: Mapped[datetime]

    __table_args__ = (
        Index("ix_entries_statement", "account_id", "period", "seq"),
        # Few entries have one, and those of jobs must not pay for it.
        Index(
            "ix_entries_transfer",
            "transfer_id",
            sqlite_where=text("transfer_id IS NOT NULL"),
            postgresql_where=text("transfer_id IS NOT NULL"),
        ),
    )


append_only(EntryRow)


# What was used, summed up for reading (rollups.py): made from the entries, and makeable again.


class RollupRow(Base):
    """What was spent of an account on a day, by whom, where and for what, and in how many jobs.

    Keyed so that the days of an account lie together. A guest's person is "", for a key has no
    NULL; the day lies in the period, as `rollups.py` says.
    """

    __tablename__ = "rollups"

    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    period: Mapped[str] = mapped_column(String(7), primary_key=True)
    person_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    printer: Mapped[str] = mapped_column(String(127), primary_key=True)
    label: Mapped[str] = mapped_column(String(64), primary_key=True)
    spent: Mapped[int] = mapped_column(_BIG)
    jobs: Mapped[int] = mapped_column(_BIG)

    __table_args__ = ({"sqlite_with_rowid": False},)


class RolledRow(Base):
    """How far the rollups go: they hold the entries up to `seq`, by the days of `zone`."""

    __tablename__ = "rolled"

    id: Mapped[int] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(_BIG)
    zone: Mapped[str] = mapped_column(String(64))
