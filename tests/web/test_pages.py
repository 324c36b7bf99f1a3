"""What the pages show and do."""

import re

import pytest

from core.people import Actor
from docflow import queries as docflow
from docflow.lifecycle import State
from printgate import queries as printing
from printgate.lifecycle import Stage
from printgate.policy import Facts
from quotas import queries as quotas
from quotas.periods import Period
from quotas.units import Unit
from tests.web.conftest import Site, send

MONTH = Period(2026, 11)

pytestmark = pytest.mark.both_databases


def text(answer) -> str:
    page: str = answer.get_data(as_text=True)
    assert answer.status_code == 200, page
    return page


def test_the_first_page_tells_what_was_refused_and_puts_it_away(site: Site):
    browser = site.browser("alice")
    page = text(browser.get("/"))
    assert "一个打印作业被拒绝" in page
    assert f"/jobs/{site.refused}" in page
    assert browser.post("/notices").status_code == 302
    assert "一个打印作业被拒绝" not in text(browser.get("/"))


def test_the_job_page_names_the_rule_and_the_missing_sheets(site: Site):
    page = text(site.browser("alice").get(f"/jobs/{site.refused}"))
    assert "用纸配额" in page
    assert "还剩 18 张" in page
    assert "缺 132 张" in page
    assert "双面打印" in page


def test_cancelling_releases_the_reservation(site: Site):
    browser = site.browser("alice")
    assert "取消作业" in text(browser.get(f"/jobs/{site.job}"))
    assert browser.post(f"/jobs/{site.job}/cancel").status_code == 302
    page = text(browser.get(f"/jobs/{site.job}"))
    assert "已取消" in page
    assert "取消作业" not in page
    assert browser.post(f"/jobs/{site.job}/cancel").status_code == 409
    with site.parts.database.snapshot() as session:
        assert quotas.balance(session, site.cast.office.id, Unit.SHEETS, MONTH).held == 0


def test_every_figure_of_the_office_is_the_sum_of_its_rows(site: Site):
    settle(site)
    page = text(site.browser("dora").get("/office"))
    shown = re.findall(r'<dd data-figure="(\w+)">([\d,]+) ', page)
    figures = {name: int(number.replace(",", "")) for name, number in shown}
    assert figures == {"granted": 20, "used": 2, "reserved": 0, "left": 18}
    used = figures["used"]
    sums = re.findall(r'<tr class="sum"><td>合计</td><td class="number">(\d+)</td>', page)
    assert sums == [str(used)] * 4
    statement = text(site.browser("dora").get("/office/statement"))
    for label, figure in (("下达", "granted"), ("已用", "used"), ("预留", "reserved")):
        rows = re.findall(rf'data-label="{label}" class="number">([+−]?[\d,]*)</td>', statement)
        *entries, total = [int(row.replace("−", "-").replace(",", "") or 0) for row in rows]
        assert sum(entries) == total == figures[figure]
    toner = text(site.browser("dora").get("/office/statement?unit=toner"))
    assert "估算" in toner
    assert "+3.0" in toner


def settle(site: Site) -> None:
    from printgate.lifecycle import Event
    from printgate.metering import Usage
    from printgate.service import finish, forward
    from tests.conftest import NOON

    with site.parts.database.transaction() as session:
        uuid = printing.job(session, site.job).uuid
        forward.created_in_backend(session, uuid, 1, now=NOON)
        forward.about_to_release(session, uuid, 1, now=NOON)
        finish.settle(session, uuid, Event.BACKEND_COMPLETED, Usage(2, 3, False), now=NOON)


def test_the_figures_of_the_first_page_are_the_rows_behind_them(site: Site):
    def figures(browser) -> list[int]:
        page = text(browser.get("/"))
        return [int(n.replace(",", "")) for n in re.findall(r"<dd>(-?[\d,]+) <small>", page)]

    def rows(browser, state: str) -> int:
        return text(browser.get("/documents")).count(f">{state}</span>")

    alice, bob = site.browser("alice"), site.browser("bob")
    with site.parts.database.snapshot() as session:
        left = quotas.balance(session, site.cast.office.id, Unit.SHEETS, MONTH).left
    assert figures(bob) == [left, rows(bob, "待阅"), 0] == [18, 1, 0]
    assert figures(alice) == [left, 0, rows(alice, "传阅中")] == [18, 0, 1]
    alice.post(f"/documents/{site.document}/end", action="close")
    assert figures(alice) == [left, 0, rows(alice, "传阅中")] == [18, 0, 0]


