"""The pages of permits to print on one side."""

import re

import pytest

from core.ids import new_uuid
from printgate import permit_queries
from printgate.permits import State
from printgate.policy import Facts
from printgate.ticket import JobTicket
from tests.web.conftest import Site, send
from tests.web.test_forms import WHERE
from tests.web.test_pages import text

PATH = "/permits"


def fields(**more: str) -> dict[str, str]:
    return {
        "key": new_uuid(), "measure": "jobs", "count": "3", "last_day": "2026-12-31",
        "reason": "合同正本需要用印", **more,
    }  # fmt: skip


def state(site: Site) -> State:
    with site.parts.database.snapshot() as session:
        return permit_queries.permit(session, site.permit).state


def test_a_permit_is_asked_for_granted_used_and_seen(site: Site):
    alice, dora = site.browser("alice"), site.browser("dora")
    key = re.findall(r'name="key" value="([^"]+)"', text(alice.get(PATH)))[0]
    answers = [alice.post(PATH, **fields(key=key)) for _ in range(2)]
    assert len({each.location for each in answers}) == 1
    path = answers[0].location
    assert "等待决定" in text(alice.get(path))
    assert "申请双面打印豁免" in text(dora.get("/"))
    inbox = text(dora.get(f"{PATH}?of=office"))
    assert inbox.count("去决定") == 2
    assert "合同正本需要用印" in inbox
    assert dora.post(f"{path}/grant").location == path
    assert "已获准许" in text(alice.get("/"))
    job = send(
        site.parts,
        site.cast.alice,
        site.cast,
        "函",
        Facts(pages=2),
        ticket=JobTicket(sides="one-sided"),
    )
    number = path.rsplit("/", 1)[1]
    page = text(alice.get(f"/jobs/{job}"))
    assert f"按第 {number} 号豁免单面打印：合同正本需要用印" in page
    assert f'href="{path}"' in page
    assert f'href="/jobs/{job}"' in text(dora.get(path))
    assert text(alice.get("/rules")).count('id="permit"') == 1
    alice.post(f"/jobs/{job}/cancel")
    assert "已退还" in text(alice.get(path))


def test_who_may_see_and_do_what(site: Site):
    path = f"{PATH}/{site.permit}"
    for login, seen in (
        ("alice", 200), ("bob", 404), ("charlie", 404), ("dora", 200), ("ada", 200),
    ):  # fmt: skip
        browser = site.browser(login)
        assert browser.get(path).status_code == seen, login
        if seen == 404:
            for act in ("grant", "refuse", "withdraw", "revoke"):
                assert browser.post(f"{path}/{act}", reason="合规的理由").status_code == 404
    alice = site.browser("alice")
    for act in ("grant", "refuse", "revoke"):
        assert alice.post(f"{path}/{act}", reason="合规的理由").status_code == 403, act
    assert state(site) is State.ASKED
    assert "正本需要用印" not in text(site.browser("bob").get(f"{PATH}?of=office"))
    assert "正本需要用印" not in text(site.browser("dora").get(PATH))
    assert "正本需要用印" in text(site.browser("ada").get(f"{PATH}?of=office"))


def test_a_refusal_has_a_reason_that_is_shown(site: Site):
    dora, path = site.browser("dora"), f"{PATH}/{site.permit}"
    without = dora.post(f"{path}/refuse", reason="不")
    assert without.status_code == 400
    assert WHERE.findall(without.get_data(as_text=True)) == ["refuse"]
    assert state(site) is State.ASKED
    assert dora.post(f"{path}/refuse", reason="这类文件可以双面打印").location == path
    assert "这类文件可以双面打印" in text(site.browser("alice").get(path))
    assert dora.post(f"{path}/grant").status_code == 409
    assert state(site) is State.REFUSED


def test_what_was_granted_can_be_withdrawn_and_revoked(site: Site):
    alice, dora, path = site.browser("alice"), site.browser("dora"), f"{PATH}/{site.permit}"
    dora.post(f"{path}/grant")
    assert dora.post(f"{path}/withdraw").status_code == 403
    assert dora.post(f"{path}/revoke", reason="工作已经完成").location == path
    assert "工作已经完成" in text(alice.get(path))
    assert alice.post(f"{path}/withdraw").status_code == 409
    assert state(site) is State.REVOKED


@pytest.mark.parametrize(
    ("wrong", "status", "beside"),
    [
        ({"reason": "急"}, 400, ["reason"]),
        ({"count": "0"}, 400, ["count"]),
        ({"count": "-1"}, 400, ["count"]),
        ({"count": "1.5"}, 400, ["count"]),
        ({"count": "9999999999"}, 400, ["count"]),
        ({"count": "1001"}, 400, ["count"]),
        ({"last_day": "2026-11-22"}, 400, ["last_day"]),
        ({"last_day": "2099-01-01"}, 400, ["last_day"]),
        ({"last_day": "x"}, 400, ["last_day"]),
        ({"measure": "reams"}, 400, []),
        ({"key": "mine"}, 400, []),
    ],
)
def test_what_cannot_be_asked_for(site: Site, wrong: dict[str, str], status: int, beside):
    answer = site.browser("bob").post(PATH, **fields(**wrong))
    page = answer.get_data(as_text=True)
    assert (answer.status_code, WHERE.findall(page)) == (status, beside)
    if "reason" not in wrong:
        assert 'value="合同正本需要用印"' in page


def test_lists_are_filtered_and_malformed_addresses_do_no_harm(site: Site):
    dora = site.browser("dora")
    assert "正本需要用印" in text(dora.get(f"{PATH}?of=office&standing=asked"))
    assert "没有符合的豁免" in text(dora.get(f"{PATH}?of=office&standing=valid"))
    assert dora.get(f"{PATH}?of=x&standing=x&page=x").status_code == 200
    assert "还没有" not in text(dora.get(f"{PATH}?of=office"))
    for path, status in ((f"{PATH}/99999", 404), (f"{PATH}/x", 404), (f"{PATH}/-1", 404)):
        assert dora.get(path).status_code == status
    assert dora.post(f"{PATH}/99999/grant").status_code == 404
    assert dora.post(f"{PATH}/{site.permit}/burn").status_code == 400
    assert dora.get(f"{PATH}/{site.permit}/grant").status_code == 404
    assert dora.client.put(PATH).status_code == 405
