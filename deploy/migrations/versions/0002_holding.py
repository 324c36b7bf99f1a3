"""Held jobs and their PINs, retired printers.

Columns are added in place, with a default of the database's own for the rows that are there: to
copy the table of jobs, as SQLite needs it for other changes, would lose its AUTOINCREMENT, and an
id that a client has seen must never be handed out again.
"""

import sqlalchemy as sa
from alembic import op

import core.db

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "jobs", sa.Column("hold", sa.String(length=8), nullable=False, server_default="none")
    )
    op.add_column(
        "jobs", sa.Column("pin_hash", sa.String(length=255), nullable=False, server_default="")
    )
    op.add_column(
        "jobs", sa.Column("pin_failures", sa.Integer(), nullable=False, server_default="0")
    )
    op.add_column(
        "printers", sa.Column("retired_at", core.db.UtcDateTime(timezone=True), nullable=True)
    )
    op.create_table(
        "pin_failures",
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("since", core.db.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_pin_failures")),
    )


def downgrade() -> None:
    op.drop_table("pin_failures")
    op.drop_column("printers", "retired_at")
    for column in ("pin_failures", "pin_hash", "hold"):
        op.drop_column("jobs", column)
