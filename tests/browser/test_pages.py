"""Every page in a real browser: wide and narrow, Chinese and English, light and dark.

One load serves all the looks at a page; the pages are those of the application's own list of
addresses, so a new page without a case here fails.
"""

import re
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page, ViewportSize

from tests.browser.conftest import Desk, Watch

WIDE: ViewportSize = {"width": 1280, "height": 800}
NARROW: ViewportSize = {"width": 360, "height": 740}
WHOLE = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
CONTRAST = {"type": "rule", "values": ["color-contrast"]}

CASES = {
    # address of the rule: (who looks, address with the names of the scene's things)
    "/": [("wangfang", "/"), ("hanmei", "/")],
    "/sign-in": [("", "/sign-in")],
    "/jobs": [("wangfang", "/jobs"), ("hanmei", "/jobs"), ("wangfang", "/jobs?q=zzz")],
    "/jobs/<int:job_id>": [
        ("wangfang", "/jobs/{refused}"),
        ("wangfang", "/jobs/{asked}"),
        ("wangfang", "/jobs/{unknown}"),
        ("wangfang", "/jobs/{waiting}"),
        ("wangfang", "/jobs/{short}"),
        ("lijianguo", "/jobs/{rerouted}"),
        ("liuyang", "/jobs/{locked}"),
        ("sunlei", "/jobs/{permitted}"),
    ],
    "/documents": [
        ("wangfang", "/documents"),
        ("hanmei", "/documents"),
        ("wangfang", "/documents?state=circulating"),
    ],
    "/documents/<document_id>": [
        ("wangfang", "/documents/{document}"),
        ("zhangwei", "/documents/{document}"),
    ],
    "/office": [
        ("lijianguo", "/office"),
        ("zhangwei", "/office"),
        ("lijianguo", "/office?month=2026-09"),
    ],
    "/office/statement": [
        ("lijianguo", "/office/statement"),
        ("lijianguo", "/office/statement?unit=toner"),
        ("lijianguo", "/office/statement?person=guests&used=1"),
    ],
    "/office/scorecard": [
        ("lijianguo", "/office/scorecard"),
        ("admin", "/office/scorecard?office=all&span=2026"),
    ],
    "/office/energy": [
        ("zhangwei", "/office/energy"),
        ("admin", "/office/energy?printer=office-a"),
    ],
    "/office/report": [
        ("lijianguo", "/office/report"),
        ("zhaomin", "/office/report?month=2026"),
    ],
    "/office/behind": [
        ("lijianguo", "/office/behind?figure=refused"),
        ("admin", "/office/behind?office=all&figure=saved-by-circulating&span=2026"),
        ("lijianguo", "/office/behind?figure=after-all&span=2025"),
    ],
    "/office/jobs": [("lijianguo", "/office/jobs"), ("lijianguo", "/office/jobs?to=2026-11-20")],
    "/permits": [
        ("hanmei", "/permits"),
        ("sunlei", "/permits"),
        ("zhaomin", "/permits?of=office"),
        ("zhaomin", "/permits?of=office&standing=revoked"),
        ("admin", "/permits?of=office"),
    ],
    "/permits/<int:number>": [
        ("sunlei", "/permits/{permit}"),
        ("zhaomin", "/permits/{permit}"),
        ("zhaomin", "/permits/{asked_permit}"),
        ("zhouting", "/permits/{refused_permit}"),
    ],
    "/requests": [
        ("wangfang", "/requests"),
        ("lijianguo", "/requests"),
        ("admin", "/requests?view=decided"),
        ("zhenghao", "/requests?view=open&q=zzz"),
    ],
    "/requests/new": [
        ("zhangwei", "/requests/new"),
        ("wangfang", "/requests/new"),
    ],
    "/requests/emergency": [
        ("liuyang", "/requests/emergency"),
        ("lijianguo", "/requests/emergency"),
        ("admin", "/requests/emergency"),
    ],
    "/loans": [("lijianguo", "/loans"), ("admin", "/loans")],
    "/loans/new": [("lijianguo", "/loans/new"), ("admin", "/loans/new")],
    "/loans/<loan_id>": [
        ("lijianguo", "/loans/{running}"),
        ("lijianguo", "/loans/{loan}"),
        ("admin", "/loans/{running}"),
    ],
    "/requests/<request_id>": [
        ("lijianguo", "/requests/{own}"),
        ("zhangwei", "/requests/{own}"),
        ("lijianguo", "/requests/{for_office}"),
        ("admin", "/requests/{for_office}"),
        ("chenjing", "/requests/{granted}"),
        ("liuyang", "/requests/{turned_down}"),
    ],
    "/office/limits": [("admin", "/office/limits?office={office}")],
    "/printers": [("wangfang", "/printers")],
    "/rules": [("wangfang", "/rules")],
    "/release": [("liuyang", "/release"), ("hanmei", "/release"), ("", "/release?job=17")],
    "/admin": [("admin", "/admin")],
    "/admin/jobs": [("admin", "/admin/jobs"), ("admin", "/admin/jobs?person=王&state=completed")],
    "/admin/offices": [("admin", "/admin/offices")],
    "/admin/offices/<office_id>": [("admin", "/admin/offices/{office}")],
    "/admin/people": [("admin", "/admin/people"), ("admin", "/admin/people?q=zzz")],
    "/admin/people/new": [("admin", "/admin/people/new")],
    "/admin/people/<person_id>": [("admin", "/admin/people/{person}")],
    "/admin/people/<person_id>/deactivate": [("admin", "/admin/people/{person}/deactivate")],
    "/admin/grants": [
        ("admin", "/admin/grants?office={office}"),
        ("admin", "/admin/grants?office={office}&month=2027-01"),
    ],
    "/admin/accounts": [("admin", "/admin/accounts?office={office}")],
    "/admin/plans": [
        ("admin", "/admin/plans?office={office}"),
        ("admin", "/admin/plans?year=2027"),
    ],
    "/admin/plans/trial": [
        ("admin", "/admin/plans/trial?span=2026-10"),
        ("admin", "/admin/plans/trial?office={office}&span=2026-10"),
    ],
    "/admin/import": [("admin", "/admin/import")],
    "/admin/import/<upload_id>": [
        ("admin", "/admin/import/{people_file}"),
        ("admin", "/admin/import/{people_file}?step=keep"),
        ("admin", "/admin/import/{grants_file}"),
        ("admin", "/admin/import/{wrong_file}"),
    ],
    "/admin/printers": [("admin", "/admin/printers")],
    "/admin/printers/<name>": [
        ("admin", "/admin/printers/office-b"),
        ("admin", "/admin/printers/office-d"),
    ],
    "/admin/printers/<name>/retire": [("admin", "/admin/printers/office-b/retire")],
    "/admin/background": [("admin", "/admin/background")],
    "/admin/audit": [("admin", "/admin/audit"), ("admin", "/admin/audit?action=printer")],
    "/admin/checkup": [("admin", "/admin/checkup")],
    "/admin/jobs/<int:job_id>/cancel": [("admin", "/admin/jobs/{pending}/cancel")],
    "/admin/jobs/<int:job_id>/settle": [
        ("admin", "/admin/jobs/{unknown}/settle"),
        ("admin", "/admin/jobs/{unknown}/settle?sheets=1"),
    ],
    "/supplies": [
        ("admin", "/supplies"),
        ("lijianguo", "/supplies?level=low"),
        ("zhenghao", "/supplies?material=toner"),
    ],
    "/supplies/orders": [("admin", "/supplies/orders"), ("lijianguo", "/supplies/orders?q=zzz")],
    "/supplies/orders/new": [("lijianguo", "/supplies/orders/new")],
    "/supplies/orders/<int:order_id>": [
        ("admin", "/supplies/orders/{bought}"),
        ("admin", "/supplies/orders/{costly}"),
        ("lijianguo", "/supplies/orders/{costly}"),
    ],
    "/supplies/movements": [
        ("admin", "/supplies/movements"),
        ("lijianguo", "/supplies/movements?kind=issue"),
    ],
    "/supplies/movements/new": [("admin", "/supplies/movements/new")],
    "/supplies/cartridges": [
        ("admin", "/supplies/cartridges"),
        ("zhaomin", "/supplies/cartridges"),
    ],
    "/supplies/counts": [("admin", "/supplies/counts"), ("zhaomin", "/supplies/counts")],
    "/supplies/counts/<int:count_id>": [
        ("admin", "/supplies/counts/{counting}"),
        ("lijianguo", "/supplies/counts/{counted}"),
    ],
    "/supplies/variance": [("admin", "/supplies/variance"), ("zhaomin", "/supplies/variance")],
    "/supplies/setup": [("admin", "/supplies/setup")],
    "": [("wangfang", "/nowhere"), ("", "/nowhere")],
}
NO_PAGES = {
    "/healthz",
    "/metrics",
    "/office/scorecard.csv",
    "/office/scorecard.pdf",
    "/office/scorecard.xlsx",
    "/office/report.pdf",
    "/office/report.xlsx",
    "/office/statement.csv",
    "/office/statement.xlsx",
    "/readyz",
    "/static/<path:filename>",
    "/supplies/movements.csv",
    "/admin/import/<kind>/current.csv",
    "/admin/import/<kind>/template.csv",
    "/documents/<document_id>/file",
    "/documents/<document_id>/pages/<int:number>.png",
}
"""Addresses that answer with a word, figures, a picture, a list or a PDF."""

