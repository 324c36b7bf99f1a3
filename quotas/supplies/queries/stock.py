"""Reads of stock: articles, stores, levels, movements, and whether they agree."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from core.people import Actor
from core.text import Text
from quotas.supplies.errors import NoSuchSupply
from quotas.supplies.lifecycle import may_see_store
from quotas.supplies.models import ArticleRow, MovementRow, StockRow, StoreRow
from quotas.supplies.stock import PAPERS, Kind, Material, fold, is_low


@dataclass(frozen=True)
class Article:
    """A kind of paper or toner."""

    id: str
    name: str
    material: Material
    sheets: int
    colour: str
    yield_pages: int
    price_fen: int
    grams: int
    """Of toner in a cartridge; 0 if it is not known."""

    @property
    def paper(self) -> bool:
        """Whether it is counted in reams."""
        return self.material in PAPERS


@dataclass(frozen=True)
class Store:
    """A place where stock lies; without an office it is common to all."""

    id: str
    name: str
    office_id: str | None


@dataclass(frozen=True)
class Level:
    """What lies of an article in a store."""

    store: Store
    article: Article
    on_hand: int
    low_at: int

    @property
    def low(self) -> bool:
        """Whether it is to be marked."""
        return is_low(self.on_hand, self.low_at)

    @property
    def value_fen(self) -> int:
        """What it would cost to buy it now."""
        return self.on_hand * self.article.price_fen


@dataclass(frozen=True)
class Movement:
    """A movement of stock, as a list shows it."""

    seq: int
    at: datetime
    store: str
    article: Article
    kind: Kind
    delta: int
    office_id: str | None
    order_id: int | None
    price_fen: int
    reason: str
    actor: str


@dataclass(frozen=True)
class MovementSearch:
    """Which movements a list shows; what is left empty does not matter."""

    store_id: str = ""
    article_id: str = ""
    office_id: str = ""
    kind: str = ""
    since: datetime | None = None
    before: datetime | None = None


@dataclass(frozen=True)
class LevelDiscrepancy:
    """A level that is not the sum of its movements."""

    store_id: str
    article_id: str
    stored: int
    folded: int


def articles(session: Session) -> list[Article]:
    """Return all articles, by name."""
    return [
        article_of(row) for row in session.scalars(select(ArticleRow).order_by(ArticleRow.name))
    ]


def stores(session: Session, viewer: Actor) -> list[Store]:
    """Return the stores that somebody may see, the common ones first."""
    rows = session.scalars(
        select(StoreRow).order_by(StoreRow.office_id.is_not(None), StoreRow.name)
    )
    return [_store(row) for row in rows if may_see_store(viewer, row.office_id)]


def store_names(session: Session) -> dict[str, str]:
    """Return what all stores are called, by id."""
    return {row.id: row.name for row in session.scalars(select(StoreRow))}


def store_for(session: Session, store_id: str, viewer: Actor) -> Store:
    """Return one store; NoSuchSupply if there is none that somebody may see."""
    row = session.get(StoreRow, store_id)
    if row is None or not may_see_store(viewer, row.office_id):
        raise NoSuchSupply(Text("There is no such store."))
    return _store(row)


def levels(session: Session, viewer: Actor, *, store_id: str = "") -> list[Level]:
    """Return what lies in the stores that somebody may see, by store and article."""
    seen = {each.id: each for each in stores(session, viewer)}
    wanted = [store_id] if store_id else list(seen)
    rows = session.execute(
        select(StockRow, ArticleRow)
        .join(ArticleRow, ArticleRow.id == StockRow.article_id)
        .where(StockRow.store_id.in_([each for each in wanted if each in seen]))
        .order_by(ArticleRow.name)
    )
    found = [
        Level(seen[row.store_id], article_of(article), row.on_hand, row.low_at)
        for row, article in rows
    ]
    order = list(seen)
    return sorted(found, key=lambda level: order.index(level.store.id))


def find_movements(
    session: Session, asked: MovementSearch, viewer: Actor, *, limit: int, offset: int = 0
) -> list[Movement]:
    """Return the movements that a list shows, newest first."""
    query = _found(asked, viewer).order_by(MovementRow.seq.desc()).limit(limit).offset(offset)
    return [_movement(*row) for row in session.execute(query)]


def each_movement(session: Session, asked: MovementSearch, viewer: Actor) -> Iterator[Movement]:
    """Yield all movements that a list shows, oldest first."""
    query = _found(asked, viewer).order_by(MovementRow.seq)
    for row in session.execute(query.execution_options(yield_per=500)):
        yield _movement(*row)


def count_movements(session: Session, asked: MovementSearch, viewer: Actor) -> int:
    """Return how many movements `find_movements` finds."""
    query = _found(asked, viewer).with_only_columns(func.count(MovementRow.seq))
    return session.scalar(query) or 0


def discrepancies(session: Session) -> list[LevelDiscrepancy]:
    """Return every level that is not the sum of its movements."""
    columns = (MovementRow.store_id, MovementRow.article_id, MovementRow.kind)
    sums = session.execute(select(*columns, func.sum(MovementRow.quantity)).group_by(*columns))
    movements: dict[tuple[str, str], list[tuple[Kind, int]]] = {}
    for store, article, kind, quantity in sums:
        movements.setdefault((store, article), []).append((Kind(kind), int(quantity)))
    folded = {key: fold(each) for key, each in movements.items()}
    stored = {
        (row.store_id, row.article_id): row.on_hand for row in session.scalars(select(StockRow))
    }
    return [
        LevelDiscrepancy(*key, stored.get(key, 0), folded.get(key, 0))
        for key in sorted(stored.keys() | folded.keys())
        if stored.get(key, 0) != folded.get(key, 0)
    ]


def visible(viewer: Actor) -> ColumnElement[bool] | None:
    """Return which movements somebody may see; None: all.

    The head of an office sees what went to it and what moved in its own stores.
    """
    if viewer.admin:
        return None
    heads = list(viewer.heads)
    return or_(MovementRow.office_id.in_(heads), StoreRow.office_id.in_(heads))


def _found(asked: MovementSearch, viewer: Actor) -> Select[MovementRow, ArticleRow, str]:
    query = (
        select(MovementRow, ArticleRow, StoreRow.name)
        .join(ArticleRow, ArticleRow.id == MovementRow.article_id)
        .join(StoreRow, StoreRow.id == MovementRow.store_id)
    )
    seen = visible(viewer)
    if seen is not None:
        query = query.where(seen)
    for column, wanted in (
        (MovementRow.store_id, asked.store_id),
        (MovementRow.article_id, asked.article_id),
        (MovementRow.office_id, asked.office_id),
        (MovementRow.kind, asked.kind),
    ):
        if wanted:
            query = query.where(column == wanted)
    if asked.since is not None:
        query = query.where(MovementRow.at >= asked.since)
    if asked.before is not None:
        query = query.where(MovementRow.at < asked.before)
    return query


def _movement(row: MovementRow, article: ArticleRow, store: str) -> Movement:
    return Movement(
        row.seq,
        row.at,
        store,
        article_of(article),
        Kind(row.kind),
        row.delta,
        row.office_id,
        row.order_id,
        row.price_fen,
        row.reason,
        row.actor,
    )


def article_of(row: ArticleRow) -> Article:
    """Return the article of a row."""
    return Article(
        row.id,
        row.name,
        Material(row.material),
        row.sheets,
        row.colour,
        row.yield_pages,
        row.price_fen,
        row.grams,
    )


def _store(row: StoreRow) -> Store:
    return Store(row.id, row.name, row.office_id)
