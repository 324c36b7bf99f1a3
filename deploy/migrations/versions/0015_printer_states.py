"""What printers did, and the watts on their labels."""

import sqlalchemy as sa
from alembic import op

import core.db
from core.append_only import statements

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_ADDED = (
    ("milliwatts_printing", sa.Integer()),
    ("milliwatts_ready", sa.Integer()),
    ("milliwatts_sleep", sa.Integer()),
    ("power", sa.String(length=16)),
    ("power_since", core.db.UtcDateTime(timezone=True)),
    ("power_seen_at", core.db.UtcDateTime(timezone=True)),
)


def upgrade() -> None:
    for name, kind in _ADDED:
        op.add_column("printers", sa.Column(name, kind, nullable=True))
    op.create_table(
        "printer_states",
        sa.Column("seq", _BIG, nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("printer_id", sa.String(length=36), nullable=False),
        sa.Column("power", sa.String(length=16), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("since", core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("until", core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.CheckConstraint("seconds > 0", name="ck_printer_states_seconds_above_zero"),
        sa.ForeignKeyConstraint(
            ["printer_id"], ["printers.id"], name="fk_printer_states_printer_id"
        ),
        sa.PrimaryKeyConstraint("seq", name="pk_printer_states"),
        sa.UniqueConstraint("id", name="uq_printer_states_id"),
    )
    op.create_index("ix_printer_states_day", "printer_states", ["day", "printer_id"])
    for statement in statements("printer_states", op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("printer_states")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION printer_states_refuse()")
    for name, _ in reversed(_ADDED):
        op.drop_column("printers", name)
