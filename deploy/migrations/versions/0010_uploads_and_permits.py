"""Files that wait for their import; permits to print on one side."""

import sqlalchemy as sa
from alembic import op

import core.db

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "uploads",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("outcome", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("created_at", core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", core.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_uploads_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_uploads")),
    )
    op.create_index(op.f("ix_uploads_person_id"), "uploads", ["person_id"])
    _permits()


def _permits() -> None:
    op.create_table(
        "permits",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=36), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("office_id", sa.String(length=36), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("measure", sa.String(length=8), nullable=False),
        sa.Column("allowed", sa.Integer(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("ends_at", core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("asked_at", core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("decided_at", core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(length=255), nullable=False),
        sa.Column("answer", sa.String(length=500), nullable=False),
        sa.CheckConstraint("used >= 0", name=op.f("ck_permits_used_not_negative")),
        sa.CheckConstraint("used <= allowed", name=op.f("ck_permits_used_within_allowed")),
        sa.ForeignKeyConstraint(["office_id"], ["offices.id"], name=op.f("fk_permits_office_id")),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_permits_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_permits")),
        sa.UniqueConstraint("key", name=op.f("uq_permits_key")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_permits_person", "permits", ["person_id", "state"])
    op.create_index("ix_permits_office", "permits", ["office_id", "id"])
    op.create_table(
        "permit_uses",
        sa.Column("job_uuid", sa.String(length=36), nullable=False),
        sa.Column("permit_id", sa.Integer(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("two_sided_sheets", sa.Integer(), nullable=False),
        sa.Column("kept", sa.Integer(), nullable=True),
        sa.Column("used_at", core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("settled_at", core.db.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["job_uuid"], ["jobs.uuid"], name=op.f("fk_permit_uses_job_uuid")),
        sa.ForeignKeyConstraint(
            ["permit_id"], ["permits.id"], name=op.f("fk_permit_uses_permit_id")
        ),
        sa.PrimaryKeyConstraint("job_uuid", name=op.f("pk_permit_uses")),
    )
    op.create_index("ix_permit_uses_permit", "permit_uses", ["permit_id", "used_at"])
    op.add_column("jobs", sa.Column("permit_id", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("jobs", "permit_id")
    op.drop_table("permit_uses")
    op.drop_table("permits")
    op.drop_table("uploads")
