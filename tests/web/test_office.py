"""The head's screen, the statement behind it, and the figures of the scorecard."""

import csv
import io
import re
from datetime import timedelta

import pytest
from openpyxl import load_workbook

from core.ids import new_uuid
from core.people import SYSTEM, Actor
from docflow import service as docflow
from printgate.policy import Facts
from printgate.service import tally
from quotas import service as quotas
from quotas import tasks
from quotas.periods import DEFAULT_ZONE, Period, Span
from quotas.units import Unit
from tests.conftest import NOON
from tests.web.conftest import Browser, Site, send
from tests.web.test_pages import settle, text

pytestmark = pytest.mark.both_databases

MONTH = Period(2026, 11)
ROW = re.compile(r'<td><a href="([^"]+)">([^<]*)</a></td><td class="number">([\d,]+)</td>')


def spend(site: Site, sheets: int, *, at=NOON, person=None, printer="office-a", kind="job"):
    key = new_uuid()
    with site.parts.database.transaction() as session:
        quotas.reserve(
            session, key, site.cast.office.id, Unit.SHEETS, sheets, person_id=person,
            printer=printer, kind=kind, actor=SYSTEM, now=at,
        )  # fmt: skip
        quotas.settle(session, key, sheets, estimated=False, actor=SYSTEM, now=at)


def grant(site: Site, sheets: int, month: Period = MONTH) -> None:
    with site.parts.database.transaction() as session:
        quotas.grant(
            session, new_uuid(), site.cast.office.id, Unit.SHEETS, month, sheets,
            actor=SYSTEM, now=NOON,
        )  # fmt: skip


def month(site: Site) -> None:
    """Use sheets on each worked day of the month before today, by two people and a guest."""
    grant(site, 1000)
    people = (site.cast.alice.id, site.cast.bob.id, None)
    for days in range(1, 22):
        at = NOON - timedelta(days=days)
        if at.weekday() < 5:
            spend(
                site, 10, at=at, person=people[days % 3], printer=f"office-{'ab'[days % 2]}",
                kind=("job", "draft", "test", "")[days % 4],
            )  # fmt: skip


def rolled(site: Site) -> None:
    tasks.roll_up(site.parts.database, DEFAULT_ZONE)
    with site.parts.database.transaction() as session:
        tally.tally(session, DEFAULT_ZONE, limit=1000)


def used(page: str) -> int:
    """Return what the sum of a statement says was used."""
    sums = page.split('<tr class="sum">')[1]
    said = re.search(r'data-label="已用" class="number">([+−]?[\d,]+)', sums)
    assert said
    return int(said[1].replace(",", "").replace("−", "-"))


@pytest.mark.parametrize("ready", [False, True])
def test_every_row_of_the_screen_leads_to_entries_that_add_up_to_it(site: Site, ready: bool):
    month(site)
    settle(site)
    if ready:
        rolled(site)
    dora = site.browser("dora")
    rows = ROW.findall(text(dora.get("/office")))
    assert {name for _, name, _ in rows} >= {"王芳", "张伟", "来宾", "office-a", "office-b",
                                            "仍然打印的讨论稿", "测试页", "其他"}  # fmt: skip
    for path, name, sheets in rows:
        page = text(dora.get(path.replace("&amp;", "&")))
        assert used(page) == int(sheets.replace(",", "")), name


def test_staff_see_where_it_leads_but_no_ways_to_the_entries(site: Site):
    month(site)
    page = text(site.browser("bob").get("/office"))
    assert "用量走势" in page
    assert "/office/statement" not in page
    assert "例外情况" not in page


def test_the_forecast_names_the_day(site: Site):
    month(site)
    page = text(site.browser("dora").get("/office"))
    assert "照目前的用量，本期用纸够用。" in page
    with site.parts.database.transaction() as session:
        quotas.adjust(
            session, "less", site.cast.office.id, Unit.SHEETS, Period(2026, 11), -825,
            reason="压减", actor=SYSTEM, now=NOON,
        )  # fmt: skip
    page = text(site.browser("dora").get("/office"))
    # 195 granted, 150 used, 2 reserved: ten a day from the 23rd on.
    assert "照目前的用量，用纸将在2026年11月27日用完。" in page
    english = text(site.browser("dora", "en").get("/office"))
    assert "run out on 2026-11-27" in english


