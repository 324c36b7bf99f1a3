"""Requests for more sheets, and which warnings of an account were given."""

import sqlalchemy as sa
from alembic import op

import core.db

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_OPEN = sa.text("state = 'asked'")


def upgrade() -> None:
    op.create_table(
        "sheet_requests",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("amount", _BIG, nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("asked_by", sa.String(length=36), nullable=False),
        sa.Column("asked_name", sa.String(length=255), nullable=False),
        sa.Column("asked_at", core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("granted", _BIG, nullable=True),
        sa.Column("answer", sa.String(length=500), nullable=False),
        sa.Column("decided_by", sa.String(length=36), nullable=True),
        sa.Column("decided_name", sa.String(length=255), nullable=False),
        sa.Column("decided_at", core.db.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "decided_by <> asked_by OR state IN ('asked', 'withdrawn')",
            name=op.f("ck_sheet_requests_two_persons"),
        ),
        sa.CheckConstraint(
            "granted > 0 AND granted <= amount",
            name=op.f("ck_sheet_requests_no_more_than_asked_for"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_sheet_requests_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sheet_requests")),
    )
    op.create_index("ix_sheet_requests_state", "sheet_requests", ["state", "asked_at"])
    op.create_index("ix_sheet_requests_asked_by", "sheet_requests", ["asked_by", "asked_at"])
    op.create_index(
        "ix_sheet_requests_one_open",
        "sheet_requests",
        ["account_id", "asked_by"],
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
    op.create_table(
        "quota_warnings",
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("period", sa.String(length=7), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("warned_at", core.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_quota_warnings_account_id")
        ),
        sa.PrimaryKeyConstraint("account_id", "period", "level", name=op.f("pk_quota_warnings")),
    )


def downgrade() -> None:
    op.drop_table("quota_warnings")
    op.drop_table("sheet_requests")
