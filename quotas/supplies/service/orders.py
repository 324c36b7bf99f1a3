"""Purchase orders: request, approve or reject, withdraw, buy, receive, cancel.

Whether the budget has room is decided by one conditional UPDATE when the order is approved, and
again when it is bought dearer. Each event comes with the caller's id and is entered once.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from core import audit
from core.db import dialect_of, insert_new, insert_or, locked, table
from core.errors import Forbidden, InvalidInput
from core.identity import queries as identity
from core.people import Actor
from core.text import Scalar, Text, clean_line
from quotas.errors import EntryDiffers
from quotas.periods import DEFAULT_ZONE
from quotas.supplies.errors import (
    BudgetExceeded,
    NoSuchSupply,
    SecondPersonNeeded,
    WrongState,
)
from quotas.supplies.lifecycle import (
    QUANTITY_MAX,
    SECOND_PERSON,
    Charge,
    Event,
    Party,
    State,
    Terms,
    after,
    charge_of,
    may,
    may_see_store,
    parties,
)
from quotas.supplies.models import BudgetRow, OrderEventRow, OrderRow
from quotas.supplies.service import catalogue, stock
from quotas.supplies.stock import Kind

_BUDGETS = table(BudgetRow)


@dataclass(frozen=True)
class Ordered:
    """An order after a verb."""

    id: int
    office_id: str
    state: State
    terms: Terms


@dataclass(frozen=True)
class Request:
    """What somebody asks for."""

    key: str
    office_id: str
    store_id: str
    article_id: str
    quantity: int
    reason: str


@dataclass(frozen=True)
class _Step:
    """One event of an order, before it is entered."""

    id: str
    event: Event
    actor: Actor
    at: datetime
    reason: str = ""
    quantity: int = 0
    price_fen: int | None = None
    over_budget: bool = False
    year: int | None = None


def request(session: Session, asked: Request, *, actor: Actor, now: datetime) -> Ordered:
    """Ask for something to be bought for an office, at the price that is known; once per key."""
    who = parties(actor, asked.office_id, actor.person_id)
    if not may(Event.REQUEST, who):
        raise Forbidden(Text("Only the head of the office or an administrator may do this."))
    reason = _given_reason(asked.reason)
    if type(asked.quantity) is not int or not 0 < asked.quantity <= QUANTITY_MAX:
        raise InvalidInput(Text("A quantity is a whole number of reams or cartridges above zero."))
    identity.office(session, asked.office_id)
    if not may_see_store(actor, catalogue.store(session, asked.store_id).office_id):
        raise NoSuchSupply(Text("There is no such store."))
    article = catalogue.article(session, asked.article_id)
    columns = {
        "office_id": asked.office_id,
        "store_id": asked.store_id,
        "article_id": asked.article_id,
        "quantity": asked.quantity,
    }
    made = insert_new(
        session,
        OrderRow,
        key=asked.key,
        **columns,
        price_fen=article.price_fen,
        received=0,
        state=State.REQUESTED,
        reason=reason,
        supplier="",
        requested_by=actor.person_id,
        requester=actor.name,
        requested_at=now,
        changed_at=now,
    )
    row = session.scalars(select(OrderRow).where(OrderRow.key == asked.key)).one()
    if made:
        step = _Step(asked.key, Event.REQUEST, actor, now, reason, asked.quantity)
        _enter(session, row, step, Charge())
    elif any(getattr(row, name) != value for name, value in columns.items()):
        raise EntryDiffers(Text("An entry with this id exists and says something else."))
    return _ordered(row)


def approve(
    session: Session,
    event_id: str,
    order_id: int,
    *,
    over_budget: bool = False,
    reason: str = "",
    actor: Actor,
    now: datetime,
    zone: ZoneInfo = DEFAULT_ZONE,
) -> Ordered:
    """Approve what somebody else asked for, and bind its cost in this year's budget.

    BudgetExceeded where the budget has too little left, unless an administrator says `over_budget`
    and gives a reason.
    """
    year = now.astimezone(zone).year
    step = _Step(
        event_id,
        Event.APPROVE,
        actor,
        now,
        clean_line(reason, 500),
        over_budget=over_budget,
        year=year,
    )
    return _happen(session, order_id, step)


def reject(
    session: Session, event_id: str, order_id: int, *, reason: str, actor: Actor, now: datetime
) -> Ordered:
    """Turn a request down, with a reason."""
    return _happen(
        session, order_id, _Step(event_id, Event.REJECT, actor, now, _given_reason(reason))
    )


def withdraw(
    session: Session, event_id: str, order_id: int, *, actor: Actor, now: datetime
) -> Ordered:
    """Take one's own request back."""
    return _happen(session, order_id, _Step(event_id, Event.WITHDRAW, actor, now))


