"""Projects have a code that jobs name them by."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_NAMED = sa.text("code <> '' AND closed_at IS NULL")


def upgrade() -> None:
    op.add_column(
        "accounts", sa.Column("code", sa.String(length=32), nullable=False, server_default="")
    )
    op.create_index(
        "ix_accounts_code",
        "accounts",
        ["office_id", "unit", "code"],
        unique=True,
        sqlite_where=_NAMED,
        postgresql_where=_NAMED,
    )


def downgrade() -> None:
    op.drop_index("ix_accounts_code", table_name="accounts")
    op.drop_column("accounts", "code")
