"""The administrator's page of background work and of jobs that do not move."""

from datetime import timedelta

import pytest

from core import audit
from core.tasks import queries as outbox
from core.tasks import service as tasks
from printgate import queries as printing
from printgate.lifecycle import ACTIVE, Stage, may
from printgate.lifecycle import Event as JobEvent
from printgate.models import JobRow
from printgate.service import forward
from printgate.stuck import STUCK_AFTER, TROUBLES, Way
from quotas import queries as quotas
from quotas.units import Unit
from tests.conftest import NOON
from tests.web.conftest import Site
from tests.web.test_admin_grants import MONTH
from tests.web.test_pages import text

PATH = "/admin/background"
_NEEDS = {Way.CANCEL: JobEvent.CANCEL, Way.SETTLE: JobEvent.CLOSE}


def test_every_stage_that_is_not_over_moves_waits_for_a_person_or_has_a_way_out():
    waits_for_a_person = {Stage.ASKED, Stage.SHORT, Stage.HELD}
    assert set(TROUBLES) == (ACTIVE - waits_for_a_person) | {Stage.UNKNOWN}
    for stage, trouble in TROUBLES.items():
        assert trouble.ways
        for way in trouble.ways:
            assert way is Way.RETRY or may(stage, _NEEDS[way]), (stage, way)


def put(site: Site, stage: Stage) -> int:
    with site.parts.database.transaction() as session:
        row = session.get_one(JobRow, site.job)
        row.stage, row.state_reasons = stage, ["media-jam"]
        if stage not in (Stage.RECEIVING, Stage.DECIDING, Stage.ACCEPTED):
            row.backend_job_id = 5
    return site.job


def stage(site: Site) -> Stage:
    with site.parts.database.snapshot() as session:
        return printing.job(session, site.job).stage


def names(site: Site) -> list[str]:
    with site.parts.database.snapshot() as session:
        return [depth.name for depth in outbox.depths(session, now=site.parts.clock.now())]


@pytest.mark.parametrize("stuck", list(TROUBLES))
def test_a_stuck_job_is_shown_with_its_cause_and_its_ways_out(site: Site, clock, stuck: Stage):
    put(site, stuck)
    ada = site.browser("ada")
    clock.move(STUCK_AFTER - timedelta(seconds=1))
    assert f"j-{site.job}" not in text(ada.get(PATH))
    clock.move(timedelta(seconds=1))
    page = text(ada.get(PATH))
    assert f"j-{site.job}" in page
    assert "卡纸" in page
    assert "通知" not in page
    ways = TROUBLES[stuck].ways
    assert (f"/admin/jobs/{site.job}/retry" in page) is (Way.RETRY in ways)
    assert (f"/admin/jobs/{site.job}/cancel" in page) is (Way.CANCEL in ways)
    assert (f"/admin/jobs/{site.job}/settle" in page) is (Way.SETTLE in ways)


@pytest.mark.parametrize(
    ("stuck", "work"),
    [
        (Stage.DECIDING, "printgate.decide"),
        (Stage.ACCEPTED, "printgate.forward"),
        (Stage.RELEASED, "printgate.forward"),
        (Stage.CANCELING, "printgate.cancel"),
    ],
)
def test_trying_again_lays_the_work_aside(site: Site, stuck: Stage, work: str):
    with site.parts.database.transaction() as session:
        while (task := tasks.claim_due(session, now=NOON + timedelta(days=1))) is not None:
            tasks.finish(session, task)
    put(site, stuck)
    assert site.browser("ada").post(f"/admin/jobs/{site.job}/retry").location == PATH
    assert names(site) == [work]
    with site.parts.database.snapshot() as session:
        uuid = printing.job(session, site.job).uuid
        assert [record.action for record in audit.records_of(session, uuid)][-1] == "job.retry"
    put(site, Stage.UNKNOWN)
    assert site.browser("ada").post(f"/admin/jobs/{site.job}/retry").status_code == 409


def test_what_is_being_done_is_not_begun_beside_it(site: Site):
    with site.parts.database.transaction() as session:
        while tasks.claim_due(session, now=NOON) is not None:
            pass
    answer = site.browser("ada").post(f"/admin/jobs/{site.job}/retry")
    assert answer.status_code == 409
    assert "正在" in answer.get_data(as_text=True)


def test_cancelling_asks_first_and_frees_the_sheets(site: Site):
    ada, path = site.browser("ada"), f"/admin/jobs/{site.job}/cancel"
    assert "王芳" in text(ada.get(path))
    assert stage(site) is Stage.ACCEPTED
    assert ada.post(path).location == PATH
    assert stage(site) is Stage.CANCELED
    with site.parts.database.snapshot() as session:
        assert quotas.balance(session, site.cast.office.id, Unit.SHEETS, MONTH).held == 0
    assert ada.post(path).status_code == 409


