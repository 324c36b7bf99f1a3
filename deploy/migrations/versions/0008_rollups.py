"""What was used, summed up by day, person, printer and kind."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0005"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "rollups",
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("period", sa.String(length=7), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("printer", sa.String(length=127), nullable=False),
        sa.Column("label", sa.String(length=64), nullable=False),
        sa.Column("spent", _BIG, nullable=False),
        sa.Column("jobs", _BIG, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_rollups_account_id")
        ),
        sa.PrimaryKeyConstraint(
            "account_id",
            "day",
            "period",
            "person_id",
            "printer",
            "label",
            name=op.f("pk_rollups"),
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "rolled",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("seq", _BIG, nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rolled")),
    )


def downgrade() -> None:
    op.drop_table("rolled")
    op.drop_table("rollups")
