from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.people import Actor
from quotas.supplies.lifecycle import (
    BINDING,
    COUNT_TRANSITIONS,
    ENDED,
    SECOND_PERSON,
    Budget,
    Charge,
    CountEvent,
    CountState,
    Event,
    Party,
    State,
    Terms,
    after,
    charge_of,
    is_second_person,
    may,
    may_count,
    may_see_store,
    open_events,
    parties,
)
from quotas.supplies.stock import (
    Kind,
    delta_of,
    fold,
    is_low,
    issued,
    share_per_cent,
    valid_quantity,
)
from quotas.supplies.variance import Meaning, Month, meaning_of, variances

ALLOWED = {
    State.REQUESTED: {
        Event.APPROVE: State.APPROVED,
        Event.REJECT: State.REJECTED,
        Event.WITHDRAW: State.WITHDRAWN,
    },
    State.APPROVED: {Event.PURCHASE: State.PURCHASED, Event.CANCEL: State.CANCELED},
    State.PURCHASED: {
        Event.RECEIVE_PART: State.PARTLY_RECEIVED,
        Event.RECEIVE_REST: State.RECEIVED,
        Event.CANCEL: State.CANCELED,
    },
    State.PARTLY_RECEIVED: {
        Event.RECEIVE_PART: State.PARTLY_RECEIVED,
        Event.RECEIVE_REST: State.RECEIVED,
        Event.CANCEL: State.CLOSED,
    },
}


@pytest.mark.parametrize(("state", "event"), list(product(State, Event)))
def test_every_pair_of_state_and_event(state: State, event: Event):
    assert after(state, event) == ALLOWED.get(state, {}).get(event)


def test_what_has_ended_stays_so_and_everything_can_end():
    assert {
        State.RECEIVED, State.REJECTED, State.WITHDRAWN, State.CANCELED, State.CLOSED,
    } == ENDED  # fmt: skip
    for state in set(State) - ENDED:
        assert any(after(state, event) in ENDED for event in Event), state
    assert not BINDING & ENDED


@pytest.mark.parametrize(("state", "event"), list(product(CountState, CountEvent)))
def test_every_pair_of_a_stocktaking(state: CountState, event: CountEvent):
    expected = None
    if state is CountState.OPEN:
        expected = {
            CountEvent.ENTER: CountState.OPEN,
            CountEvent.CLOSE: CountState.CLOSED,
            CountEvent.ABANDON: CountState.ABANDONED,
        }[event]
    assert COUNT_TRANSITIONS.get((state, event)) == expected


@pytest.mark.parametrize(
    ("event", "charge"),
    [
        (Event.REQUEST, Charge()),
        (Event.REJECT, Charge()),
        (Event.WITHDRAW, Charge()),
        (Event.APPROVE, Charge(bound=1000)),
        (Event.PURCHASE, Charge(bound=200)),
        (Event.RECEIVE_PART, Charge(bound=-300, spent=300)),
        (Event.RECEIVE_REST, Charge(bound=-300, spent=300)),
        (Event.CANCEL, Charge(bound=-600)),
    ],
)
def test_what_each_event_does_to_the_budget(event: Event, charge: Charge):
    terms = Terms(quantity=10, price_fen=100, received=4)
    assert charge_of(event, terms, arriving=3, price_fen=120) == charge


@given(
    quantity=st.integers(1, 50),
    price=st.integers(0, 5000),
    bought_at=st.integers(0, 5000),
    arrivals=st.lists(st.integers(1, 20), max_size=5),
    ends=st.booleans(),
)
def test_an_order_binds_what_is_open_and_spends_what_arrived(
    quantity: int, price: int, bought_at: int, arrivals: list[int], ends: bool
):
    terms = Terms(quantity, price)
    charges = [charge_of(Event.APPROVE, terms)]
    charges.append(charge_of(Event.PURCHASE, terms, price_fen=bought_at))
    terms = Terms(quantity, bought_at)
    for arriving in arrivals:
        if arriving > terms.open:
            break
        charges.append(charge_of(Event.RECEIVE_PART, terms, arriving=arriving))
        terms = Terms(quantity, bought_at, terms.received + arriving)
    if ends:
        charges.append(charge_of(Event.CANCEL, terms))
    bound, spent = sum(each.bound for each in charges), sum(each.spent for each in charges)
    assert bound == (0 if ends else terms.open * bought_at)
    assert spent == terms.received * bought_at
    assert Budget(10**6, bound, spent).left_fen == 10**6 - bound - spent


ALICE = Actor("Alice", "a", "o")
DORA = Actor("Dora", "d", "o", heads=frozenset({"o"}))
ADA = Actor("Ada", "x", "p", admin=True)


