"""The pages of requests: asking, the lists, deciding."""

import pytest

from core.ids import new_uuid
from core.people import SYSTEM, Actor
from quotas import inbox, service
from quotas import queries as quotas
from quotas.periods import Period
from quotas.requests import State
from quotas.units import Unit
from tests.conftest import NOON
from tests.web.conftest import Browser, Site
from tests.web.test_pages import text

NEW, PATH = "/requests/new", "/requests"
MONTH = Period(2026, 11)


@pytest.fixture
def own(site: Site) -> None:
    """Alice has an account of her own."""
    with site.parts.database.transaction() as session:
        service.open_person_account(
            session, site.cast.office.id, Unit.SHEETS, site.cast.alice.id, actor=SYSTEM, now=NOON
        )


def ask(site: Site, browser: Browser, **more: str):
    fields = {
        "entry": new_uuid(), "account": site.cast.office.id, "sheets": "8", "reason": "会议材料",
        **more,
    }  # fmt: skip
    return browser.post(NEW, **fields)


def said(answer) -> str:
    """Return a page whatever its status."""
    page: str = answer.get_data(as_text=True)
    return page


def left(site: Site, holder: str = "") -> int:
    with site.parts.database.snapshot() as session:
        assert quotas.discrepancies(session) == []
        office = site.cast.office.id
        return quotas.balance(session, office, Unit.SHEETS, MONTH, holder=holder).left


def state(site: Site, address: str) -> State:
    with site.parts.database.snapshot() as session:
        request_id = address.rsplit("/", 1)[1]
        return inbox.request_for(session, request_id, Actor.of(site.cast.ada)).state


def test_the_refused_job_and_the_office_lead_to_the_form(site: Site):
    alice = site.browser("alice")
    link = f'href="{NEW}'
    assert link in text(alice.get(f"/jobs/{site.refused}"))
    assert link not in text(alice.get(f"/jobs/{site.job}"))
    assert link not in text(site.browser("dora").get(f"/jobs/{site.refused}"))
    assert f'{link}?account={site.cast.office.id}"' in text(alice.get("/office"))
    other = text(site.browser("ada").get(f"/office?office={site.cast.office.id}"))
    assert link not in other
    assert link in text(alice.get(PATH))


def test_a_request_for_ones_own_account_is_granted_by_the_head(site: Site, own: None):
    alice, dora, entry = site.browser("alice"), site.browser("dora"), new_uuid()
    form = text(alice.get(NEW))
    assert '<option value="own" selected>' in form
    office = left(site)
    address = ask(site, alice, account="own", entry=entry).location
    assert ask(site, alice, account="own", entry=entry).location == address
    assert "王芳 为个人账户申请增加 8 张用纸" in text(dora.get("/"))
    listed = text(dora.get(PATH))
    assert "待我审批 (1)" in listed
    assert address in listed
    page = text(dora.get(address))
    assert "单位账户剩余" in page
    assert 'name="sheets" value="8"' in page
    for _ in range(2):
        answer = dora.post(address, action="grant", sheets="5", answer="先用五张")
        assert answer.status_code == 302
    assert (left(site), left(site, site.cast.alice.id)) == (office - 5, 5)
    page = text(alice.get(address))
    assert "先用五张" in page
    assert "已批准" in page
    assert "您的用纸申请已获批准：5 张" in text(alice.get("/"))
    assert address in text(dora.get(f"{PATH}?view=decided"))
    assert address not in text(dora.get(f"{PATH}?view=open"))
    assert address in text(alice.get(PATH))


def test_more_for_the_office_is_the_administrators_to_grant(site: Site):
    alice, dora, ada = (site.browser(each) for each in ("alice", "dora", "ada"))
    address, before = ask(site, alice).location, left(site)
    page = text(dora.get(address))
    assert "单位账户增加用纸由管理员批准" in page
    assert 'value="grant"' not in page
    assert dora.post(address, action="grant", sheets="8").status_code == 403
    assert ada.post(address, action="grant", sheets="9").status_code == 400
    assert ada.post(address, action="grant", sheets="8").status_code == 302
    assert left(site) == before + 8
    again = ada.post(address, action="refuse", reason="不行")
    assert again.status_code == 409
    assert "已经有人审批" in said(again)


def test_a_head_who_asks_for_the_office_waits_for_an_administrator(site: Site):
    dora, ada = site.browser("dora"), site.browser("ada")
    address = ask(site, dora).location
    answer = dora.post(address, action="refuse", reason="试试")
    assert answer.status_code == 403
    assert "不能审批自己的申请" in said(answer)
    assert ada.post(address, action="refuse", reason="").status_code == 400
    assert ada.post(address, action="refuse", reason="年底从严").status_code == 302
    assert state(site, address) is State.REFUSED
    assert "年底从严" in text(dora.get(address))


