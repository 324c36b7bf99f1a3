"""Loans of sheets between offices."""

import sqlalchemy as sa
from alembic import op

import core.db

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    moment = core.db.UtcDateTime(timezone=True)
    op.create_table(
        "loans",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("lender_id", sa.String(length=36), nullable=False),
        sa.Column("borrower_id", sa.String(length=36), nullable=False),
        sa.Column("amount", _BIG, nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("due_at", moment, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("asked_by", sa.String(length=36), nullable=False),
        sa.Column("asked_name", sa.String(length=255), nullable=False),
        sa.Column("asked_at", moment, nullable=False),
        sa.Column("returned", _BIG, nullable=False),
        sa.Column("answer", sa.String(length=500), nullable=False),
        sa.Column("decided_by", sa.String(length=36), nullable=True),
        sa.Column("decided_name", sa.String(length=255), nullable=False),
        sa.Column("decided_at", moment, nullable=True),
        sa.Column("told_at", moment, nullable=True),
        sa.Column("ended_at", moment, nullable=True),
        sa.CheckConstraint("lender_id <> borrower_id", name=op.f("ck_loans_two_offices")),
        sa.CheckConstraint(
            "decided_by <> asked_by OR state IN ('asked', 'withdrawn')",
            name=op.f("ck_loans_two_persons"),
        ),
        sa.CheckConstraint(
            "returned >= 0 AND returned <= amount", name=op.f("ck_loans_no_more_than_lent")
        ),
        sa.ForeignKeyConstraint(["lender_id"], ["offices.id"], name=op.f("fk_loans_lender_id")),
        sa.ForeignKeyConstraint(["borrower_id"], ["offices.id"], name=op.f("fk_loans_borrower_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loans")),
    )
    op.create_index("ix_loans_state", "loans", ["state", "due_at"])
    op.create_index("ix_loans_lender", "loans", ["lender_id", "asked_at"])
    op.create_index("ix_loans_borrower", "loans", ["borrower_id", "asked_at"])


def downgrade() -> None:
    op.drop_table("loans")
