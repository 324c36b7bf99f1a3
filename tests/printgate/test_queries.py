"""Reads of printers: what waits for each, and how many statements that takes."""

from datetime import timedelta

import pytest
from sqlalchemy import event

from core.db import Database
from core.ids import new_uuid
from core.people import SYSTEM
from printgate import queries
from printgate.backend.port import Queue
from printgate.callers import Caller
from printgate.errors import NoSuchPrinter
from printgate.lifecycle import Stage
from printgate.models import JobRow
from printgate.service import arrive, printers
from printgate.service.arrive import NewJob
from printgate.ticket import JobTicket
from tests.conftest import NOON, Cast

NAMES = ("office-a", "office-b", "office-c", "office-d")


@pytest.fixture
def office(database: Database, cast: Cast) -> Database:
    """Four printers, the last one retired, and four jobs that were sent to office-b."""
    with database.transaction() as session:
        for name in NAMES:
            queue = Queue(name, f"ipp://{name}/", name, "", "idle", (), accepting=True)
            printers.add_printer(session, name, queue, actor=SYSTEM, now=NOON)
        printers.retire(session, "office-d", actor=SYSTEM, now=NOON)
        target = queries.printer(session, "office-a").id
        caller = Caller("wangfang", cast.alice, cast.office)
        for stage, rerouted in (
            (Stage.ACCEPTED, True),
            (Stage.RELEASED, True),
            (Stage.ACCEPTED, False),
            (Stage.COMPLETED, True),
        ):
            uuid = new_uuid()
            printer = queries.printer(session, "office-b")
            new = NewJob(uuid, printer, caller, "通知", JobTicket())
            arrive.create_job(session, new, wait=timedelta(minutes=5), now=NOON)
            row = session.get_one(JobRow, queries.job_by_uuid(session, uuid).id)
            row.stage = stage
            row.target_printer_id = target if rerouted else None
    return database


def test_a_rerouted_job_waits_at_the_printer_that_it_goes_to(office: Database):
    with office.snapshot() as session:
        queued = queries.queued_jobs(session)
        counts = {each.name: queued.get(each.id) for each in queries.printers(session)}
        assert counts == {"office-a": 2, "office-b": 1, "office-c": None, "office-d": None}
        assert [each.name for each in queries.offered_printers(session)] == list(NAMES[:3])
        with pytest.raises(NoSuchPrinter):
            queries.printer(session, "office-x")


def test_a_printer_counts_what_its_list_of_jobs_has(office: Database):
    with office.snapshot() as session:
        sent = queries.sent_jobs(session)
        for each in queries.printers(session):
            listed = queries.jobs_at(session, printer_id=each.id, active=True)
            assert sent.get(each.id, 0) == len(listed) == (3 if each.name == "office-b" else 0)


def test_every_read_of_printers_is_one_statement(office: Database):
    statements: list[str] = []
    with office.snapshot() as session:
        event.listen(
            session.get_bind(), "before_cursor_execute", lambda *seen: statements.append(seen[2])
        )
        for read in (
            queries.printers,
            queries.offered_printers,
            queries.default_printer,
            lambda session: queries.printer(session, "office-a"),
        ):
            statements.clear()
            session.expunge_all()
            assert read(session)
            assert sum(each.startswith("SELECT") for each in statements) == 1


def test_what_came_out_counts_at_the_printer_that_it_came_out_of(office: Database):
    with office.transaction() as session:
        for row, impressions in zip(
            session.query(JobRow).order_by(JobRow.id), (3, 5, 7, None), strict=True
        ):
            # What is only on its way has an expected count, and no sheets yet.
            row.impressions = impressions
            row.sheets_used = None if impressions == 3 else 1
    with office.snapshot() as session:
        printed = queries.printed_impressions(session)
        counts = {each.name: printed.get(each.id) for each in queries.printers(session)}
    assert counts == {"office-a": 5, "office-b": 7, "office-c": None, "office-d": None}
