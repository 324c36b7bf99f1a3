"""Ways through the pages: by keyboard alone, without scripts, on a small screen, and waiting."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from core.people import Actor
from printgate.policy import Facts
from printgate.service import finish
from tests.browser.conftest import Desk, Watch
from tests.browser.scene import PASSWORD, Players, Sending
from tests.conftest import NOON

STEPS_MAX = 60
STEP_MS, ANSWERED_MS = 4500, 200
OUTLINE = """() => {
  const style = getComputedStyle(document.activeElement);
  return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
}"""
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@contextmanager
def page_of(desk: Desk, login: str, **options: object) -> Iterator[Page]:
    """Open a page in a window of its own."""
    window = desk.new_window(login, **options)
    try:
        yield window.new_page()
    finally:
        window.close()


def send(desk: Desk, login: str, title: str) -> int:
    """Send a job that waits for its printer; return its number."""
    with desk.scene.parts.database.transaction() as session:
        players = Players.of(session, desk.scene.people)
        at = NOON - timedelta(seconds=1)
        return players.send(Sending(login, at, title, Facts(pages=2))).id


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the focus is on the first element of `selector`; it must be seen there."""
    wanted = page.locator(selector).first.element_handle()
    for _ in range(STEPS_MAX):
        page.keyboard.press("Tab")
        assert page.evaluate(OUTLINE), page.evaluate("() => document.activeElement.outerHTML")
        if page.evaluate("(wanted) => document.activeElement === wanted", wanted):
            return
    pytest.fail(f"Tab never comes to {selector}")


def test_by_keyboard_alone_from_the_sign_in_to_a_cancelled_job(desk: Desk):
    job = send(desk, "liuyang", "会议签到表")
    with page_of(desk, "") as page:
        page.goto(f"{desk.address}/jobs")
        page.keyboard.type("liuyang")
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/jobs")
        tab_to(page, f'a[href="/jobs/{job}"]')
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/jobs/{job}")
        tab_to(page, "main button.danger")
        page.keyboard.press("Enter")
        expect(page.locator(".state")).to_have_text("已取消")
        expect(page.locator("main button.danger")).to_have_count(0)


def test_the_skip_link_leads_to_the_content(desk: Desk):
    with page_of(desk, "liuyang") as page:
        page.goto(f"{desk.address}/rules")
        page.keyboard.press("Tab")
        expect(page.locator(".skip")).to_be_focused()
        expect(page.locator(".skip")).to_be_in_viewport()
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_be_focused()
        page.keyboard.press("Tab")
        assert page.evaluate(
            "() => document.querySelector('main').contains(document.activeElement)"
        )


def test_without_scripts_everything_works(desk: Desk):
    # Somebody whose pages no other test reads: a language chosen stays chosen.
    job = send(desk, "zhaomin", "立法计划")
    with page_of(desk, "zhaomin", java_script_enabled=False) as page:
        page.goto(f"{desk.address}/jobs")
        page.locator(f'a[href="/jobs/{job}"]').click()
        expect(page.locator("footer")).to_be_hidden()
        page.locator("main button.danger").click()
        expect(page.locator(".state")).to_have_text("已取消")
        page.goto(f"{desk.address}/documents")
        page.locator("header button", has_text="English").click()
        expect(page.locator("h1")).to_have_text("My documents")
        page.locator("header button", has_text="简体中文").click()
        expect(page.locator("h1")).to_have_text("我的文件")
        page.goto(f"{desk.address}/office")
        page.locator("summary").first.click()
        expect(page.locator("tr.sum").first).to_be_visible()


@pytest.mark.parametrize(
    "options",
    [
        {"viewport": {"width": 320, "height": 640}},
        # 200 % zoom of a window of 1280 pixels is one of 640 with twice the pixels to each.
        {"viewport": {"width": 640, "height": 400}, "device_scale_factor": 2},
    ],
)
def test_small_and_enlarged_pages_need_no_sideways_scrolling(
    desk: Desk, options: dict[str, object]
):
    paths = ["/", "/jobs", f"/jobs/{desk.scene.jobs['refused']}", "/documents", "/office",
             f"/documents/{desk.scene.document}", "/printers", "/rules"]  # fmt: skip
    with page_of(desk, "wangfang", **options) as page:
        for path in paths:
            page.goto(desk.address + path)
            page.evaluate(
                "() => document.querySelectorAll('details').forEach((d) => d.open = true)"
            )
            assert page.evaluate(OVERFLOW) <= 0, path


def test_a_page_with_a_job_on_its_way_updates_itself(desk: Desk):
    job = send(desk, "chenjing", "机关工作周报")
    with page_of(desk, "chenjing") as page:
        watch = Watch.over(page)
        page.clock.install()
        page.goto(f"{desk.address}/jobs/{job}")
        expect(page.locator(".state")).to_have_text("正在送往打印机")
        page.locator('main a[href^="/rules"]').focus()
        _cancel(desk, job)
        with page.expect_response(f"**/jobs/{job}"):
            page.clock.run_for(5_000)
        expect(page.locator(".state")).to_have_text("已取消")
        expect(page.locator("footer [role=status]")).to_have_text("已取消")
        # The focus stays where it was, and nothing is asked for any more: the job is over.
        expect(page.locator('main a[href^="/rules"]')).to_be_focused()
        expect(page.locator("footer")).to_be_hidden()
        assert _requests_in(page, 18_000) == 0
        assert watch.wrong == []


def test_updating_rests_when_it_is_switched_off_while_typing_and_when_nobody_is_there(desk: Desk):
    send(desk, "chenjing", "执法检查方案")
    with page_of(desk, "chenjing") as page:
        page.clock.install()
        page.goto(f"{desk.address}/jobs")
        assert _requests_in(page, 9_000) >= 2
        page.locator("#live").uncheck()
        assert _requests_in(page, 18_000) == 0
        page.locator("#live").check()
        page.clock.run_for(600_000)
        assert _requests_in(page, 18_000) == 0
        page.keyboard.press("Shift")
        assert _requests_in(page, 9_000) >= 1
    with page_of(desk, "wangfang") as page:
        page.clock.install()
        page.goto(f"{desk.address}/jobs/{desk.scene.jobs['asked']}")
        page.locator("#reason").fill("主任会议")
        page.locator("h1").click()
        assert _requests_in(page, 18_000) == 0
        expect(page.locator("#reason")).to_have_value("主任会议")


def _cancel(desk: Desk, job: int) -> None:
    from printgate import queries

    with desk.scene.parts.database.transaction() as session:
        uuid = queries.job(session, job).uuid
        finish.cancel(session, uuid, actor=Actor.of(desk.scene.people["chenjing"]), now=NOON)


def _requests_in(page: Page, milliseconds: int) -> int:
    """Let time pass in the page; return how many requests it made."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for _ in range(milliseconds // STEP_MS):
        page.clock.run_for(STEP_MS)
        # The answer comes in real time, and only then does the page look ahead again.
        page.wait_for_timeout(ANSWERED_MS)
    return len(asked)
