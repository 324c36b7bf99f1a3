"""The administrator's page of plans: drafted, looked at, put into force as they were shown."""

from datetime import date

import pytest

from core import audit
from core.people import SYSTEM
from quotas import planning, service
from quotas import queries as quotas
from quotas.drafts import Draft
from quotas.periods import Period
from quotas.plans import Base, Plan
from quotas.units import Unit
from tests.conftest import NOON
from tests.web.conftest import Site
from tests.web.test_pages import text

PATH = "/admin/plans"
PLAN = {
    "base": "last-year", "percent_less": "10", "amount": "300", "starts_on": "2026-01-01",
    "carry_max": "20",
}  # fmt: skip


def seen(page: str) -> str:
    return page.split('name="seen" value="')[1].split('"')[0]


def post(browser, path: str = PATH, year: str = "2026", **fields):
    token = seen(text(browser.get(f"{PATH}?year={year}")))
    return browser.post(path, **{"year": year, "seen": token, **fields})


def drafts(site: Site) -> dict[str, Draft]:
    with site.parts.database.snapshot() as session:
        return planning.drafts(session, Unit.SHEETS)


def granted(site: Site, office: str) -> int:
    with site.parts.database.snapshot() as session:
        return quotas.balance(session, office, Unit.SHEETS, Period(2026, 11)).granted


def deeds(site: Site) -> int:
    with site.parts.database.snapshot() as session:
        return audit.count_records(session, audit.AuditSearch(action="quota."))


def use_of_last_year(site: Site) -> None:
    with site.parts.database.transaction() as session:
        for month, used in ((11, 1000), (12, 500)):
            service.book(
                session, f"{month}", site.cast.other.id, Unit.SHEETS, used, actor=SYSTEM,
                now=NOON.replace(year=2025, month=month),
            )  # fmt: skip


def test_a_plan_is_drafted_for_several_offices_and_put_into_force(site: Site):
    use_of_last_year(site)
    ada, offices = site.browser("ada"), [site.cast.office.id, site.cast.other.id]
    before = {each: granted(site, each) for each in offices}
    assert post(ada, offices=offices, **PLAN).status_code == 302
    assert set(drafts(site)) == set(offices)
    assert {each: granted(site, each) for each in offices} == before
    page = text(ada.get(f"{PATH}?office={site.cast.other.id}"))
    for said in ("有 2 份草案待生效", "比上年同期减少 10%", "最多结转 20 张", "1,350", "−150"):
        assert said in page, said
    assert post(ada, f"{PATH}/in-force").status_code == 302
    assert drafts(site) == {}
    assert granted(site, site.cast.office.id) == before[site.cast.office.id] + 300
    assert granted(site, site.cast.other.id) == before[site.cast.other.id] + 900
    page = text(ada.get(f"{PATH}?office={site.cast.other.id}"))
    assert "已下达" in page
    assert "待生效" not in page
    accounts = text(ada.get(f"/admin/accounts?office={site.cast.other.id}"))
    assert "比上年同期减少 10%" in accounts


def test_a_draft_is_discarded(site: Site):
    ada, office = site.browser("ada"), site.cast.office.id
    assert post(ada, offices=office, **PLAN).status_code == 302
    assert post(ada, f"{PATH}/discard", offices=site.cast.other.id).status_code == 302
    assert set(drafts(site)) == {office}
    assert post(ada, f"{PATH}/discard", offices=office).status_code == 302
    assert drafts(site) == {}


def test_a_year_that_has_not_begun_marks_what_is_not_over(site: Site):
    ada = site.browser("ada")
    page = text(ada.get(f"{PATH}?year=2027&office={site.cast.office.id}"))
    assert page.count("截至目前") >= 3
    assert "2027年12月" in page
    for asked in ("2025", "2028", "x", ""):
        assert "2026年12月" in text(ada.get(f"{PATH}?year={asked}&office={site.cast.office.id}"))


def test_what_has_changed_meanwhile_is_shown_again(site: Site):
    ada, office = site.browser("ada"), site.cast.office.id
    assert post(ada, offices=office, **PLAN).status_code == 302
    old = seen(text(ada.get(PATH)))
    assert post(ada, offices=office, **{**PLAN, "amount": "9"}).status_code == 302
    before = (drafts(site), granted(site, office), deeds(site))
    for path in (PATH, f"{PATH}/discard", f"{PATH}/in-force"):
        answer = ada.post(path, year="2026", seen=old, offices=office, **PLAN)
        assert answer.status_code == 409, path
        page = answer.get_data(as_text=True)
        assert "情况已有变化" in page
        assert seen(page) == seen(text(ada.get(PATH))) != old
    assert (drafts(site), granted(site, office), deeds(site)) == before


