"""Stocktaking: open the document of a store, enter counts, close it by a second person."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit
from core.db import insert_new, locked
from core.errors import Forbidden, InvalidInput
from core.people import Actor
from core.text import Text, clean_line, counted
from quotas.errors import EntryDiffers
from quotas.periods import DEFAULT_ZONE
from quotas.supplies.errors import (
    NoSuchSupply,
    OutOfStock,
    SecondPersonNeeded,
    WrongState,
)
from quotas.supplies.lifecycle import (
    COUNT_TRANSITIONS,
    QUANTITY_MAX,
    CountEvent,
    CountState,
    is_second_person,
    may_count,
    may_see_store,
)
from quotas.supplies.models import ArticleRow, CountRow, StockRow, StocktakingRow, StoreRow
from quotas.supplies.service import catalogue, stock
from quotas.supplies.stock import Kind


@dataclass(frozen=True)
class Stocktaking:
    """A stocktaking after a verb."""

    id: int
    store_id: str
    state: CountState


@dataclass(frozen=True)
class Count:
    """How much of an article somebody has counted; a difference needs a reason."""

    counted: int
    reason: str = ""


def open_stocktaking(
    session: Session, key: str, store_id: str, *, actor: Actor, now: datetime
) -> Stocktaking:
    """Open the document for a store, once per key; WrongState while another one is open there."""
    _check_counter(actor, catalogue.store(session, store_id))
    opened = insert_new(
        session,
        StocktakingRow,
        key=key,
        store_id=store_id,
        state=CountState.OPEN,
        opened_by=actor.person_id,
        opener=actor.name,
        opened_at=now,
        closer="",
    )
    row = session.scalar(select(StocktakingRow).where(StocktakingRow.key == key))
    if row is None:
        raise WrongState(Text("A stocktaking of this store is open already: go on with that one."))
    if row.store_id != store_id:
        raise EntryDiffers(Text("An entry with this id exists and says something else."))
    if opened:
        details = {"store": store_id}
        audit.record(session, actor, "stocktaking.open", str(row.id), details, now)
    return _stocktaking(row)


def enter(
    session: Session,
    stocktaking_id: int,
    entry: str,
    counts: Mapping[str, Count],
    *,
    actor: Actor,
    now: datetime,
) -> Stocktaking:
    """Enter what was counted, by article; a new count of an article replaces the one before.

    `entry` is the caller's id: the same again changes nothing, though the book may have moved.
    """
    row = _locked(session, stocktaking_id)
    _check_counter(actor, catalogue.store(session, row.store_id))
    _after(row, CountEvent.ENTER)
    entered = {}
    # In one order, so that no two can wait for each other's stock.
    for article_id in sorted(counts):
        if _enter(session, row, entry, article_id, counts[article_id], actor, now):
            entered[article_id] = counts[article_id].counted
    if entered:
        audit.record(session, actor, "stocktaking.enter", str(row.id), {"counted": entered}, now)
    return _stocktaking(row)


def close(
    session: Session,
    stocktaking_id: int,
    *,
    actor: Actor,
    now: datetime,
    zone: ZoneInfo = DEFAULT_ZONE,
) -> Stocktaking:
    """Close it and book the differences; by somebody who has neither opened it nor counted."""
    row = _locked(session, stocktaking_id)
    if row.state == CountState.CLOSED:
        return _stocktaking(row)
    if not may_see_store(actor, catalogue.store(session, row.store_id).office_id):
        raise NoSuchSupply(Text("There is no such stocktaking."))
    target = _after(row, CountEvent.CLOSE)
    counts = list(
        session.scalars(
            select(CountRow)
            .where(CountRow.stocktaking_id == row.id)
            .order_by(CountRow.article_id)
            .execution_options(populate_existing=True)
        )
    )
    counted_by = frozenset(each.counted_by for each in counts if each.counted_by)
    if not is_second_person(actor, row.opened_by, counted_by):
        raise SecondPersonNeeded(
            Text("Who opened a stocktaking or counted in it can't close it: a second person does.")
        )
    _check_complete(session, row, {each.article_id for each in counts})
    for each in counts:
        _correct(session, row, each, actor, now, zone)
    row.state, row.closer, row.closed_at = target, actor.name, now
    corrected = {
        each.article_id: each.counted - each.booked
        for each in counts
        if each.counted != each.booked
    }
    audit.record(session, actor, "stocktaking.close", str(row.id), {"corrected": corrected}, now)
    return _stocktaking(row)


def abandon(session: Session, stocktaking_id: int, *, actor: Actor, now: datetime) -> Stocktaking:
    """Give a stocktaking up: nothing is corrected."""
    row = _locked(session, stocktaking_id)
    if row.state == CountState.ABANDONED:
        return _stocktaking(row)
    _check_counter(actor, catalogue.store(session, row.store_id))
    row.state = _after(row, CountEvent.ABANDON)
    row.closer, row.closed_at = actor.name, now
    audit.record(session, actor, "stocktaking.abandon", str(row.id), {}, now)
    return _stocktaking(row)


def _enter(
    session: Session,
    row: StocktakingRow,
    entry: str,
    article_id: str,
    count: Count,
    actor: Actor,
    now: datetime,
) -> bool:
    """Enter one count; False if it stands there already."""
    name = catalogue.article(session, article_id).name
    if type(count.counted) is not int or not 0 <= count.counted <= QUANTITY_MAX:
        raise InvalidInput(Text("A count is a whole number, 0 if nothing is there."))
    known = session.get(CountRow, (row.id, article_id), populate_existing=True)
    if known is not None and known.entry == entry:
        return False
    level = locked(session, StockRow, (row.store_id, article_id))
    booked = level.on_hand if level else 0
    reason = clean_line(count.reason, 500)
    if count.counted != booked and not reason:
        raise InvalidInput(
            Text(
                "{name}: the book says {booked}, {counted} were counted. "
                "A difference needs a reason.",
                {"name": name, "booked": booked, "counted": count.counted},
            )
        )
    if known is None:
        known = CountRow(stocktaking_id=row.id, article_id=article_id)
        session.add(known)
    known.booked, known.counted, known.reason, known.entry = booked, count.counted, reason, entry
    known.counted_by, known.counter, known.counted_at = actor.person_id, actor.name, now
    session.flush()
    return True


def _check_complete(session: Session, row: StocktakingRow, done: set[str]) -> None:
    there = session.scalars(
        select(StockRow.article_id).where(StockRow.store_id == row.store_id, StockRow.on_hand > 0)
    )
    missing = len(set(there) - done)
    if missing or not done:
        raise WrongState(
            counted(
                "{n} article of this store is not counted yet.",
                "{n} articles of this store are not counted yet.",
                missing,
            )
        )


def _correct(
    session: Session,
    row: StocktakingRow,
    count: CountRow,
    actor: Actor,
    now: datetime,
    zone: ZoneInfo,
) -> None:
    difference = count.counted - count.booked
    if difference == 0:
        return
    correction = stock.NewMovement(
        f"stocktaking:{row.id}:{count.article_id}",
        row.store_id,
        count.article_id,
        Kind.CORRECTION,
        difference,
        reason=count.reason,
    )
    try:
        stock.move(session, correction, actor=actor, now=now, zone=zone)
    except OutOfStock:
        name = session.get_one(ArticleRow, count.article_id).name
        raise WrongState(
            Text(
                "So much of {name} was taken since it was counted that the count can't be right. "
                "Please count it again.",
                {"name": name},
            )
        ) from None


def _after(row: StocktakingRow, event: CountEvent) -> CountState:
    target = COUNT_TRANSITIONS.get((CountState(row.state), event))
    if target is None:
        raise WrongState(Text("This stocktaking has ended: open a new one."))
    return target


def _check_counter(actor: Actor, store: StoreRow) -> None:
    if not may_see_store(actor, store.office_id):
        raise NoSuchSupply(Text("There is no such store."))
    if not may_count(actor, store.office_id):
        raise Forbidden(Text("The stock of a common store is counted by an administrator."))


def _locked(session: Session, stocktaking_id: int) -> StocktakingRow:
    row = locked(session, StocktakingRow, stocktaking_id)
    if row is None:
        raise NoSuchSupply(Text("There is no such stocktaking."))
    return row


def _stocktaking(row: StocktakingRow) -> Stocktaking:
    return Stocktaking(row.id, row.store_id, CountState(row.state))
