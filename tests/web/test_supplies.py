"""The pages of supplies: stock, purchases, movements, cartridges, stocktaking, variance, setup."""

import csv
import io
import re

import pytest

from core.ids import new_uuid
from core.people import SYSTEM, Actor
from printgate import queries as printing
from quotas import service as ledger
from quotas.supplies.lifecycle import Budget, CountState, State
from quotas.supplies.queries import counting, orders, reports, stock
from quotas.supplies.queries.stock import MovementSearch
from quotas.supplies.service import stock as movements
from quotas.supplies.service.stock import NewMovement
from quotas.supplies.stock import Kind
from quotas.units import Unit
from tests.conftest import NOON
from tests.web.conftest import Browser, Site
from tests.web.test_pages import text

SOME_UUID = "00000000-0000-4000-8000-000000000000"


def level(site: Site, article: str, store: str = "文印室库房") -> int:
    """Return how much lies in a store, after the books were proved to agree."""
    with site.parts.database.snapshot() as session:
        assert stock.discrepancies(session) == []
        assert orders.budget_discrepancies(session) == []
        found = stock.levels(session, Actor.of(site.cast.ada))
    return sum(
        each.on_hand for each in found if (each.article.name, each.store.name) == (article, store)
    )


def ids(site: Site) -> dict[str, str]:
    """Return the ids of articles and stores, by name."""
    with site.parts.database.snapshot() as session:
        articles = stock.articles(session)
        stores = stock.stores(session, Actor.of(site.cast.ada))
    return {each.name: each.id for each in articles} | {each.name: each.id for each in stores}


def order_of(site: Site, number: int) -> orders.Order:
    with site.parts.database.snapshot() as session:
        return orders.order_for(session, number, Actor.of(site.cast.ada))


def budget(site: Site) -> Budget:
    with site.parts.database.snapshot() as session:
        return orders.budget(session, site.cast.office.id, 2026)


def rows(browser: Browser, path: str) -> list[str]:
    """Return the rows of a page's first table, without the markup."""
    page = text(browser.get(path))
    body = page.split("<tbody>")[1].split("</tbody>")[0] if "<tbody>" in page else ""
    return [re.sub(r"<[^>]+>", " ", row) for row in body.split("</tr>") if row.strip()]


def test_the_stock_is_shown_and_what_is_low_is_marked(site: Site):
    ada = site.browser("ada")
    every = rows(ada, "/supplies")
    assert len(every) == 6  # five levels and their sum
    (low,) = [row for row in every if "偏低" in row or "不足" in row]
    assert "黑色碳粉盒" in low
    toner = rows(ada, "/supplies?material=toner")
    assert ["黑色碳粉盒" in row for row in toner] == [True, False]
    assert len(rows(ada, "/supplies?level=low")) == 2
    assert len(rows(ada, f"/supplies?store={ids(site)['办公室文件柜']}")) == 2
    assert len(rows(ada, "/supplies?store=nowhere&material=x&level=y")) == 6
    page = text(ada.get("/supplies"))
    assert "¥6,000.00" in page
    assert "法工委" in page
    dora = text(site.browser("dora").get("/supplies"))
    assert "¥6,000.00" in dora
    assert "法工委" not in dora
    assert 'href="/supplies"' in dora
    assert 'href="/supplies"' not in text(site.browser("alice").get("/"))


def ask(site: Site, browser: Browser, **more: str):
    known = ids(site)
    fields = {
        "entry": new_uuid(), "office": site.cast.office.id, "store": known["文印室库房"],
        "article": known["A4 复印纸"], "quantity": "2", "reason": "会议用", **more,
    }  # fmt: skip
    return browser.post("/supplies/orders/new", **fields)