PROPER_NAMES = {
    "English", "PDF", "CUPS", "CSV", "XLSX", "UTF", "GB18030",
    "office", "a", "b", "c", "d", "e", "f",
    "A3", "A4", "JPEG", "PWG", "ISO", "IEC", "IPP", "AirPrint", "Linux", "Microsoft", "Class",
    "Driver", "Windows", "macOS", "wangfang", "sunlei", "root", "visitor",
}  # fmt: skip

LOOKS = [(login, path) for cases in CASES.values() for login, path in cases]

SHOWN_WORDS = """() => {
  const parts = [document.title];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const parent = walker.currentNode.parentElement;
    if (!parent.closest("code, script, [lang=en]")) parts.push(walker.currentNode.data);
  }
  for (const element of document.querySelectorAll("*")) {
    for (const name of ["aria-label", "alt", "title", "placeholder", "data-label"])
      parts.push(element.getAttribute(name) ?? "");
  }
  return parts.join(" ");
}"""

SMALL_TARGETS = """() => [...document.querySelectorAll(
    "button, select, summary, textarea, input:not([type=hidden]), nav a, a.brand")]
  .filter((element) => element.checkVisibility())
  .map((element) => [element.labels?.length ? element.labels[0] : element, element])
  .map(([target, element]) => [target.getBoundingClientRect(), element.outerHTML])
  .filter(([box]) => box.width < 24 || box.height < 24)
  .map(([box, html]) => `${box.width}x${box.height} ${html}`)"""

OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


def test_every_page_has_its_case(desk: Desk):
    rules = {
        rule.rule
        for rule in desk.scene.app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and not rule.endpoint.startswith("ipp.")
    }
    assert rules == (set(CASES) - {""}) | NO_PAGES


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize(("login", "path"), LOOKS)
def test_a_page_in_a_browser(desk: Desk, login: str, path: str, language: str):
    page = desk.window(login, language).new_page()
    watch = Watch.over(page, expected_status=404 if path == "/nowhere" else 200)
    try:
        page.set_viewport_size(WIDE)
        page.goto(desk.address + desk.scene.path(path))
        _open_all(page)
        if language == "zh-CN":
            left = set(re.findall(r"[A-Za-z]+\d*", page.evaluate(SHOWN_WORDS))) - PROPER_NAMES
            assert left == set()
        else:
            assert page.locator("html").get_attribute("lang") == "en"
        page.evaluate(AXE_SCRIPT)
        # The two languages have the same structure: each is looked at whole in one width.
        for width, whole in ((WIDE, language == "zh-CN"), (NARROW, language == "en")):
            page.set_viewport_size(width)
            assert page.evaluate(OVERFLOW) <= 0
            assert page.evaluate(SMALL_TARGETS) == []
            assert not whole or _violations(page, WHOLE) == []
        if language == "zh-CN":
            page.emulate_media(color_scheme="dark")
            assert _violations(page, CONTRAST) == []
        assert watch.wrong == []
    finally:
        page.close()


def _open_all(page: Page) -> None:
    page.evaluate("() => document.querySelectorAll('details').forEach((each) => each.open = true)")


def _violations(page: Page, which: dict[str, Any]) -> list[str]:
    options = {"runOnly": which, "resultTypes": ["violations"]}
    found = page.evaluate("async (options) => (await axe.run(options)).violations", options)
    return [f"{rule['id']}: {node['html']}" for rule in found for node in rule["nodes"]]
