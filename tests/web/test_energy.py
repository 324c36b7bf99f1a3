"""The energy of printers on the pages: rows, sums, and the watts that the administrator enters."""

import re
from datetime import timedelta

import pytest

from printgate import queries as printing
from printgate.backend.port import DeviceAttributes
from printgate.service import power
from tests.conftest import NOON
from tests.web.conftest import Browser, Site
from tests.web.test_office import score
from tests.web.test_pages import text
from tests.web.test_report import tables, words

PATH = "/office/energy"


def watch(site: Site) -> None:
    """Look at two printers for an hour, ten hours ago: one prints, then both are ready."""
    zone, begin = site.parts.terms.zone, NOON - timedelta(hours=10)
    with site.parts.database.transaction() as session:
        for name in ("office-a", "office-b"):
            found = printing.printer(session, name)
            for minute in range(61):
                state = "processing" if name == "office-a" and minute < 20 else "idle"
                device = DeviceAttributes(b"", True, state, (), ())
                now = begin + timedelta(minutes=minute)
                power.note_power(session, found.id, device, now=now, zone=zone)


def label(browser: Browser, name: str, printing="600", ready="60", sleep="0.9"):
    return browser.post(
        f"/admin/printers/{name}", name=name, info="", location="", coverage="5",
        watts_printing=printing, watts_ready=ready, watts_sleep=sleep,
    )  # fmt: skip


def seconds(cell: str) -> int:
    hours, minutes, rest = words(cell).replace(",", "").split(":")
    return int(hours) * 3600 + int(minutes) * 60 + int(rest)


def test_every_row_and_sum_of_the_energy_adds_up(site: Site):
    watch(site)
    ada = site.browser("ada")
    assert label(ada, "office-a").status_code == label(ada, "office-b").status_code == 302
    page = text(site.browser("bob").get(PATH))
    a, b, total = tables(page)["printers"]
    assert [words(cell) for cell in a[1:]] == [
        "0:20:00", "0:40:00", "0:00:00", "0:00:00", "0:00:00", "539:00:00", "0.200", "0.040",
    ]  # fmt: skip
    for column in range(1, 7):
        assert seconds(a[column]) + seconds(b[column]) == seconds(total[column])
    for column in (7, 8):
        parts = [float(words(row[column])) for row in (a, b)]
        assert round(sum(parts), 3) == float(words(total[column]))
    path = re.search(r'href="([^"]+)#days">office-a', page)
    assert path
    days = tables(text(site.browser("bob").get(path[1].replace("&amp;", "&"))))["days"]
    for row in (days[0], days[-1]):
        assert words(row[7]) == "0.200"
    ada_sees = text(ada.get("/office/scorecard?office=all&span=2026-11"))
    value, way = score(ada_sees)["standby-energy"]
    behind = text(ada.get(way))
    assert value == "0.100"
    assert "data-standby>0.100<" in behind
    assert words(tables(behind)["printers"][-1][8]) == "0.100"
    assert score(text(ada.get("/office/scorecard")))["standby-energy"] == ("—", "")


def test_without_watts_hours_are_shown_and_no_energy(site: Site):
    watch(site)
    label(site.browser("ada"), "office-a", sleep="", ready="")
    page = text(site.browser("dora").get(PATH))
    a, b, _ = tables(page)["printers"]
    assert [words(cell) for cell in a[7:]] == ["0.200", "—"]
    assert [words(cell) for cell in b[7:]] == ["0.000", "—"]
    assert "data-standby>—<" in page


@pytest.mark.parametrize("span", ["2026-10", "1000", "9998", "x", "2026-Q4"])
def test_any_span_is_answered(site: Site, span: str):
    watch(site)
    answer = site.browser("bob").get(f"{PATH}?span={span}&printer=office-a")
    rows = tables(text(answer))["printers"]
    if span in ("2026-10", "9998"):
        assert words(rows[0][6]) == ("744:00:00" if span == "2026-10" else "0:00:00")
    assert site.browser("bob").get(f"{PATH}?printer=nowhere").status_code == 404
    assert site.browser().get(PATH).status_code == 302


@pytest.mark.parametrize(
    "typed", ["-1", "abc", "1e3", "20001", "0.0001", "９", "1,5", "9" * 40, "."]
)
def test_watts_that_are_none_change_nothing(site: Site, typed: str):
    ada = site.browser("ada")
    label(ada, "office-a")
    recorded = text(ada.get("/admin/audit?action=printer.change")).count("<tr")
    for field in ("printing", "ready", "sleep"):
        answer = label(ada, "office-a", **{field: typed})
        assert answer.status_code == 400
        assert f"“{typed}”不是有效的功率" in answer.get_data(as_text=True)
    page = text(ada.get("/admin/printers/office-a"))
    for value in ("600", "60", "0.9"):
        assert f'value="{value}"' in page
    assert text(ada.get("/admin/audit?action=printer.change")).count("<tr") == recorded > 1


def test_only_the_administrator_enters_watts(site: Site):
    assert label(site.browser("dora"), "office-a").status_code == 403
