"""Permits on both databases: counted exactly once, given back once, decided by the right ones."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event, select

from core import audit, notices
from core.db import Database
from core.errors import Forbidden, InvalidInput
from core.ids import new_uuid
from core.people import SYSTEM, Actor, Person
from printgate import permit_queries, queries
from printgate.backend.port import DeviceAttributes, Queue
from printgate.callers import Caller
from printgate.errors import NoSuchPermit, PermitNotPossible, TooManyPermits
from printgate.holding import Hold
from printgate.lifecycle import Event, Stage
from printgate.metering import ONE_SIDED, Usage
from printgate.models import PermitRow
from printgate.permit_queries import PermitSearch
from printgate.permits import Act, Measure, Standing
from printgate.places import places
from printgate.policy import TWO_SIDED, Facts, Rules
from printgate.queries import Job
from printgate.service import arrive, decide, finish, forward, holding, permits, printers
from printgate.service.arrive import NewJob
from printgate.spool import Spooled
from printgate.ticket import JobTicket
from quotas import queries as quotas
from quotas import service as quotas_service
from quotas.periods import Period
from quotas.units import Unit
from tests.conftest import NOON, Cast, judged
from tests.contracts.at_once import at_once, failures

pytestmark = pytest.mark.both_databases

ZONE = ZoneInfo("Asia/Shanghai")
LAST_DAY = date(2026, 11, 30)
WHY = "正本需要用印"
SHEETS = 4


@pytest.fixture
def house(database: Database, cast: Cast) -> Cast:
    """Give the cast a printer of each kind, and sheets."""
    with database.transaction() as session:
        for name, two_sided in (("office-a", True), ("office-b", False)):
            queue = Queue(name, f"ipp://{name}/", name, "三楼", "idle", (), accepting=True)
            made = printers.add_printer(session, name, queue, actor=SYSTEM, now=NOON)
            device = DeviceAttributes(b"", two_sided, "idle", (), ())
            printers.printer_seen(session, made.id, queue, device, now=NOON)
        for office in (cast.office, cast.other):
            quotas_service.grant(
                session, f"grant-{office.id}", office.id, Unit.SHEETS, Period(2026, 11), 500,
                actor=SYSTEM, now=NOON,
            )  # fmt: skip
    return cast


def asked(
    database: Database, person: Person, count: int = 10, measure: Measure = Measure.JOBS,
    key: str = "", last_day: date = LAST_DAY, reason: str = WHY, now: datetime = NOON,
) -> int:  # fmt: skip
    with database.transaction() as session:
        return permits.ask(
            session, key or new_uuid(), measure=measure, count=count, last_day=last_day,
            reason=reason, actor=Actor.of(person), now=now, zone=ZONE,
        ).id  # fmt: skip


def done(
    database: Database, number: int, act: Act, person: Person, answer: str = "", now=NOON
) -> Standing:
    with database.transaction() as session:
        return permits.decide(
            session, number, act, answer=answer, actor=Actor.of(person), now=now
        ).standing(now)


def granted(
    database: Database, cast: Cast, count: int = 10, measure: Measure = Measure.JOBS, **more
) -> int:
    number = asked(database, cast.alice, count, measure, **more)
    assert done(database, number, Act.GRANT, cast.dora) is Standing.VALID
    return number


def send(
    database: Database, cast: Cast, *, person: Person | None = None, pages: int = SHEETS,
    sides: str | None = ONE_SIDED, hold: Hold = Hold.NONE, rules: Rules | None = None,
    printer: str = "office-a", now: datetime = NOON,
) -> Job:  # fmt: skip
    """Let somebody send a job, and decide it."""
    uuid, person = new_uuid(), person or cast.alice
    office = cast.office if person.office_id == cast.office.id else cast.other

    def arrived(session) -> Job:
        caller = Caller(person.login, person, office)
        target = queries.printer(session, printer)
        new = NewJob(uuid, target, caller, "函", JobTicket(sides=sides), "", hold)
        arrive.create_job(session, new, wait=timedelta(minutes=5), now=now)
        spooled = Spooled(Path("x"), 10, "d" * 64)
        arrive.document_received(session, uuid, spooled, "application/pdf", now=now)
        verdict = judged(session, uuid, Facts(pages=pages), rules or Rules())
        return decide.decide_job(session, uuid, verdict, ask_expires=timedelta(hours=1), now=now)

    return database.run(arrived)


def used(database: Database, number: int) -> int:
    with database.snapshot() as session:
        assert permit_queries.miscounted(session) == []
        assert quotas.discrepancies(session) == []
        assert audit.first_broken_seq(session) is None
        return permit_queries.permit(session, number).used


def one_sided(job: Job) -> bool:
    assert (job.permit_id is not None) is (job.ticket.sides == ONE_SIDED)
    return job.permit_id is not None


def test_a_permitted_job_is_one_sided_and_says_by_whose_leave(database: Database, house: Cast):
    assert not one_sided(send(database, house))
    number = granted(database, house)
    job = send(database, house)
    assert (one_sided(job), job.sheets_reserved) == (True, SHEETS)
    assert [str(each.text) for each in job.reasons] == [f"On one side by permit {number}: {WHY}"]
    assert (job.permit_id, used(database, number)) == (number, 1)
    with database.snapshot() as session:
        (use,) = permit_queries.uses_of(session, number)
    assert (use.job_id, use.sheets, use.two_sided_sheets) == (job.id, SHEETS, SHEETS // 2)


def test_what_needs_no_permit_uses_none(database: Database, house: Cast):
    number = granted(database, house)
    for more in (
        {"sides": TWO_SIDED},
        {"sides": None},
        {"pages": 1},
        {"person": house.bob},
        {"person": house.charlie},
        {"rules": Rules(two_sided=False)},
        {"pages": 600},
    ):
        assert send(database, house, **more).permit_id is None, more
    assert used(database, number) == 0


def test_a_permit_keeps_a_job_at_the_printer_that_has_one_side(database: Database, house: Cast):
    assert send(database, house, printer="office-b").target == "office-a"
    number = granted(database, house)
    assert send(database, house, printer="office-b").target == "office-b"
    assert send(database, house, printer="office-b", pages=1).target == "office-b"
    assert used(database, number) == 2


def test_of_sixty_four_at_once_exactly_ten_are_one_sided(database: Database, house: Cast):
    number = granted(database, house, 10)
    outcomes = at_once(64, lambda _: send(database, house))
    assert failures(outcomes) == []
    jobs = [each for each in outcomes if isinstance(each, Job)]
    assert sum(one_sided(job) for job in jobs) == 10
    assert used(database, number) == 10
    assert {job.stage for job in jobs} == {Stage.ACCEPTED}
    assert {job.sheets_reserved for job in jobs} == {SHEETS, SHEETS // 2}


def test_one_that_was_judged_before_the_permit_ran_out_is_two_sided(
    database: Database, house: Cast
):
    number, uuid = granted(database, house, 1), new_uuid()
    with database.transaction() as session:
        caller = Caller("alice", house.alice, house.office)
        target = queries.printer(session, "office-a")
        new = NewJob(uuid, target, caller, "函", JobTicket(sides=ONE_SIDED))
        arrive.create_job(session, new, wait=timedelta(minutes=5), now=NOON)
        spooled = Spooled(Path("x"), 10, "d" * 64)
        arrive.document_received(session, uuid, spooled, "application/pdf", now=NOON)
        verdict = judged(session, uuid, Facts(pages=SHEETS), Rules())
    assert verdict.decision.permit is not None
    assert one_sided(send(database, house))
    with database.transaction() as session:
        late = decide.decide_job(session, uuid, verdict, ask_expires=timedelta(), now=NOON)
    assert (one_sided(late), late.sheets_reserved) == (False, SHEETS // 2)
    assert str(late.reasons[0].text) == f"Permit {number} is used up by now."
    assert used(database, number) == 1


def test_sheets_are_counted_where_the_permit_counts_sheets(database: Database, house: Cast):
    number = granted(database, house, 6, Measure.SHEETS)
    assert one_sided(send(database, house))
    assert used(database, number) == SHEETS
    too_much = send(database, house)
    assert not one_sided(too_much)
    assert "has 2 sheets left" in str(too_much.reasons[0].text)
    assert one_sided(send(database, house, pages=2))
    assert not one_sided(send(database, house, pages=2))
    assert used(database, number) == 6


def printed(database: Database, job: Job, sheets: int, event: Event) -> None:
    with database.transaction() as session:
        forward.created_in_backend(session, job.uuid, 7, now=NOON)
        forward.about_to_release(session, job.uuid, 7, now=NOON)
        finish.settle(session, job.uuid, event, Usage(sheets, sheets, estimated=False), now=NOON)


@pytest.mark.parametrize(
    ("measure", "count", "sheets", "event", "stands"),
    [
        (Measure.JOBS, 10, SHEETS, Event.BACKEND_COMPLETED, 1),
        (Measure.JOBS, 10, 1, Event.BACKEND_ABORTED, 1),
        (Measure.JOBS, 10, 0, Event.BACKEND_ABORTED, 0),
        (Measure.SHEETS, 10, SHEETS, Event.BACKEND_COMPLETED, SHEETS),
        (Measure.SHEETS, 10, 1, Event.BACKEND_CANCELED, 1),
        (Measure.SHEETS, 10, 0, Event.BACKEND_CANCELED, 0),
        (Measure.SHEETS, 10, 9, Event.BACKEND_COMPLETED, SHEETS),
    ],
)
def test_what_did_not_come_out_is_given_back(  # the columns of the table
    database: Database, house: Cast, measure: Measure, count: int, sheets: int, event: Event,
    stands: int,
):  # fmt: skip
    number = granted(database, house, count, measure)
    job = send(database, house)
    printed(database, job, sheets, event)
    assert used(database, number) == stands
    finished_again(database, job, event)
    assert used(database, number) == stands


def finished_again(database: Database, job: Job, event: Event) -> None:
    with database.transaction() as session:
        finish.settle(session, job.uuid, event, Usage(0, 0), now=NOON)


def test_refused_cancelled_and_expired_jobs_give_their_use_back(database: Database, house: Cast):
    number = granted(database, house)
    refused = send(database, house, pages=499, rules=replace(Rules(), sheets_max=900))
    assert refused.stage is Stage.ACCEPTED
    assert used(database, number) == 1
    again = send(database, house, pages=499, rules=replace(Rules(), sheets_max=900))
    assert (again.stage, again.reasons[-1].rule) == (Stage.REFUSED, "quota")
    assert used(database, number) == 1
    with database.transaction() as session:
        finish.cancel_all(session, [refused.uuid], actor=SYSTEM, now=NOON)
    assert used(database, number) == 0
    send(database, house, hold=Hold.ASKED)
    assert used(database, number) == 1
    with database.transaction() as session:
        late = NOON + timedelta(hours=30)
        assert finish.expire(session, hold_expires=timedelta(hours=24), now=late) == 1
    assert used(database, number) == 0


def test_a_job_that_is_kept_longer_keeps_its_use_until_it_ends(database: Database, house: Cast):
    number, day = granted(database, house), timedelta(hours=24)
    kept = [send(database, house, hold=Hold.ASKED).uuid for _ in range(3)]
    with database.transaction() as session:
        for uuid in kept[:2]:
            later = NOON + timedelta(hours=20)
            holding.renew(session, uuid, hold_expires=day, actor=SYSTEM, now=later)

    def expired(hours: int) -> int:
        with database.transaction() as session:
            return finish.expire(session, hold_expires=day, now=NOON + timedelta(hours=hours))

    assert (expired(30), used(database, number)) == (1, 2)
    with database.transaction() as session:
        finish.cancel(session, kept[0], actor=SYSTEM, now=NOON + timedelta(hours=31))
    assert used(database, number) == 1
    assert (expired(43), used(database, number)) == (0, 1)
    assert (expired(44), used(database, number)) == (1, 0)
    assert (expired(45), used(database, number)) == (0, 0)


def test_many_cancelled_at_once_by_many_give_back_once(database: Database, house: Cast):
    number = granted(database, house, 8)
    uuids = [send(database, house).uuid for _ in range(8)]

    def cancel(_number: int) -> None:
        database.run(
            lambda session: finish.cancel_all(session, uuids, actor=SYSTEM, now=NOON)
        )  # fmt: skip

    outcomes = at_once(4, cancel)
    assert sum(each is None for each in outcomes) == 1
    assert used(database, number) == 0


def test_a_permit_ends_with_its_last_day_in_the_offices_zone(database: Database, house: Cast):
    granted(database, house, last_day=date(2026, 11, 23))
    before_midnight = datetime(2026, 11, 23, 15, 59, 59, tzinfo=NOON.tzinfo)
    for now, found in ((before_midnight, True), (before_midnight + timedelta(seconds=1), False)):
        with database.snapshot() as session:
            permit = places(session, house.alice.id, house.office.id, now).permit
        assert (permit is not None) is found, now


def test_the_permit_that_ends_first_is_used_first_and_only_in_its_office(
    database: Database, house: Cast
):
    later = granted(database, house, 1)
    first = granted(database, house, 1, last_day=date(2026, 11, 24))
    assert [send(database, house).permit_id for _ in range(3)] == [first, later, None]
    third = granted(database, house)
    with database.snapshot() as session:
        assert places(session, house.alice.id, house.other.id, NOON).permit is None
        assert places(session, None, house.office.id, NOON).permit is None
        allowance = places(session, house.alice.id, house.office.id, NOON).permit
    assert allowance is not None
    assert allowance.number == third


def test_who_has_no_permit_waits_for_no_query_more(database: Database, house: Cast):
    said: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *told: said.append(told[2]))

    def asked_with(person: Person) -> list[str]:
        said.clear()
        with database.snapshot() as session:
            places(session, person.id, person.office_id, NOON)
        return [each for each in said if each.startswith("SELECT")]

    granted(database, house)
    assert len(asked_with(house.bob)) == 1
    assert len(asked_with(house.alice)) == 2
    explain = "EXPLAIN QUERY PLAN" if database.engine.dialect.name == "sqlite" else None
    if explain:
        with database.engine.connect() as connection:
            (statement,) = asked_with(house.bob)
            values = ("x", "y", "granted", "z", 1, 0)[: statement.count("?")]
            plan = connection.exec_driver_sql(f"{explain} {statement}", values).all()
        assert any("ix_permits_person" in str(line) for line in plan), plan


def test_who_decides(database: Database, house: Cast):
    number = asked(database, house.alice)
    assert not one_sided(send(database, house))
    for person, error in (
        (house.alice, Forbidden), (house.bob, NoSuchPermit), (house.charlie, NoSuchPermit)
    ):  # fmt: skip
        with pytest.raises(error):
            done(database, number, Act.GRANT, person)
    with pytest.raises(Forbidden):
        done(database, number, Act.WITHDRAW, house.dora)
    for _ in range(2):
        assert done(database, number, Act.GRANT, house.dora) is Standing.VALID
    with pytest.raises(PermitNotPossible):
        done(database, number, Act.REFUSE, house.ada, "不合规定的理由")
    own = asked(database, house.dora)
    with pytest.raises(Forbidden):
        done(database, own, Act.GRANT, house.dora)
    assert done(database, own, Act.GRANT, house.ada) is Standing.VALID
    assert done(database, own, Act.REVOKE, house.ada, "工作已经完成") is Standing.REVOKED
    assert done(database, number, Act.WITHDRAW, house.alice) is Standing.WITHDRAWN
    assert not one_sided(send(database, house))
    refused = asked(database, house.alice)
    with pytest.raises(InvalidInput):
        done(database, refused, Act.REFUSE, house.dora, "no")
    assert done(database, refused, Act.REFUSE, house.dora, "可以双面打印") is Standing.REFUSED
    late = asked(database, house.alice)
    after = NOON + timedelta(days=20)
    with pytest.raises(PermitNotPossible):
        done(database, late, Act.GRANT, house.dora, now=after)


def test_who_decides_and_who_asked_are_told(database: Database, house: Cast):
    number = asked(database, house.alice)
    own = asked(database, house.dora)
    done(database, number, Act.GRANT, house.dora)
    with database.snapshot() as session:
        told = {
            person.login: [
                (each.path, str(each.text)) for each in notices.unseen(session, person.id)
            ]
            for person in (house.alice, house.dora, house.ada)
        }
    assert told["dora"] == [
        (f"/permits/{number}", "王芳 asks for a permit to print on one side.")
    ]  # fmt: skip
    # A head is not asked about their own: with no other head, the administrator is.
    assert told["ada"] == [
        (f"/permits/{own}", "李建国 asks for a permit to print on one side.")
    ]  # fmt: skip
    assert told["alice"] == [
        (f"/permits/{number}", "You may print on one side: your permit was granted.")
    ]  # fmt: skip


@pytest.mark.parametrize(
    "wrong",
    [
        {"count": 0}, {"count": -1}, {"count": 1001}, {"count": 20_001, "measure": Measure.SHEETS},
        {"last_day": date(2026, 11, 22)}, {"last_day": date(2028, 1, 1)},
        {"last_day": date.min}, {"last_day": date.max}, {"reason": "x"}, {"reason": " \n "},
    ],
)  # fmt: skip
def test_what_cannot_be_asked_for(database: Database, house: Cast, wrong: dict[str, Any]):
    with pytest.raises(InvalidInput):
        asked(database, house.alice, **wrong)


def test_asking_twice_asks_once_and_not_too_often(database: Database, house: Cast):
    key = new_uuid()
    outcomes = at_once(8, lambda _: asked(database, house.alice, key=key))
    assert failures(outcomes) == []
    assert len(set(outcomes)) == 1
    with pytest.raises(PermitNotPossible):
        asked(database, house.bob, key=key)
    outcomes = at_once(16, lambda _: asked(database, house.alice))
    assert failures(outcomes, TooManyPermits) == []
    with database.snapshot() as session:
        assert len(session.scalars(select(PermitRow.id)).all()) == permits.ASKED_MAX


def test_lists_find_by_the_same_standing_that_is_shown(database: Database, house: Cast):
    numbers = [asked(database, house.alice) for _ in range(7)]
    for number in numbers[1:4]:
        done(database, number, Act.GRANT, house.dora)
    with database.transaction() as session:
        session.get_one(PermitRow, numbers[2]).used = 10
    done(database, numbers[3], Act.REVOKE, house.dora, "工作已经完成")
    done(database, numbers[4], Act.REFUSE, house.dora, "可以双面打印")
    done(database, numbers[5], Act.WITHDRAW, house.alice)
    for now in (NOON, NOON + timedelta(days=20)):
        with database.snapshot() as session:
            everything = permit_queries.find_permits(session, PermitSearch(), now, limit=99)
            for standing in Standing:
                search = PermitSearch(house.alice.id, {house.office.id}, standing)
                found = permit_queries.find_permits(session, search, now, limit=99)
                assert [each.id for each in found] == [
                    each.id for each in everything if each.standing(now) is standing
                ], standing
                assert permit_queries.count_permits(session, search, now) == len(found)


def test_the_figures_of_a_month_are_the_sums_of_the_uses(database: Database, house: Cast):
    number = granted(database, house)
    jobs = [send(database, house) for _ in range(3)]
    printed(database, jobs[0], SHEETS, Event.BACKEND_COMPLETED)
    printed(database, jobs[1], 0, Event.BACKEND_ABORTED)
    begin, end = Period(2026, 11).bounds(ZONE)
    with database.snapshot() as session:
        offices = {house.office.id}
        (figures,) = permit_queries.permits_used(session, offices, begin, end)
        uses = [each for each in permit_queries.uses_of(session, number) if each.kept != 0]
        assert permit_queries.permits_used(session, {house.other.id}, begin, end) == []
        assert permit_queries.permits_used(session, offices, end, end + (end - begin)) == []
    assert (figures.permit.id, figures.jobs) == (number, len(uses)) == (number, 2)
    assert figures.sheets == sum(each.sheets for each in uses) == 2 * SHEETS
    assert figures.more_sheets == sum(each.sheets - each.two_sided_sheets for each in uses)
