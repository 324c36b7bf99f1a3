"""Supplies: stock and its movements, orders and budgets, stocktakings, cartridges."""

import sqlalchemy as sa
from alembic import op

import core.db
from core.append_only import statements

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_APPEND_ONLY = ("stock_movements", "purchase_events")


def upgrade() -> None:
    op.create_table(
        "articles",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=127), nullable=False),
        sa.Column("material", sa.String(length=16), nullable=False),
        sa.Column("sheets", sa.Integer(), nullable=False),
        sa.Column("colour", sa.String(length=16), nullable=False),
        sa.Column("yield_pages", sa.Integer(), nullable=False),
        sa.Column(
            "price_fen", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.CheckConstraint("price_fen >= 0", name=op.f("ck_articles_price_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_articles")),
        sa.UniqueConstraint("name", name=op.f("uq_articles_name")),
    )
    op.create_table(
        "cartridges",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("printer", sa.String(length=127), nullable=False),
        sa.Column("article_id", sa.String(length=36), nullable=False),
        sa.Column("colour", sa.String(length=16), nullable=False),
        sa.Column("installed_at", core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("installed_by", sa.String(length=255), nullable=False),
        sa.Column("pages_at_installation", sa.Integer(), nullable=False),
        sa.Column("removed_at", core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("pages_at_removal", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("fk_cartridges_article_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cartridges")),
    )
    with op.batch_alter_table("cartridges", schema=None) as batch_op:
        batch_op.create_index(
            "uq_cartridges_in_place",
            ["printer", "colour"],
            unique=True,
            sqlite_where=sa.text("removed_at IS NULL"),
            postgresql_where=sa.text("removed_at IS NULL"),
        )

    op.create_table(
        "stores",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=127), nullable=False),
        sa.Column("office_id", sa.String(length=36), nullable=True),
        sa.ForeignKeyConstraint(["office_id"], ["offices.id"], name=op.f("fk_stores_office_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stores")),
        sa.UniqueConstraint("name", name=op.f("uq_stores_name")),
    )
    op.create_table(
        "supply_budgets",
        sa.Column("office_id", sa.String(length=36), nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "amount_fen", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "bound_fen", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "spent_fen", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.CheckConstraint("amount_fen >= 0", name=op.f("ck_supply_budgets_amount_not_negative")),
        sa.CheckConstraint("bound_fen >= 0", name=op.f("ck_supply_budgets_bound_not_negative")),
        sa.CheckConstraint("spent_fen >= 0", name=op.f("ck_supply_budgets_spent_not_negative")),
        sa.ForeignKeyConstraint(
            ["office_id"], ["offices.id"], name=op.f("fk_supply_budgets_office_id")
        ),
        sa.PrimaryKeyConstraint("office_id", "year", name=op.f("pk_supply_budgets")),
    )
    op.create_table(
        "purchase_orders",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=36), nullable=False),
        sa.Column("office_id", sa.String(length=36), nullable=False),
        sa.Column("store_id", sa.String(length=36), nullable=False),
        sa.Column("article_id", sa.String(length=36), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column(
            "price_fen", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("received", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("supplier", sa.String(length=127), nullable=False),
        sa.Column("requested_by", sa.String(length=36), nullable=True),
        sa.Column("requester", sa.String(length=255), nullable=False),
        sa.Column("requested_at", core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("changed_at", core.db.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "received >= 0 AND received <= quantity",
            name=op.f("ck_purchase_orders_received_within"),
        ),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("fk_purchase_orders_article_id")
        ),
        sa.ForeignKeyConstraint(
            ["office_id"], ["offices.id"], name=op.f("fk_purchase_orders_office_id")
        ),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_purchase_orders_store_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purchase_orders")),
        sa.UniqueConstraint("key", name=op.f("uq_purchase_orders_key")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("purchase_orders", schema=None) as batch_op:
        batch_op.create_index("ix_purchase_orders_office", ["office_id", "id"], unique=False)

    op.create_table(
        "stock",
        sa.Column("store_id", sa.String(length=36), nullable=False),
        sa.Column("article_id", sa.String(length=36), nullable=False),
        sa.Column("on_hand", sa.Integer(), nullable=False),
        sa.Column("low_at", sa.Integer(), nullable=False),
        sa.CheckConstraint("on_hand >= 0", name=op.f("ck_stock_on_hand_not_negative")),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_stock_article_id")),
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"], name=op.f("fk_stock_store_id")),
        sa.PrimaryKeyConstraint("store_id", "article_id", name=op.f("pk_stock")),
    )
    op.create_table(
        "stock_movements",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("store_id", sa.String(length=36), nullable=False),
        sa.Column("article_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("delta", sa.Integer(), nullable=False),
        sa.Column("office_id", sa.String(length=36), nullable=True),
        sa.Column("order_id", sa.Integer(), nullable=True),
        sa.Column(
            "price_fen", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("period", sa.String(length=7), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("actor", sa.String(length=255), nullable=False),
        sa.Column("at", core.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("fk_stock_movements_article_id")
        ),
        sa.ForeignKeyConstraint(
            ["office_id"], ["offices.id"], name=op.f("fk_stock_movements_office_id")
        ),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_stock_movements_store_id")
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_stock_movements")),
        sa.UniqueConstraint("id", name=op.f("uq_stock_movements_id")),
    )
    with op.batch_alter_table("stock_movements", schema=None) as batch_op:
        batch_op.create_index(
            "ix_stock_movements_level", ["store_id", "article_id", "seq"], unique=False
        )
        batch_op.create_index("ix_stock_movements_office", ["office_id", "period"], unique=False)

    op.create_table(
        "stocktakings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=36), nullable=False),
        sa.Column("store_id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("opened_by", sa.String(length=36), nullable=True),
        sa.Column("opener", sa.String(length=255), nullable=False),
        sa.Column("opened_at", core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("closer", sa.String(length=255), nullable=False),
        sa.Column("closed_at", core.db.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"], name=op.f("fk_stocktakings_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stocktakings")),
        sa.UniqueConstraint("key", name=op.f("uq_stocktakings_key")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("stocktakings", schema=None) as batch_op:
        batch_op.create_index(
            "uq_stocktakings_open",
            ["store_id"],
            unique=True,
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )

    op.create_table(
        "purchase_events",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("event", sa.String(length=16), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column(
            "price_fen", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("office_id", sa.String(length=36), nullable=False),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column(
            "bound_fen", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "spent_fen", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("over_budget", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("actor", sa.String(length=255), nullable=False),
        sa.Column("at", core.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["office_id"], ["offices.id"], name=op.f("fk_purchase_events_office_id")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["purchase_orders.id"], name=op.f("fk_purchase_events_order_id")
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_purchase_events")),
        sa.UniqueConstraint("id", name=op.f("uq_purchase_events_id")),
    )
    with op.batch_alter_table("purchase_events", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_purchase_events_order_id"), ["order_id"], unique=False)

    op.create_table(
        "stock_counts",
        sa.Column("stocktaking_id", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.String(length=36), nullable=False),
        sa.Column("booked", sa.Integer(), nullable=False),
        sa.Column("counted", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("entry", sa.String(length=36), nullable=False),
        sa.Column("counted_by", sa.String(length=36), nullable=True),
        sa.Column("counter", sa.String(length=255), nullable=False),
        sa.Column("counted_at", core.db.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("counted >= 0", name=op.f("ck_stock_counts_counted_not_negative")),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("fk_stock_counts_article_id")
        ),
        sa.ForeignKeyConstraint(
            ["stocktaking_id"], ["stocktakings.id"], name=op.f("fk_stock_counts_stocktaking_id")
        ),
        sa.PrimaryKeyConstraint("stocktaking_id", "article_id", name=op.f("pk_stock_counts")),
    )

    for name in _APPEND_ONLY:
        for statement in statements(name, op.get_bind().dialect.name):
            op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for name in _APPEND_ONLY:
            op.execute(f"DROP FUNCTION {name}_refuse CASCADE")

    op.drop_table("stock_counts")
    with op.batch_alter_table("purchase_events", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_purchase_events_order_id"))

    op.drop_table("purchase_events")
    with op.batch_alter_table("stocktakings", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_stocktakings_open",
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )

    op.drop_table("stocktakings")
    with op.batch_alter_table("stock_movements", schema=None) as batch_op:
        batch_op.drop_index("ix_stock_movements_office")
        batch_op.drop_index("ix_stock_movements_level")

    op.drop_table("stock_movements")
    op.drop_table("stock")
    with op.batch_alter_table("purchase_orders", schema=None) as batch_op:
        batch_op.drop_index("ix_purchase_orders_office")

    op.drop_table("purchase_orders")
    op.drop_table("supply_budgets")
    op.drop_table("stores")
    with op.batch_alter_table("cartridges", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_cartridges_in_place",
            sqlite_where=sa.text("removed_at IS NULL"),
            postgresql_where=sa.text("removed_at IS NULL"),
        )

    op.drop_table("cartridges")
    op.drop_table("articles")