def test_a_purchase_is_asked_for_once_and_goes_its_way(site: Site):
    dora, ada, entry = site.browser("dora"), site.browser("ada"), new_uuid()
    before, money = level(site, "A4 复印纸"), budget(site)
    address = ask(site, dora, entry=entry).location
    assert ask(site, dora, entry=entry).location == address
    number = int(address.rsplit("/", 1)[1])
    assert "会议用" in text(dora.get(address))

    def do(browser: Browser, action: str, status: int = 302, **fields: str) -> str:
        answer = browser.post(address, **{"action": action, "entry": new_uuid(), **fields})
        assert answer.status_code == status, answer.get_data(as_text=True)
        page: str = answer.get_data(as_text=True)
        return page

    assert "不能审批自己的申请" in do(dora, "approve", 409)
    do(ada, "approve")
    assert budget(site).bound_fen == money.bound_fen + 4200
    do(dora, "purchase", 403, price="20", supplier="店")
    do(ada, "purchase", 400, price="二十", supplier="店")
    do(ada, "purchase", 400, price="20", supplier=" ")
    do(ada, "purchase", price="20.50", supplier="市场")
    do(ada, "receive", 400, quantity="3")
    do(ada, "receive", 400, quantity="x")
    key = new_uuid()
    for _ in range(2):
        do(ada, "receive", quantity="1", entry=key)
    assert order_of(site, number).state is State.PARTLY_RECEIVED
    do(ada, "cancel", 400, reason="")
    do(ada, "receive", quantity="1")
    assert order_of(site, number).state is State.RECEIVED
    assert level(site, "A4 复印纸") == before + 2
    assert budget(site) == Budget(
        money.amount_fen, money.bound_fen, money.spent_fen + 4100
    )  # fmt: skip
    assert "市场" in text(dora.get(address))
    do(ada, "nonsense", 400)
    do(ada, "cancel", 409, reason="x")
    do(ada, "approve", 400, entry="mine")


def test_an_overrun_is_approved_by_an_administrator_who_says_why(site: Site):
    dora, ada = site.browser("dora"), site.browser("ada")
    address = ask(site, ada, quantity="900").location
    page = text(dora.get(address))
    assert "预算还差" in page
    assert 'name="over"' not in page
    assert dora.post(address, action="approve", entry=new_uuid()).status_code == 409
    over = {"action": "approve", "over": "on", "reason": "特批"}
    assert dora.post(address, entry=new_uuid(), **over).status_code == 403
    mine = ask(site, dora, quantity="900").location
    refused = ada.post(mine, action="approve", entry=new_uuid(), over="on")
    assert refused.status_code == 400
    assert ada.post(mine, entry=new_uuid(), **over).status_code == 302
    page = text(ada.get(mine))
    assert "超预算" in page
    assert "特批" in page
    assert budget(site).left_fen < 0
    assert "−¥" in text(dora.get("/supplies"))


def test_a_request_is_turned_down_or_withdrawn(site: Site):
    dora, ada = site.browser("dora"), site.browser("ada")
    first, second = ask(site, dora).location, ask(site, dora).location
    assert ada.post(first, action="reject", entry=new_uuid(), reason="").status_code == 400
    assert ada.post(first, action="reject", entry=new_uuid(), reason="库存够").status_code == 302
    assert "库存够" in text(dora.get(first))
    assert dora.post(second, action="withdraw", entry=new_uuid()).status_code == 302
    assert ada.post(second, action="approve", entry=new_uuid()).status_code == 409


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"quantity": "0"}, 400),
        ({"quantity": "-1"}, 400),
        ({"quantity": "1.5"}, 400),
        ({"quantity": ""}, 400),
        ({"quantity": "99999999999"}, 400),
        ({"reason": " "}, 400),
        ({"entry": "mine"}, 400),
        ({"article": "x"}, 404),
        ({"store": "x"}, 404),
        ({"office": "x"}, 403),
    ],
)
def test_what_cannot_be_asked_for_keeps_what_was_typed(site: Site, wrong, status: int):
    answer = ask(site, site.browser("dora"), **wrong)
    page = answer.get_data(as_text=True)
    assert answer.status_code == status
    assert page.count('role="alert"') == 1
    for name, value in wrong.items():
        if name in ("quantity", "reason"):
            assert f'name="{name}" value="{value}"' in page


