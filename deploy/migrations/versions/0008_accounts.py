"""Accounts of persons and projects, their periods and plans; transfers, proposals, renewals.

SQLite cannot take back that an office has one account in a unit: the table of accounts is made
anew. Its ids stay, so whatever refers to them still does; that is checked at the end.
"""

import sqlalchemy as sa
from alembic import op

import core.db

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_ONE = "uq_accounts_office_id_unit"
_ONE_EACH = "uq_accounts_office_id_unit_holder"
_TRANSFERS = sa.text("transfer_id IS NOT NULL")


def _columns() -> tuple[sa.Column, ...]:
    return (
        sa.Column("kind", sa.String(length=16), nullable=False, server_default="office"),
        sa.Column("holder", sa.String(length=36), nullable=False, server_default=""),
        sa.Column("name", sa.String(length=100), nullable=False, server_default=""),
        sa.Column("span", sa.String(length=8), nullable=False, server_default="month"),
        sa.Column("carry_max", _BIG, nullable=False, server_default="0"),
        sa.Column("adjust_max", _BIG, nullable=True),
        sa.Column("turned", sa.String(length=7), nullable=False, server_default=""),
        sa.Column("ends_at", core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("closed_at", core.db.UtcDateTime(timezone=True), nullable=True),
    )


def upgrade() -> None:
    with op.batch_alter_table("accounts") as accounts:
        for column in _columns():
            accounts.add_column(column)
        accounts.drop_constraint(op.f(_ONE), type_="unique")
        accounts.create_unique_constraint(op.f(_ONE_EACH), ["office_id", "unit", "holder"])
    op.add_column("entries", sa.Column("transfer_id", sa.String(length=64), nullable=True))
    op.create_index(
        "ix_entries_transfer",
        "entries",
        ["transfer_id"],
        sqlite_where=_TRANSFERS,
        postgresql_where=_TRANSFERS,
    )
    op.add_column(
        "reservations",
        sa.Column("renewed_until", core.db.UtcDateTime(timezone=True), nullable=True),
    )
    _create_tables()
    _check_references()


def _create_tables() -> None:
    op.create_table(
        "account_plans",
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("percent_less", sa.Integer(), nullable=False),
        sa.Column("amount", _BIG, nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("set_by", sa.String(length=255), nullable=False),
        sa.Column("set_at", core.db.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "percent_less BETWEEN 0 AND 100",
            name=op.f("ck_account_plans_percent_less_is_a_share"),
        ),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_account_plans_amount_not_negative")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_account_plans_account_id")
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_account_plans")),
    )
    op.create_table(
        "adjustment_proposals",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("period", sa.String(length=7), nullable=False),
        sa.Column("amount", _BIG, nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("proposed_by", sa.String(length=36), nullable=False),
        sa.Column("proposed_name", sa.String(length=255), nullable=False),
        sa.Column("proposed_at", core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(length=36), nullable=True),
        sa.Column("decided_name", sa.String(length=255), nullable=True),
        sa.Column("decided_at", core.db.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "decided_by <> proposed_by OR state <> 'confirmed'",
            name=op.f("ck_adjustment_proposals_two_persons"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_adjustment_proposals_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_adjustment_proposals")),
    )
    op.create_index(
        "ix_adjustment_proposals_state", "adjustment_proposals", ["state", "account_id"]
    )


def _check_references() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        broken = connection.execute(sa.text("PRAGMA foreign_key_check")).all()
        if broken:
            raise RuntimeError(f"rows refer to what is not there: {broken[:5]}")


def downgrade() -> None:
    op.drop_table("adjustment_proposals")
    op.drop_table("account_plans")
    op.drop_column("reservations", "renewed_until")
    op.drop_index("ix_entries_transfer", "entries")
    op.drop_column("entries", "transfer_id")
    with op.batch_alter_table("accounts") as accounts:
        accounts.drop_constraint(op.f(_ONE_EACH), type_="unique")
        accounts.create_unique_constraint(op.f(_ONE), ["office_id", "unit"])
        for column in reversed(_columns()):
            accounts.drop_column(column.name)
    _check_references()