def test_a_request_is_taken_back_and_another_made(site: Site):
    alice = site.browser("alice")
    address = ask(site, alice).location
    second = ask(site, alice, sheets="9")
    assert second.status_code == 409
    assert "还在审批中" in said(second)
    assert 'value="9"' in said(second)
    assert alice.post(address, action="withdraw").status_code == 302
    assert state(site, address) is State.WITHDRAWN
    assert ask(site, alice, sheets="9").status_code == 302


def test_a_head_gives_no_more_than_the_office_has(site: Site, own: None):
    alice, dora = site.browser("alice"), site.browser("dora")
    address = ask(site, alice, account="own", sheets="900").location
    page = text(dora.get(address))
    assert f'name="sheets" value="{left(site)}"' in page
    answer = dora.post(address, action="grant", sheets="900")
    assert answer.status_code == 409
    assert 'aria-invalid="true"' in said(answer)
    assert state(site, address) is State.ASKED


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"sheets": "0"}, 400),
        ({"sheets": "-3"}, 400),
        ({"sheets": "1.5"}, 400),
        ({"sheets": "9" * 40}, 400),
        ({"sheets": ""}, 400),
        ({"reason": "  "}, 400),
        ({"entry": "mine"}, 400),
        ({"account": "own"}, 404),
        ({"account": "nowhere"}, 404),
        ({"account": ""}, 404),
    ],
)
def test_what_cannot_be_asked_for_is_said_on_the_form(site: Site, fields, status):
    alice = site.browser("alice")
    answer = ask(site, alice, **fields)
    assert answer.status_code == status
    page = said(answer)
    assert 'role="alert"' in page
    assert f'action="{NEW}"' in page
    assert "还没有提出过申请" in text(alice.get(PATH))


def test_another_office_is_not_asked_for(site: Site):
    assert ask(site, site.browser("alice"), account=site.cast.other.id).status_code == 404
    assert f'value="{site.cast.other.id}"' not in text(site.browser("dora").get(NEW))


def test_somebody_elses_request_is_as_if_it_were_not_there(site: Site):
    address = ask(site, site.browser("alice")).location
    for login in ("bob", "charlie"):
        browser = site.browser(login)
        assert browser.get(address).status_code == 404
        assert browser.post(address, action="withdraw").status_code == 404
        assert address not in text(browser.get(f"{PATH}?view=decided"))
    assert state(site, address) is State.ASKED


@pytest.mark.parametrize("request_id", ["x", "00000000-0000-4000-8000-000000000000", "%00", "1"])
def test_a_request_that_is_not_there(site: Site, request_id: str):
    ada = site.browser("ada")
    assert ada.get(f"{PATH}/{request_id}").status_code == 404
    assert ada.post(f"{PATH}/{request_id}", action="grant", sheets="1").status_code == 404


def test_what_makes_no_sense_changes_nothing(site: Site):
    ada, address = site.browser("ada"), ask(site, site.browser("alice")).location
    for fields in (
        {"action": "nonsense"}, {}, {"action": "grant"}, {"action": "grant", "sheets": "viel"},
        {"action": "grant", "sheets": "0"}, {"action": "refuse"},
    ):  # fmt: skip
        assert ada.post(address, **fields).status_code == 400, fields
    assert ada.post(address, action="withdraw").status_code == 403
    assert state(site, address) is State.ASKED
    assert ada.get(f"{PATH}?view=x&page=y&office=z&from=never").status_code == 200


def test_the_list_is_filtered_and_says_when_nothing_fits(site: Site):
    ask(site, site.browser("alice"), reason="选举票样")
    ask(site, site.browser("charlie"), account=site.cast.other.id, reason="法律汇编")
    ada = site.browser("ada")
    assert "选举票样" in text(ada.get(PATH))
    found = text(ada.get(f"{PATH}?view=open&q=法律"))
    assert "法律汇编" in found
    assert "选举票样" not in found
    assert "选举票样" not in text(ada.get(f"{PATH}?view=open&office={site.cast.other.id}"))
    assert "选举票样" not in text(ada.get(f"{PATH}?view=open&to=2026-11-22"))
    assert "没有符合条件" in text(ada.get(f"{PATH}?view=open&q=zzz"))


def test_other_methods_are_not_served(site: Site):
    alice = site.browser("alice")
    address = ask(site, alice).location
    assert alice.post(PATH).status_code == 405
    for path in (PATH, NEW, address):
        assert alice.client.put(path).status_code == 405