def test_another_offices_purchases_do_not_exist_for_a_head(site: Site):
    dora, ada = site.browser("dora"), site.browser("ada")
    address = ask(site, ada, office=site.cast.other.id).location
    assert ask(site, dora, office=site.cast.other.id).status_code == 403
    assert dora.get(address).status_code == 404
    assert dora.post(address, action="approve", entry=new_uuid()).status_code == 404
    number = address.rsplit("/", 1)[1]
    assert f">{number}</a>" in text(ada.get("/supplies/orders"))
    assert f">{number}</a>" not in text(dora.get("/supplies/orders"))


def numbers(browser: Browser, asked: str) -> set[int]:
    page = text(browser.get(f"/supplies/orders?{asked}"))
    return {int(each) for each in re.findall(r'href="/supplies/orders/(\d+)">\d', page)}


def test_purchases_are_filtered(site: Site):
    ada = site.browser("ada")
    every = numbers(ada, "")
    assert len(every) == 3
    assert numbers(ada, "state=partly-received") == {min(every)}
    assert numbers(ada, "state=requested") == every - {min(every)}
    assert numbers(ada, "material=toner") == every - {min(every), site.order}
    assert numbers(ada, f"office={site.cast.office.id}") == {min(every), site.order}
    assert numbers(ada, "q=网上超市") == {min(every)}
    assert numbers(ada, "q=%25") == set()
    assert numbers(ada, "to=2026-11-01") == set()
    assert numbers(ada, "state=nonsense&office=x&from=2026-13-01") == every
    assert numbers(site.browser("dora"), "") == {min(every), site.order}


def move(site: Site, browser: Browser, **more: str):
    known = ids(site)
    fields = {
        "entry": new_uuid(), "kind": "issue", "store": known["文印室库房"],
        "article": known["A4 复印纸"], "quantity": "1", "office": site.cast.office.id, **more,
    }  # fmt: skip
    return browser.post("/supplies/movements/new", **fields)


def test_a_movement_is_entered_once(site: Site):
    ada, entry = site.browser("ada"), new_uuid()
    before = level(site, "A4 复印纸")
    for _ in range(2):
        assert move(site, ada, entry=entry).status_code == 302
    assert level(site, "A4 复印纸") == before - 1
    assert move(site, ada, entry=entry, quantity="2").status_code == 409
    assert move(site, ada, kind="return").status_code == 302
    assert move(site, ada, kind="scrap", reason="受潮").status_code == 302
    assert move(site, ada, kind="receipt", quantity="5").status_code == 302
    assert level(site, "A4 复印纸") == before + 4
    assert "受潮" in text(ada.get("/supplies/movements"))


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"quantity": "31"}, 409),
        ({"quantity": "0"}, 400),
        ({"quantity": "x"}, 400),
        ({"kind": "correction", "reason": "x"}, 400),
        ({"kind": "x"}, 400),
        ({"kind": "scrap"}, 400),
        ({"kind": "return", "quantity": "9"}, 400),
        ({"office": ""}, 400),
        ({"office": "x"}, 404),
        ({"store": "x"}, 404),
        ({"article": "x"}, 404),
        ({"entry": "x"}, 400),
    ],
)
def test_what_cannot_be_moved(site: Site, wrong: dict[str, str], status: int):
    answer = move(site, site.browser("ada"), **wrong)
    assert answer.status_code == status
    assert answer.get_data(as_text=True).count('role="alert"') == 1
    assert level(site, "A4 复印纸") == 30


