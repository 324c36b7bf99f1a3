"""Tables of supplies. Movements and events of orders are only ever added."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    String,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from core.append_only import append_only
from core.db import Base

_BIG = BigInteger().with_variant(Integer, "sqlite")


class ArticleRow(Base):
    """A kind of paper or toner that is bought."""

    __tablename__ = "articles"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    name: Mapped[str] = mapped_column(String(127), unique=True)
    material: Mapped[str] = mapped_column(String(16))
    sheets: Mapped[int] = mapped_column(default=0)
    """Sheets of A4 equivalent in a unit; 0 for toner."""
    colour: Mapped[str] = mapped_column(String(16), default="")
    """Of toner: which place in a printer a cartridge goes to."""
    yield_pages: Mapped[int] = mapped_column(default=0)
    """Of toner: the declared yield in standard pages; 0 if it is not known."""
    grams: Mapped[int] = mapped_column(default=0, server_default="0")
    """Of toner: how much of it is in a cartridge; 0 if it is not known."""
    price_fen: Mapped[int] = mapped_column(_BIG)
    """What a unit costs, as far as it is known before it is bought."""

    __table_args__ = (CheckConstraint("price_fen >= 0", name="price_not_negative"),)


class StoreRow(Base):
    """A place where stock lies: an office's own, or common to all."""

    __tablename__ = "stores"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    name: Mapped[str] = mapped_column(String(127), unique=True)
    office_id: Mapped[str | None] = mapped_column(ForeignKey("offices.id"))


class StockRow(Base):
    """What lies of an article in a store: the fold of its movements, kept at hand."""

    __tablename__ = "stock"

    store_id: Mapped[str] = mapped_column(ForeignKey("stores.id"), primary_key=True)
    article_id: Mapped[str] = mapped_column(ForeignKey("articles.id"), primary_key=True)
    on_hand: Mapped[int] = mapped_column(default=0)
    low_at: Mapped[int] = mapped_column(default=0)
    """At this level and below it is marked as low; 0: never."""

    __table_args__ = (CheckConstraint("on_hand >= 0", name="on_hand_not_negative"),)


class MovementRow(Base):
    """One movement of stock."""

    __tablename__ = "stock_movements"

    seq: Mapped[int] = mapped_column(_BIG, primary_key=True)
    id: Mapped[str] = mapped_column(String(64), unique=True)
    store_id: Mapped[str] = mapped_column(ForeignKey("stores.id"))
    article_id: Mapped[str] = mapped_column(ForeignKey("articles.id"))
    kind: Mapped[str] = mapped_column(String(16))
    quantity: Mapped[int]
    """Above zero, but for a correction, which has a sign."""
    delta: Mapped[int]
    """What is added to the level."""
    office_id: Mapped[str | None] = mapped_column(ForeignKey("offices.id"))
    order_id: Mapped[int | None]
    price_fen: Mapped[int] = mapped_column(_BIG)
    """What a unit cost, or costs, at that moment."""
    period: Mapped[str] = mapped_column(String(7))
    reason: Mapped[str] = mapped_column(String(500), default="")
    actor: Mapped[str] = mapped_column(String(255))
    at: Mapped[datetime]

    __table_args__ = (
        Index("ix_stock_movements_level", "store_id", "article_id", "seq"),
        Index("ix_stock_movements_office", "office_id", "period"),
    )


class OrderRow(Base):
    """A purchase order, from its request on."""

    __tablename__ = "purchase_orders"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(36), unique=True)
    """The caller's own id of the request."""
    office_id: Mapped[str] = mapped_column(ForeignKey("offices.id"))
    store_id: Mapped[str] = mapped_column(ForeignKey("stores.id"))
    article_id: Mapped[str] = mapped_column(ForeignKey("articles.id"))
    quantity: Mapped[int]
    price_fen: Mapped[int] = mapped_column(_BIG)
    received: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(String(16))
    year: Mapped[int | None]
    """Whose budget it is bound in; from the approval on."""
    reason: Mapped[str] = mapped_column(String(500))
    supplier: Mapped[str] = mapped_column(String(127), default="")
    requested_by: Mapped[str | None] = mapped_column(String(36))
    requester: Mapped[str] = mapped_column(String(255))
    requested_at: Mapped[datetime]
    changed_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("received >= 0 AND received <= quantity", name="received_within"),
        Index("ix_purchase_orders_office", "office_id", "id"),
        {"sqlite_autoincrement": True},
    )