def test_a_closed_account_is_named_and_stops_the_rest(site: Site):
    ada, office = site.browser("ada"), site.cast.other.id
    assert post(ada, offices=office, **PLAN).status_code == 302
    with site.parts.database.transaction() as session:
        account = service.open_account(session, office, Unit.SHEETS, now=NOON)
        service.close_account(session, account, actor=SYSTEM, now=NOON)
    assert "账户已关闭" in text(ada.get(PATH))
    assert post(ada, f"{PATH}/in-force").status_code == 409
    assert post(ada, offices=office, **PLAN).status_code == 409
    assert post(ada, f"{PATH}/discard", offices=office).status_code == 302
    assert "账户已关闭" not in text(ada.get(PATH))


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({"percent_less": "-1"}, 400, "压减比例"),
        ({"percent_less": "101"}, 400, "压减比例"),
        ({"percent_less": "1.5"}, 400, "压减比例"),
        ({"percent_less": ""}, 400, "压减比例"),
        ({"amount": "-1"}, 400, "整数填写张数"),
        ({"amount": "1.5"}, 400, "整数填写张数"),
        ({"amount": "999999999"}, 400, "整数填写张数"),
        ({"amount": "٣"}, 400, "整数填写张数"),
        ({"amount": "x"}, 400, "整数填写张数"),
        ({"carry_max": "-1"}, 400, "结转上限"),
        ({"carry_max": "0.5"}, 400, "结转上限"),
        ({"carry_max": "100000000"}, 400, "结转上限"),
        ({"starts_on": "2026-11-31"}, 400, "起始日期"),
        ({"starts_on": ""}, 400, "起始日期"),
        ({"base": "none", "carry_max": "x"}, 400, "结转上限"),
        ({"base": "whatever"}, 400, "请求"),
        ({"offices": "x"}, 404, ""),
        ({"offices": ""}, 404, ""),
        ({"offices": []}, 400, "至少选择一个单位"),
        ({"seen": ""}, 409, "情况已有变化"),
        ({"seen": "0" * 64}, 409, "情况已有变化"),
    ],
)
def test_what_is_no_draft(site: Site, fields: dict[str, str], status: int, said: str):
    before = deeds(site)
    sent = {"offices": site.cast.office.id, **PLAN, **fields}
    answer = post(site.browser("ada"), **sent)
    page = answer.get_data(as_text=True)
    assert (answer.status_code, said in page) == (status, True)
    assert (drafts(site), deeds(site)) == ({}, before)
    if status == 400 and "base" not in fields:
        for name, value in fields.items():
            assert name == "offices" or f'name="{name}" value="{value}"' in page


def test_what_was_used_stands_against_the_plan(site: Site):
    ada, office = site.browser("ada"), site.cast.office
    assert "本期用纸与计划对照" not in text(ada.get(PATH))
    plan = Plan(0, 210, date(2026, 11, 1), Base.FIXED)
    with site.parts.database.transaction() as session:
        service.set_plan(session, office.id, Unit.SHEETS, plan, actor=SYSTEM, now=NOON)
        service.book(session, "b", office.id, Unit.SHEETS, 200, actor=SYSTEM, now=NOON)
    page = text(ada.get(PATH)).split('id="pace"')[1]
    for said in (">210<", ">160<", ">200</a>", "+40", f"office={office.id}&amp;month=2026-11"):
        assert said in page, said
    said = "本期计划 210 张，按工作日进度截至今日应用 160 张，实际已用 200 张。超出计划 40 张。"
    assert said in text(site.browser("dora").get("/office"))
    assert "data-by-plan" not in text(site.browser("dora").get("/office?month=2026-10"))
    english = text(site.browser("dora", "en").get("/office"))
    assert "The plan gives 210 sheets for this period, 160 up to today; used: 200." in english
    with site.parts.database.snapshot() as session:
        assert quotas.balance(session, office.id, Unit.SHEETS, Period(2026, 11)).spent == 200