def test_the_figures_of_the_offices_are_their_own_pages_figures(site: Site):
    settle(site)
    ada = site.browser("ada")
    row = re.compile(r'<a href="(/office\?office=[^"]+)">(.*?)</tr>', re.DOTALL)
    rows = row.findall(text(ada.get("/admin")))
    assert len(rows) == 3
    for path, cells in rows:
        own = re.findall(r'<dd data-figure="\w+">(-?[\d,]+) ', text(ada.get(path)))
        assert re.findall(r'class="number">(-?[\d,]+)<', cells) == own


def test_staff_see_the_office_but_not_each_other(site: Site):
    settle(site)
    page = text(site.browser("bob").get("/office"))
    assert "其他人员合计" in page
    assert "王芳" not in page
    assert "王芳" in text(site.browser("dora").get("/office"))


def test_the_head_sees_names_in_place_of_titles(site: Site):
    page = text(site.browser("dora").get("/office/jobs"))
    assert "通知" not in page
    assert "王芳" in page


def test_a_document_is_read_and_leaves_a_receipt(site: Site):
    bob = site.browser("bob")
    assert "待阅" in text(bob.get("/documents"))
    page = text(bob.get(f"/documents/{site.document}"))
    assert "节约用纸办法（讨论稿）" in page
    assert "仍然打印" not in page
    picture = bob.get(f"/documents/{site.document}/pages/1.png?width=300")
    assert picture.data[:4] == b"\x89PNG"
    assert bob.get(f"/documents/{site.document}/pages/3.png").status_code == 404
    file = bob.get(f"/documents/{site.document}/file")
    assert (file.mimetype, file.data[:5]) == ("application/pdf", b"%PDF-")
    assert "已阅" in text(site.browser("alice").get(f"/documents/{site.document}"))


def test_readers_opinions_and_the_end(site: Site):
    alice, path = site.browser("alice"), f"/documents/{site.document}"
    alice.post(f"{path}/readers", person=site.cast.charlie.id)
    charlie = site.browser("charlie")
    assert "请您阅看一份文件" in text(charlie.get("/"))
    assert charlie.post(f"{path}/opinions", text="同意<b>").status_code == 302
    assert "同意&lt;b&gt;" in text(alice.get(path))
    alice.post(f"{path}/readers/remove", person=site.cast.charlie.id)
    assert charlie.get(path).status_code == 404
    assert alice.post(f"{path}/end", action="burn").status_code == 400
    assert alice.post(f"{path}/end", action="close").status_code == 302
    assert alice.post(f"{path}/opinions", text="晚了").status_code == 409


def test_printing_after_all_needs_a_reason_and_is_within_quota(site: Site):
    alice, path = site.browser("alice"), f"/documents/{site.document}/print"
    fields = {"copies": "2", "printer": "office-a"}
    assert alice.post(path, reason="急", **fields).status_code == 400
    assert alice.post(path, reason="主任会议用", copies="x", printer="office-a").status_code == 400
    assert alice.post(path, reason="主任会议用", copies="2", printer="none").status_code == 404
    answer = alice.post(path, reason="主任会议用", **fields)
    assert answer.status_code == 302
    assert "主任会议用" in text(alice.get(answer.location))
    with site.parts.database.snapshot() as session:
        newest = printing.jobs_of_person(session, site.cast.alice.id, limit=1)[0]
        assert (newest.stage, newest.sheets_reserved) == (Stage.ACCEPTED, 2)
        assert newest.document_id == site.document
        assert site.parts.spool.output(newest.uuid).exists()
    refused = alice.post(path, reason="主任会议用", copies="50", printer="office-a")
    assert "用纸配额" in text(alice.get(refused.location))
    with site.parts.database.snapshot() as session:
        grants = docflow.grants(session, site.document)
        assert sorted(grant.state for grant in grants) == ["open", "void"]
        found = docflow.document(session, site.document, Actor.of(site.cast.alice))
        assert found.state is State.CIRCULATING


