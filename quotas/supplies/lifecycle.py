"""The life of a purchase order and of a stocktaking, and what an order does to a budget.

An order begins as somebody's request. A second person approves it; from then on it binds money of
the office's budget for a year. It is bought at a price that may differ from the one that was
estimated, arrives at once or in parts, and ends. What has not arrived when it is cancelled is bound
no longer; what arrived is spent:

    bound  = price × (quantity − received), from the approval until the end
    spent  = price × received
    left   = budget − bound − spent

Each event therefore carries what it adds to the two sums, the events are only ever added, and a
budget's sums are the sums of its orders' events. Amounts of money are whole fen (1 yuan = 100 fen).

A stocktaking is a document: it is opened for one store, counts are entered, and somebody who has
neither opened it nor counted closes it. A count is compared with the book at the moment of
counting, and what is corrected is the difference, not the level: so what is issued between
counting and closing is neither lost nor counted twice.
"""

from dataclasses import dataclass
from enum import StrEnum

from core.people import Actor

FEN_MAX = 10**11
QUANTITY_MAX = 10**6


class State(StrEnum):
    """Where an order stands."""

    REQUESTED = "requested"
    APPROVED = "approved"
    PURCHASED = "purchased"
    PARTLY_RECEIVED = "partly-received"
    RECEIVED = "received"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    CANCELED = "canceled"
    CLOSED = "closed"
    """Part of it arrived, the rest was cancelled."""


class Event(StrEnum):
    """What can happen to an order."""

    REQUEST = "request"
    APPROVE = "approve"
    REJECT = "reject"
    WITHDRAW = "withdraw"
    PURCHASE = "purchase"
    RECEIVE_PART = "receive-part"
    RECEIVE_REST = "receive-rest"
    CANCEL = "cancel"


TRANSITIONS: dict[tuple[State, Event], State] = {
    (State.REQUESTED, Event.APPROVE): State.APPROVED,
    (State.REQUESTED, Event.REJECT): State.REJECTED,
    (State.REQUESTED, Event.WITHDRAW): State.WITHDRAWN,
    (State.APPROVED, Event.PURCHASE): State.PURCHASED,
    (State.APPROVED, Event.CANCEL): State.CANCELED,
    (State.PURCHASED, Event.RECEIVE_PART): State.PARTLY_RECEIVED,
    (State.PURCHASED, Event.RECEIVE_REST): State.RECEIVED,
    (State.PURCHASED, Event.CANCEL): State.CANCELED,
    (State.PARTLY_RECEIVED, Event.RECEIVE_PART): State.PARTLY_RECEIVED,
    (State.PARTLY_RECEIVED, Event.RECEIVE_REST): State.RECEIVED,
    (State.PARTLY_RECEIVED, Event.CANCEL): State.CLOSED,
}
"""What follows what; all else is refused."""

BINDING = frozenset({State.APPROVED, State.PURCHASED, State.PARTLY_RECEIVED})
"""The states in which what has not arrived is bound."""

ENDED = frozenset(set(State) - {state for state, _ in TRANSITIONS})


def after(state: State, event: Event) -> State | None:
    """Return the state after an event, or None if it can't happen in this one."""
    return TRANSITIONS.get((state, event))


@dataclass(frozen=True)
class Charge:
    """What an event adds to the two sums of a budget, in fen."""

    bound: int = 0
    spent: int = 0


@dataclass(frozen=True)
class Terms:
    """What an order is for: so many units at so much each, of which so many have arrived."""

    quantity: int
    price_fen: int
    received: int = 0

    @property
    def open(self) -> int:
        """How many units have not arrived."""
        return self.quantity - self.received

    @property
    def total_fen(self) -> int:
        """What all of it costs."""
        return self.quantity * self.price_fen


