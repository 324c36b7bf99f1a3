"""Purchase orders and budgets, on both databases."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import audit
from core.errors import Forbidden, InvalidInput, NotFound, PrintgateError
from core.ids import new_uuid
from core.people import Actor
from quotas.errors import EntryDiffers
from quotas.supplies.errors import BudgetExceeded, NoSuchSupply, SecondPersonNeeded, WrongState
from quotas.supplies.lifecycle import Budget, Event, State, Terms
from quotas.supplies.queries import orders as queries
from quotas.supplies.queries.orders import OrderSearch
from quotas.supplies.service import catalogue
from tests.contracts.at_once import at_once, failures
from tests.quotas.supplies.conftest import SHELF, TONER, Depot

pytestmark = pytest.mark.both_databases


def budget(depot: Depot, year: int = 2026) -> Budget:
    with depot.database.snapshot() as session:
        assert queries.budget_discrepancies(session) == []
        return queries.budget(session, depot.office, year)


def bought(depot: Depot, quantity: int = 10, price_fen: int = 2000) -> int:
    """Return an order that is on its way."""
    order = depot.request(quantity).id
    depot.do("approve", order)
    depot.do("purchase", order, price_fen=price_fen, supplier="文具店")
    return order


def test_an_order_from_its_request_to_the_last_ream(depot: Depot):
    depot.budget(50_000)
    order = depot.request(10)
    assert (order.state, order.terms) == (State.REQUESTED, Terms(10, 2000))
    assert budget(depot) == Budget(50_000, 0, 0)
    assert depot.do("approve", order.id).state is State.APPROVED
    assert budget(depot) == Budget(50_000, 20_000, 0)
    depot.do("purchase", order.id, price_fen=1900, supplier="文具店")
    assert budget(depot) == Budget(50_000, 19_000, 0)
    assert depot.do("receive", order.id, 4).state is State.PARTLY_RECEIVED
    assert budget(depot) == Budget(50_000, 11_400, 7_600)
    assert depot.on_hand() == 4
    done = depot.do("receive", order.id, 6)
    assert (done.state, done.terms) == (State.RECEIVED, Terms(10, 1900, 10))
    assert budget(depot) == Budget(50_000, 0, 19_000)
    assert depot.on_hand() == 10
    with depot.database.snapshot() as session:
        history = [each.event for each in queries.events_of(session, order.id)]
        deeds = [record.action for record in audit.records_of(session, str(order.id))]
    assert history == [
        Event.REQUEST, Event.APPROVE, Event.PURCHASE, Event.RECEIVE_PART, Event.RECEIVE_REST,
    ]  # fmt: skip
    assert deeds == [f"order.{event}" for event in history]


def test_everything_may_be_sent_twice(depot: Depot):
    depot.budget(50_000)
    first, again = depot.request(key="r"), depot.request(key="r")
    assert first == again
    order = first.id
    for verb, arguments, more in (
        ("approve", (), {}),
        ("purchase", (), {"price_fen": 2000, "supplier": "店"}),
        ("receive", (3,), {}),
        ("receive", (7,), {}),
    ):
        key = new_uuid()
        done = depot.do(verb, order, *arguments, key=key, **more)
        assert depot.do(verb, order, *arguments, key=key, **more) == done
        with pytest.raises(EntryDiffers):
            depot.do("reject", depot.request().id, key=key, reason="x")
    assert (budget(depot), depot.on_hand()) == (Budget(50_000, 0, 20_000), 10)
    with pytest.raises(EntryDiffers):
        depot.request(11, key="r")
    with pytest.raises(EntryDiffers):
        depot.request(key=key)


def test_a_receipt_stands_for_one_quantity(depot: Depot):
    depot.budget(50_000)
    order = bought(depot)
    depot.do("receive", order, 3, key="k")
    with pytest.raises(EntryDiffers):
        depot.do("receive", order, 4, key="k")
    with pytest.raises(InvalidInput, match="7 are missing"):
        depot.do("receive", order, 8)
    for wrong in (0, -1, 1.5):
        with pytest.raises(InvalidInput):
            depot.do("receive", order, wrong)
    assert depot.on_hand() == 3


def test_the_budget_is_overrun_only_by_an_administrator_who_says_so(depot: Depot):
    depot.budget(19_999)
    order = depot.request(10, actor=depot.ada).id
    with pytest.raises(BudgetExceeded) as caught:
        depot.do("approve", order, actor=depot.dora)
    assert (caught.value.needed_fen, caught.value.left_fen) == (20_000, 19_999)
    assert "199.99" in str(caught.value)
    with pytest.raises(Forbidden):
        depot.do("approve", order, actor=depot.dora, over_budget=True, reason="急用")
    mine = depot.request(10).id
    with pytest.raises(InvalidInput, match="reason"):
        depot.do("approve", mine, over_budget=True)
    assert budget(depot) == Budget(19_999, 0, 0)
    depot.do("approve", mine, over_budget=True, reason="全体会议急用")
    assert budget(depot).left_fen == -1
    with depot.database.snapshot() as session:
        event = queries.events_of(session, mine)[-1]
    assert (event.over_budget, event.reason) == (True, "全体会议急用")


def test_room_that_is_there_is_no_overrun_even_if_one_was_allowed(depot: Depot):
    depot.budget(20_000)
    order = depot.request(10).id
    depot.do("approve", order, over_budget=True)
    with depot.database.snapshot() as session:
        assert not queries.events_of(session, order)[-1].over_budget


def test_without_a_budget_everything_overruns_it(depot: Depot):
    order = depot.request(1).id
    with pytest.raises(BudgetExceeded):
        depot.do("approve", order)
    depot.do("approve", order, over_budget=True, reason="首批")
    assert budget(depot) == Budget(0, 2000, 0)
    depot.do("cancel", order, reason="不要了")
    assert budget(depot) == Budget()


def test_what_is_bought_dearer_needs_room_too(depot: Depot):
    depot.budget(20_000)
    order = depot.request(10).id
    depot.do("approve", order)
    with pytest.raises(BudgetExceeded):
        depot.do("purchase", order, price_fen=2001, supplier="店")
    assert budget(depot) == Budget(20_000, 20_000, 0)
    depot.do("purchase", order, price_fen=2001, supplier="店", over_budget=True, reason="涨价")
    assert budget(depot).left_fen == -10


def test_a_price_of_nothing_is_a_gift(depot: Depot):
    order = depot.request(2).id
    depot.do("approve", order, over_budget=True, reason="捐赠")
    depot.do("purchase", order, price_fen=0, supplier="捐赠")
    depot.do("receive", order, 2)
    assert (budget(depot), depot.on_hand()) == (Budget(), 2)


def test_who_asked_does_not_decide(depot: Depot):
    depot.budget(10**6)
    for actor, other in ((depot.dora, depot.ada), (depot.ada, depot.dora)):
        order = depot.request(1, actor=actor).id
        for verb, more in (("approve", {}), ("reject", {"reason": "x"})):
            with pytest.raises(SecondPersonNeeded):
                depot.do(verb, order, actor=actor, **more)
        assert depot.do("approve", order, actor=other).state is State.APPROVED


def test_what_is_not_ones_right(depot: Depot):
    depot.budget(10**6)
    alice, charlie = Actor.of(depot.cast.alice), Actor.of(depot.cast.charlie)
    for actor in (alice, charlie):
        with pytest.raises(Forbidden):
            depot.request(1, actor=actor)
    order = depot.request(1).id
    for verb, more in (
        ("approve", {}),
        ("reject", {"reason": "x"}),
        ("withdraw", {}),
    ):
        with pytest.raises(Forbidden):
            depot.do(verb, order, actor=alice, **more)
    with pytest.raises(Forbidden):
        depot.do("withdraw", order, actor=depot.ada)
    depot.do("approve", order)
    with pytest.raises(Forbidden):
        depot.do("purchase", order, price_fen=1, supplier="x", actor=depot.dora)
    with pytest.raises(Forbidden):
        depot.do("cancel", order, reason="x", actor=depot.dora)


def test_a_head_asks_for_the_own_shelf_and_the_common_store_only(depot: Depot):
    assert depot.request(1, store_id=SHELF).state is State.REQUESTED
    with depot.database.transaction() as session:
        catalogue.add_store(
            session, "theirs", "法工委柜", depot.cast.other.id, actor=depot.ada,
            now=datetime(2026, 11, 1, tzinfo=UTC),
        )  # fmt: skip
    with pytest.raises(NoSuchSupply):
        depot.request(1, store_id="theirs")
    assert depot.request(1, actor=depot.ada, store_id="theirs").state is State.REQUESTED


@pytest.mark.parametrize(
    "wrong", [{"reason": "  "}, {"store_id": "x"}, {"article_id": "x"}, {"quantity": 0}]
)
def test_what_cannot_be_asked_for(depot: Depot, wrong: dict[str, Any]):
    with pytest.raises((InvalidInput, NotFound)):
        depot.request(**wrong)


def test_what_has_not_arrived_can_be_cancelled_and_its_money_is_free(depot: Depot):
    depot.budget(50_000)
    order = bought(depot)
    depot.do("receive", order, 4)
    with pytest.raises(InvalidInput, match="reason"):
        depot.do("cancel", order, reason="")
    assert depot.do("cancel", order, reason="缺货").state is State.CLOSED
    assert budget(depot) == Budget(50_000, 0, 8_000)
    with pytest.raises(WrongState):
        depot.do("receive", order, 1)
    rejected, withdrawn = depot.request(1).id, depot.request(1).id
    assert depot.do("reject", rejected, reason="库里还有").state is State.REJECTED
    assert depot.do("withdraw", withdrawn, actor=depot.dora).state is State.WITHDRAWN
    for ended in (rejected, withdrawn):
        with pytest.raises(WrongState):
            depot.do("approve", ended)
    with pytest.raises(NoSuchSupply):
        depot.do("approve", 10**6)


def test_an_order_stays_in_the_year_of_its_approval(depot: Depot):
    from quotas.supplies.service import orders

    late = datetime(2026, 12, 31, 16, 30, tzinfo=UTC)  # already the new year in the office
    order = depot.request(1).id
    with depot.database.transaction() as session:
        catalogue.set_budget(session, depot.office, 2027, 9000, actor=depot.ada, now=late)
        orders.approve(session, "a", order, actor=depot.ada, now=late)
    assert (budget(depot), budget(depot, 2027)) == (Budget(), Budget(9000, 2000, 0))
    depot.do("cancel", order, reason="x")
    assert budget(depot, 2027) == Budget(9000, 0, 0)


@pytest.mark.parametrize(
    ("year", "amount"), [(1999, 1), (2100, 1), (2026, -1), (2026, 1.5), (2026, 10**12)]
)
def test_what_is_no_budget(depot: Depot, year: int, amount: int):
    with depot.database.transaction() as session, pytest.raises(InvalidInput):
        catalogue.set_budget(
            session, depot.office, year, amount, actor=depot.ada,
            now=datetime(2026, 11, 1, tzinfo=UTC),
        )  # fmt: skip


def test_sixteen_approvals_at_once_never_overrun_the_budget(depot: Depot):
    depot.budget(20_000)
    orders = [depot.request(1).id for _ in range(16)]
    outcomes = at_once(16, lambda number: depot.do("approve", orders[number]))
    assert failures(outcomes, BudgetExceeded) == []
    assert sum(isinstance(each, BudgetExceeded) for each in outcomes) == 6
    assert budget(depot) == Budget(20_000, 20_000, 0)


def test_one_order_received_by_many_at_once(depot: Depot):
    depot.budget(10**6)
    order = bought(depot, 5)
    outcomes = at_once(8, lambda _: depot.do("receive", order, 1))
    assert failures(outcomes, WrongState, InvalidInput) == []
    assert depot.on_hand() == 5
    assert budget(depot) == Budget(10**6, 0, 10_000)


def test_an_order_ends_once_however_many_decide(depot: Depot):
    depot.budget(10**6)
    order = depot.request(1).id

    def decide(number: int):
        if number % 2:
            return depot.do("approve", order)
        return depot.do("reject", order, reason="x")

    outcomes = at_once(8, decide)
    assert failures(outcomes, WrongState) == []
    assert sum(not isinstance(each, Exception) for each in outcomes) == 1


def test_lists_show_what_was_asked_for_to_whom_it_concerns(depot: Depot):
    depot.budget(10**6)
    paper, toner = depot.request(1).id, depot.request(1, article_id=TONER, reason="换粉").id
    depot.do("approve", toner)

    def found(actor: Actor, **asked) -> list[int]:
        with depot.database.snapshot() as session:
            search = OrderSearch(**asked)
            orders = queries.find_orders(session, search, actor, limit=9)
            assert queries.count_orders(session, search, actor) == len(orders)
            return [each.id for each in orders]

    charlie = Actor("赵敏", "c", depot.cast.other.id, heads=frozenset({depot.cast.other.id}))
    assert found(depot.ada) == found(depot.dora) == [toner, paper]
    assert found(charlie) == []
    assert found(depot.ada, state="approved") == found(depot.ada, material="toner") == [toner]
    assert found(depot.ada, words="复印") == [paper]
    assert found(depot.ada, words="换粉") == [toner]
    assert found(depot.ada, words="%") == []
    assert found(depot.ada, office_id=depot.cast.other.id) == []
    assert found(depot.ada, since=datetime(2026, 11, 24, tzinfo=UTC)) == []
    with depot.database.snapshot() as session:
        order = queries.order_for(session, paper, depot.dora)
        assert order.events_for(depot.ada) == {Event.APPROVE, Event.REJECT}
        assert order.events_for(depot.dora) == {Event.WITHDRAW}
        for wrong in (charlie, Actor("Printgate")):
            with pytest.raises(NoSuchSupply):
                queries.order_for(session, paper, wrong)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["request", "approve", "over", "reject", "withdraw", "purchase", "receive", "cancel"]
        ),
        st.integers(0, 4),
        st.integers(0, 12),
    ),
    max_size=30,
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(STEPS)
def test_random_histories_never_break_the_budget(depot: Depot, steps):
    depot.budget(100_000)
    orders: list[int] = []
    for verb, which, number in steps:
        if verb == "request":
            orders.append(depot.request(number + 1).id)
            continue
        if which >= len(orders):
            continue
        order = orders[which]
        options: dict[str, dict[str, Any]] = {
            "reject": {"reason": "x"},
            "withdraw": {"actor": depot.dora},
            "over": {"over_budget": True, "reason": "x"},
            "purchase": {"price_fen": 500 * number, "supplier": "x"},
            "cancel": {"reason": "x"},
        }
        arguments = (number,) if verb == "receive" else ()
        before = budget(depot), depot.on_hand()
        try:
            depot.do(
                "approve" if verb == "over" else verb, order, *arguments, **options.get(verb, {})
            )
        except PrintgateError:
            assert (budget(depot), depot.on_hand()) == before
    with depot.database.snapshot() as session:
        stands = [queries.order_for(session, each, depot.ada) for each in orders]
    arrived = sum(each.terms.received for each in stands)
    assert all(0 <= each.terms.received <= each.terms.quantity for each in stands)
    assert depot.on_hand() >= arrived
    assert budget(depot).bound_fen >= 0