@pytest.mark.parametrize(("event", "who"), list(product(Event, (ALICE, DORA, ADA))))
def test_who_may_do_what(event: Event, who: Actor):
    for requester in ("a", "d", "x", None):
        found = parties(who, "o", requester)
        mine = who.person_id == requester
        expected = {
            Event.WITHDRAW: mine,
            Event.REQUEST: who is not ALICE,
            Event.APPROVE: who is not ALICE and not mine,
            Event.REJECT: who is not ALICE and not mine,
        }.get(event, who is ADA)
        assert may(event, found) is expected, requester


def test_of_another_office_nobody_is_anything():
    assert parties(DORA, "elsewhere", None) == frozenset()
    assert parties(Actor("Printgate"), "o", None) == frozenset()
    assert not any(may(event, frozenset()) for event in Event)


def test_what_is_open_is_what_the_state_and_the_right_allow():
    head = frozenset({Party.HEAD})
    assert open_events(State.REQUESTED, head) == SECOND_PERSON
    assert open_events(State.PURCHASED, head) == frozenset()
    both = frozenset({Party.ADMIN, Party.REQUESTER})
    assert open_events(State.REQUESTED, both) == {Event.WITHDRAW}


def test_who_sees_counts_and_closes():
    assert [may_see_store(each, None) for each in (ALICE, DORA, ADA)] == [False, True, True]
    assert [may_see_store(each, "o") for each in (ALICE, DORA, ADA)] == [False, True, True]
    assert [may_see_store(each, "p") for each in (ALICE, DORA, ADA)] == [False, False, True]
    assert [may_count(each, None) for each in (ALICE, DORA, ADA)] == [False, False, True]
    assert [may_count(each, "o") for each in (ALICE, DORA, ADA)] == [False, True, True]
    assert is_second_person(ADA, "d", frozenset({"d"}))
    assert not is_second_person(ADA, "x", frozenset())
    assert not is_second_person(ADA, "d", frozenset({"x"}))
    assert not is_second_person(Actor("Printgate"), "d", frozenset())


@pytest.mark.parametrize(
    ("kind", "quantity", "delta"),
    [
        (Kind.RECEIPT, 5, 5),
        (Kind.ISSUE, 5, -5),
        (Kind.RETURN, 5, 5),
        (Kind.CORRECTION, -5, -5),
        (Kind.CORRECTION, 5, 5),
        (Kind.SCRAP, 5, -5),
    ],
)
def test_what_each_movement_does(kind: Kind, quantity: int, delta: int):
    assert delta_of(kind, quantity) == delta
    assert fold([(Kind.RECEIPT, 10), (kind, quantity)]) == 10 + delta


def test_what_an_office_has_been_issued():
    moved = [(Kind.RECEIPT, 10), (Kind.ISSUE, 4), (Kind.RETURN, 1), (Kind.SCRAP, 2)]
    assert issued(moved) == 3


@pytest.mark.parametrize("quantity", [0, 1.0, "1", None, True, 10**6 + 1, -(10**6) - 1])
@pytest.mark.parametrize("kind", Kind)
def test_what_is_no_quantity(kind: Kind, quantity: object):
    assert not valid_quantity(kind, quantity)


def test_only_a_correction_is_below_zero():
    assert [kind for kind in Kind if valid_quantity(kind, -1)] == [Kind.CORRECTION]
    assert all(valid_quantity(kind, 1) for kind in Kind)


@pytest.mark.parametrize(
    ("on_hand", "low_at", "low"), [(0, 0, False), (5, 5, True), (6, 5, False), (0, 1, True)]
)
def test_what_is_low(on_hand: int, low_at: int, low: bool):
    assert is_low(on_hand, low_at) is low


def test_shares():
    assert share_per_cent(1, 4) == 25
    assert share_per_cent(0, 0) is None


@pytest.mark.parametrize(
    ("running", "moved", "meaning"),
    [
        (0, False, Meaning.NOTHING),
        (0, True, Meaning.EVEN),
        (500, True, Meaning.EVEN),
        (-500, True, Meaning.EVEN),
        (501, True, Meaning.MORE_ISSUED),
        (-501, True, Meaning.MORE_PRINTED),
    ],
)
def test_what_a_difference_means(running: int, moved: bool, meaning: Meaning):
    assert meaning_of(running, moved=moved) is meaning


@given(st.lists(st.tuples(st.integers(-500, 5000), st.integers(0, 5000))))
def test_the_running_difference_is_the_sum(figures):
    months = [Month(str(index), *each) for index, each in enumerate(figures)]
    found = variances(months)
    assert [each.month for each in found] == months
    for index, each in enumerate(found):
        assert each.running == sum(month.difference for month in months[: index + 1])