def test_too_little_is_known_for_a_forecast(site: Site):
    assert "至少需要 5 个工作日的用量，目前有 0 个" in text(site.browser("dora").get("/office"))
    past = text(site.browser("dora").get("/office?month=2026-10"))
    assert "只对当前一期作预测" in past


def test_the_same_month_a_year_ago(site: Site):
    page = text(site.browser("dora").get("/office"))
    assert "没有去年同期的记录" in page
    grant(site, 100, Period(2025, 11))
    for day, sheets in ((3, 4), (28, 5)):
        spend(site, sheets, at=NOON.replace(year=2025, day=day))
    page = text(site.browser("dora").get("/office"))
    assert "去年同期共用 9，截至同一天为 4。" in page


def test_a_statement_is_a_banks(site: Site):
    month(site)
    dora = site.browser("dora")
    page = text(dora.get("/office/statement"))
    left = [
        int(each.replace(",", ""))
        for each in re.findall(r'data-label="剩余" class="number">([\d,]+)<', page)
    ]
    assert "期末结余" in page
    assert "期初结余" not in page
    closing, newest = left[0], left[1]
    assert closing == newest == 1020 - 150 - 2
    last = text(dora.get("/office/statement?page=2"))
    assert "期初结余" in last
    middle = text(dora.get("/office/statement?from=2026-11-10&to=2026-11-12"))
    edges = re.findall(
        r'<td>(期[末初]结余)</td>.*?data-label="剩余" class="number">(−?[\d,]+)<', middle, re.DOTALL
    )
    opening, closing = int(edges[1][1].replace("−", "-")), int(edges[0][1].replace("−", "-"))
    assert closing == opening - used(middle)


def test_a_statement_that_is_filtered_leads_to_its_jobs(site: Site):
    settle(site)
    dora, alice = site.browser("dora"), site.cast.alice.id
    page = text(dora.get(f"/office/statement?person={alice}&used=1&kind=settle&label=job"))
    assert f'<a href="/jobs/{site.job}">作业 {site.job}</a>' in page
    assert used(page) == 2
    assert "没有符合条件的分录" in text(dora.get("/office/statement?printer=nowhere"))
    assert dora.get("/office/statement?from=x&person=" + "y" * 99).status_code == 200
    assert dora.get("/office/statement?month=2026-11&kind=steal").status_code == 200


def lines(browser: Browser, path: str) -> list[list[str]]:
    answer = browser.get(path)
    assert answer.status_code == 200
    assert answer.mimetype == "text/csv"
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))


def test_the_csv_has_what_the_filter_leaves(site: Site):
    month(site)
    settle(site)
    with site.parts.database.transaction() as session:
        quotas.adjust(
            session, "evil", site.cast.office.id, Unit.SHEETS, Period(2026, 11), 5,
            reason="=1+1", actor=SYSTEM, now=NOON,
        )  # fmt: skip
    dora = site.browser("dora")
    head, *rows = lines(dora, "/office/statement.csv?used=1")
    assert (len(rows), head[7]) == (16, "已用")
    assert sum(int(row[7]) for row in rows) == 152
    assert rows[0][2] == str(site.job)
    _, first, *_ = lines(dora, "/office/statement.csv")
    assert first[9] == "'=1+1"
    toner = lines(dora, "/office/statement.csv?unit=toner")
    assert float(toner[1][7]) == 3.0
    answer = dora.get("/office/statement.csv")
    assert "attachment" in answer.headers["Content-Disposition"]


