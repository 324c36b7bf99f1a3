"""The report of an office: every figure is the sum of what is behind it, in every form it has."""

import html
import io
import re
from datetime import timedelta
from pathlib import Path

import pytest
from openpyxl import load_workbook

from core.ids import new_uuid
from core.people import Actor
from docflow import service as docflow
from printgate import queries as printing
from printgate.backend.port import BackendJob
from printgate.callers import Caller
from printgate.lifecycle import Event, JobState
from printgate.metering import Usage
from printgate.permits import Act
from printgate.policy import Facts
from printgate.service import arrive, decide, finish, forward, permits, printers
from printgate.service.arrive import NewJob
from printgate.spool import Spooled
from printgate.ticket import JobTicket
from quotas.periods import Period
from quotas.service import requests
from tests.conftest import NOON, judged
from tests.web.conftest import Browser, Site
from tests.web.test_office import grant, month, quarters, rolled, spend, used
from tests.web.test_pages import settle, text
from tests.web.test_pdf import bare, read

ROWS = re.compile(r"<tr[^>]*>(<td.*?)</tr>", re.DOTALL)
CELLS = re.compile(r"<td[^>]*>(.*?)</td>", re.DOTALL)
LINK = re.compile(r'<a href="([^"]+)">')


def print_job(
    site: Site, person, pages: int, sides: str | None = None, *, printer="office-a", sheets=None
) -> int:
    """Send a job and let so many sheets of it come out, or all."""
    uuid = new_uuid()
    with site.parts.database.transaction() as session:
        caller = Caller(person.login, person, site.cast.office)
        sent = NewJob(uuid, printing.printer(session, printer), caller, "x", JobTicket(sides=sides))
        arrive.create_job(session, sent, wait=timedelta(minutes=5), now=NOON)
        spooled = Spooled(Path("x"), 10, "d" * 64)
        arrive.document_received(session, uuid, spooled, "application/pdf", now=NOON)
        verdict = judged(session, uuid, Facts(pages=pages), site.parts.rules)
        job = decide.decide_job(session, uuid, verdict, ask_expires=timedelta(hours=9), now=NOON)
        forward.created_in_backend(session, uuid, 7, now=NOON)
        forward.about_to_release(session, uuid, 7, now=NOON)
        out = job.sheets_reserved if sheets is None else sheets
        finish.settle(session, uuid, Event.BACKEND_COMPLETED, Usage(out, out, False), now=NOON)
    return job.id


def past_the_gateway(number: int, user: str) -> BackendJob:
    return BackendJob(number, "q", "", "x", user, JobState.COMPLETED, (), 3, NOON, NOON)


def work(site: Site) -> None:
    """Let a month have something of everything that a report tells."""
    month(site)
    settle(site)
    alice, bob, ada = site.cast.alice, site.cast.bob, Actor.of(site.cast.ada)
    dora = Actor.of(site.cast.dora)
    with site.parts.database.transaction() as session:
        permits.decide(session, site.permit, Act.GRANT, actor=dora, now=NOON)
        docflow.mark_opened(session, site.document, actor=Actor.of(bob), now=NOON)
        requests.ask(
            session, "r1", site.cast.office.id, 90, reason="年底汇编", actor=dora, now=NOON
        )
        requests.grant(session, "r1", 80, actor=ada, now=NOON)
        requests.ask(
            session, "r2", site.cast.office.id, 7, reason="不够", actor=Actor.of(bob), now=NOON
        )
        requests.refuse(session, "r2", answer="请用双面", actor=dora, now=NOON)
        past = [past_the_gateway(n, who) for n, who in ((1, "bob"), (2, "charlie"), (3, "bob"))]
        printers.note_foreign_jobs(session, past, now=NOON)
    print_job(site, alice, 4, "one-sided")  # by the permit
    print_job(site, bob, 4, "one-sided")  # two sheets saved by the rule
    print_job(site, alice, 2, printer="office-b")  # rerouted
    print_job(site, bob, 2, sheets=4)  # three sheets too many
    grant(site, 100, Period(2025, 11))
    spend(site, 40, at=NOON.replace(year=2025))
    rolled(site)


