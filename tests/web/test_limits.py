"""The page of limits, and what a sender is told of them."""

from dataclasses import replace
from datetime import date

import pytest

from printgate.lifecycle import Stage
from printgate.policy import Facts
from printgate.queries import job
from quotas import limit_queries
from quotas import queries as quotas
from quotas.fairness import Fairness
from quotas.limits import Limits
from quotas.workdays import Workdays
from tests.web.conftest import Site, send
from tests.web.test_pages import text

PATH = "/office/limits"


def limits(site: Site) -> tuple[Limits, dict[str, int]]:
    with site.parts.database.snapshot() as session:
        office = site.cast.office.id
        return limit_queries.limits(session, office), limit_queries.person_limits(session, office)


def post(browser, site: Site, kind: str, **more: str):
    return browser.post(PATH, office=site.cast.office.id, kind=kind, **more)


@pytest.mark.parametrize("who", ["dora", "ada"])
def test_whoever_answers_for_an_office_sets_its_limits(site: Site, who: str):
    browser = site.browser(who)
    assert post(browser, site, "limits", job_max="20", person_max="300").status_code == 302
    alice = site.cast.alice.id
    assert post(browser, site, "person", person=alice, sheets_max="500").status_code == 302
    assert limits(site) == (Limits(20, 300), {alice: 500})
    page = text(browser.get(f"{PATH}?office={site.cast.office.id}"))
    assert 'value="20"' in page
    assert ">500</td>" in page
    mine = text(site.browser("alice").get("/office"))
    assert "每个作业最多用纸 20 张。" in mine
    assert "500 张" in mine
    fair = {"fair_days": "3", "fair_percent": "20", "fair_least": "5"}
    assert post(browser, site, "limits", **fair).status_code == 302
    assert limits(site) == (Limits(fair=Fairness(3, 20, 5)), {alice: 500})
    assert "期末最后 3 个工作日" in text(site.browser("bob").get("/office"))
    assert "期末最后" not in text(site.browser("alice").get("/office"))
    assert post(browser, site, "person", person=alice, sheets_max="").status_code == 302
    assert post(browser, site, "limits", job_max="", person_max="").status_code == 302
    assert limits(site) == (Limits(), {})
    assert "最多用纸 20 张" not in text(site.browser("alice").get("/office"))


@pytest.mark.parametrize(
    ("kind", "fields", "status"),
    [
        ("nothing", {}, 400),
        ("limits", {"job_max": "0"}, 400),
        ("limits", {"job_max": "-1"}, 400),
        ("limits", {"job_max": "1.5"}, 400),
        ("limits", {"job_max": "٣"}, 400),
        ("limits", {"person_max": "99999999"}, 400),
        ("limits", {"person_max": "many"}, 400),
        ("limits", {"fair_days": "0", "fair_percent": "10"}, 400),
        ("limits", {"fair_days": "32", "fair_percent": "10"}, 400),
        ("limits", {"fair_days": "3", "fair_percent": "101"}, 400),
        ("limits", {"fair_days": "3", "fair_percent": "-1"}, 400),
        ("limits", {"fair_days": "3", "fair_percent": "2.5"}, 400),
        ("limits", {"fair_days": "3", "fair_percent": "10", "fair_least": "99999999"}, 400),
        ("limits", {"fair_days": "3"}, 400),
        ("limits", {"soft_percent": "101"}, 400),
        ("limits", {"soft_percent": "-1"}, 400),
        ("limits", {"soft_percent": "2.5"}, 400),
        ("person", {"person": "alice", "sheets_max": "-3"}, 400),
        ("person", {"person": "alice", "sheets_max": "1e3"}, 400),
        ("person", {"person": "charlie", "sheets_max": "3"}, 400),
        ("person", {"person": "charlie", "sheets_max": ""}, 400),
        ("person", {"person": "nobody", "sheets_max": "3"}, 404),
        ("person", {"sheets_max": "3"}, 404),
    ],
)
def test_what_cannot_be_set(site: Site, kind: str, fields: dict[str, str], status: int):
    sent = fields | {
        k: getattr(site.cast, v).id for k, v in fields.items() if v in ("alice", "charlie")
    }
    answer = post(site.browser("ada"), site, kind, **sent)
    assert answer.status_code == status
    assert 'role="alert"' in answer.get_data(as_text=True)
    assert limits(site) == (Limits(), {})


