"""The administrator's page of grants."""

import re

import pytest

from core.ids import new_uuid
from quotas import queries as quotas
from quotas.periods import Period
from quotas.units import Unit
from tests.web.conftest import Site
from tests.web.test_pages import text

PATH = "/admin/grants"
MONTH = Period(2026, 11)


def granted(site: Site, period: Period = MONTH) -> int:
    with site.parts.database.snapshot() as session:
        assert quotas.discrepancies(session) == []
        return quotas.balance(session, site.cast.office.id, Unit.SHEETS, period).granted


def fields(site: Site, **more: str) -> dict[str, str]:
    return {
        "office": site.cast.office.id, "month": "2026-11", "entry": new_uuid(), "kind": "grant",
        "sheets": "100", **more,
    }  # fmt: skip


def test_a_grant_is_entered_once_however_often_its_form_is_sent(site: Site):
    ada = site.browser("ada")
    page = text(ada.get(f"{PATH}?office={site.cast.office.id}&month=2026-11"))
    entry = re.findall(r'name="entry" value="([^"]+)"', page)[0]
    sent = fields(site, entry=entry)
    assert ada.post(PATH, **sent).status_code == 302
    assert ada.post(PATH, **sent).status_code == 302
    assert granted(site) == 120
    assert "+100" in text(ada.get(f"{PATH}?office={site.cast.office.id}&month=2026-11"))
    assert ada.post(PATH, **{**sent, "sheets": "7"}).status_code == 409
    ada.post(PATH, **fields(site, month="2026-12"))
    assert (granted(site), granted(site, Period(2026, 12))) == (120, 100)


def test_a_correction_has_a_reason_and_takes_back_no_more_than_was_given(site: Site):
    ada = site.browser("ada")
    adjust = {"kind": "adjust", "sheets": "-5"}
    refused = ada.post(PATH, **fields(site, **adjust))
    assert refused.status_code == 400
    assert 'value="-5"' in refused.get_data(as_text=True)
    too_much = fields(site, kind="adjust", sheets="-21", reason="多给了")
    assert ada.post(PATH, **too_much).status_code == 400
    assert ada.post(PATH, **fields(site, reason="多给了", **adjust)).status_code == 302
    assert granted(site) == 15
    assert "多给了" in text(ada.get(f"{PATH}?office={site.cast.office.id}"))


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"sheets": "x"}, 400),
        ({"sheets": ""}, 400),
        ({"sheets": "0"}, 400),
        ({"sheets": "-3"}, 400),
        ({"sheets": "99999999999"}, 400),
        ({"entry": "mine"}, 400),
        ({"office": "x"}, 404),
        ({"office": ""}, 404),
    ],
)
def test_what_cannot_be_entered(site: Site, wrong: dict[str, str], status: int):
    ada = site.browser("ada")
    assert ada.post(PATH, **fields(site, **wrong)).status_code == status
    assert granted(site) == 20


def test_malformed_addresses_show_this_month_of_the_own_office(site: Site):
    page = text(site.browser("ada").get(f"{PATH}?office=x&month=2026-13"))
    assert "法工委" in page
    assert "2026-11" in page
    assert site.browser("ada").client.put(PATH).status_code == 405
