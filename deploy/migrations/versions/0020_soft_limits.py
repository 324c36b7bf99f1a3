"""Soft accounts: how far above what was granted jobs are let through."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_SHARE = "ck_account_limits_soft_percent_is_a_share"


def upgrade() -> None:
    with op.batch_alter_table("account_limits") as limits:
        limits.add_column(
            sa.Column("soft_percent", sa.Integer(), nullable=False, server_default="0")
        )
        limits.create_check_constraint(op.f(_SHARE), "soft_percent BETWEEN 0 AND 100")


def downgrade() -> None:
    with op.batch_alter_table("account_limits") as limits:
        limits.drop_constraint(op.f(_SHARE), type_="check")
        limits.drop_column("soft_percent")