@pytest.mark.parametrize(
    ("login", "path", "status"),
    [
        ("bob", "/office/statement.csv", 403),
        ("bob", "/office/scorecard", 403),
        ("bob", "/office/scorecard.csv", 403),
        ("bob", "/office/scorecard.xlsx", 403),
        ("bob", "/office/scorecard.pdf", 403),
        ("dora", "/office/scorecard.pdf?office={other}", 404),
        ("dora", "/office/scorecard.pdf?office=all", 403),
        ("bob", "/office/behind?figure=refused", 403),
        ("dora", "/office/scorecard?office=all", 403),
        ("dora", "/office/scorecard?office={other}", 404),
        ("dora", "/office/statement.csv?office={other}", 404),
        ("dora", "/office/behind?figure=refused&office={other}", 404),
        ("dora", "/office/behind?figure=paper", 404),
        ("dora", "/office/behind?figure=x", 404),
        ("dora", "/office/behind", 200),
        ("dora", "/office/scorecard?span=2026-13", 200),
        ("dora", "/office/scorecard?span=abcd", 200),
        ("dora", "/office/scorecard?span=0000", 200),
        ("dora", "/office/scorecard?span=9998", 200),
        ("ada", "/office/scorecard?office=all&span=2026", 200),
        ("ada", "/office/scorecard?office=nowhere", 404),
    ],
)
def test_who_may_see_which_figures(site: Site, login: str, path: str, status: int):
    answer = site.browser(login).get(path.format(other=site.cast.other.id))
    assert answer.status_code == status
    assert "Traceback" not in answer.get_data(as_text=True)


def score(page: str) -> dict[str, tuple[str, str]]:
    """Return the figures of a scorecard: as they are written, and where they lead."""
    found = re.findall(r'data-figure="([\w-]+)">(?:<a href="([^"]+)">)?([^<]+)', page)
    return {code: (value.strip(), path.replace("&amp;", "&")) for code, path, value in found}


def year(site: Site) -> None:
    month(site)
    settle(site)
    with site.parts.database.transaction() as session:
        docflow.mark_opened(session, site.document, actor=Actor.of(site.cast.bob), now=NOON)
    send(site.parts, site.cast.charlie, site.cast, "通知", Facts(pages=900))
    rolled(site)


def test_the_figures_of_a_month(site: Site):
    year(site)
    page = text(site.browser("dora").get("/office/scorecard?span=2026-11"))
    figures = {code: value for code, (value, _) in score(page).items()}
    assert {code: value.split(" ")[0] for code, value in figures.items()} == {
        "paper": "152", "plan": "1,020", "plan-share": "14.9",
        "two-sided": "2", "two-sided-share": "100.0",
        "saved-by-two-sided": "0", "saved-by-number-up": "0",
        "circulated": "0", "without-paper": "1", "saved-by-circulating": "1",
        "toner": "3.0", "toner-cyan": "0.0", "toner-magenta": "0.0", "toner-yellow": "0.0",
        "recycled-share": "25.0", "refused": "2", "after-all": "0", "standby-energy": "—",
    }  # fmt: skip
    assert page.count("第 1 版，自2026年11月24日起") == 17
    assert page.count("第 1 版，自2026年12月1日起") == 1


@pytest.mark.parametrize(
    ("login", "query"),
    [("dora", "span=2026-11"), ("dora", "span=2026"), ("ada", "office=all&span=2026")],
)
def test_every_figure_is_the_sum_of_what_is_behind_it(site: Site, login: str, query: str):
    year(site)
    browser = site.browser(login)
    page = text(browser.get(f"/office/scorecard?{query}"))
    followed = 0
    for code, (value, path) in score(page).items():
        number = float(value.split(" ")[0].replace(",", "")) if value != "—" else 0
        if path.startswith("/office/behind"):
            behind = text(browser.get(path))
            said = re.findall(r'data-label="计入" class="number">([\d,]+)<', behind)
            counts = [int(each.replace(",", "")) for each in said]
            total = re.search(r'data-sum="(\d+)"', behind)
            assert total
            assert int(total[1]) == sum(counts) == number, code
            followed += 1
        elif path == "#parts":
            title = {"paper": "用纸量", "plan": "计划", "toner": "碳粉"}[code]
            cells = re.findall(rf'data-label="{title}" class="number">([\d,.]+)<', page)
            *parts, total_of_parts = [float(each.replace(",", "")) for each in cells]
            assert sum(parts) == pytest.approx(total_of_parts)
            assert total_of_parts == number
            followed += 1
        elif path:
            assert code in ("paper", "plan", "toner")
            followed += 1
    assert followed >= 6