def purchase(
    session: Session,
    event_id: str,
    order_id: int,
    *,
    price_fen: int,
    supplier: str,
    over_budget: bool = False,
    reason: str = "",
    actor: Actor,
    now: datetime,
) -> Ordered:
    """Note that an order was bought, from whom and at which price per unit.

    BudgetExceeded where it is dearer than was approved and the budget has too little left, unless
    `over_budget` with a reason.
    """
    catalogue.check_fen(price_fen)
    from_whom = clean_line(supplier, 127)
    if not from_whom:
        raise InvalidInput(Text("Please enter from whom it was bought."))
    step = _Step(
        event_id,
        Event.PURCHASE,
        actor,
        now,
        clean_line(reason, 500),
        price_fen=price_fen,
        over_budget=over_budget,
    )
    return _happen(session, order_id, step, supplier=from_whom)


def receive(
    session: Session,
    event_id: str,
    order_id: int,
    quantity: int,
    *,
    actor: Actor,
    now: datetime,
    zone: ZoneInfo = DEFAULT_ZONE,
) -> Ordered:
    """Put what arrived of an order into its store: all of it, or a part."""
    if type(quantity) is not int or not 0 < quantity <= QUANTITY_MAX:
        raise InvalidInput(Text("A quantity is a whole number of reams or cartridges above zero."))
    row = _locked(session, order_id)
    known = _known(session, row, event_id, {Event.RECEIVE_PART, Event.RECEIVE_REST}, quantity)
    if known is not None:
        return known
    outstanding = row.quantity - row.received
    if quantity > outstanding and after(State(row.state), Event.RECEIVE_REST):
        raise InvalidInput(
            Text("No more can arrive than was ordered: {n} are missing.", {"n": outstanding})
        )
    event = Event.RECEIVE_REST if quantity == outstanding else Event.RECEIVE_PART
    done = _happen(session, order_id, _Step(event_id, event, actor, now, quantity=quantity))
    arrived = stock.NewMovement(
        event_id,
        row.store_id,
        row.article_id,
        Kind.RECEIPT,
        quantity,
        order_id=row.id,
        price_fen=row.price_fen,
    )
    stock.move(session, arrived, actor=actor, now=now, zone=zone)
    return done


def cancel(
    session: Session, event_id: str, order_id: int, *, reason: str, actor: Actor, now: datetime
) -> Ordered:
    """Cancel what has not arrived, with a reason; its money is free again."""
    return _happen(
        session, order_id, _Step(event_id, Event.CANCEL, actor, now, _given_reason(reason))
    )


def _happen(session: Session, order_id: int, step: _Step, *, supplier: str = "") -> Ordered:
    """Let an event happen to an order, or refuse it and leave all as it was."""
    row = _locked(session, order_id)
    known = _known(session, row, step.id, {step.event}, step.quantity)
    if known is not None:
        return known
    who = parties(step.actor, row.office_id, row.requested_by)
    _check_who(step, who)
    target = after(State(row.state), step.event)
    if target is None:
        raise WrongState(Text("The order is not in a state in which this can be done."))
    terms = Terms(row.quantity, row.price_fen, row.received)
    price_fen = row.price_fen if step.price_fen is None else step.price_fen
    charge = charge_of(step.event, terms, arriving=step.quantity, price_fen=price_fen)
    year = step.year if row.year is None else row.year
    over = _charge(session, row.office_id, year, charge, step, who)
    row.state, row.changed_at, row.year, row.price_fen = target, step.at, year, price_fen
    if step.event in (Event.RECEIVE_PART, Event.RECEIVE_REST):
        row.received += step.quantity
    row.supplier = supplier or row.supplier
    session.flush()
    _enter(session, row, replace(step, over_budget=over), charge)
    return _ordered(row)


def _check_who(step: _Step, who: frozenset[Party]) -> None:
    if step.event in SECOND_PERSON and Party.REQUESTER in who:
        raise SecondPersonNeeded(Text("Who asked for it can't decide on it: somebody else has to."))
    if not may(step.event, who):
        raise Forbidden(Text("You may not do this with the order."))