def test_nobody_else_sees_or_sets_them(site: Site):
    office = site.cast.office.id
    for who in ("alice", "charlie"):
        browser = site.browser(who)
        assert browser.get(PATH).status_code == 403
        assert browser.get(f"{PATH}?office={office}").status_code == 403
        assert post(browser, site, "limits", job_max="1").status_code == 403
    dora = site.browser("dora")
    assert dora.get(f"{PATH}?office={site.cast.other.id}").status_code == 404
    assert dora.post(PATH, office=site.cast.other.id, kind="limits", job_max="1").status_code == 404
    assert dora.get(PATH).status_code == 200
    assert limits(site) == (Limits(), {})


def test_the_page_of_a_refused_job_names_the_limit_and_what_is_missing(site: Site):
    assert (
        post(site.browser("dora"), site, "limits", job_max="2", person_max="1").status_code == 302
    )
    for pages, rule, missing in ((6, "单个作业用纸限额", "超出 1 张"), (4, "个人用纸限额", "超出")):
        number = send(site.parts, site.cast.alice, site.cast, "会议材料", Facts(pages=pages))
        with site.parts.database.snapshot() as session:
            assert job(session, number).stage is Stage.REFUSED
        page = text(site.browser("alice").get(f"/jobs/{number}"))
        assert rule in page
        assert missing in page
        assert 'href="/rules#quota"' in page


def test_a_soft_account_lets_a_job_through_and_tells(site: Site):
    """Of 20 sheets Alice's first job has 2: 10 per cent let one through that takes 20."""
    dora, ada = site.browser("dora"), site.browser("ada")
    # That lets jobs go above what was granted, which no head grants to their own office.
    assert post(dora, site, "limits", soft_percent="10").status_code == 403
    assert "soft_percent" not in text(dora.get(PATH))
    assert post(ada, site, "limits", soft_percent="10").status_code == 302
    assert 'value="10"' in text(ada.get(f"{PATH}?office={site.cast.office.id}"))
    assert post(dora, site, "limits", job_max="50").status_code == 302
    assert limits(site)[0] == Limits(job_max=50, soft_percent=10)
    assert "10%" in text(dora.get(PATH))
    number = send(site.parts, site.cast.alice, site.cast, "会议材料", Facts(pages=40))
    with site.parts.database.snapshot() as session:
        sent = job(session, number)
        assert quotas.discrepancies(session) == []
    assert (sent.stage, sent.reasons[-1].rule) == (Stage.ACCEPTED, "quota.over")
    alice = site.browser("alice")
    assert "超出账户余量" in text(alice.get(f"/jobs/{number}"))
    assert "比账户余量多用 2 张" in text(alice.get("/"))
    assert "比账户余量多用 2 张" in text(dora.get("/"))
    late = send(site.parts, site.cast.alice, site.cast, "会议材料", Facts(pages=1))
    with site.parts.database.snapshot() as session:
        refused = job(session, late)
    assert (refused.stage, refused.reasons[-1].rule) == (Stage.REFUSED, "quota")
    assert "超出 1 张" in text(alice.get(f"/jobs/{late}"))


def test_the_last_days_are_those_of_the_table_of_workdays(site: Site):
    """Where the 23rd of November is the last day worked, as the settings say."""
    days = frozenset(date(2026, 11, day) for day in range(24, 31))
    parts = replace(site.parts, terms=replace(site.parts.terms, workdays=Workdays(days)))
    fair = {"fair_days": "1", "fair_percent": "0", "fair_least": "1"}
    assert post(site.browser("dora"), site, "limits", **fair).status_code == 302
    facts = Facts(pages=4)
    first = send(site.parts, site.cast.alice, site.cast, "早", facts)
    late = send(parts, site.cast.alice, site.cast, "晚", facts)
    with site.parts.database.snapshot() as session:
        assert job(session, first).stage is Stage.ACCEPTED
        refused = job(session, late)
    assert (refused.stage, refused.reasons[-1].rule) == (Stage.REFUSED, "quota.share")
    page = text(site.browser("alice").get(f"/jobs/{late}"))
    assert "期末公平用纸" in page
    assert "请单位负责人为您单独设定限额" in page
