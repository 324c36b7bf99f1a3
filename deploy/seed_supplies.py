"""The stock of the demo's office: a little paper and toner, bought, issued and counted once."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy.orm import Session

from core.ids import new_uuid
from core.people import Actor, Office
from quotas.periods import DEFAULT_ZONE
from quotas.supplies.service import catalogue, counting, orders, stock
from quotas.supplies.service.catalogue import ArticleFields
from quotas.supplies.service.counting import Count
from quotas.supplies.service.orders import Request
from quotas.supplies.service.stock import NewMovement
from quotas.supplies.stock import Kind, Material

ARTICLES = {
    "a4": ArticleFields("A4 复印纸", Material.PAPER, 2100, sheets=500),
    "recycled": ArticleFields("A4 再生复印纸", Material.RECYCLED_PAPER, 2400, sheets=500),
    "a3": ArticleFields("A3 复印纸", Material.PAPER, 4300, sheets=1000),
    "toner": ArticleFields(
        "黑色碳粉盒", Material.TONER, 42000, colour="black", yield_pages=3000, grams=120
    ),
}


class _Beginning(NamedTuple):
    """What lies in a store at the beginning, and when it is low."""

    store: str
    article: str
    quantity: int
    low_at: int


BEGINNING = (
    _Beginning("common", "a4", 24, 20),
    _Beginning("common", "recycled", 15, 10),
    _Beginning("common", "a3", 6, 2),
    _Beginning("common", "toner", 2, 2),
    _Beginning("shelf", "a4", 4, 2),
)
ISSUES = (
    # article, office, how many, days ago
    ("a4", "general", 3, 12),
    ("recycled", "general", 1, 9),
    ("a4", "legal", 2, 8),
    ("recycled", "legal", 1, 8),
    ("a4", "finance", 1, 3),
)
BUDGETS = {"general": 600_000, "legal": 400_000, "finance": 150_000}


@dataclass(frozen=True)
class Keepers:
    """Who keeps the stock: the administrator, and the heads of two offices."""

    admin: Actor
    general: Actor
    legal: Actor


@dataclass(frozen=True)
class SeededSupplies:
    """What was made and has an address."""

    stores: dict[str, str]
    articles: dict[str, str]
    bought: int
    asked: int
    stocktaking: int


def seed_supplies(
    session: Session, offices: dict[str, Office], keepers: Keepers, now: datetime
) -> SeededSupplies:
    """Add a store with paper and toner; `offices` are those of the demo, by code."""
    stores = {"common": new_uuid(), "shelf": new_uuid()}
    articles = {name: new_uuid() for name in ARTICLES}
    begin = now - timedelta(days=20)
    for name, fields in ARTICLES.items():
        catalogue.add_article(session, articles[name], fields, actor=keepers.admin, now=begin)
    for name, called, office in (
        ("common", "文印室库房", None),
        ("shelf", "办公室文件柜", offices["general"].id),
    ):
        catalogue.add_store(
            session, stores[name], called, office, actor=keepers.admin, now=begin
        )  # fmt: skip
    # In January what was bought in the weeks before belongs to the year before.
    for year in {at.astimezone(DEFAULT_ZONE).year for at in (begin, now)}:
        for code, amount in BUDGETS.items():
            office_id = offices[code].id
            catalogue.set_budget(
                session, office_id, year, amount, actor=keepers.admin, now=begin
            )  # fmt: skip
    for each in BEGINNING:
        store, article = stores[each.store], articles[each.article]
        new = NewMovement(new_uuid(), store, article, Kind.RECEIPT, each.quantity)
        stock.move(session, new, actor=keepers.admin, now=begin)
        catalogue.watch_level(
            session, store, article, each.low_at, actor=keepers.admin, now=begin
        )  # fmt: skip
    bought = _buy(session, offices["general"], stores, articles, keepers, now)
    for name, code, quantity, days in ISSUES:
        issue = NewMovement(
            new_uuid(), stores["common"], articles[name], Kind.ISSUE, quantity,
            office_id=offices[code].id,
        )  # fmt: skip
        stock.move(session, issue, actor=keepers.admin, now=now - timedelta(days=days))
    asked = Request(
        new_uuid(), offices["legal"].id, stores["common"], articles["toner"], 2, "备用碳粉只剩两个"
    )
    waiting = orders.request(session, asked, actor=keepers.legal, now=now - timedelta(days=1))
    counted = _take_stock(session, stores["shelf"], articles["a4"], keepers, now)
    return SeededSupplies(stores, articles, bought, waiting.id, counted)


def _buy(
    session: Session,
    office: Office,
    stores: dict[str, str],
    articles: dict[str, str],
    keepers: Keepers,
    now: datetime,
) -> int:
    """Buy paper for an office; a part of it has arrived."""
    asked = Request(new_uuid(), office.id, stores["common"], articles["a4"], 20, "全体会议材料用纸")
    order = orders.request(session, asked, actor=keepers.general, now=now - timedelta(days=15)).id
    approved, bought, arrived = (now - timedelta(days=days) for days in (14, 13, 10))
    orders.approve(session, new_uuid(), order, actor=keepers.admin, now=approved)
    orders.purchase(
        session, new_uuid(), order, price_fen=2050, supplier="市政府采购网上超市",
        actor=keepers.admin, now=bought,
    )  # fmt: skip
    orders.receive(session, new_uuid(), order, 12, actor=keepers.admin, now=arrived)
    return order


def _take_stock(session: Session, store: str, article: str, keepers: Keepers, now: datetime) -> int:
    """Count a shelf; a ream less lies there than the book says."""
    at = now - timedelta(days=5)
    number = counting.open_stocktaking(session, new_uuid(), store, actor=keepers.general, now=at).id
    counts = {article: Count(3, "一包已拆开放入打印机")}
    counting.enter(session, number, new_uuid(), counts, actor=keepers.general, now=at)
    counting.close(session, number, actor=keepers.admin, now=at)
    return number
