"""Printing at the expense of a project with CUPS' own tools, on real parts."""

from datetime import timedelta

import pytest

from core.identity import queries as identity
from core.ids import new_uuid
from core.people import SYSTEM
from printgate import queries
from printgate.lifecycle import Stage
from quotas import queries as quotas
from quotas import service
from quotas.accounts import Account
from quotas.ledger import Balance
from quotas.periods import WHOLE
from quotas.units import Unit
from tests.e2e.rig import Office, until

CODE = "job-account-id=hy-2026"


@pytest.fixture(scope="module")
def project(office: Office) -> Account:
    """Open an account of a meeting with ten sheets, for Wang Fang's office."""
    now = office.parts.parts.clock.now()
    with office.database.transaction() as session:
        person = identity.person_by_login(session, "wangfang")
        assert person is not None
        made = service.open_project(
            session, new_uuid(), person.office_id, Unit.SHEETS, name="第二次会议", code="hy-2026",
            ends_at=now + timedelta(days=2), actor=SYSTEM, now=now,
        )  # fmt: skip
        service.grant(
            session, new_uuid(), person.office_id, Unit.SHEETS, WHOLE, 10, holder=made.holder,
            actor=SYSTEM, now=now,
        )  # fmt: skip
    return made


def standing(office: Office, project: Account) -> Balance:
    with office.database.snapshot() as session:
        assert quotas.discrepancies(session) == []
        return quotas.balance(session, project.office_id, Unit.SHEETS, WHOLE, holder=project.holder)


def own(office: Office, project: Account) -> Balance:
    with office.database.snapshot() as session:
        now = office.parts.parts.clock.now()
        period = quotas.period_now(session, project.office_id, Unit.SHEETS, now=now)
        return quotas.balance(session, project.office_id, Unit.SHEETS, period, holder="")


def test_lp_names_an_account_and_that_one_pays(office: Office, project: Account, pdf):
    before, own_before = standing(office, project), own(office, project)
    said = office.desk.lp_direct("wangfang", "office-a", pdf(3), "-t", "meeting", "-o", CODE)
    assert said.code == 0, said.words
    job = office.ended(int(said.client_job.rpartition("-")[2]))
    assert (job.stage, job.ticket.job_account_id) == (Stage.COMPLETED, "hy-2026")
    assert standing(office, project).spent == before.spent + 2
    assert own(office, project) == own_before


def test_lp_is_told_that_there_is_no_such_account(office: Office, project: Account, pdf):
    before, own_before = standing(office, project), own(office, project)
    for option, user in (("job-account-id=none", "wangfang"), (CODE, "hanmei")):
        said = office.desk.lp_direct(user, "office-a", pdf(3), "-o", option)
        assert said.code != 0
        assert "account" in said.words
    assert (standing(office, project), own(office, project)) == (before, own_before)


def test_a_desktops_queue_passes_the_account_on(office: Office, project: Account, pdf):
    before = standing(office, project)
    office.desk.add_queues()
    said = office.desk.lp("wangfang", "office-a", pdf(1), "-t", "by queue", "-o", CODE)
    assert said.code == 0, said.words

    def arrived() -> bool:
        with office.database.snapshot() as session:
            return any(each.title == "by queue" for each in queries.jobs_at(session))

    until(arrived)
    with office.database.snapshot() as session:
        (job,) = [each for each in queries.jobs_at(session) if each.title == "by queue"]
    assert office.ended(job.id).stage is Stage.COMPLETED
    assert standing(office, project).spent == before.spent + 1
