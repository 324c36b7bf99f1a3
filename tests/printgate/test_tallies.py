"""Tallies of jobs: each figure is the sum of the jobs behind it, whatever becomes of them."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from core.db import Database
from core.ids import new_uuid
from core.people import SYSTEM
from core.text import Text
from printgate import queries, tallies
from printgate.backend.port import DeviceAttributes, Queue
from printgate.callers import Caller
from printgate.lifecycle import Event, Stage
from printgate.metering import Usage
from printgate.policy import Facts, Rules
from printgate.service import arrive, finish, forward, printers, tally
from printgate.service.arrive import NewJob
from printgate.service.decide import Kept, decide_job
from printgate.spool import Spooled
from printgate.tallies import Behind, Figure, Tally
from printgate.ticket import JobTicket
from quotas import service as quotas
from quotas.periods import DEFAULT_ZONE, Period
from quotas.units import Unit
from tests.conftest import NOON, Cast, judged

pytestmark = pytest.mark.both_databases

ZONE = DEFAULT_ZONE
NOVEMBER = (date(2026, 11, 1), date(2026, 11, 30))


@pytest.fixture
def furnished(database: Database, cast: Cast) -> Cast:
    with database.transaction() as session:
        queue = Queue("office-a", "ipp://a/", "", "", "idle", (), accepting=True)
        made = printers.add_printer(session, "office-a", queue, actor=SYSTEM, now=NOON)
        device = DeviceAttributes(b"", True, "idle", (), ())
        printers.printer_seen(session, made.id, queue, device, now=NOON)
        for office in (cast.office, cast.other):
            quotas.grant(
                session, f"grant:{office.code}", office.id, Unit.SHEETS, Period(2026, 11), 100,
                actor=SYSTEM, now=NOON,
            )  # fmt: skip
    return cast


def send(session, cast: Cast, person, facts: Facts, ticket=None, *, at=NOON, kept=None):
    uuid = new_uuid()
    office = cast.office if person.office_id == cast.office.id else cast.other
    caller = Caller(person.login, person, office)
    new = NewJob(uuid, queries.printer(session, "office-a"), caller, "x", ticket or JobTicket())
    arrive.create_job(session, new, wait=timedelta(minutes=5), now=at)
    spooled = Spooled(Path("x"), 10, "d" * 64)
    arrive.document_received(session, uuid, spooled, "application/pdf", now=at)
    verdict = judged(session, uuid, facts, Rules(), kept)
    return decide_job(session, uuid, verdict, ask_expires=timedelta(hours=24), now=at)


def come_out(session, job, *, sheets=None, at=NOON, event=Event.BACKEND_COMPLETED):
    forward.created_in_backend(session, job.uuid, 7, now=at)
    forward.about_to_release(session, job.uuid, 7, now=at)
    used = job.sheets_reserved if sheets is None else sheets
    finish.settle(session, job.uuid, event, Usage(used, used, False), now=at)


def play(database: Database, cast: Cast) -> None:
    """Let there be one job of each kind."""
    one = JobTicket(sides="one-sided")
    with database.transaction() as session:
        come_out(session, send(session, cast, cast.alice, Facts(pages=8), one))
        come_out(session, send(session, cast, cast.bob, Facts(pages=8), JobTicket(number_up=2)))
        broken = send(session, cast, cast.alice, Facts(pages=8), one)
        come_out(session, broken, sheets=1, event=Event.BACKEND_ABORTED)
        canceled = send(session, cast, cast.alice, Facts(pages=8), one)
        finish.cancel(session, canceled.uuid, actor=SYSTEM, now=NOON)
        send(session, cast, cast.alice, Facts(pages=800), one)
        draft = Facts(pages=4, draft=Text("This is a draft."))
        send(session, cast, cast.alice, draft, kept=Kept("d" * 64, 10))
        come_out(session, send(session, cast, cast.charlie, Facts(pages=2)))
        lost = send(session, cast, cast.bob, Facts(pages=2))
        come_out(session, lost, event=Event.BACKEND_LOST)
        send(session, cast, cast.bob, Facts(pages=2))


def tally_all(database: Database, limit: int = 100) -> int:
    done = 0
    while count := database.run(lambda session: tally.tally(session, ZONE, limit=limit)):
        done += count
    return done


def check(database: Database) -> None:
    with database.snapshot() as session:
        assert tallies.disagreements(session, ZONE) == []
        offices = tallies.by_office(session, *NOVEMBER)
        for office_id in ("", *offices):
            wanted = offices[office_id] if office_id else tallies.together(offices.values())
            for figure in Figure:
                asked = Behind(figure, *NOVEMBER, office_id)
                rows = tallies.jobs_behind(session, asked, ZONE)
                total = sum(number for _, number in rows)
                assert tallies.count_behind(session, asked, ZONE) == (len(rows), total)
                assert total == wanted.of(figure), figure


@pytest.mark.parametrize("limit", [1, 3, 100])
def test_each_job_that_is_over_counts_once(database: Database, furnished: Cast, limit: int):
    play(database, furnished)
    # Neither the lost one nor the one on its way is over.
    assert tally_all(database, limit) == 7
    assert tally_all(database, limit) == 0
    check(database)
    with database.snapshot() as session:
        found = tallies.by_office(session, *NOVEMBER)
    assert found[furnished.office.id] == Tally(
        jobs=3, sheets=7, two_sided_sheets=7, saved_by_two_sided=5, saved_by_number_up=2,
        refused=1, circulated=1, after_all=0,
    )  # fmt: skip
    assert found[furnished.other.id] == Tally(jobs=1, sheets=1, two_sided_sheets=1)


def test_a_lost_job_counts_when_somebody_has_said_what_came_out(database, furnished):
    play(database, furnished)
    tally_all(database)
    later = NOON + timedelta(days=1)
    with database.transaction() as session:
        (lost,) = queries.jobs_in(session, (Stage.UNKNOWN,))
        finish.close_unknown(session, lost.uuid, Usage(1, 1), actor=SYSTEM, now=later)
    assert tally_all(database) == 1
    check(database)
    with database.snapshot() as session:
        day = later.astimezone(ZONE).date()
        found = tallies.by_office(session, day, day)
    assert found == {furnished.office.id: Tally(jobs=1, sheets=1, two_sided_sheets=1)}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE job_tallies SET sheets = sheets + 1",
        "DELETE FROM job_tallies",
        "UPDATE jobs SET sheets_used = sheets_used + 1 WHERE sheets_used > 0",
        "UPDATE jobs SET saved_by_two_sided = 9 WHERE tallied AND sheets_used > 0",
    ],
)
def test_a_tally_that_is_not_its_jobs_is_found_and_made_again(database, furnished, statement):
    play(database, furnished)
    tally_all(database)
    with database.transaction() as session:
        session.execute(text(statement))
    with database.snapshot() as session:
        assert tallies.disagreements(session, ZONE)
    database.run(tally.rebuild)
    tally_all(database)
    check(database)
