"""Movements of stock: receive, issue, take back, correct, scrap.

Whether enough lies there is decided by one conditional UPDATE, before the movement is entered. Each
movement comes with the caller's id; the same again moves nothing and answers what there is.
"""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from core import audit
from core.db import dialect_of, insert_new, insert_or, locked, table
from core.errors import InvalidInput
from core.identity import queries as identity
from core.people import Actor
from core.text import Text, clean_line, counted
from quotas.errors import EntryDiffers
from quotas.periods import DEFAULT_ZONE, Period
from quotas.supplies.errors import OutOfStock
from quotas.supplies.models import MovementRow, StockRow
from quotas.supplies.service import catalogue
from quotas.supplies.stock import NEEDS_REASON, OF_AN_OFFICE, Kind, delta_of, issued, valid_quantity

_STOCK = table(StockRow)


@dataclass(frozen=True)
class NewMovement:
    """A movement before it is entered; without a price it is valued at the article's own."""

    id: str
    store_id: str
    article_id: str
    kind: Kind
    quantity: int
    office_id: str | None = None
    order_id: int | None = None
    price_fen: int | None = None
    reason: str = ""


@dataclass(frozen=True)
class Moved:
    """A movement that is in the books."""

    id: str
    store_id: str
    article_id: str
    kind: Kind
    quantity: int
    office_id: str | None
    on_hand: int
    """What lies in the store now, after everything that was entered since."""


def move(
    session: Session,
    new: NewMovement,
    *,
    actor: Actor,
    now: datetime,
    zone: ZoneInfo = DEFAULT_ZONE,
) -> Moved:
    """Enter a movement; OutOfStock if less lies in the store than it takes, and nothing is moved.

    A return brings back no more than this store has issued to the office.
    """
    price_fen, reason = _check(session, new)
    known = _known(session, new)
    if known is not None:
        return known
    _check_return(session, new)
    delta, kind = delta_of(new.kind, new.quantity), new.kind
    if not _change(session, new, delta):
        known = _known(session, new)
        if known is None:
            raise _too_little(session, new, -delta)
        return known
    if insert_new(
        session,
        MovementRow,
        id=new.id,
        store_id=new.store_id,
        article_id=new.article_id,
        kind=kind,
        quantity=new.quantity,
        delta=delta,
        office_id=new.office_id,
        order_id=new.order_id,
        price_fen=price_fen,
        period=Period.of_moment(now, zone).key,
        reason=reason,
        actor=actor.name,
        at=now,
    ):
        details = {"article": new.article_id, "quantity": new.quantity, "office": new.office_id}
        audit.record(session, actor, f"stock.{kind}", new.store_id, details, now)
        return _moved(session, new)
    # Entered by somebody else meanwhile: what was moved for it just now goes back.
    _change(session, new, -delta)
    known = _known(session, new)
    assert known is not None
    return known


def _check(session: Session, new: NewMovement) -> tuple[int, str]:
    """Return the price and the reason that are entered."""
    if not valid_quantity(new.kind, new.quantity):
        raise InvalidInput(Text("A quantity is a whole number of reams or cartridges above zero."))
    catalogue.store(session, new.store_id)
    article = catalogue.article(session, new.article_id)
    if new.kind in OF_AN_OFFICE:
        if new.office_id is None:
            raise InvalidInput(Text("Please choose the office."))
        identity.office(session, new.office_id)
    reason = clean_line(new.reason, 500)
    if new.kind in NEEDS_REASON and not reason:
        raise InvalidInput(Text("A correction or scrapping needs a reason."))
    price_fen = article.price_fen if new.price_fen is None else new.price_fen
    catalogue.check_fen(price_fen)
    return price_fen, reason


def _check_return(session: Session, new: NewMovement) -> None:
    if new.kind is not Kind.RETURN:
        return
    # Issues and returns of this article both need the row, so the sum stands until the commit.
    locked(session, StockRow, (new.store_id, new.article_id))
    sums = session.execute(
        select(MovementRow.kind, func.sum(MovementRow.quantity))
        .where(
            MovementRow.store_id == new.store_id,
            MovementRow.article_id == new.article_id,
            MovementRow.office_id == new.office_id,
        )
        .group_by(MovementRow.kind)
    )
    out = issued((Kind(kind), int(quantity)) for kind, quantity in sums)
    if new.quantity > out and _known(session, new) is None:
        raise InvalidInput(
            Text("No more can be given back than was issued: {n} here.", {"n": f"{out:,}"})
        )


def _change(session: Session, new: NewMovement, delta: int) -> bool:
    """Change the level; False if it would fall below zero."""
    changed = session.execute(
        update(_STOCK)
        .where(
            _STOCK.c.store_id == new.store_id,
            _STOCK.c.article_id == new.article_id,
            _STOCK.c.on_hand + delta >= 0,
        )
        .values(on_hand=_STOCK.c.on_hand + delta)
    )
    assert isinstance(changed, CursorResult)
    if changed.rowcount == 1 or delta < 0:
        return bool(changed.rowcount)
    opened = insert_or(dialect_of(session), StockRow)
    more = {"on_hand": _STOCK.c.on_hand + opened.excluded.on_hand}
    columns = {"store_id": new.store_id, "article_id": new.article_id, "low_at": 0}
    session.execute(
        opened.on_conflict_do_update(index_elements=["store_id", "article_id"], set_=more),
        {**columns, "on_hand": delta},
    )
    return True


def _known(session: Session, new: NewMovement) -> Moved | None:
    """Return what is entered under this id; EntryDiffers if it says something else."""
    row = session.scalar(select(MovementRow).where(MovementRow.id == new.id))
    if row is None:
        return None
    asked = (new.store_id, new.article_id, new.kind, new.quantity, new.office_id, new.order_id)
    says = (row.store_id, row.article_id, row.kind, row.quantity, row.office_id, row.order_id)
    if says != asked:
        raise EntryDiffers(Text("An entry with this id exists and says something else."))
    return _moved(session, new)


def _moved(session: Session, new: NewMovement) -> Moved:
    return Moved(
        new.id,
        new.store_id,
        new.article_id,
        new.kind,
        new.quantity,
        new.office_id,
        on_hand(session, new.store_id, new.article_id),
    )


def on_hand(session: Session, store_id: str, article_id: str) -> int:
    """Return how much of an article lies in a store."""
    level = session.scalar(
        select(_STOCK.c.on_hand).where(
            _STOCK.c.store_id == store_id, _STOCK.c.article_id == article_id
        )
    )
    return level or 0


def _too_little(session: Session, new: NewMovement, needed: int) -> OutOfStock:
    level = on_hand(session, new.store_id, new.article_id)
    text = counted(
        "Only {n} is in stock, {needed} can't be taken. If more lies there, take stock.",
        "Only {n} are in stock, {needed} can't be taken. If more lies there, take stock.",
        level,
        needed=needed,
    )
    return OutOfStock(text, needed=needed, on_hand=level)
