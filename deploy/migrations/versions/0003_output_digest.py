"""The digest of what is printed, so that a file that changed in the spool is not sent."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("output_digest", sa.String(length=64), nullable=True))


def downgrade() -> None:
    op.drop_column("jobs", "output_digest")
