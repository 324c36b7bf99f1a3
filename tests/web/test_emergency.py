"""Jobs that wait because the office is short, the emergency pool, and the reasons afterwards."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from core.clock import FrozenClock
from core.people import SYSTEM
from printgate import gateway
from printgate import queries as printing
from printgate.ipp.tags import JOB_STATES, GroupTag, Operation, Status
from printgate.ipp.values import integer
from printgate.lifecycle import Stage
from printgate.policy import Facts
from printgate.queries import Job
from printgate.service import finish
from quotas import emergency_queries, service
from quotas import queries as quotas
from quotas.emergency import Pool, State, Use
from quotas.models import EmergencyUseRow
from quotas.periods import Period
from quotas.units import Unit
from tests.conftest import NOON
from tests.web.conftest import Site, send
from tests.web.test_pages import text
from tests.web.test_project_jobs import ask, named, number_of, pdf
from web.app import create_app
from web.services import KEY, WebServices

PATH = "/requests/emergency"
EVERYBODY = replace(SYSTEM, admin=True)
MONTH = Period(2026, 11)
POOL = Pool(40, timedelta(hours=24), timedelta(days=3))


@pytest.fixture
def pooled(site: Site) -> Site:
    """Return the site with the pool in its rules; the office has 18 of 20 sheets left."""
    parts = replace(site.parts, rules=replace(site.parts.rules, emergency=POOL))
    before = site.app.extensions[KEY]
    assert isinstance(before, WebServices)
    services = replace(before, printing=parts)
    app = create_app(services, blueprints=(gateway.blueprint(parts),))
    return replace(site, app=app, parts=parts)


def short(site: Site, pages: int = 60) -> int:
    """Send a job of Alice which takes half as many sheets as pages."""
    return send(site.parts, site.cast.alice, site.cast, "紧急通知", Facts(pages=pages))


def job(site: Site, number: int) -> Job:
    with site.parts.database.snapshot() as session:
        return printing.job(session, number)


def left(site: Site) -> tuple[int, int]:
    """Return what the office has left and what it drew, after the proofs."""
    with site.parts.database.snapshot() as session:
        assert quotas.discrepancies(session) == []
        assert emergency_queries.pool_discrepancies(session) == []
        office = site.cast.office.id
        balance = quotas.balance(session, office, Unit.SHEETS, MONTH)
        return balance.left, emergency_queries.drawn(session, office, NOON)


def use(site: Site, number: int) -> Use:
    with site.parts.database.snapshot() as session:
        (found,) = [
            each
            for each in emergency_queries.uses(session, EVERYBODY, limit=99)
            if each.id == job(site, number).uuid
        ]
        return found


def test_without_a_pool_the_job_is_refused_as_ever(site: Site):
    number = short(site)
    assert job(site, number).stage is Stage.REFUSED
    assert site.browser("alice").post(f"/jobs/{number}/urgent").status_code == 409


def test_an_urgent_job_draws_what_is_missing_and_the_reason_follows(pooled: Site):
    number = short(pooled)
    assert job(pooled, number).stage is Stage.SHORT
    assert left(pooled) == (18, 0)
    alice, bob, dora = (pooled.browser(each) for each in ("alice", "bob", "dora"))
    page = text(alice.get(f"/jobs/{number}"))
    assert "等待：张数不足" in page
    assert f'action="/jobs/{number}/urgent"' in page
    assert f'action="/jobs/{number}/urgent"' not in text(dora.get(f"/jobs/{number}"))
    assert bob.post(f"/jobs/{number}/urgent").status_code == 404
    assert dora.post(f"/jobs/{number}/urgent").status_code == 403
    assert left(pooled) == (18, 0)
    assert alice.post(f"/jobs/{number}/urgent").status_code == 302
    assert alice.post(f"/jobs/{number}/urgent").status_code == 409
    done = job(pooled, number)
    assert (done.stage, done.sheets_reserved, done.expires_at) == (Stage.ACCEPTED, 30, None)
    assert done.reasons[-1].rule == "emergency"
    assert left(pooled) == (0, 12)
    assert "应急额度" in text(alice.get(f"/jobs/{number}"))
    assert "您有 1 笔应急额度待说明理由" in text(alice.get("/"))
    assert "由您审核的应急额度有 1 笔尚未办结" in text(dora.get("/"))
    for other in (bob, pooled.browser("ada")):
        assert "应急额度" not in text(other.get("/"))
    assert "应急额度" in text(dora.get("/office/statement"))
    given = {"use": done.uuid, "action": "justify", "reason": "全会今晚召开"}
    assert alice.post(PATH, **given).status_code == 302
    assert alice.post(PATH, **given).status_code == 409
    assert "您有" not in text(alice.get("/"))
    judged = {"use": done.uuid, "action": "object", "reason": "应提前安排"}
    assert alice.post(PATH, **judged).status_code == 403
    assert bob.post(PATH, **judged).status_code == 404
    assert dora.post(PATH, **judged).status_code == 302
    page = text(alice.get(PATH))
    assert "全会今晚召开" in page
    assert "应提前安排" in page
    assert use(pooled, number).state is State.OBJECTED
    assert "全会今晚召开" not in text(bob.get(PATH))


def test_the_client_is_told_that_it_waits(pooled: Site):
    answer = ask(pooled, Operation.PRINT_JOB, document=pdf(60))
    assert answer.code == Status.OK
    told = ask(pooled, Operation.GET_JOB_ATTRIBUTES, integer("job-id", number_of(answer)))
    group = told.group(GroupTag.JOB)
    state, reasons = group.get("job-state"), group.get("job-state-reasons")
    assert state is not None is not reasons
    assert state.first.content == JOB_STATES["pending-held"]
    assert [each.text() for each in reasons.values] == ["account-limit-reached"]
    canceled = ask(pooled, Operation.CANCEL_JOB, integer("job-id", number_of(answer)))
    assert canceled.code == Status.OK
    assert job(pooled, number_of(answer)).stage is Stage.CANCELED
    assert left(pooled) == (18, 0)


def test_it_waits_so_long_and_no_longer(pooled: Site, clock: FrozenClock):
    number = short(pooled)
    hold = timedelta(days=9)
    for after, stage in ((23, Stage.SHORT), (24, Stage.EXPIRED)):
        with pooled.parts.database.transaction() as session:
            finish.expire(session, hold_expires=hold, now=NOON + timedelta(hours=after))
        assert job(pooled, number).stage is stage
    assert pooled.browser("alice").post(f"/jobs/{number}/urgent").status_code == 409
    assert left(pooled) == (18, 0)
    assert "等待的作业已超时" in text(pooled.browser("alice").get("/"))


def test_once_the_office_has_enough_nothing_is_drawn(pooled: Site):
    number = short(pooled)
    with pooled.parts.database.transaction() as session:
        service.grant(
            session, "more", pooled.cast.office.id, Unit.SHEETS, MONTH, 50, actor=SYSTEM, now=NOON
        )
    assert pooled.browser("alice").post(f"/jobs/{number}/urgent").status_code == 302
    assert job(pooled, number).stage is Stage.ACCEPTED
    assert left(pooled) == (38, 0)


def test_what_the_pool_cannot_pay_does_not_wait(pooled: Site):
    assert job(pooled, short(pooled, 200)).stage is Stage.REFUSED
    first, second = short(pooled, 100), short(pooled, 100)
    alice = pooled.browser("alice")
    assert alice.post(f"/jobs/{first}/urgent").status_code == 302
    assert left(pooled) == (0, 32)
    answer = alice.post(f"/jobs/{second}/urgent")
    assert answer.status_code == 409
    assert "应急额度剩余 8 张" in answer.get_data(as_text=True)
    assert job(pooled, second).stage is Stage.SHORT
    assert left(pooled) == (0, 32)


def test_whoever_owes_a_reason_too_long_waits_for_nothing(pooled: Site, clock: FrozenClock):
    number, other = short(pooled), short(pooled)
    alice = pooled.browser("alice")
    assert alice.post(f"/jobs/{number}/urgent").status_code == 302
    with pooled.parts.database.transaction() as session:
        found = job(pooled, number).uuid
        session.get_one(EmergencyUseRow, found).due_at = NOON
    assert alice.post(f"/jobs/{other}/urgent").status_code == 403
    assert job(pooled, other).stage is Stage.SHORT
    assert "已逾期" in text(alice.get(PATH))
    assert job(pooled, short(pooled)).stage is Stage.REFUSED
    reason = {"use": found, "action": "justify", "reason": "全会今晚召开"}
    assert alice.post(PATH, **reason).status_code == 302
    assert alice.post(f"/jobs/{other}/urgent").status_code == 409
    assert job(pooled, short(pooled, 20)).stage is Stage.SHORT


def test_a_project_and_a_person_with_their_own_account_draw_nothing(pooled: Site):
    answer = ask(pooled, Operation.PRINT_JOB, job=(named("none"),), document=pdf(60))
    assert answer.code == Status.ACCOUNT_AUTHORIZATION_FAILED
    with pooled.parts.database.transaction() as session:
        service.open_person_account(
            session, pooled.cast.office.id, Unit.SHEETS, pooled.cast.alice.id, actor=SYSTEM,
            now=NOON,
        )  # fmt: skip
    assert job(pooled, short(pooled)).stage is Stage.REFUSED


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"use": "none", "action": "justify", "reason": "x"}, 404),
        ({"action": "justify", "reason": "x"}, 404),
        ({"use": "@", "action": "forget", "reason": "x"}, 400),
        ({"use": "@", "reason": "x"}, 400),
        ({"use": "@", "action": "justify", "reason": " "}, 400),
        ({"use": "@", "action": "accept", "reason": "x"}, 403),
    ],
)
def test_what_cannot_be_said(pooled: Site, fields: dict[str, str], status: int):
    number = short(pooled)
    alice = pooled.browser("alice")
    assert alice.post(f"/jobs/{number}/urgent").status_code == 302
    sent = {name: job(pooled, number).uuid if value == "@" else value for name, value in
            fields.items()}  # fmt: skip
    answer = alice.post(PATH, **sent)
    assert answer.status_code == status
    if sent.get("reason") == " ":
        assert 'aria-invalid="true"' in answer.get_data(as_text=True)
    assert use(pooled, number).state is State.DUE


def test_the_rules_and_the_way_to_the_list(pooled: Site):
    alice = pooled.browser("alice")
    assert 'id="emergency"' in text(alice.get("/rules"))
    assert f'href="{PATH}"' in text(alice.get("/requests"))
    page = text(alice.get(PATH))
    assert "没有动用应急额度的记录" in page
    assert re.search(r"尚可动用 40 张", page)