class OrderEventRow(Base):
    """What happened to an order, and what it did to a budget."""

    __tablename__ = "purchase_events"

    seq: Mapped[int] = mapped_column(_BIG, primary_key=True)
    id: Mapped[str] = mapped_column(String(64), unique=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("purchase_orders.id"), index=True)
    event: Mapped[str] = mapped_column(String(16))
    quantity: Mapped[int] = mapped_column(default=0)
    price_fen: Mapped[int] = mapped_column(_BIG)
    office_id: Mapped[str] = mapped_column(ForeignKey("offices.id"))
    year: Mapped[int | None]
    bound_fen: Mapped[int] = mapped_column(_BIG, default=0)
    spent_fen: Mapped[int] = mapped_column(_BIG, default=0)
    over_budget: Mapped[bool] = mapped_column(default=False)
    reason: Mapped[str] = mapped_column(String(500), default="")
    actor: Mapped[str] = mapped_column(String(255))
    at: Mapped[datetime]


class BudgetRow(Base):
    """What an office may spend on supplies in a year, and the fold of its orders' events."""

    __tablename__ = "supply_budgets"

    office_id: Mapped[str] = mapped_column(ForeignKey("offices.id"), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    amount_fen: Mapped[int] = mapped_column(_BIG, default=0)
    bound_fen: Mapped[int] = mapped_column(_BIG, default=0)
    spent_fen: Mapped[int] = mapped_column(_BIG, default=0)

    __table_args__ = (
        CheckConstraint("amount_fen >= 0", name="amount_not_negative"),
        CheckConstraint("bound_fen >= 0", name="bound_not_negative"),
        CheckConstraint("spent_fen >= 0", name="spent_not_negative"),
    )


class CartridgeRow(Base):
    """A cartridge in a printer, from its installation to its removal."""

    __tablename__ = "cartridges"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    printer: Mapped[str] = mapped_column(String(127))
    article_id: Mapped[str] = mapped_column(ForeignKey("articles.id"))
    colour: Mapped[str] = mapped_column(String(16))
    installed_at: Mapped[datetime]
    installed_by: Mapped[str] = mapped_column(String(255))
    pages_at_installation: Mapped[int]
    """The printer's count of printed pages at that moment."""
    removed_at: Mapped[datetime | None]
    pages_at_removal: Mapped[int | None]

    __table_args__ = (
        Index(
            "uq_cartridges_in_place",
            "printer",
            "colour",
            unique=True,
            sqlite_where=text("removed_at IS NULL"),
            postgresql_where=text("removed_at IS NULL"),
        ),
    )


class StocktakingRow(Base):
    """The document of a stocktaking."""

    __tablename__ = "stocktakings"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(36), unique=True)
    store_id: Mapped[str] = mapped_column(ForeignKey("stores.id"))
    state: Mapped[str] = mapped_column(String(16))
    opened_by: Mapped[str | None] = mapped_column(String(36))
    opener: Mapped[str] = mapped_column(String(255))
    opened_at: Mapped[datetime]
    closer: Mapped[str] = mapped_column(String(255), default="")
    closed_at: Mapped[datetime | None]

    __table_args__ = (
        Index(
            "uq_stocktakings_open",
            "store_id",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
        {"sqlite_autoincrement": True},
    )


class CountRow(Base):
    """What was counted of an article, and what the book said at that moment."""

    __tablename__ = "stock_counts"

    stocktaking_id: Mapped[int] = mapped_column(ForeignKey("stocktakings.id"), primary_key=True)
    article_id: Mapped[str] = mapped_column(ForeignKey("articles.id"), primary_key=True)
    booked: Mapped[int]
    counted: Mapped[int]
    reason: Mapped[str] = mapped_column(String(500), default="")
    entry: Mapped[str] = mapped_column(String(36))
    """The caller's id of the count that stands here."""
    counted_by: Mapped[str | None] = mapped_column(String(36))
    counter: Mapped[str] = mapped_column(String(255))
    counted_at: Mapped[datetime]

    __table_args__ = (CheckConstraint("counted >= 0", name="counted_not_negative"),)


append_only(MovementRow)
append_only(OrderEventRow)
