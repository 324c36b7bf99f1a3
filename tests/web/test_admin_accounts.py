"""The administrator's page of accounts, and the second person on the page of grants."""

import pytest

from core.identity import service as identity
from core.ids import new_uuid
from core.people import SYSTEM
from quotas import queries as quotas
from quotas.accounts import Account
from quotas.periods import Period, Span
from quotas.units import Unit
from tests.conftest import NOON
from tests.web.conftest import PASSWORD, Site
from tests.web.test_pages import text

PATH, GRANTS = "/admin/accounts", "/admin/grants"
MONTH = Period(2026, 11)


def accounts(site: Site) -> list[Account]:
    with site.parts.database.snapshot() as session:
        assert quotas.discrepancies(session) == []
        return quotas.accounts(session, site.cast.office.id, Unit.SHEETS)


def left(site: Site, holder: str = "", period: Period = MONTH) -> int:
    with site.parts.database.snapshot() as session:
        office = site.cast.office.id
        return quotas.balance(session, office, Unit.SHEETS, period, holder=holder).left


def post(browser, site: Site, kind: str, **more: str):
    return browser.post(PATH, office=site.cast.office.id, kind=kind, entry=new_uuid(), **more)


def test_a_persons_account_is_opened_filled_and_closed(site: Site):
    ada, bob = site.browser("ada"), site.cast.bob
    before = left(site)
    assert post(ada, site, "person", person=bob.id).status_code == 302
    own, his = accounts(site)
    moved = {"from": own.id, "to": his.id, "sheets": "5", "entry": new_uuid()}
    for _ in range(2):
        sent = {"office": site.cast.office.id, "kind": "transfer", **moved}
        assert ada.post(PATH, **sent).status_code == 302
    assert (left(site), left(site, bob.id)) == (before - 5, 5)
    page = text(ada.get(f"{PATH}?office={site.cast.office.id}"))
    assert "张伟" in page
    assert "剩余" in text(site.browser("bob").get("/"))
    assert "我的账户" in text(site.browser("bob").get("/"))
    assert post(ada, site, "close", account=his.id).status_code == 302
    assert (left(site), left(site, bob.id)) == (before, 0)
    assert post(ada, site, "close", account=own.id).status_code == 404


def test_a_project_lives_until_the_end_of_its_last_day(site: Site):
    ada = site.browser("ada")
    answer = post(ada, site, "project", name="第二次会议", ends_on="2026-11-30")
    assert answer.status_code == 302
    project = accounts(site)[1]
    assert (project.name, project.closed(NOON)) == ("第二次会议", False)
    assert project.ends_at is not None
    assert project.ends_at.astimezone(site.parts.terms.zone).isoformat()[:16] == "2026-11-30T23:59"
    assert "第二次会议" in text(ada.get(f"{PATH}?office={site.cast.office.id}"))


def test_terms_are_set_and_plans_are_elsewhere(site: Site):
    ada = site.browser("ada")
    terms = {"span": "quarter", "carry_max": "40", "adjust_max": ""}
    assert post(ada, site, "terms", **terms).status_code == 302
    own = accounts(site)[0]
    assert (own.span, own.carry_max, own.adjust_max) == (Span.QUARTER, 40, None)
    for path in (PATH, GRANTS, "/office", "/office/statement", "/admin"):
        page = text(ada.get(f"{path}?office={site.cast.office.id}"))
        assert "2026年第4季度" in page, path
    page = text(ada.get(f"{PATH}?office={site.cast.office.id}"))
    assert f'href="/admin/plans?office={site.cast.office.id}"' in page
    assert 'name="percent_less"' not in page


@pytest.mark.parametrize(
    ("kind", "fields", "status"),
    [
        ("nothing", {}, 400),
        ("terms", {"span": "week", "carry_max": "0"}, 400),
        ("terms", {"span": "project", "carry_max": "0"}, 400),
        ("terms", {"span": "month", "carry_max": "-1"}, 400),
        ("terms", {"span": "month", "carry_max": "1.5"}, 400),
        ("plan", {"percent_less": "1", "amount": "1", "starts_on": "2026-11-01"}, 400),
        ("project", {"name": "", "ends_on": "2026-11-30"}, 400),
        ("project", {"name": "x", "ends_on": "2026-11-01"}, 400),
        ("project", {"name": "x", "ends_on": "2026-11-30", "entry": "mine"}, 400),
        ("person", {"person": "x"}, 404),
        ("person", {"person": "charlie"}, 400),
        ("transfer", {"from": "x", "to": "y", "sheets": "1"}, 404),
        ("transfer", {"from": "own", "to": "own", "sheets": "1"}, 400),
        ("transfer", {"from": "own", "to": "y", "sheets": "1"}, 404),
        ("transfer", {"from": "own", "to": "y", "sheets": "-1"}, 400),
        ("close", {"account": "x"}, 404),
    ],
)
def test_what_cannot_be_done(site: Site, kind: str, fields: dict[str, str], status: int):
    known = {"own": accounts(site)[0].id, "charlie": site.cast.charlie.id}
    sent = {"office": site.cast.office.id, "kind": kind, "entry": new_uuid()}
    sent |= {name: known.get(value, value) for name, value in fields.items()}
    before = accounts(site)
    answer = site.browser("ada").post(PATH, **sent)
    assert answer.status_code == status, text(answer)
    assert accounts(site) == before


def test_no_sheets_of_another_office_are_given_away_unseen(site: Site):
    """What is named as the giver must be of the office that the page shows."""
    ada, own = site.browser("ada"), accounts(site)[0]
    sent = {"from": own.id, "to": own.id, "sheets": "1", "entry": new_uuid(), "kind": "transfer"}
    assert ada.post(PATH, office=site.cast.other.id, **sent).status_code == 404
    assert ada.post(PATH, office="x", **sent).status_code == 404
    assert ada.client.put(PATH).status_code == 405


def test_a_large_correction_waits_for_another_administrator(site: Site):
    with site.parts.database.transaction() as session:
        identity.add_person(
            session, login="eve", name="陈静", office_id=site.cast.office.id, password=PASSWORD,
            admin=True, actor=SYSTEM, now=NOON,
        )  # fmt: skip
    ada, eve, before = site.browser("ada"), site.browser("eve"), left(site)
    office, proposal = site.cast.office.id, new_uuid()
    sent = {"office": office, "month": "2026-11", "kind": "adjust", "reason": "全会材料"}
    assert ada.post(GRANTS, **sent, sheets="6000", entry=proposal).status_code == 302
    assert left(site) == before
    mine, hers = (text(each.get(f"{GRANTS}?office={office}")) for each in (ada, eve))
    assert "由另一位管理员确认" in mine
    assert 'value="confirm"' not in mine
    assert 'value="confirm"' in hers
    decide = {"office": office, "month": "2026-11", "proposal": proposal}
    assert ada.post(f"{GRANTS}/proposal", **decide, kind="confirm").status_code == 403
    assert left(site) == before
    assert eve.post(f"{GRANTS}/proposal", **decide, kind="confirm").status_code == 302
    assert left(site) == before + 6000
    assert eve.post(f"{GRANTS}/proposal", **decide, kind="reject").status_code == 409
    decide["proposal"] = "none"
    assert eve.post(f"{GRANTS}/proposal", **decide, kind="confirm").status_code == 404
