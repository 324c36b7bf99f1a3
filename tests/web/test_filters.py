"""Filters of the long lists: exactly the rows that match, and no masked title by its words."""

import re
from datetime import timedelta

import pytest

from core import audit
from core.identity import service as identity
from core.people import SYSTEM, Actor
from docflow.models import DocumentRow
from printgate.lifecycle import Stage
from printgate.models import JobRow, PrinterRow
from printgate.policy import Facts
from tests.conftest import NOON
from tests.web.conftest import Browser, Site, send
from tests.web.test_pages import text
from web.views.jobs import PAGE


@pytest.fixture
def filled(site: Site) -> dict[str, int]:
    """Return jobs by what they are: of three people, in two offices, on three days."""
    cast, facts = site.cast, Facts(pages=1)
    made = {
        "notice": site.job,
        "book": site.refused,
        "bob": send(site.parts, cast.bob, cast, "预算草案 100%", facts),
        "rerouted": send(site.parts, cast.bob, cast, "通知二", facts),
        "charlie": send(site.parts, cast.charlie, cast, "通知三", facts),
    }
    with site.parts.database.transaction() as session:
        rows = {name: session.get_one(JobRow, number) for name, number in made.items()}
        rows["bob"].stage = Stage.COMPLETED
        rows["bob"].created_at = NOON - timedelta(days=2)
        rows["book"].created_at = NOON - timedelta(hours=12, seconds=1)  # the evening before
        rows["notice"].stage = Stage.FORWARDED
        rows["charlie"].office_id = cast.other.id
        other = session.query(PrinterRow).filter_by(name="office-b").one()
        rows["rerouted"].target_printer_id = other.id
    return made


def shown(browser: Browser, path: str) -> set[int]:
    return {
        int(number)
        for number in re.findall(r'<td[^>]*><a href="/jobs/(\d+)">', text(browser.get(path)))
    }


def show_titles(site: Site) -> None:
    with site.parts.database.transaction() as session:
        for office in (site.cast.office, site.cast.other):
            identity.change_office(
                session, office.id, name=office.name, guest=False, titles_visible=True,
                actor=SYSTEM, now=NOON,
            )  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("", {"notice", "book", "bob", "rerouted", "charlie"}),
        ("state=completed", {"bob"}),
        ("state=accepted", {"notice", "rerouted", "charlie"}),  # two stages with one name
        ("state=refused", {"book"}),
        ("state=nonsense", {"notice", "book", "bob", "rerouted", "charlie"}),
        ("printer=office-b", {"rerouted"}),
        ("printer=office-a", {"notice", "book", "bob", "charlie"}),
        ("person=张", {"bob", "rerouted"}),
        ("person=BOB", {"bob", "rerouted"}),
        ("person=%25", set()),
        ("from=2026-11-23", {"notice", "rerouted", "charlie"}),
        ("to=2026-11-22", {"book", "bob"}),
        ("from=2026-11-22&to=2026-11-22", {"book"}),
        ("from=2026-13-45", {"notice", "book", "bob", "rerouted", "charlie"}),
        ("to=9999-12-31", {"notice", "book", "bob", "rerouted", "charlie"}),
        ("q=通知", {"notice", "rerouted", "charlie"}),
        ("q=100%25", {"bob"}),
        ("q=_", set()),
        ("q=通知&person=张伟", {"rerouted"}),
        ("office=OTHER", {"charlie"}),
        ("office=OTHER&q=通知", {"charlie"}),
        ("office=x", {"notice", "book", "bob", "rerouted", "charlie"}),
    ],
)
def test_the_rows_are_those_that_match(
    site: Site, filled: dict[str, int], asked: str, found: set[str]
):
    show_titles(site)
    path = f"/admin/jobs?{asked.replace('OTHER', site.cast.other.id)}"
    assert shown(site.browser("ada"), path) == {filled[name] for name in found}


def test_everybody_filters_among_what_they_see(site: Site, filled: dict[str, int]):
    show_titles(site)
    for login, path, found in (
        ("bob", "/jobs?q=通知", {"rerouted"}),
        ("bob", "/jobs?person=王芳", set()),
        ("dora", "/office/jobs?q=通知", {"notice", "rerouted"}),
        ("dora", f"/office/jobs?office={site.cast.office.id}&person=张", {"bob", "rerouted"}),
    ):
        assert shown(site.browser(login), path) == {filled[name] for name in found}, path
    assert site.browser("alice").get("/admin/jobs").status_code == 403
    assert site.browser("alice").get("/office/jobs?q=通知").status_code == 403
    other = site.cast.other.id
    assert site.browser("dora").get(f"/office/jobs?office={other}&q=通知").status_code == 404


