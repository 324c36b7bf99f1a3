"""Reads of stocktakings."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, false, func, or_, select
from sqlalchemy.orm import Session

from core.people import Actor
from core.text import Text
from quotas.supplies.errors import NoSuchSupply
from quotas.supplies.lifecycle import CountState, is_second_person
from quotas.supplies.models import ArticleRow, CountRow, StockRow, StocktakingRow, StoreRow
from quotas.supplies.queries.stock import Article, Store, article_of


@dataclass(frozen=True)
class Line:
    """One article of a stocktaking: what the book said and what was counted, None if not yet."""

    article: Article
    on_hand: int
    """What the book says now."""
    booked: int | None
    counted: int | None
    reason: str
    counter: str
    counted_at: datetime | None

    @property
    def difference(self) -> int | None:
        """What is corrected, None if nothing was counted."""
        if self.counted is None or self.booked is None:
            return None
        return self.counted - self.booked


@dataclass(frozen=True)
class Stocktaking:
    """The document of a stocktaking."""

    id: int
    store: Store
    state: CountState
    opener: str
    opened_by: str | None
    opened_at: datetime
    closer: str
    closed_at: datetime | None
    counted_by: frozenset[str]

    def closable_by(self, actor: Actor) -> bool:
        """Tell whether somebody is the second person who may close it."""
        return self.state is CountState.OPEN and is_second_person(
            actor, self.opened_by, self.counted_by
        )


def stocktaking_for(session: Session, stocktaking_id: int, viewer: Actor) -> Stocktaking:
    """Return one stocktaking; NoSuchSupply if there is none that somebody may see."""
    query = _stocktakings(viewer).where(StocktakingRow.id == stocktaking_id)
    row = session.execute(query).one_or_none()
    if row is None:
        raise NoSuchSupply(Text("There is no such stocktaking."))
    return _stocktaking(session, *row)


def stocktakings(
    session: Session, viewer: Actor, *, limit: int, offset: int = 0
) -> list[Stocktaking]:
    """Return the stocktakings that somebody may see, newest first."""
    query = _stocktakings(viewer).order_by(StocktakingRow.id.desc()).limit(limit).offset(offset)
    return [_stocktaking(session, *row) for row in session.execute(query)]


def count_stocktakings(session: Session, viewer: Actor) -> int:
    """Return how many stocktakings somebody may see."""
    query = _stocktakings(viewer).with_only_columns(func.count(StocktakingRow.id))
    return session.scalar(query) or 0


def lines(session: Session, found: Stocktaking) -> list[Line]:
    """Return the articles of a stocktaking: those in the store, and those that were counted."""
    counts = {
        row.article_id: row
        for row in session.scalars(select(CountRow).where(CountRow.stocktaking_id == found.id))
    }
    levels = {
        row.article_id: row.on_hand
        for row in session.scalars(select(StockRow).where(StockRow.store_id == found.store.id))
    }
    wanted = set(counts) | (set(levels) if found.state is CountState.OPEN else set())
    rows = session.scalars(
        select(ArticleRow).where(ArticleRow.id.in_(wanted)).order_by(ArticleRow.name)
    )
    return [_line(article_of(row), levels.get(row.id, 0), counts.get(row.id)) for row in rows]


def _line(article: Article, on_hand: int, count: CountRow | None) -> Line:
    if count is None:
        return Line(article, on_hand, None, None, "", "", None)
    return Line(
        article,
        on_hand,
        count.booked,
        count.counted,
        count.reason,
        count.counter,
        count.counted_at,
    )


def _stocktakings(viewer: Actor) -> Select[StocktakingRow, StoreRow]:
    query = select(StocktakingRow, StoreRow).join(StoreRow, StoreRow.id == StocktakingRow.store_id)
    if viewer.admin:
        return query
    # As may_see_store has it: common stores are open to whoever heads an office.
    common = StoreRow.office_id.is_(None) if viewer.heads else false()
    return query.where(or_(common, StoreRow.office_id.in_(list(viewer.heads))))


def _stocktaking(session: Session, row: StocktakingRow, store: StoreRow) -> Stocktaking:
    counted_by = session.scalars(
        select(CountRow.counted_by).where(CountRow.stocktaking_id == row.id).distinct()
    )
    return Stocktaking(
        row.id,
        Store(store.id, store.name, store.office_id),
        CountState(row.state),
        row.opener,
        row.opened_by,
        row.opened_at,
        row.closer,
        row.closed_at,
        frozenset(each for each in counted_by if each),
    )
