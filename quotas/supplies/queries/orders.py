"""Reads of purchase orders and budgets."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from core.people import Actor
from core.text import Text
from quotas.supplies.errors import NoSuchSupply
from quotas.supplies.lifecycle import Budget, Event, State, Terms, open_events, parties
from quotas.supplies.models import ArticleRow, BudgetRow, OrderEventRow, OrderRow, StoreRow
from quotas.supplies.queries.stock import Article, article_of


@dataclass(frozen=True)
class Order:
    """A purchase order."""

    id: int
    office_id: str
    store: str
    article: Article
    terms: Terms
    state: State
    year: int | None
    reason: str
    supplier: str
    requested_by: str | None
    requester: str
    requested_at: datetime
    changed_at: datetime

    def events_for(self, actor: Actor) -> frozenset[Event]:
        """Return what somebody can do with it now."""
        return open_events(self.state, parties(actor, self.office_id, self.requested_by))


@dataclass(frozen=True)
class OrderEvent:
    """What happened to an order."""

    event: Event
    at: datetime
    actor: str
    quantity: int
    price_fen: int
    bound_fen: int
    spent_fen: int
    over_budget: bool
    reason: str


@dataclass(frozen=True)
class OrderSearch:
    """Which orders a list shows; what is left empty does not matter."""

    office_id: str = ""
    state: str = ""
    material: str = ""
    words: str = ""
    """A part of the article's name, the supplier, the requester or the reason."""
    since: datetime | None = None
    before: datetime | None = None


@dataclass(frozen=True)
class BudgetDiscrepancy:
    """A budget whose sums are not those of its orders' events."""

    office_id: str
    year: int
    stored: tuple[int, int]
    folded: tuple[int, int]


def order_for(session: Session, order_id: int, viewer: Actor) -> Order:
    """Return one order; NoSuchSupply if there is none that somebody may see."""
    row = session.execute(_orders(viewer).where(OrderRow.id == order_id)).one_or_none()
    if row is None:
        raise NoSuchSupply(Text("There is no such order."))
    return _order(*row)


def find_orders(
    session: Session, asked: OrderSearch, viewer: Actor, *, limit: int, offset: int = 0
) -> list[Order]:
    """Return the orders that a list shows, newest first."""
    query = _found(asked, viewer).order_by(OrderRow.id.desc()).limit(limit).offset(offset)
    return [_order(*row) for row in session.execute(query)]


def count_orders(session: Session, asked: OrderSearch, viewer: Actor) -> int:
    """Return how many orders `find_orders` finds."""
    query = _found(asked, viewer).with_only_columns(func.count(OrderRow.id))
    return session.scalar(query) or 0


def events_of(session: Session, order_id: int) -> list[OrderEvent]:
    """Return what happened to an order, oldest first."""
    query = select(OrderEventRow).where(OrderEventRow.order_id == order_id)
    return [
        OrderEvent(
            Event(row.event),
            row.at,
            row.actor,
            row.quantity,
            row.price_fen,
            row.bound_fen,
            row.spent_fen,
            row.over_budget,
            row.reason,
        )
        for row in session.scalars(query.order_by(OrderEventRow.seq))
    ]


def budget(session: Session, office_id: str, year: int) -> Budget:
    """Return an office's budget of a year; zeros where none was set."""
    row = session.get(BudgetRow, (office_id, year))
    return Budget(row.amount_fen, row.bound_fen, row.spent_fen) if row else Budget()


def budget_discrepancies(session: Session) -> list[BudgetDiscrepancy]:
    """Return every budget whose sums are not those of its orders' events."""
    columns = (OrderEventRow.office_id, OrderEventRow.year)
    sums = session.execute(
        select(*columns, func.sum(OrderEventRow.bound_fen), func.sum(OrderEventRow.spent_fen))
        .where(OrderEventRow.year.is_not(None))
        .group_by(*columns)
    )
    folded = {(office, year or 0): (int(bound), int(spent)) for office, year, bound, spent in sums}
    stored = {
        (row.office_id, row.year): (row.bound_fen, row.spent_fen)
        for row in session.scalars(select(BudgetRow))
    }
    nothing = (0, 0)
    return [
        BudgetDiscrepancy(*key, stored.get(key, nothing), folded.get(key, nothing))
        for key in sorted(stored.keys() | folded.keys())
        if stored.get(key, nothing) != folded.get(key, nothing)
    ]


def _orders(viewer: Actor) -> Select[OrderRow, ArticleRow, str]:
    query = (
        select(OrderRow, ArticleRow, StoreRow.name)
        .join(ArticleRow, ArticleRow.id == OrderRow.article_id)
        .join(StoreRow, StoreRow.id == OrderRow.store_id)
    )
    return query if viewer.admin else query.where(OrderRow.office_id.in_(list(viewer.heads)))


def _found(asked: OrderSearch, viewer: Actor) -> Select[OrderRow, ArticleRow, str]:
    query = _orders(viewer)
    for column, wanted in (
        (OrderRow.office_id, asked.office_id),
        (OrderRow.state, asked.state),
        (ArticleRow.material, asked.material),
    ):
        if wanted:
            query = query.where(column == wanted)
    if asked.words:
        columns = (ArticleRow.name, OrderRow.supplier, OrderRow.requester, OrderRow.reason)
        query = query.where(
            or_(*(column.icontains(asked.words, autoescape=True) for column in columns))
        )
    if asked.since is not None:
        query = query.where(OrderRow.requested_at >= asked.since)
    if asked.before is not None:
        query = query.where(OrderRow.requested_at < asked.before)
    return query


def _order(row: OrderRow, article: ArticleRow, store: str) -> Order:
    return Order(
        row.id,
        row.office_id,
        store,
        article_of(article),
        Terms(row.quantity, row.price_fen, row.received),
        State(row.state),
        row.year,
        row.reason,
        row.supplier,
        row.requested_by,
        row.requester,
        row.requested_at,
        row.changed_at,
    )