def test_the_scorecard_as_files(site: Site):
    year(site)
    browser = site.browser("ada")
    head, *rows = lines(browser, "/office/scorecard.csv?office=all&span=2026-11")
    assert head[:3] == ["指标", "计量单位", "全部单位"]
    assert len(rows) == 18
    for row in rows:
        numbers = [float(cell or 0) for cell in row[2:-3]]
        if row[1] != "%":
            assert sum(numbers[1:]) == pytest.approx(numbers[0]), row[0]
    assert {row[-2] for row in rows} == {"1"}
    answer = browser.get("/office/scorecard.xlsx?office=all&span=2026-11")
    assert answer.status_code == 200
    sheet = load_workbook(io.BytesIO(answer.data)).active
    assert sheet is not None
    written = [list(row) for row in sheet.iter_rows(values_only=True)]
    assert written == [head, *([_read(cell) for cell in row] for row in rows)]


def _read(cell: str) -> str | float | None:
    """Return what a spreadsheet makes of a cell of CSV."""
    try:
        return float(cell)
    except ValueError:
        return cell or None


def test_titles_are_not_behind_figures(site: Site):
    year(site)
    dora = site.browser("dora")
    for figure in ("refused", "saved-by-circulating", "without-paper"):
        page = text(dora.get(f"/office/behind?figure={figure}&span=2026-11"))
        assert "汇编" not in page
        assert "节约用纸办法" not in page


PROJECT = "5f0c9a52-3b0e-4a5b-9b3e-0d7a55f7d001"
QUARTER = Period(2026, 10, Span.QUARTER)


def quarters(site: Site) -> None:
    """Keep the office's sheets in quarters from now on, with a person's account and a project."""
    month(site)
    office, alice = site.cast.office.id, site.cast.alice.id
    with site.parts.database.transaction() as session:
        quotas.set_terms(
            session, office, Unit.SHEETS, span=Span.QUARTER, carry_max=0, adjust_max=None,
            actor=SYSTEM, now=NOON, zone=DEFAULT_ZONE,
        )  # fmt: skip
        own = quotas.open_account(session, office, Unit.SHEETS, now=NOON)
        mine = quotas.open_person_account(
            session, office, Unit.SHEETS, alice, actor=SYSTEM, now=NOON
        )
        meeting = quotas.open_project(
            session, PROJECT, office, Unit.SHEETS, name="年度会议",
            ends_at=NOON + timedelta(days=9), actor=SYSTEM, now=NOON,
        )  # fmt: skip
        for account, amount in ((mine.id, 40), (meeting.id, 60)):
            quotas.transfer(
                session, new_uuid(), own, account, amount, reason="", actor=SYSTEM, now=NOON,
                zone=DEFAULT_ZONE,
            )  # fmt: skip
        quotas.reserve(
            session, "m", office, Unit.SHEETS, 17, holder=PROJECT, actor=SYSTEM, now=NOON
        )
        quotas.settle(session, "m", 17, estimated=False, actor=SYSTEM, now=NOON)
        for unit, amount in ((Unit.TONER, 2_000_000), (Unit.CYAN, 500_000)):
            quotas.book(session, new_uuid(), office, unit, amount, actor=SYSTEM, now=NOON)
    spend(site, 5, person=alice)
    spend(site, 6, person=site.cast.bob.id)


def tiles(page: str) -> dict[str, str]:
    return dict(re.findall(r'data-figure="(\w+)">([\d,]+)', page))


@pytest.mark.parametrize("ready", [False, True])
def test_an_office_that_keeps_quarters(site: Site, ready: bool):
    quarters(site)
    if ready:
        rolled(site)
    dora = site.browser("dora")
    page = text(dora.get("/office"))
    figures = tiles(page)
    assert figures["used"] == "11"
    assert f'<option value="{QUARTER.key}" selected>2026年第4季度' in page
    assert f'<option value="{MONTH.key}" >' in page
    assert "年度会议" in page
    assert "照目前的用量" in page
    rows = ROW.findall(page)
    assert {name for _, name, _ in rows} >= {"王芳", "张伟"}
    for path, name, sheets in rows:
        assert used(text(dora.get(path.replace("&amp;", "&")))) == int(sheets), name
    standing = re.findall(r'<a href="(/office/[^"]*account=[^"]*)">([^<]*)</a>', page)
    spent = {}
    for path, name in standing:
        spent[name] = used(text(dora.get(path.replace("&amp;", "&"))))
    assert spent == {site.cast.office.name: 6, "王芳": 5, "年度会议": 17}
    assert tiles(text(dora.get(f"/office?month={MONTH.key}")))["used"] == "150"
    year = text(dora.get("/office?month=2026"))
    assert "本期没有打印" in year