def test_a_draft_that_waits_for_an_answer(site: Site):
    from dataclasses import replace

    from core.text import Text
    from printgate.policy import DraftAction

    parts = replace(site.parts, rules=replace(site.parts.rules, drafts=DraftAction.ASK))
    facts = Facts(pages=2, draft=Text("This is a draft."))
    waiting = send(parts, site.cast.alice, site.cast, "草稿", facts)
    other = send(parts, site.cast.alice, site.cast, "草稿二", facts)
    alice = site.browser("alice")
    assert "为什么必须打印" in text(alice.get(f"/jobs/{waiting}"))
    assert alice.post(f"/jobs/{waiting}/print", reason="x").status_code == 400
    assert alice.post(f"/jobs/{waiting}/print", reason="主任会议用").status_code == 302
    assert alice.post(f"/jobs/{waiting}/print", reason="主任会议用").status_code == 409
    with site.parts.database.snapshot() as session:
        assert printing.job(session, waiting).stage is Stage.ACCEPTED
        uuid = printing.job(session, other).uuid
    site.parts.spool.put_output(uuid, site.parts.blobs.path(digest(site)))
    assert alice.post(f"/jobs/{other}/circulate").status_code == 302
    assert alice.post(f"/jobs/{other}/circulate").status_code == 409
    assert "草稿二" in text(alice.get("/documents"))


def digest(site: Site) -> str:
    with site.parts.database.snapshot() as session:
        found = docflow.document(session, site.document, Actor.of(site.cast.alice))
        return found.revision.digest


def test_the_language_follows_the_browser_the_choice_and_stays(site: Site):
    browser = site.browser("alice", "en-GB,en;q=0.9")
    assert "My jobs" in text(browser.get("/"))
    answer = browser.post("/language", language="zh-CN", next="/jobs?page=1")
    assert answer.location == "/jobs?page=1"
    assert 'lang="zh-CN"' in text(browser.get("/jobs"))
    assert browser.post("/language", language="xx", next="//evil").location == "/"


ADMIN_PAGES = ["/admin", "/admin/offices", "/admin/people", "/admin/people/new", "/admin/grants",
               "/admin/printers", "/admin/printers/office-a", "/admin/printers/office-a/retire",
               "/admin/background", "/admin/checkup", "/admin/jobs", "/admin/audit"]  # fmt: skip
PAGES = ["/", "/jobs", "/documents", "/office", "/office/statement", "/office/jobs", "/printers",
         "/release", "/rules", *ADMIN_PAGES, "/nowhere"]  # fmt: skip
PROPER_NAMES = {
    "CSV", "XLSX", "English", "PDF", "CUPS", "office", "a", "b", "A3", "A4", "JPEG", "PWG", "ISO",
                "IEC", "IPP", "AirPrint", "Linux", "Microsoft", "Class", "Driver", "Windows",
                "macOS", "ada", "ipp", "print", "localhost", "printers"}  # fmt: skip


@pytest.mark.parametrize("path", [*PAGES, "JOB", "REFUSED", "DOCUMENT", "/sign-in"])
def test_no_english_is_left_in_the_chinese_page(site: Site, path: str):
    path = path.replace("JOB", f"/jobs/{site.job}").replace("REFUSED", f"/jobs/{site.refused}")
    login = "alice" if path == "DOCUMENT" else "ada"
    path = path.replace("DOCUMENT", f"/documents/{site.document}")
    page = site.browser(login).get(path).get_data(as_text=True)
    # What is given as a code or in a direction of its own is somebody's word, not ours.
    shown = re.sub(r"<(style|script|code|bdi)\b.*?</\1>", " ", page, flags=re.DOTALL)
    labels = re.findall(r'(?:aria-label|alt|title|data-label)="([^"]*)"', shown)
    words = re.findall(r"[A-Za-z]+\d*", re.sub(r"<[^>]*>", " ", shown) + " ".join(labels))
    assert set(words) - PROPER_NAMES - {"lt", "gt", "amp", "quot"} == set()


def test_titles_and_headings_are_one_for_each_page(site: Site):
    titles = set()
    for path in PAGES[:-1]:
        page = text(site.browser("ada").get(path))
        title = re.findall(r"<title>(.*?)</title>", page, re.DOTALL)[0]
        (heading,) = re.findall(r"<h1>(.*?)</h1>", page, re.DOTALL)
        assert title.startswith(heading)
        titles.add(title)
    assert len(titles) == len(PAGES) - 1
