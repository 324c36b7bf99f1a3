"""Movements of stock, on both databases."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from core import audit
from core.audit import AuditRow
from core.errors import Conflict, InvalidInput, NotFound
from core.ids import new_uuid
from quotas.errors import EntryDiffers
from quotas.supplies.errors import NoSuchSupply, OutOfStock
from quotas.supplies.models import MovementRow
from quotas.supplies.queries import stock as queries
from quotas.supplies.queries.stock import MovementSearch
from quotas.supplies.service import catalogue
from quotas.supplies.service.catalogue import ArticleFields
from quotas.supplies.stock import Kind, Material, delta_of
from tests.conftest import NOON
from tests.contracts.at_once import at_once, failures
from tests.quotas.supplies.conftest import PAPER, SHELF, STORE, TONER, Depot

pytestmark = pytest.mark.both_databases


def test_the_level_is_what_came_less_what_went(depot: Depot):
    depot.move(Kind.RECEIPT, 10)
    assert depot.move(Kind.ISSUE, 4).on_hand == 6
    depot.move(Kind.RETURN, 1)
    depot.move(Kind.SCRAP, 2, reason="受潮")
    depot.move(Kind.CORRECTION, -1, reason="盘亏")
    assert depot.on_hand() == 4
    assert depot.on_hand(store=SHELF) == 0


def test_no_more_is_taken_than_lies_there_and_the_transaction_stays_usable(depot: Depot):
    depot.move(Kind.RECEIPT, 3)
    for kind, quantity in ((Kind.ISSUE, 4), (Kind.SCRAP, 4), (Kind.CORRECTION, -4)):
        with pytest.raises(OutOfStock) as caught:
            depot.move(kind, quantity, reason="x")
        assert (caught.value.needed, caught.value.on_hand) == (4, 3)
    with pytest.raises(OutOfStock):
        depot.move(Kind.ISSUE, 1, article_id=TONER)
    assert depot.on_hand() == 3
    depot.move(Kind.ISSUE, 3)
    assert depot.on_hand() == 0


def test_the_same_id_moves_once_even_when_nothing_is_left(depot: Depot):
    for _ in range(2):
        depot.move(Kind.RECEIPT, 2, "in")
    first = depot.move(Kind.ISSUE, 2, "out")
    assert depot.move(Kind.ISSUE, 2, "out") == first
    changed: dict[str, Any]
    for other in ({"quantity": 1}, {"article_id": TONER}, {"office_id": depot.cast.other.id}):
        changed = {"kind": Kind.ISSUE, "quantity": 2, **other}
        with pytest.raises(EntryDiffers):
            depot.move(key="out", **changed)
    with depot.database.snapshot() as session:
        assert session.scalar(select(func.count()).select_from(MovementRow)) == 2


def test_an_office_gives_back_no_more_than_it_was_issued_here(depot: Depot):
    depot.move(Kind.RECEIPT, 5)
    depot.move(Kind.RECEIPT, 5, store_id=SHELF)
    depot.move(Kind.ISSUE, 2)
    depot.move(Kind.ISSUE, 4, store_id=SHELF)
    depot.move(Kind.RETURN, 2, "back")
    depot.move(Kind.RETURN, 2, "back")
    for other in ({}, {"office_id": depot.cast.other.id, "store_id": SHELF}):
        with pytest.raises(InvalidInput, match="given back"):
            depot.move(Kind.RETURN, 1, **other)
    assert depot.on_hand() == 5


@pytest.mark.parametrize("quantity", [0, -1, 1.5, 10**7])
def test_what_cannot_be_moved(depot: Depot, quantity):
    with pytest.raises(InvalidInput, match="whole number"):
        depot.move(Kind.RECEIPT, quantity)
    assert depot.on_hand() == 0


@pytest.mark.parametrize(
    ("kind", "fields", "error"),
    [
        (Kind.SCRAP, {"reason": " "}, InvalidInput),
        (Kind.CORRECTION, {}, InvalidInput),
        (Kind.ISSUE, {"office_id": None}, InvalidInput),
        (Kind.ISSUE, {"office_id": "nobody"}, NotFound),
        (Kind.ISSUE, {"store_id": "nowhere"}, NoSuchSupply),
        (Kind.ISSUE, {"article_id": "nothing"}, NoSuchSupply),
        (Kind.RECEIPT, {"price_fen": -1}, InvalidInput),
    ],
)
def test_what_is_missing_or_unknown(depot: Depot, kind: Kind, fields, error):
    depot.move(Kind.RECEIPT, 5)
    with pytest.raises(error):
        depot.move(kind, 1, **fields)
    assert depot.on_hand() == 5


def test_each_movement_is_in_the_audit_trail(depot: Depot):
    depot.move(Kind.RECEIPT, 5)
    depot.move(Kind.ISSUE, 1, "out")
    depot.move(Kind.ISSUE, 1, "out")
    with depot.database.snapshot() as session:
        deeds = [record.action for record in audit.records_of(session, STORE)]
    assert deeds == ["store.add", "stock.receipt", "stock.issue"]


@pytest.mark.parametrize("table", ["stock_movements", "purchase_events"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET at = at", "DELETE FROM {}"])
def test_the_database_itself_refuses_to_change_an_entry(depot: Depot, table: str, statement: str):
    depot.move(Kind.RECEIPT, 5)
    depot.request()
    with pytest.raises(DBAPIError, match="never changed"), depot.database.transaction() as session:
        session.execute(text(statement.format(table)))


def test_two_that_take_the_last_ream_at_once(depot: Depot):
    for turn in range(5):
        depot.move(Kind.RECEIPT, 1)
        keys = [f"{turn}:{number}" for number in range(2)]
        outcomes = at_once(2, partial(_take, depot, keys))
        assert failures(outcomes, OutOfStock) == []
        assert sum(isinstance(each, OutOfStock) for each in outcomes) == 1
        assert depot.on_hand() == 0


def _take(depot: Depot, keys: list[str], number: int) -> object:
    return depot.move(Kind.ISSUE, 1, keys[number])


def test_sixteen_that_take_from_ten(depot: Depot):
    depot.move(Kind.RECEIPT, 10)
    outcomes = at_once(16, lambda number: depot.move(Kind.ISSUE, 1, f"take-{number}"))
    assert failures(outcomes, OutOfStock) == []
    assert sum(isinstance(each, OutOfStock) for each in outcomes) == 6
    assert depot.on_hand() == 0


@pytest.mark.parametrize("there", [1, 5])
def test_one_issue_sent_many_times_at_once(depot: Depot, there: int):
    depot.move(Kind.RECEIPT, there)
    outcomes = at_once(12, lambda _: depot.move(Kind.ISSUE, 1, "same"))
    assert failures(outcomes) == []
    assert depot.on_hand() == there - 1


def test_the_first_receipts_of_an_article_make_one_level(depot: Depot):
    assert failures(at_once(8, lambda _: depot.move(Kind.RECEIPT, 2))) == []
    assert depot.on_hand() == 16


def test_returns_at_once_bring_back_no_more_than_went(depot: Depot):
    depot.move(Kind.RECEIPT, 4)
    depot.move(Kind.ISSUE, 4)
    outcomes = at_once(8, lambda _: depot.move(Kind.RETURN, 1))
    assert failures(outcomes, InvalidInput) == []
    assert depot.on_hand() == 4


STEPS = st.lists(
    st.tuples(st.sampled_from(Kind), st.integers(-3, 6), st.integers(0, 12)), max_size=25
)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(STEPS)
def test_random_histories_never_break_the_books(depot: Depot, steps):
    """Ids come again, quantities make no sense, the store runs empty: it always adds up."""
    run, level, out = new_uuid(), depot.on_hand(), _issued(depot)
    known: dict[str, tuple[Kind, int]] = {}
    for kind, quantity, number in steps:
        key = f"{run}:{number}"
        said, delta = (kind, quantity), delta_of(kind, quantity)
        refused = (
            quantity == 0
            or (quantity < 0 and kind is not Kind.CORRECTION)
            or (key in known and known[key] != said)
            or (key not in known and level + delta < 0)
            or (key not in known and kind is Kind.RETURN and quantity > out)
        )
        if refused:
            with pytest.raises((InvalidInput, OutOfStock, EntryDiffers)):
                depot.move(kind, quantity, key, reason="x")
            continue
        depot.move(kind, quantity, key, reason="x")
        if key not in known:
            known[key], level = said, level + delta
            out -= delta if kind in (Kind.ISSUE, Kind.RETURN) else 0
    assert depot.on_hand() == level >= 0
    assert _issued(depot) == out >= 0


def _issued(depot: Depot) -> int:
    with depot.database.snapshot() as session:
        asked = MovementSearch(office_id=depot.office)
        return -sum(each.delta for each in queries.each_movement(session, asked, depot.ada))


def test_who_sees_which_movements(depot: Depot):
    depot.move(Kind.RECEIPT, 9)
    depot.move(Kind.ISSUE, 1)
    depot.move(Kind.ISSUE, 2, office_id=depot.cast.other.id)
    depot.move(Kind.RECEIPT, 5, store_id=SHELF)

    def seen(actor, **asked):
        with depot.database.snapshot() as session:
            search = MovementSearch(**asked)
            found = queries.find_movements(session, search, actor, limit=10)
            assert len(found) == queries.count_movements(session, search, actor)
            assert list(queries.each_movement(session, search, actor)) == found[::-1]
            return [each.delta for each in found]

    assert seen(depot.ada) == [5, -2, -1, 9]
    assert seen(depot.dora) == [5, -1]
    assert seen(depot.dora, office_id=depot.cast.other.id) == []
    assert seen(depot.ada, store_id=STORE, kind="issue") == [-2, -1]
    assert seen(depot.ada, article_id=TONER) == []
    assert seen(depot.ada, since=NOON + timedelta(seconds=1)) == []
    assert seen(depot.ada, before=NOON) == []
    assert seen(depot.ada, since=NOON, before=NOON + timedelta(seconds=1)) == [5, -2, -1, 9]


def test_levels_that_are_watched_are_marked(depot: Depot):
    depot.move(Kind.RECEIPT, 6)
    with depot.database.transaction() as session:
        catalogue.watch_level(session, STORE, PAPER, 5, actor=depot.ada, now=NOON)
        catalogue.watch_level(session, SHELF, TONER, 1, actor=depot.ada, now=NOON)
        catalogue.watch_level(session, SHELF, TONER, 1, actor=depot.ada, now=NOON)

    def low(actor):
        with depot.database.snapshot() as session:
            return [
                (level.store.id, level.on_hand, level.low)
                for level in queries.levels(session, actor)
            ]

    assert low(depot.ada) == [(STORE, 6, False), (SHELF, 0, True)]
    depot.move(Kind.ISSUE, 1)
    assert low(depot.dora) == [(STORE, 5, True), (SHELF, 0, True)]
    with depot.database.transaction() as session, pytest.raises(InvalidInput):
        catalogue.watch_level(session, STORE, PAPER, -1, actor=depot.ada, now=NOON)


def test_articles_and_stores_are_added_once_and_their_names_are_theirs(depot: Depot):
    paper = ArticleFields("A4 彩色纸", Material.PAPER, 3000, sheets=500)

    def add(key: str, fields: ArticleFields) -> None:
        with depot.database.transaction() as session:
            catalogue.add_article(session, key, fields, actor=depot.ada, now=NOON)

    def store(key: str, name: str, office: str | None = None) -> None:
        with depot.database.transaction() as session:
            catalogue.add_store(session, key, name, office, actor=depot.ada, now=NOON)

    add("new", paper)
    add("new", paper)
    store("s", "二号库")
    store("s", "二号库")
    for work, error in (
        (lambda: add("other", paper), Conflict),
        (lambda: add("new", ArticleFields("B", Material.PAPER, 1, sheets=1)), EntryDiffers),
        (lambda: add("x", ArticleFields("B", Material.PAPER, 1)), InvalidInput),
        (lambda: add("x", ArticleFields("B", Material.PAPER, -1, sheets=500)), InvalidInput),
        (lambda: add("x", ArticleFields(" ", Material.PAPER, 1, sheets=500)), InvalidInput),
        (lambda: add("x", ArticleFields("B", Material.TONER, 1)), InvalidInput),
        (lambda: store("t", "总库"), Conflict),
        (lambda: store("s", "二号库", depot.office), EntryDiffers),
        (lambda: store("t", "三号库", "nobody"), NotFound),
    ):
        with pytest.raises(error):
            work()
    with depot.database.snapshot() as session:
        assert len(queries.articles(session)) == 4
        assert [each.name for each in queries.stores(session, depot.ada)][-1] == "办公室柜"
        assert session.scalar(
            select(func.count()).select_from(AuditRow).where(AuditRow.subject == "new")
        ) == 1  # fmt: skip


def test_a_price_changes_for_what_comes_after(depot: Depot):
    depot.move(Kind.RECEIPT, 5)
    with depot.database.transaction() as session:
        for _ in range(2):
            catalogue.change_price(session, PAPER, 2500, actor=depot.ada, now=NOON)
        with pytest.raises(NoSuchSupply):
            catalogue.change_price(session, "nothing", 1, actor=depot.ada, now=NOON)
        with pytest.raises(InvalidInput):
            catalogue.change_price(session, PAPER, -1, actor=depot.ada, now=NOON)
    depot.move(Kind.ISSUE, 1)
    with depot.database.snapshot() as session:
        found = queries.find_movements(session, MovementSearch(), depot.ada, limit=5)
        assert [each.price_fen for each in found] == [2500, 2000]
        assert [record.action for record in audit.records_of(session, PAPER)] == [
            "article.add", "article.change-price",
        ]  # fmt: skip