def test_movements_are_filtered_and_saved_as_a_table(site: Site):
    ada, dora, known = site.browser("ada"), site.browser("dora"), ids(site)
    move(site, ada, kind="scrap", reason="=HYPERLINK(1)")

    def saved(browser: Browser, asked: str = "") -> list[dict[str, str]]:
        answer = browser.get(f"/supplies/movements.csv?{asked}")
        assert answer.status_code == 200
        assert answer.mimetype == "text/csv"
        assert "movements.csv" in answer.headers["Content-Disposition"]
        body = answer.get_data().decode("utf-8")
        assert body.startswith("\ufeff")
        table = list(csv.DictReader(io.StringIO(body[1:])))
        page = text(browser.get(f"/supplies/movements?{asked}"))
        assert page.count('<td data-label="时间"') == min(len(table), 25)
        return table

    every = saved(ada)
    assert len(every) == 13
    assert every[-1]["原因" if "原因" in every[-1] else "理由"].startswith("'=")
    toner = saved(ada, f"article={known['黑色碳粉盒']}")
    assert [each["数量"] for each in toner] == ["2"]
    issued = saved(ada, "kind=issue")
    assert {each["数量"][0] for each in issued} == {"-"}
    assert len(saved(ada, f"store={known['办公室文件柜']}")) == 2
    assert len(saved(ada, f"office={site.cast.office.id}&kind=issue")) == 2
    assert saved(ada, "to=2026-01-01") == []
    assert len(saved(ada, "store=x&kind=y&office=z")) == 13
    mine = saved(dora)
    assert {each["单位"] for each in mine} <= {"办公室", ""}
    assert len(mine) == 4  # two issues to the office, and what moved on its own shelf
    assert len(saved(dora, f"office={site.cast.other.id}")) == 4  # not to be asked for
    with site.parts.database.snapshot() as session:
        assert stock.count_movements(session, MovementSearch(), Actor.of(site.cast.ada)) == 13


def test_a_cartridge_is_put_in_with_the_printers_count(site: Site):
    ada, known = site.browser("ada"), ids(site)
    with site.parts.database.snapshot() as session:
        printer = printing.printer(session, "office-a").id
    fields = {
        "entry": new_uuid(), "printer": printer, "article": known["黑色碳粉盒"],
        "store": known["文印室库房"], "office": site.cast.office.id,
    }  # fmt: skip
    for _ in range(2):
        assert ada.post("/supplies/cartridges", **fields).status_code == 302
    assert level(site, "黑色碳粉盒") == 1
    assert "使用中" in text(site.browser("dora").get("/supplies/cartridges"))
    for wrong, status in (
        ({"printer": "x"}, 404),
        ({"article": known["A4 复印纸"]}, 400),
        ({"store": known["办公室文件柜"]}, 409),
        ({"store": "x"}, 404),
        ({"entry": "x"}, 400),
    ):
        sent = {**fields, "entry": new_uuid(), **wrong}
        assert ada.post("/supplies/cartridges", **sent).status_code == status, wrong
    assert level(site, "黑色碳粉盒") == 1
    assert ada.post("/supplies/cartridges", **{**fields, "entry": new_uuid()}).status_code == 302
    with site.parts.database.snapshot() as session:
        now, before = reports.cartridges(session)
    assert (now.removed_at, before.pages_at_removal) == (None, 0)


def test_the_toner_of_a_cartridge_is_said_as_an_estimate(site: Site):
    ada, article = site.browser("ada"), new_uuid()
    sent = {
        "kind": "article", "entry": article, "name": "大容量碳粉盒", "material": "toner",
        "price": "650", "sheets": "", "colour": "black", "pages": "2000", "grams": "300",
    }  # fmt: skip
    for wrong in ("-1", "0.5", "x", "10001", "九"):
        answer = ada.post("/supplies/setup", **{**sent, "grams": wrong})
        assert answer.status_code == 400, wrong
    assert ada.post("/supplies/setup", **sent).status_code == 302
    assert "300 克" in text(ada.get("/supplies/setup"))
    with site.parts.database.transaction() as session:
        printer = printing.printer(session, "office-a").id
        store = next(each.id for each in stock.stores(session, Actor.of(site.cast.ada)))
        receipt = NewMovement(new_uuid(), store, article, Kind.RECEIPT, 1)
        movements.move(session, receipt, actor=Actor.of(site.cast.ada), now=NOON)
    fields = {
        "entry": new_uuid(), "printer": printer, "article": article, "store": store,
        "office": site.cast.office.id,
    }  # fmt: skip
    assert ada.post("/supplies/cartridges", **fields).status_code == 302
    page = text(ada.get("/supplies/cartridges"))
    assert "已用碳粉（估算）" in page
    assert "占标称页数 0% （0 克，共 300 克）" in page
    with site.parts.database.transaction() as session:
        ledger.book(
            session, new_uuid(), site.cast.office.id, Unit.TONER, 500_000_000, printer="office-a",
            actor=SYSTEM, now=NOON,
        )  # fmt: skip
    page = text(ada.get("/supplies/cartridges"))
    assert "占标称页数 25% （75 克，共 300 克）" in page
    assert "500 标准页" in page


