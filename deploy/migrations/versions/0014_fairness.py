"""Fairness at a period's end: how much one person takes of what is left."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_SHARE, _NOT_NEGATIVE = "fair_percent_is_a_share", "fair_not_negative"


def upgrade() -> None:
    with op.batch_alter_table("account_limits") as limits:
        for name, kind in (("fair_days", sa.Integer()), ("fair_percent", sa.Integer())):
            limits.add_column(sa.Column(name, kind, nullable=False, server_default="0"))
        limits.add_column(sa.Column("fair_least", _BIG, nullable=False, server_default="0"))
        limits.create_check_constraint(
            op.f(f"ck_account_limits_{_SHARE}"), "fair_percent BETWEEN 0 AND 100"
        )
        limits.create_check_constraint(
            op.f(f"ck_account_limits_{_NOT_NEGATIVE}"), "fair_days >= 0 AND fair_least >= 0"
        )


def downgrade() -> None:
    with op.batch_alter_table("account_limits") as limits:
        for name in (_NOT_NEGATIVE, _SHARE):
            limits.drop_constraint(op.f(f"ck_account_limits_{name}"), type_="check")
        for name in ("fair_least", "fair_percent", "fair_days"):
            limits.drop_column(name)
