"""What was used, summed up by day, person, printer and kind; what became of jobs, by day."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_OF_JOBS = ("two_sided_sheets", "saved_by_two_sided", "saved_by_number_up")
_NUMBERS = ("jobs", "sheets", *_OF_JOBS, "refused", "circulated", "after_all")
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
    op.create_table(
        "job_tallies",
        sa.Column("office_id", sa.String(length=36), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in _NUMBERS),
        sa.ForeignKeyConstraint(
            ["office_id"], ["offices.id"], name=op.f("fk_job_tallies_office_id")
        ),
        sa.PrimaryKeyConstraint("office_id", "day", name=op.f("pk_job_tallies")),
    )
    # Columns are added in place: see the notes on migrations in deploy/README.md.
    for name in _OF_JOBS:
        op.add_column("jobs", sa.Column(name, sa.Integer(), nullable=True))
    op.add_column(
        "jobs", sa.Column("tallied", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.create_index("ix_jobs_ended", "jobs", ["office_id", "completed_at"])
    op.create_index(
        "ix_jobs_untallied",
        "jobs",
        ["id"],
        sqlite_where=sa.text("tallied = 0"),
        postgresql_where=sa.text("NOT tallied"),
    )


def downgrade() -> None:
    op.drop_index("ix_jobs_untallied", "jobs")
    op.drop_index("ix_jobs_ended", "jobs")
    for name in ("tallied", *_OF_JOBS):
        op.drop_column("jobs", name)
    op.drop_table("job_tallies")
    op.drop_table("rolled")
    op.drop_table("rollups")
