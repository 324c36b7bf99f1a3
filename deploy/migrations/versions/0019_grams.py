"""How much toner a cartridge has, in grams, where the office knows it."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("articles", sa.Column("grams", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("articles", "grams")
