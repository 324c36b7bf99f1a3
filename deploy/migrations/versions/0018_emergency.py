"""The emergency pool: what each office drew in a period, and each use with its reason."""

import sqlalchemy as sa
from alembic import op

import core.db

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "emergency_pools",
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("period", sa.String(length=7), nullable=False),
        sa.Column("drawn", _BIG, nullable=False),
        sa.CheckConstraint("drawn >= 0", name=op.f("ck_emergency_pools_drawn_not_negative")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_emergency_pools_account_id")
        ),
        sa.PrimaryKeyConstraint("account_id", "period", name=op.f("pk_emergency_pools")),
    )
    op.create_table(
        "emergency_uses",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("office_id", sa.String(length=36), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("period", sa.String(length=7), nullable=False),
        sa.Column("amount", _BIG, nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("person_name", sa.String(length=255), nullable=False),
        sa.Column("used_at", core.db.UtcDateTime(), nullable=False),
        sa.Column("due_at", core.db.UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("justified_at", core.db.UtcDateTime(), nullable=True),
        sa.Column("answer", sa.String(length=500), nullable=False),
        sa.Column("decided_by", sa.String(length=36), nullable=True),
        sa.Column("decided_name", sa.String(length=255), nullable=False),
        sa.Column("decided_at", core.db.UtcDateTime(), nullable=True),
        sa.CheckConstraint("amount > 0", name=op.f("ck_emergency_uses_amount_above_zero")),
        sa.CheckConstraint("decided_by <> person_id", name=op.f("ck_emergency_uses_two_persons")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_emergency_uses_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["office_id"], ["offices.id"], name=op.f("fk_emergency_uses_office_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emergency_uses")),
    )
    op.create_index("ix_emergency_uses_office", "emergency_uses", ["office_id", "used_at"])
    op.create_index("ix_emergency_uses_person", "emergency_uses", ["person_id", "state"])


def downgrade() -> None:
    op.drop_table("emergency_uses")
    op.drop_table("emergency_pools")