def test_a_title_that_one_may_not_see_is_not_found_by_its_words(site: Site, filled: dict[str, int]):
    own = send(site.parts, site.cast.dora, site.cast, "通知四", Facts(pages=1))
    dora, ada = site.browser("dora"), site.browser("ada")
    assert shown(dora, "/office/jobs?q=通知") == {own}
    assert shown(ada, "/admin/jobs?q=通知") == set()
    assert shown(site.browser("alice"), "/jobs?q=通知") == {filled["notice"]}
    assert 'name="q"' not in text(dora.get("/office/jobs"))
    page = text(ada.get("/admin/jobs"))
    assert "通知" not in page
    assert "预算" not in page
    assert "不显示" in page


def test_a_filter_stays_over_the_pages_of_its_list(site: Site):
    for number in range(PAGE + 1):
        send(site.parts, site.cast.alice, site.cast, f"简报 {number}", Facts(pages=1))
    alice = site.browser("alice")
    first = text(alice.get("/jobs?q=简报"))
    (onward,) = re.findall(r'href="(/jobs\?[^"]*page=2)"', first)
    one, two = shown(alice, "/jobs?q=简报"), shown(alice, onward.replace("&amp;", "&"))
    assert (len(one), len(two)) == (PAGE, 1)
    assert one & two == set()
    assert 'value="简报"' in text(alice.get(onward.replace("&amp;", "&")))
    assert f"共 {PAGE + 1} 个作业" in first


@pytest.mark.parametrize("path", ["/jobs", "/documents", "/admin/jobs"])
def test_a_filter_that_nothing_fits_says_so_and_leads_back(site: Site, path: str):
    page = text(site.browser("ada", "en").get(f"{path}?q=%3Cb%3Ezzz"))
    assert "fits. Ask for less" in page
    assert f'<a href="{path}">Show all again</a>' in page
    assert 'value="&lt;b&gt;zzz"' in page


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("", True),
        ("q=用纸", True),
        ("q=纸张", False),
        ("state=circulating", True),
        ("state=closed", False),
        ("state=x", True),
        ("owner=王", True),
        ("owner=张", False),
        ("from=2026-11-23&to=2026-11-23", True),
        ("from=2026-11-24", False),
        ("to=2026-11-22", False),
    ],
)
def test_documents_are_filtered_for_owner_and_reader_alike(site: Site, asked: str, found: bool):
    for login in ("alice", "bob"):
        page = text(site.browser(login).get(f"/documents?{asked}"))
        assert (f"/documents/{site.document}" in page) is found, login
    assert site.document not in text(site.browser("charlie").get(f"/documents?{asked}"))


def test_each_list_of_documents_has_pages_of_its_own(site: Site):
    with site.parts.database.transaction() as session:
        row = session.get_one(DocumentRow, site.document)
        assert row.owner_id == site.cast.alice.id
    page = text(site.browser("alice").get("/documents?mine=2"))
    assert f"/documents/{site.document}" not in page
    assert f"/documents/{site.document}" in text(site.browser("alice").get("/documents?to-read=2"))


def deeds(site: Site, login: str, path: str) -> list[tuple[str, str]]:
    """Return who did what, as the page of the audit trail shows it."""
    row = re.compile(
        r'class="short">[^<]*</td><td[^>]*><bdi>([^<]+)</bdi></td><td[^>]*>[^<]*<code>([^<]+)</code>'
    )
    return row.findall(text(site.browser(login).get(path)))


def test_the_audit_trail_is_filtered(site: Site):
    with site.parts.database.transaction() as session:
        for actor, action, subject, days in (
            ("管理员", "office.change", "o-1", 0),
            ("管理员", "office.add", "o-2", 1),
            ("王_芳", "office.change", "o-2", 2),
            ("王芳", "offices.look", "o-1", 3),
        ):
            at = NOON - timedelta(days=400 + days)
            audit.record(session, Actor(actor), action, subject, {"<n>": days}, at)
    old = "/admin/audit?to=2026-01-01"
    every = [
        ("王芳", "offices.look"),
        ("王_芳", "office.change"),
        ("管理员", "office.add"),
        ("管理员", "office.change"),
    ]
    assert deeds(site, "ada", old) == every
    assert "{&#34;&lt;n&gt;&#34;: 3}" in text(site.browser("ada").get(old))
    # A deed that an earlier version recorded has its code and no words.
    assert '<td data-label="操作"><code>offices.look</code>' in text(site.browser("ada").get(old))
    assert "新增单位 <code>office.add</code>" in text(site.browser("ada").get(old))
    for asked, found in (
        ("person=管理", every[2:]),
        ("person=_", every[1:2]),
        ("action=office.", every[1:]),
        ("action=change", []),
        ("subject=o-1", [every[0], every[3]]),
        ("subject=o", []),
        ("from=2025-10-18", every[2:]),
        ("person=管理&subject=o-2", every[2:3]),
    ):
        assert deeds(site, "ada", f"{old}&{asked}") == found, asked
    assert site.browser("dora").get(old).status_code == 403