def test_settling_what_the_print_system_never_told(site: Site):
    with site.parts.database.transaction() as session:
        uuid = printing.job(session, site.job).uuid
        forward.created_in_backend(session, uuid, 5, now=NOON)
        forward.about_to_release(session, uuid, 5, now=NOON)
    alice, ada = site.browser("alice"), site.browser("ada")
    assert ada.post(f"/admin/jobs/{site.job}/settle", sheets="1").status_code == 409
    alice.post(f"/jobs/{site.job}/cancel")
    assert stage(site) is Stage.CANCELING
    # Who cancelled it would have a reason to find nothing in the tray.
    assert alice.post(f"/jobs/{site.job}/close", sheets="0").status_code == 409
    for sheets, status in (("x", 400), ("", 400), ("3", 409), ("-1", 400)):
        answer = ada.post(f"/admin/jobs/{site.job}/settle", sheets=sheets)
        assert answer.status_code == status
    assert ada.post(f"/admin/jobs/{site.job}/settle", sheets="1").location == PATH
    with site.parts.database.snapshot() as session:
        job = printing.job(session, site.job)
        assert (job.stage, job.sheets_used) == (Stage.COMPLETED, 1)
        balance = quotas.balance(session, site.cast.office.id, Unit.SHEETS, MONTH)
        assert (balance.held, balance.spent) == (0, 1)
        assert quotas.discrepancies(session) == []


def test_settling_asks_first(site: Site, clock):
    put(site, Stage.UNKNOWN)
    clock.move(STUCK_AFTER)
    ada, path = site.browser("ada", "en"), f"/admin/jobs/{site.job}/settle"
    assert f'action="{path}"' in text(ada.get(PATH))
    assert "How many sheets" in text(ada.get(path))
    for sheets, status, said in (
        ("x", 400, "Please enter a whole number."),
        ("", 400, "Please enter a whole number."),
        ("3", 409, "0 to 2 sheets"),
        ("-1", 400, "Please enter a whole number."),
    ):
        answer = ada.get(f"{path}?sheets={sheets}")
        page = answer.get_data(as_text=True)
        assert answer.status_code == status
        assert said in page
        assert f'name="sheets" value="{sheets}"' in page
        assert 'method="post" action="/admin' not in page
    page = text(ada.get(f"{path}?sheets=1"))
    assert "this is charged to 办公室: 1 sheet. What is left becomes free again: 1 sheet." in page
    assert 'type="hidden" name="sheets" value="1"' in page
    assert stage(site) is Stage.UNKNOWN
    assert ada.post(path, sheets="1").location == PATH
    assert stage(site) is Stage.COMPLETED
    assert ada.get(f"{path}?sheets=1").status_code == 409


def test_work_that_fails_is_shown_with_its_error_and_tried_at_once(site: Site):
    now = site.parts.clock.now()
    with site.parts.database.transaction() as session:
        tasks.enqueue(session, "core.mail", "m", values={"to": "secret@example.org"}, now=now)
        claims = []
        while (task := tasks.claim_due(session, now=now)) is not None:
            claims.append(task)
        for task in claims:
            if task.name == "core.mail":
                tasks.fail(session, task, "OSError: <refused>", now=now)
                tasks.fail(session, task, "once more", now=now)
    ada = site.browser("ada")
    page = text(ada.get(PATH))
    assert "发送邮件" in page
    assert "OSError: &lt;refused&gt;" in page
    assert "secret@" not in page
    with site.parts.database.snapshot() as session:
        failing = outbox.failing(session, limit=9)
        assert failing[0].due_at > now
    assert ada.post(f"/admin/tasks/{failing[0].id}/try").location == PATH
    with site.parts.database.snapshot() as session:
        assert outbox.failing_task(session, failing[0].id).due_at == now
        actions = [each.action for each in audit.records_of(session, failing[0].id)]
        assert actions == ["task.try-now"]


@pytest.mark.parametrize(
    "path", ["/admin/jobs/99999/retry", "/admin/jobs/99999/cancel", "/admin/jobs/99999/settle",
             "/admin/jobs/x/retry", "/admin/tasks/x/try"],
)  # fmt: skip
def test_what_is_not_there(site: Site, path: str):
    ada = site.browser("ada")
    assert ada.post(path, sheets="1").status_code == 404
    assert ada.get(path).status_code == 404
    assert ada.client.put(PATH).status_code == 405
