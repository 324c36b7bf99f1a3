"""A store with paper and toner, and the people who handle it."""

from dataclasses import dataclass

import pytest

from core import audit
from core.db import Database
from core.ids import new_uuid
from core.people import Actor
from quotas.supplies.queries import orders as order_queries
from quotas.supplies.queries import stock as stock_queries
from quotas.supplies.service import catalogue, orders, stock
from quotas.supplies.service.catalogue import ArticleFields
from quotas.supplies.service.orders import Ordered, Request
from quotas.supplies.service.stock import Moved, NewMovement
from quotas.supplies.stock import Kind, Material
from tests.conftest import NOON, Cast

PAPER, RECYCLED, TONER = "paper", "recycled", "toner"
STORE, SHELF = "store", "shelf"


@dataclass(frozen=True)
class Depot:
    """A common store and the shelf of Dora's office; Ada is the administrator."""

    database: Database
    cast: Cast

    @property
    def office(self) -> str:
        return self.cast.office.id

    @property
    def ada(self) -> Actor:
        return Actor.of(self.cast.ada)

    @property
    def dora(self) -> Actor:
        return Actor.of(self.cast.dora)

    def move(self, kind: Kind, quantity: int, key: str = "", **more: object) -> Moved:
        """Enter a movement in a transaction of its own."""
        fields: dict[str, object] = {"store_id": STORE, "article_id": PAPER, **more}
        if kind in (Kind.ISSUE, Kind.RETURN):
            fields.setdefault("office_id", self.office)
        now = fields.pop("now", NOON)
        new = NewMovement(key or new_uuid(), kind=kind, quantity=quantity, **fields)  # type: ignore[arg-type]
        with self.database.transaction() as session:
            return stock.move(session, new, actor=self.ada, now=now)  # type: ignore[arg-type]

    def on_hand(self, article: str = PAPER, store: str = STORE) -> int:
        """Return the level, after everything was proved to agree."""
        with self.database.snapshot() as session:
            assert stock_queries.discrepancies(session) == []
            assert order_queries.budget_discrepancies(session) == []
            assert audit.first_broken_seq(session) is None
            return stock.on_hand(session, store, article)

    def request(self, quantity: int = 10, actor: Actor | None = None, **more: str) -> Ordered:
        """Ask for paper for the office."""
        fields = {"store_id": STORE, "article_id": PAPER, "reason": "用完了", **more}
        fields.setdefault("key", new_uuid())
        asked = Request(office_id=self.office, quantity=quantity, **fields)
        with self.database.transaction() as session:
            return orders.request(session, asked, actor=actor or self.dora, now=NOON)

    def budget(self, amount_fen: int) -> None:
        """Set the office's budget of the year."""
        with self.database.transaction() as session:
            catalogue.set_budget(
                session, self.office, 2026, amount_fen, actor=self.ada, now=NOON
            )  # fmt: skip

    def do(self, verb: str, order_id: int, *arguments: object, key: str = "", **more: object):
        """Let something happen to an order, by Ada unless another actor is given."""
        more.setdefault("actor", self.ada)
        with self.database.transaction() as session:
            return getattr(orders, verb)(
                session, key or new_uuid(), order_id, *arguments, now=NOON, **more
            )


@pytest.fixture
def depot(database: Database, cast: Cast) -> Depot:
    made = Depot(database, cast)
    with database.transaction() as session:
        for key, name, material, price, more in (
            (PAPER, "A4 复印纸", Material.PAPER, 2000, {"sheets": 500}),
            (RECYCLED, "A3 再生纸", Material.RECYCLED_PAPER, 3500, {"sheets": 1000}),
            (TONER, "黑色碳粉盒", Material.TONER, 45000, {"colour": "black", "yield_pages": 3000}),
        ):
            fields = ArticleFields(name, material, price, **more)
            catalogue.add_article(session, key, fields, actor=made.ada, now=NOON)
        catalogue.add_store(session, STORE, "总库", None, actor=made.ada, now=NOON)
        catalogue.add_store(session, SHELF, "办公室柜", cast.office.id, actor=made.ada, now=NOON)
    return made