def _charge(
    session: Session,
    office_id: str,
    year: int | None,
    charge: Charge,
    step: _Step,
    who: frozenset[Party],
) -> bool:
    """Add an event's charge to the budget; tell whether that overran it."""
    if charge == Charge() or year is None:
        return False
    more = charge.bound + charge.spent
    if _add(session, office_id, year, charge, more=more if more > 0 else None):
        return False
    if not step.over_budget:
        raise _no_room(session, office_id, year, more)
    if Party.ADMIN not in who:
        raise Forbidden(Text("Only an administrator may approve more than the budget allows."))
    _given_reason(step.reason)
    insert = insert_or(dialect_of(session), BudgetRow)
    sums = {name: _BUDGETS.c[name] + insert.excluded[name] for name in ("bound_fen", "spent_fen")}
    session.execute(
        insert.on_conflict_do_update(index_elements=["office_id", "year"], set_=sums),
        {
            "office_id": office_id,
            "year": year,
            "amount_fen": 0,
            "bound_fen": charge.bound,
            "spent_fen": charge.spent,
        },
    )
    return True


def _add(session: Session, office_id: str, year: int, charge: Charge, *, more: int | None) -> bool:
    """Add to the sums of a budget; with `more` only if so much is left: the authority on that."""
    columns = _BUDGETS.c
    statement = update(_BUDGETS).where(columns.office_id == office_id, columns.year == year)
    if more is not None:
        statement = statement.where(
            columns.bound_fen + columns.spent_fen + more <= columns.amount_fen
        )
    changed = session.execute(
        statement.values(
            bound_fen=columns.bound_fen + charge.bound, spent_fen=columns.spent_fen + charge.spent
        )
    )
    assert isinstance(changed, CursorResult)
    return changed.rowcount == 1


def _no_room(session: Session, office_id: str, year: int, more: int) -> BudgetExceeded:
    row = session.get(BudgetRow, (office_id, year), populate_existing=True)
    left = row.amount_fen - row.bound_fen - row.spent_fen if row else 0
    values: dict[str, Scalar | Text] = {
        "year": year,
        "left": f"{left / 100:,.2f}",
        "needed": f"{more / 100:,.2f}",
    }
    text = Text(
        "The office's budget for {year} has ¥{left} left, this needs ¥{needed}. "
        "An administrator may approve it all the same, with a reason.",
        values,
    )
    return BudgetExceeded(text, needed_fen=more, left_fen=left)


def _enter(session: Session, row: OrderRow, step: _Step, charge: Charge) -> None:
    event = step.event
    if session.scalar(select(OrderEventRow.seq).where(OrderEventRow.id == step.id)) is not None:
        raise EntryDiffers(Text("An entry with this id exists and says something else."))
    entered = insert_new(
        session,
        OrderEventRow,
        id=step.id,
        order_id=row.id,
        event=event,
        quantity=step.quantity,
        price_fen=row.price_fen,
        office_id=row.office_id,
        year=row.year,
        bound_fen=charge.bound,
        spent_fen=charge.spent,
        over_budget=step.over_budget,
        reason=step.reason,
        actor=step.actor.name,
        at=step.at,
    )
    if not entered:
        raise EntryDiffers(Text("An entry with this id exists and says something else."))
    details = {"office": row.office_id, "quantity": step.quantity, "price_fen": row.price_fen}
    audit.record(session, step.actor, f"order.{event}", str(row.id), details, step.at)


def _known(
    session: Session, row: OrderRow, event_id: str, events: set[Event], quantity: int
) -> Ordered | None:
    """Return the order if this event has happened to it; EntryDiffers if the id is another's."""
    known = session.scalar(select(OrderEventRow).where(OrderEventRow.id == event_id))
    if known is None:
        return None
    if known.order_id != row.id or known.event not in events or known.quantity != quantity:
        raise EntryDiffers(Text("An entry with this id exists and says something else."))
    return _ordered(row)


def _locked(session: Session, order_id: int) -> OrderRow:
    row = locked(session, OrderRow, order_id)
    if row is None:
        raise NoSuchSupply(Text("There is no such order."))
    return row


def _ordered(row: OrderRow) -> Ordered:
    return Ordered(
        row.id, row.office_id, State(row.state), Terms(row.quantity, row.price_fen, row.received)
    )


def _given_reason(reason: str) -> str:
    given = clean_line(reason, 500)
    if not given:
        raise InvalidInput(Text("Please give a reason."))
    return given
