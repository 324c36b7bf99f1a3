"""The pages of loans between offices."""

import pytest

from core.ids import new_uuid
from core.people import SYSTEM, Actor
from quotas import lending_queries, queries, service
from quotas.lending import Loan
from quotas.periods import Period
from quotas.units import Unit
from tests.conftest import NOON
from tests.web.conftest import Site
from tests.web.test_pages import text

PATH, NEW = "/loans", "/loans/new"
MONTH = Period(2026, 11)


def found(site: Site) -> list[Loan]:
    with site.parts.database.snapshot() as session:
        assert queries.discrepancies(session) == []
        assert lending_queries.discrepancies(session) == []
        return lending_queries.loans(session, Actor.of(site.cast.ada), limit=9)


def left(site: Site) -> tuple[int, int]:
    with site.parts.database.snapshot() as session:
        cast = site.cast
        offices = (cast.other.id, cast.office.id)
        lender, borrower = (
            queries.balance(session, each, Unit.SHEETS, MONTH).left for each in offices
        )
        return lender, borrower


@pytest.fixture
def stocked(site: Site) -> Site:
    with site.parts.database.transaction() as session:
        service.grant(
            session, "o", site.cast.other.id, Unit.SHEETS, MONTH, 100, actor=SYSTEM, now=NOON
        )
    return site


def asked(site: Site, **more: str):
    fine = {
        "entry": new_uuid(),
        "lender": site.cast.other.id,
        "borrower": site.cast.office.id,
        "sheets": "30",
        "last_day": "2026-11-30",
        "reason": "全会材料",
    }
    return site.browser("dora").post(NEW, **fine | more)


def test_a_loan_is_asked_for_agreed_to_and_given_back(stocked: Site):
    site, dora, ada = stocked, stocked.browser("dora"), stocked.browser("ada")
    before = left(site)
    entry = new_uuid()
    for _ in range(2):
        assert asked(site, entry=entry).location == f"{PATH}/{entry}"
    page = text(dora.get(f"{PATH}/{entry}"))
    assert "待对方单位答复" in page
    assert 'value="agree"' not in page
    assert 'href="/loans"' in text(dora.get("/requests"))
    assert "借用 30 张" in text(ada.get("/"))
    assert 'value="agree"' in text(ada.get(f"{PATH}/{entry}"))
    for _ in range(2):
        assert ada.post(f"{PATH}/{entry}", action="agree").status_code == 302
    assert left(site) == (before[0] - 30, before[1] + 30)
    assert "借给贵单位 30 张" in text(dora.get("/"))
    give = {"action": "give-back", "sheets": "12"}
    assert dora.post(f"{PATH}/{entry}", **give).status_code == 302
    page = text(dora.get(PATH))
    assert ">18</td>" in page
    assert "在借" in page
    assert left(site) == (before[0] - 18, before[1] + 18)
    give["sheets"] = "19"
    answer = dora.post(f"{PATH}/{entry}", **give)
    assert (answer.status_code, "尚欠的 18 张" in answer.get_data(as_text=True)) == (400, True)


def test_a_loan_is_turned_down_or_no_longer_asked_for(stocked: Site):
    site, dora, ada = stocked, stocked.browser("dora"), stocked.browser("ada")
    one, two = new_uuid(), new_uuid()
    assert asked(site, entry=one).status_code == 302
    assert asked(site, entry=two).status_code == 302
    assert ada.post(f"{PATH}/{one}", action="refuse", reason="").status_code == 400
    assert ada.post(f"{PATH}/{one}", action="refuse", reason="自己不够").status_code == 302
    assert "自己不够" in text(dora.get(f"{PATH}/{one}"))
    assert dora.post(f"{PATH}/{one}", action="withdraw").status_code == 409
    assert dora.post(f"{PATH}/{two}", action="withdraw").status_code == 302
    assert ada.post(f"{PATH}/{two}", action="agree").status_code == 409


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"sheets": "-1"}, 400),
        ({"sheets": "1.5"}, 400),
        ({"sheets": "0"}, 400),
        ({"sheets": "9" * 30}, 400),
        ({"sheets": "5 kg"}, 400),
        ({"last_day": ""}, 400),
        ({"last_day": "2026-11-31"}, 400),
        ({"last_day": "2026-11-23"}, 400),
        ({"last_day": "2028-01-01"}, 400),
        ({"last_day": "0001-01-01"}, 400),
        ({"last_day": "9999-12-31"}, 400),
        ({"reason": " "}, 400),
        ({"entry": "x"}, 400),
        ({"lender": "own"}, 400),
        ({"lender": "nowhere"}, 404),
        ({"borrower": "other"}, 404),
        ({"borrower": ""}, 404),
    ],
)
def test_what_cannot_be_asked_for(stocked: Site, wrong: dict[str, str], status: int):
    known = {"own": stocked.cast.office.id, "other": stocked.cast.other.id}
    answer = asked(stocked, **{name: known.get(value, value) for name, value in wrong.items()})
    assert answer.status_code == status
    assert 'role="alert"' in answer.get_data(as_text=True)
    assert found(stocked) == []


def test_who_has_too_little_is_told_and_it_waits(stocked: Site):
    entry, ada = new_uuid(), stocked.browser("ada")
    assert asked(stocked, entry=entry, sheets="101").status_code == 302
    before = left(stocked)
    answer = ada.post(f"{PATH}/{entry}", action="agree")
    assert answer.status_code == 409
    assert 'role="alert"' in answer.get_data(as_text=True)
    assert left(stocked) == before
    assert 'value="agree"' in text(ada.get(f"{PATH}/{entry}"))


def test_who_is_no_party_sees_nothing(stocked: Site):
    entry = new_uuid()
    assert asked(stocked, entry=entry).status_code == 302
    for login in ("alice", "charlie"):
        browser = stocked.browser(login)
        assert browser.get(PATH).status_code == 403
        assert browser.get(f"{PATH}/{entry}").status_code == 404
        assert browser.post(f"{PATH}/{entry}", action="agree").status_code == 404
    dora = stocked.browser("dora")
    assert dora.post(f"{PATH}/{entry}", action="agree").status_code == 403
    assert dora.post(f"{PATH}/{entry}", action="dance").status_code == 400
    assert dora.get(f"{PATH}/nothing").status_code == 404
