"""Jobs on a project's account, by its code: booked there or not at all, on both databases."""

from datetime import timedelta
from typing import Any

import pytest

from core import audit
from core.db import Database
from core.errors import Conflict, InvalidInput
from core.ids import new_uuid
from core.people import SYSTEM
from quotas import queries, service
from quotas.accounts import Account
from quotas.errors import EntryDiffers, NoSuchProject, ProjectOver, ProjectShort, QuotaExceeded
from quotas.periods import WHOLE, Period
from quotas.units import Unit
from tests.conftest import NOON, Cast
from tests.contracts.at_once import at_once, failures

pytestmark = pytest.mark.both_databases

MONTH = Period(2026, 11)
END = NOON + timedelta(days=5)
CODE = "hy-2026"


@pytest.fixture
def office(database: Database, cast: Cast) -> str:
    with database.transaction() as session:
        for each in (cast.office, cast.other):
            service.grant(
                session, each.id, each.id, Unit.SHEETS, MONTH, 100, actor=SYSTEM, now=NOON
            )
    return cast.office.id


def opened(database: Database, office: str, key: str = "", now=NOON, **more) -> Account:
    given = {"name": "第二次会议", "code": CODE, "ends_at": END, **more}
    with database.transaction() as session:
        return service.open_project(
            session, key or new_uuid(), office, Unit.SHEETS, **given, actor=SYSTEM, now=now
        )


def filled(database: Database, office: str, sheets: int) -> Account:
    project = opened(database, office)
    with database.transaction() as session:
        own = service.open_account(session, office, Unit.SHEETS, now=NOON)
        service.transfer(
            session, new_uuid(), own, project.id, sheets, actor=SYSTEM, now=NOON
        )  # fmt: skip
    return project


def reserve(database: Database, office: str, key: str, sheets: int = 1, code=CODE, **more):
    given = {"actor": SYSTEM, "now": NOON, **more}
    with database.transaction() as session:
        return service.reserve(
            session, key, office, Unit.SHEETS, sheets, project=code, **given
        )  # fmt: skip


def held(database: Database, office: str, holder: str, period: Period) -> int:
    with database.snapshot() as session:
        assert queries.discrepancies(session) == []
        return queries.balance(session, office, Unit.SHEETS, period, holder=holder).held


def test_a_job_is_booked_on_the_project_that_it_names(database: Database, office: str, cast: Cast):
    project = filled(database, office, 10)
    made = reserve(database, office, "job", 4, person_id=cast.alice.id)
    assert (made.period, made.amount) == (WHOLE, 4)
    assert reserve(database, office, "job", 4, person_id=cast.alice.id) == made
    assert held(database, office, project.holder, WHOLE) == 4
    assert held(database, office, "", MONTH) == 0
    with database.snapshot() as session:
        booked = queries.account_booked(session, "job")
        assert booked == project
        assert queries.account_booked(session, "none") is None
    with pytest.raises(EntryDiffers):
        reserve(database, office, "job", 5)


def test_whoever_has_an_account_of_their_own_is_not_charged_for_a_meeting(
    database: Database, office: str, cast: Cast
):
    project = filled(database, office, 10)
    with database.transaction() as session:
        service.open_person_account(
            session, office, Unit.SHEETS, cast.alice.id, actor=SYSTEM, now=NOON
        )
    reserve(database, office, "job", 4, person_id=cast.alice.id)
    assert held(database, office, project.holder, WHOLE) == 4
    assert held(database, office, cast.alice.id, MONTH) == 0


@pytest.mark.parametrize(
    ("where", "refusal", "says"),
    [
        ({"code": "unknown"}, NoSuchProject, "unknown"),
        ({"code": "x" * 255}, NoSuchProject, "no account"),
        ({"code": "第二次会议"}, NoSuchProject, "no account"),
        ({"office": "other"}, NoSuchProject, "Your office has no account"),
        ({"sheets": 11}, ProjectShort, "1 more than that"),
        ({"now": END}, ProjectOver, "ended"),
        ({"close": True}, ProjectOver, "closed"),
    ],
)
def test_otherwise_nothing_is_charged(
    database: Database, office: str, cast: Cast, where: dict[str, Any], refusal, says: str
):
    project = filled(database, office, 10)
    asked = dict(where)
    if asked.pop("close", False):
        with database.transaction() as session:
            service.close_account(session, project.id, actor=SYSTEM, now=NOON)
    of = {"other": cast.other.id}.get(asked.pop("office", ""), office)
    with pytest.raises(refusal) as caught:
        reserve(database, of, "job", **asked)
    assert isinstance(caught.value, QuotaExceeded)
    assert says in str(caught.value)
    assert caught.value.rule != QuotaExceeded.rule
    assert held(database, office, project.holder, WHOLE) == 0
    assert held(database, office, "", MONTH) == held(database, cast.other.id, "", MONTH) == 0


def test_of_sixty_four_jobs_ten_get_through(database: Database, office: str):
    project = filled(database, office, 10)
    outcomes = at_once(64, lambda n: reserve(database, office, f"j{n}"))
    assert failures(outcomes, ProjectShort) == []
    assert sum(isinstance(each, ProjectShort) for each in outcomes) == 54
    assert held(database, office, project.holder, WHOLE) == 10
    assert held(database, office, "", MONTH) == 0


def test_a_code_is_given_once(database: Database, office: str, cast: Cast):
    outcomes = at_once(8, lambda n: opened(database, office, name=f"会议{n}"))
    assert failures(outcomes, Conflict) == []
    assert sum(isinstance(each, Account) for each in outcomes) == 1
    assert opened(database, cast.other.id).code == CODE
    with database.snapshot() as session:
        found = queries.accounts(session, office, Unit.SHEETS)
        assert [each.code for each in found if each.holder] == [CODE]


def test_the_same_form_twice_opens_one_account(database: Database, office: str):
    key = new_uuid()
    assert opened(database, office, key) == opened(database, office, key)
    with pytest.raises(EntryDiffers):
        opened(database, office, key, code="other")


def test_a_code_is_free_again_when_its_project_has_ended(database: Database, office: str):
    first, later = filled(database, office, 10), END + timedelta(days=1)
    second = opened(database, office, now=later, ends_at=later + timedelta(days=1))
    with database.snapshot() as session:
        found = {each.id: each for each in queries.accounts(session, office, Unit.SHEETS)}
        assert found[first.id].closed_at == later
        assert found[second.id].closed_at is None
        trail = [each.action for each in audit.records_of(session, office)]
        assert "quota.close-account" in trail
        assert queries.discrepancies(session) == []
    with pytest.raises(ProjectShort):
        reserve(database, office, "job", now=later)


@pytest.mark.parametrize("code", ["A", "a b", "-", "a" * 33, "会议"])
def test_what_is_no_code_opens_nothing(database: Database, office: str, code: str):
    with pytest.raises(InvalidInput):
        opened(database, office, code=code)
    with database.snapshot() as session:
        assert not [e for e in queries.accounts(session, office, Unit.SHEETS) if e.holder]
