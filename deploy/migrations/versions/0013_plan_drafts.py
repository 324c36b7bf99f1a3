"""What a plan reckons from, and drafts of plans before they are put into force."""

import sqlalchemy as sa
from alembic import op

import core.db

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    base = sa.Column("base", sa.String(length=9), nullable=False, server_default="last-year")
    op.add_column("account_plans", base)
    op.create_table(
        "plan_drafts",
        sa.Column("office_id", sa.String(length=36), nullable=False),
        sa.Column("unit", sa.String(length=16), nullable=False),
        sa.Column("base", sa.String(length=9), nullable=False),
        sa.Column("percent_less", sa.Integer(), nullable=False),
        sa.Column("amount", _BIG, nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("carry_max", _BIG, nullable=False),
        sa.Column("drafted_by", sa.String(length=255), nullable=False),
        sa.Column("drafted_at", core.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["office_id"], ["offices.id"], name="fk_plan_drafts_office_id"),
        sa.PrimaryKeyConstraint("office_id", "unit", name="pk_plan_drafts"),
    )


def downgrade() -> None:
    op.drop_table("plan_drafts")
    op.drop_column("account_plans", "base")