def test_stock_is_taken_and_closed_by_a_second_person(site: Site):
    dora, ada = site.browser("dora"), site.browser("ada")
    path, paper = f"/supplies/counts/{site.stocktaking}", ids(site)["A4 复印纸"]
    assert dora.post("/supplies/counts", store=ids(site)["办公室文件柜"]).status_code == 400
    taken = dora.post("/supplies/counts", store=ids(site)["办公室文件柜"], entry=new_uuid())
    assert taken.status_code == 409
    assert 'value="close"' not in text(ada.get(path))
    counts = {"action": "enter", "entry": new_uuid(), f"counted-{paper}": "5"}
    refused = dora.post(path, **counts)
    assert refused.status_code == 400
    assert 'value="5"' in refused.get_data(as_text=True)
    assert dora.post(path, **{**counts, f"counted-{paper}": "x"}).status_code == 400
    for _ in range(2):
        answer = dora.post(path, **counts, **{f"reason-{paper}": "上次漏数"})
        assert answer.status_code == 302
    assert "上次漏数" in text(dora.get(path))
    assert 'value="close"' not in text(dora.get(path))
    assert dora.post(path, action="close").status_code == 409
    assert 'value="close"' in text(ada.get(path))
    assert ada.post(path, action="close").status_code == 302
    assert level(site, "A4 复印纸", "办公室文件柜") == 5
    assert dora.post(path, **{**counts, "entry": new_uuid()}).status_code == 409
    assert dora.post(path, action="abandon").status_code == 409
    assert dora.post(path, action="nonsense").status_code == 400
    with site.parts.database.snapshot() as session:
        found = counting.stocktaking_for(session, site.stocktaking, Actor.of(site.cast.ada))
    assert (found.state, found.closer) == (CountState.CLOSED, site.cast.ada.name)


def test_a_stocktaking_is_given_up_and_the_common_store_is_the_administrators(site: Site):
    dora, ada, known = site.browser("dora"), site.browser("ada"), ids(site)
    path = f"/supplies/counts/{site.stocktaking}"
    assert dora.post(path, action="abandon").status_code == 302
    assert "已放弃" in text(dora.get(path))
    common = {"store": known["文印室库房"], "entry": new_uuid()}
    assert dora.post("/supplies/counts", **common).status_code == 403
    assert known["文印室库房"] not in text(dora.get("/supplies/counts"))
    address = ada.post("/supplies/counts", **common).location
    assert ada.post("/supplies/counts", **common).location == address
    assert ada.post("/supplies/counts", store="x", entry=new_uuid()).status_code == 404
    assert "未清点" in text(dora.get(address))
    assert dora.post(address, action="abandon").status_code == 403


def test_issued_is_set_against_printed(site: Site):
    ada, dora = site.browser("ada"), site.browser("dora")
    page = text(dora.get("/supplies/variance"))
    assert "2,000" in page  # four reams issued
    assert "领用多" in page
    assert "请先看看柜子里" in page
    assert "25.0" in page  # one of the four is recycled
    other = text(dora.get(f"/supplies/variance?office={site.cast.other.id}"))
    assert "领用与打印：办公室" in other
    assert "领用与打印：法工委" in text(ada.get(f"/supplies/variance?office={site.cast.other.id}"))