def charge_of(event: Event, terms: Terms, *, arriving: int = 0, price_fen: int = 0) -> Charge:
    """Return what an event adds to the sums of the budget.

    `terms` are those before the event; `arriving` is how many units a receipt brings, `price_fen`
    the price at which the order is bought.
    """
    match event:
        case Event.REQUEST | Event.REJECT | Event.WITHDRAW:
            return Charge()
        case Event.APPROVE:
            return Charge(bound=terms.total_fen)
        case Event.PURCHASE:
            return Charge(bound=(price_fen - terms.price_fen) * terms.quantity)
        case Event.RECEIVE_PART | Event.RECEIVE_REST:
            cost = arriving * terms.price_fen
            return Charge(bound=-cost, spent=cost)
        case Event.CANCEL:
            return Charge(bound=-terms.open * terms.price_fen)


@dataclass(frozen=True)
class Budget:
    """What an office may spend on paper and toner in a year, in fen."""

    amount_fen: int = 0
    bound_fen: int = 0
    spent_fen: int = 0

    @property
    def left_fen(self) -> int:
        """What is still free; below zero where an overrun was approved."""
        return self.amount_fen - self.bound_fen - self.spent_fen


class Party(StrEnum):
    """Who somebody is to an order."""

    REQUESTER = "requester"
    HEAD = "head"
    ADMIN = "admin"


RIGHTS: dict[Event, frozenset[Party]] = {
    Event.REQUEST: frozenset({Party.HEAD, Party.ADMIN}),
    Event.APPROVE: frozenset({Party.HEAD, Party.ADMIN}),
    Event.REJECT: frozenset({Party.HEAD, Party.ADMIN}),
    Event.WITHDRAW: frozenset({Party.REQUESTER}),
    Event.PURCHASE: frozenset({Party.ADMIN}),
    Event.RECEIVE_PART: frozenset({Party.ADMIN}),
    Event.RECEIVE_REST: frozenset({Party.ADMIN}),
    Event.CANCEL: frozenset({Party.ADMIN}),
}
"""Who may do what. An overrun of the budget only an administrator approves."""

SECOND_PERSON = frozenset({Event.APPROVE, Event.REJECT})
"""What the requester can't do to their own request, whoever they are."""


def parties(actor: Actor, office_id: str, requester_id: str | None) -> frozenset[Party]:
    """Return what somebody is to an order of an office."""
    found = set()
    if actor.person_id is not None and actor.person_id == requester_id:
        found.add(Party.REQUESTER)
    if office_id in actor.heads:
        found.add(Party.HEAD)
    if actor.admin:
        found.add(Party.ADMIN)
    return frozenset(found)


def may(event: Event, who: frozenset[Party]) -> bool:
    """Tell whether somebody who is this to an order may let an event happen."""
    if event in SECOND_PERSON and Party.REQUESTER in who:
        return False
    return bool(RIGHTS[event] & who)


def open_events(state: State, who: frozenset[Party]) -> frozenset[Event]:
    """Return what somebody can do with an order now."""
    return frozenset(each for each in Event if after(state, each) and may(each, who))


class CountState(StrEnum):
    """Where a stocktaking stands."""

    OPEN = "open"
    CLOSED = "closed"
    ABANDONED = "abandoned"


class CountEvent(StrEnum):
    """What can happen to a stocktaking."""

    ENTER = "enter"
    CLOSE = "close"
    ABANDON = "abandon"


COUNT_TRANSITIONS: dict[tuple[CountState, CountEvent], CountState] = {
    (CountState.OPEN, CountEvent.ENTER): CountState.OPEN,
    (CountState.OPEN, CountEvent.CLOSE): CountState.CLOSED,
    (CountState.OPEN, CountEvent.ABANDON): CountState.ABANDONED,
}


def may_see_store(actor: Actor, office_id: str | None) -> bool:
    """Tell whether the stock of a store is open to somebody; a store without an office is common.

    What lies in the common stores every head sees: it is what they ask for.
    """
    return actor.admin or (bool(actor.heads) if office_id is None else office_id in actor.heads)


def may_count(actor: Actor, office_id: str | None) -> bool:
    """Tell whether somebody may open a stocktaking of a store and enter counts."""
    return actor.admin or (office_id is not None and office_id in actor.heads)


def is_second_person(actor: Actor, opened_by: str | None, counted_by: frozenset[str]) -> bool:
    """Tell whether somebody has neither opened a stocktaking nor counted in it."""
    return actor.person_id is not None and actor.person_id not in {opened_by, *counted_by}