def tables(page: str) -> dict[str, list[list[str]]]:
    """Return the rows of each table, with the links in them."""
    found = {}
    for part in page.split('<section class="card" id="')[1:]:
        body = part.split("</section>")[0]
        found[part.split('"')[0]] = [CELLS.findall(row) for row in ROWS.findall(body)]
    return found


def words(cell: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", cell))


def number(cell: str) -> int:
    said = re.match(r"−?[\d,]+", words(cell))
    assert said, cell
    return int(said[0].replace(",", "").replace("−", "-"))


def first_words(table: list[list[str]]) -> dict[str, str]:
    return {words(row[0]): words(row[1]) for row in table}


def test_the_report_of_a_month(site: Site):
    work(site)
    page = text(site.browser("dora").get("/office/report?month=2026-11"))
    assert "办公室2026年11月用纸月报" in page
    found = tables(page)
    assert first_words(found["overview"]) == {
        "用纸量": "163 张", "计划": "1,100 张", "用纸占计划": "14.8 %", "上年同期用纸量": "40 张",
        "同比增减": "123 张", "同比增减率": "+307.5 %", "双面率": "69.2 %", "节约": "3 张",
    }  # fmt: skip
    assert first_words(found["saved"]) == {
        "双面规则节约": "2", "每面多页节约": "0", "传阅节约": "1", "合计": "3",
    }  # fmt: skip
    assert first_words(found["exceptions"]) == {
        "被拒绝的作业": "1 个作业", "讨论稿仍然打印": "0 个作业", "改道打印的作业": "1 个作业",
        "超出预留的张数": "3 张", "未受控用纸": "6 张",
    }  # fmt: skip
    permit, total = ([words(cell) for cell in row] for row in found["permits"])
    assert permit[1:] == ["王芳", "正本需要用印", "1", "4", "2"]
    assert total[3:] == ["1", "4", "2"]
    decided = [[words(cell) for cell in row[1:]] for row in found["requests"]]
    assert decided == [
        ["李建国", "单位", "年底汇编", "90", "80", "已批准", "管理员"],
        ["张伟", "单位", "不够", "7", "0", "已驳回", "李建国"],
        ["", "", "", "97", "80", "", ""],
    ]
    assert [words(row[1]) for row in found["foreign"]] == ["bob", "bob", ""]
    issued, printed, difference = (number(cell) for cell in found["supplies"][-1][1:])
    assert (printed, difference) == (163, issued - printed)


@pytest.mark.both_databases
@pytest.mark.parametrize(
    ("play", "query"),
    [(work, "month=2026-11"), (work, "month=2026"), (quarters, "month=2026-11"), (work, "month=x")],
)
def test_every_figure_is_the_sum_of_what_is_behind_it(site: Site, play, query: str):
    play(site)
    rolled(site)
    dora = site.browser("dora")
    found = tables(text(dora.get(f"/office/report?{query}")))
    paper = number(found["overview"][0][1])
    for name, column in (
        ("entered", 1), ("people", 2), ("printers", 2), ("kinds", 2), ("saved", 1),
        ("permits", 3), ("permits", 4), ("permits", 5), ("requests", 4), ("foreign", 3),
        ("supplies", 1), ("supplies", 2), ("supplies", 3),
    ):  # fmt: skip
        if found[name]:
            *parts, total = [number(row[column]) for row in found[name]]
            assert sum(parts) == total, (name, column)
            assert total == paper or name not in ("entered", "people", "printers", "kinds")
    cells = [cell for table in found.values() for row in table for cell in row[1:]]
    followed = [_follow(dora, cell, found) for cell in cells if LINK.search(cell)]
    assert followed.count(True) >= (12 if play is work else 3)


def _follow(browser: Browser, cell: str, found: dict[str, list[list[str]]]) -> bool:
    """Tell whether a figure leads to another page; what is there adds up to it."""
    (path,) = (html.unescape(each) for each in LINK.findall(cell))
    if path.startswith("#"):
        assert path[1:] in found
        return False
    page = text(browser.get(path))
    if path.startswith("/office/statement"):
        assert used(page) == number(cell), path
    elif path.startswith("/office/behind"):
        behind = re.search(r'data-sum="(\d+)"', page)
        assert behind, path
        assert int(behind[1]) == number(cell), path
    elif path.startswith("/office/report"):
        assert number(tables(page)["overview"][0][1]) == number(cell)
    else:
        assert path.startswith("/office/scorecard")
    return True


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_what_is_taken_along_says_what_the_page_says(site: Site, language: str):
    work(site)
    dora = site.browser("dora", language)
    found = tables(text(dora.get("/office/report?month=2026-11")))
    paper = "".join(read(dora.get("/office/report.pdf?month=2026-11").data))
    for name, rows in found.items():
        for row in rows:
            assert bare("".join(words(cell) for cell in row)) in paper, name
    book = load_workbook(io.BytesIO(dora.get("/office/report.xlsx?month=2026-11").data))
    assert len(book.worksheets) == len(found)
    for sheet, (name, rows) in zip(book.worksheets, found.items(), strict=True):
        _, *written = sheet.iter_rows(values_only=True)
        assert len(written) == len(rows), name
        for cells, row in zip(written, rows, strict=True):
            for value, said in zip(cells, row, strict=True):
                if isinstance(value, int | float):
                    shown = words(said).replace(",", "").replace("−", "-").replace("+", "")
                    assert float(value) == float(shown.split(" ")[0]), name
                else:
                    assert (value or "") == words(said).removeprefix("—"), name


def test_the_statement_as_a_workbook_is_the_csv(site: Site):
    from tests.web.test_office import lines

    month(site)
    settle(site)
    dora = site.browser("dora")
    head, *rows = lines(dora, "/office/statement.csv?used=1")
    answer = dora.get("/office/statement.xlsx?used=1")
    (sheet,) = load_workbook(io.BytesIO(answer.data)).worksheets
    written = [
        ["" if v is None else str(v) for v in row] for row in sheet.iter_rows(values_only=True)
    ]
    assert written == [head, *rows]


@pytest.mark.parametrize("form", ["", ".pdf", ".xlsx"])
@pytest.mark.parametrize(
    ("login", "query", "status"),
    [
        ("bob", "", 403),
        ("dora", "", 200),
        ("dora", "?office={other}", 404),
        ("dora", "?office=all", 404),
        ("dora", "?month=2026-Q4", 200),
        ("dora", "?month=1000", 200),
        ("dora", "?month=9998-12", 200),
        ("dora", "?month=project", 200),
        ("ada", "?office={other}&month=nonsense", 200),
        ("ada", "?office=nowhere", 404),
    ],
)
def test_who_may_see_the_report(site: Site, form: str, login: str, query: str, status: int):
    path = f"/office/report{form}{query.format(other=site.cast.other.id)}"
    assert site.browser(login).get(path).status_code == status
    assert Browser(site.app.test_client(), "en").get(path).status_code == 302


def test_the_heads_screen_leads_to_what_was_saved(site: Site):
    work(site)
    page = text(site.browser("dora").get("/office"))
    tile = re.search(r"<dd data-saved><a href=\"([^\"]+)\">(\d+)</a>", page)
    assert tile
    report = tables(text(site.browser("dora").get(html.unescape(tile[1]))))
    assert number(report["saved"][-1][1]) == int(tile[2]) == 3
    assert "<dd data-saved>3 " in text(site.browser("bob").get("/office"))