def setup(browser: Browser, kind: str, **fields: str):
    return browser.post("/supplies/setup", kind=kind, **{"entry": new_uuid(), **fields})


def test_articles_stores_levels_and_budgets_are_set_up(site: Site):
    ada, known = site.browser("ada"), ids(site)
    paper = {"name": "B5 复印纸", "material": "paper", "price": "18", "sheets": "500"}
    assert setup(ada, "article", **paper).status_code == 302
    toner = {"name": "青色碳粉盒", "material": "toner", "price": "399.9", "colour": "cyan"}
    assert setup(ada, "article", **toner).status_code == 302
    assert setup(ada, "price", article=known["A4 复印纸"], price="22.05").status_code == 302
    assert setup(ada, "store", name="二号库", office=site.cast.other.id).status_code == 302
    level_of = {"store": known["文印室库房"], "article": known["A4 复印纸"]}
    assert setup(ada, "level", **level_of, low="40").status_code == 302
    budget_of = {"office": site.cast.office.id, "year": "2026"}
    assert setup(ada, "budget", **budget_of, price="7,000.50").status_code == 302
    page = text(ada.get("/supplies/setup"))
    for said in ("B5 复印纸", "¥399.90", "¥22.05", "二号库", "¥7,000.50", "下限 40"):
        assert said in page, said
    assert budget(site).amount_fen == 700_050


@pytest.mark.parametrize(
    ("kind", "fields", "status"),
    [
        ("x", {}, 400),
        ("article", {"name": "A", "material": "stone", "price": "1"}, 400),
        ("article", {"name": "A", "material": "paper", "price": "1", "sheets": "0"}, 400),
        ("article", {"name": "", "material": "paper", "price": "1", "sheets": "5"}, 400),
        ("article", {"name": "A", "material": "toner", "price": "1"}, 400),
        ("article", {"name": "A4 复印纸", "material": "paper", "price": "1", "sheets": "5"}, 409),
        ("price", {"article": "x", "price": "1"}, 404),
        ("store", {"name": "文印室库房"}, 409),
        ("store", {"name": "A", "office": "x"}, 404),
        ("store", {"name": "A", "entry": "x"}, 400),
        ("level", {"store": "x", "article": "x", "low": "1"}, 404),
        ("level", {"store": "x", "article": "x", "low": "-1"}, 400),
        ("budget", {"office": "x", "year": "2026", "price": "1"}, 404),
    ],
)
def test_what_cannot_be_set_up(site: Site, kind: str, fields: dict[str, str], status: int):
    answer = setup(site.browser("ada"), kind, **fields)
    assert answer.status_code == status
    assert answer.get_data(as_text=True).count('role="alert"') == 1


@pytest.mark.parametrize("price", ["", "x", "-1", "1.234", "1e3", "1.2.3", "９", ".5", "1" * 12])
def test_what_is_no_price(site: Site, price: str):
    answer = setup(
        site.browser("ada"), "budget", office=site.cast.office.id, year="2026", price=price
    )
    assert answer.status_code == 400
    assert budget(site).amount_fen == 600_000


def test_what_is_not_there_and_what_is_not_allowed(site: Site):
    ada = site.browser("ada")
    for path in ("orders/99999", "counts/99999", "orders/x", "counts/-1", "nothing"):
        assert ada.get(f"/supplies/{path}").status_code == 404, path
    for path in ("orders/99999", "counts/99999"):
        assert ada.post(f"/supplies/{path}", action="close").status_code == 404, path
    for path in ("", "/movements.csv", "/variance"):
        assert ada.client.put(f"/supplies{path}").status_code == 405, path


def test_a_filter_that_finds_nothing_says_so(site: Site):
    dora = site.browser("dora")
    assert "没有符合条件" in text(dora.get("/supplies/movements?to=2020-01-01"))
    assert "没有符合条件" in text(dora.get("/supplies/orders?to=2020-01-01"))
    assert "没有符合条件" in text(dora.get("/supplies?material=recycled-paper&level=low"))
