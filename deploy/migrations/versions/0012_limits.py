"""Limits of jobs and persons.

What a person has taken is the sum over their reservations, so these are indexed by person.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_OPEN, _PERSON = "ix_reservations_open", "ix_reservations_person"


def upgrade() -> None:
    op.create_table(
        "account_limits",
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("job_max", _BIG, nullable=True),
        sa.Column("person_max", _BIG, nullable=True),
        sa.CheckConstraint("job_max > 0", name=op.f("ck_account_limits_a_job_takes_something")),
        sa.CheckConstraint(
            "person_max >= 0", name=op.f("ck_account_limits_person_max_not_negative")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_account_limits_account_id")
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_account_limits")),
    )
    op.create_table(
        "person_limits",
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("sheets_max", _BIG, nullable=False),
        sa.CheckConstraint(
            "sheets_max >= 0", name=op.f("ck_person_limits_sheets_max_not_negative")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_person_limits_account_id")
        ),
        sa.PrimaryKeyConstraint("account_id", "person_id", name=op.f("pk_person_limits")),
    )
    op.add_column(
        "accounts", sa.Column("limited", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.create_index(_PERSON, "reservations", ["account_id", "period", "person_id"])
    op.drop_index(_OPEN, "reservations")


def downgrade() -> None:
    op.create_index(_OPEN, "reservations", ["account_id", "period", "state"])
    op.drop_index(_PERSON, "reservations")
    op.drop_column("accounts", "limited")
    op.drop_table("person_limits")
    op.drop_table("account_limits")
