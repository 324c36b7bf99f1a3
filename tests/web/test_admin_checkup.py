"""The administrator's page of what the last check of the system found."""

import pytest

from core import checkups
from core.checkups import Finding
from core.people import SYSTEM, Actor
from core.tasks import queries as outbox
from core.text import Text, counted
from tests.conftest import NOON
from tests.web.conftest import Site
from tests.web.test_pages import text

PATH = "/admin/checkup"
GOOD = Finding("audit", False, Text("The chain of records is whole."))
BAD = Finding(
    "spool",
    True,
    counted("{n} sheet", "{n} sheets", 1),
    Text("Run: {command}", {"command": "rm <b>x</b>"}),
    Text("Nobody works on tasks."),
)


def found(site: Site, *findings: Finding) -> None:
    with site.parts.database.transaction() as session:
        checkups.keep(session, list(findings), now=NOON)


def test_nothing_was_checked_yet(site: Site):
    assert "尚未检查过系统" in text(site.browser("ada").get(PATH))


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("zh-CN", ("1 项需要处理", "没有进程处理后台任务。", "请执行：<code>", "审计记录完整。")),
        ("en", ("1 thing needs you", "Nobody works on tasks.", "Run: <code>", "1 sheet<")),
    ],
)
def test_each_finding_is_shown_with_its_cause_and_its_mend(site: Site, language: str, said):
    found(site, BAD, GOOD)
    page = text(site.browser("ada", language).get(PATH))
    for each in (*said, "rm &lt;b&gt;x&lt;/b&gt;</code>", "2026-11-23 12:00"):
        assert each in page
    assert "<b>x" not in page


def test_a_check_that_is_asked_for_is_work_in_the_background_and_the_page_says_so(site: Site):
    found(site, BAD)
    ada = site.browser("ada")
    assert 'data-live=""' in text(ada.get(PATH))
    assert ada.post(PATH).headers["Location"] == PATH
    assert ada.post(PATH).status_code == 302
    with site.parts.database.snapshot() as session:
        depths = {each.name: each.waiting for each in outbox.depths(session, now=NOON)}
    assert depths[checkups.TASK] == 1
    page = text(ada.get(PATH))
    assert 'data-live="running"' in page
    assert "正在检查" in page
    assert "立即检查" not in page
    assert "没有进程处理后台任务。" in page  # what was found before stays until it is done
    found(site, GOOD)
    page = text(ada.get(PATH))
    assert 'data-live=""' in page
    assert "一切正常" in page
    assert "立即检查" in page


def test_who_asked_for_it_is_named(site: Site):
    for actor, named in ((SYSTEM, "印闸于"), (Actor("A&B"), "A&amp;B于")):
        with site.parts.database.transaction() as session:
            checkups.keep(session, [GOOD], now=NOON)
            checkups.ask(session, actor=actor, now=NOON)
        assert f"{named} 2026-11-23 12:00 发起。" in text(site.browser("ada").get(PATH))


def test_only_the_administrator_is_told_on_the_first_page(site: Site):
    told = "系统检查发现 1 项需要处理"
    found(site, BAD, GOOD)
    assert told in text(site.browser("ada").get("/"))
    assert told not in text(site.browser("dora").get("/"))
    found(site, GOOD)
    assert told not in text(site.browser("ada").get("/"))
