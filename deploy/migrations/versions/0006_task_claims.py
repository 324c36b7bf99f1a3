"""How often a task was taken up: the first time, nobody can have left anything half done."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # What waits at this moment may have been taken up, by the version before this one.
    claims = sa.Column("claims", sa.Integer(), nullable=False, server_default="0")
    op.add_column("tasks", claims)
    op.execute("UPDATE tasks SET claims = 1")


def downgrade() -> None:
    op.drop_column("tasks", "claims")