def test_the_scorecard_counts_months_quarters_and_projects(site: Site):
    quarters(site)
    dora = site.browser("dora")
    page = text(dora.get("/office/scorecard?span=2026-11"))
    figures = score(page)
    assert figures["paper"] == ("178", "#entered")
    entered = re.findall(
        r'<td><a href="([^"]+)">([^<]+)</a></td><td class="number">([\d,]+)</td>', page
    )
    assert {name for _, name, _ in entered} == {"2026年11月", "2026年第4季度", "年度会议"}
    for path, name, sheets in entered:
        assert used(text(dora.get(path.replace("&amp;", "&")))) == int(sheets), name
    for code, value in (("toner", "2.0"), ("toner-cyan", "0.5"), ("toner-magenta", "0.0")):
        assert figures[code][0].split(" ")[0] == value
    _, line, *_ = lines(
        dora, figures["toner-cyan"][1].replace("/office/statement?", "/office/statement.csv?")
    )
    assert float(line[7]) == 0.5
    page = text(dora.get("/office/scorecard?span=2026"))
    whole = {code: value for code, (value, _) in score(page).items()}
    assert whole["paper"].split(" ")[0] == "178"
    for code, title in (("paper", "用纸量"), ("plan", "计划")):
        cells = re.findall(rf'data-label="{title}" class="number">([\d,]+|—)<', page)
        *parts, total = [int(each.replace(",", "").replace("—", "0")) for each in cells]
        assert sum(parts) == total == int(whole[code].split(" ")[0].replace(",", ""))


def test_colours_of_all_offices_lead_to_the_offices(site: Site):
    quarters(site)
    with site.parts.database.transaction() as session:
        quotas.book(
            session, new_uuid(), site.cast.other.id, Unit.CYAN, 250_000, actor=SYSTEM, now=NOON
        )
        quotas.book(
            session, new_uuid(), site.cast.other.id, Unit.YELLOW, 125_000, actor=SYSTEM, now=NOON
        )
    ada = site.browser("ada")
    page = text(ada.get("/office/scorecard?office=all&span=2026-11"))
    figures = score(page)
    assert figures["toner-cyan"] == ("0.8", "#entered")  # 0.75
    entered = re.findall(r'<td><a href="([^"]+)">[^<]+</a></td><td class="number">([\d.]+)<', page)
    assert sorted(amount for _, amount in entered) == ["0.2", "0.5"]
    for path, amount in entered:
        said = score(text(ada.get(path.replace("&amp;", "&"))))["toner-cyan"][0]
        assert said == amount
    assert figures["toner-yellow"][1] == (
        f"/office/scorecard?office={site.cast.other.id}&span=2026-11"
    )


def test_a_years_plan_is_a_line_of_its_own_beside_the_months(site: Site):
    with site.parts.database.transaction() as session:
        quotas.set_terms(
            session, site.cast.office.id, Unit.SHEETS, span=Span.YEAR, carry_max=0,
            adjust_max=None, actor=SYSTEM, now=NOON, zone=DEFAULT_ZONE,
        )  # fmt: skip
    grant(site, 700, Period(2026, 1, Span.YEAR))
    page = text(site.browser("dora").get("/office/scorecard?span=2026"))
    assert '<a href="/office/statement?office=' in page
    assert "为更长周期下达" in page
    cells = re.findall(r'data-label="计划" class="number">([\d,]+|—)<', page)
    *parts, total = [int(each.replace(",", "").replace("—", "0")) for each in cells]
    assert sum(parts) == total
    assert max(parts) >= 700
