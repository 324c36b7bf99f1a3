"""The job store: every way through the stages, and what holds when two move a job at once."""

from datetime import timedelta
from pathlib import Path

import pytest

from core import audit
from core.db import Database
from core.ids import new_uuid
from core.people import SYSTEM, Actor
from core.tasks import service as tasks
from printgate import queries
from printgate.backend.port import DeviceAttributes, Queue
from printgate.callers import Caller
from printgate.errors import JobNotPossible, TooManyJobs
from printgate.lifecycle import AT_BACKEND, Event, Stage
from printgate.metering import Usage
from printgate.policy import Facts, Rules
from printgate.queries import Job
from printgate.service import arrive, decide, finish, forward, printers
from printgate.service.arrive import NewJob
from printgate.spool import Spooled
from printgate.ticket import JobTicket
from quotas import queries as books
from quotas import service as quotas
from quotas.ledger import Balance
from quotas.periods import Period
from quotas.units import Unit
from tests.conftest import NOON, Cast, judged
from tests.contracts.at_once import at_once, failures

pytestmark = pytest.mark.both_databases

MONTH = Period(2026, 11)


class Desk:
    """Alice's jobs of three pages, which take two sheets each."""

    def __init__(self, database: Database, cast: Cast) -> None:
        self.database, self.cast = database, cast
        self.alice = Actor.of(cast.alice)
        queue = Queue("office-a", "ipp://a/", "a", "三楼", "idle", (), accepting=True)
        with database.transaction() as session:
            made = printers.add_printer(session, "office-a", queue, actor=SYSTEM, now=NOON)
            device = DeviceAttributes(b"", True, "idle", (), ())
            printers.printer_seen(session, made.id, queue, device, now=NOON)
            quotas.grant(
                session, "grant", cast.office.id, Unit.SHEETS, MONTH, 40, actor=SYSTEM, now=NOON
            )

    def create(self, *, most: int | None = None, guest: bool = False) -> str:
        uuid, office = new_uuid(), self.cast.guests if guest else self.cast.office
        with self.database.transaction() as session:
            caller = Caller("alice", None if guest else self.cast.alice, office)
            if most is not None:
                arrive.check_unfinished(session, caller, most)
            printer = queries.printer(session, "office-a")
            new = NewJob(uuid, printer, caller, "通知", JobTicket())
            arrive.create_job(session, new, wait=timedelta(minutes=5), now=NOON)
        return uuid

    def receive(self, uuid: str) -> None:
        spooled = Spooled(Path("x"), 10, "d" * 64)
        with self.database.transaction() as session:
            arrive.document_received(session, uuid, spooled, "application/pdf", now=NOON)

    def decide(self, uuid: str) -> Job:
        with self.database.transaction() as session:
            verdict = judged(session, uuid, Facts(pages=3), Rules())
            return decide.decide_job(
                session, uuid, verdict, ask_expires=timedelta(hours=1), now=NOON
            )

    def accepted(self) -> str:
        uuid = self.create()
        self.receive(uuid)
        assert self.decide(uuid).stage is Stage.ACCEPTED
        return uuid

    def created(self, uuid: str, backend_job_id: int) -> bool:
        with self.database.transaction() as session:
            return forward.created_in_backend(session, uuid, backend_job_id, now=NOON)

    def letting_go(self, uuid: str, backend_job_id: int) -> bool:
        with self.database.transaction() as session:
            return forward.about_to_release(session, uuid, backend_job_id, now=NOON)

    def settle(self, uuid: str, event: Event = Event.BACKEND_COMPLETED, sheets: int = 2) -> Job:
        usage = Usage(sheets, 3, estimated=False)
        with self.database.transaction() as session:
            return finish.settle(session, uuid, event, usage, processing_at=NOON, now=NOON)

    def cancel(self, uuid: str) -> Job:
        with self.database.transaction() as session:
            return finish.cancel(session, uuid, actor=self.alice, now=NOON)

    def stage(self, uuid: str) -> Stage:
        with self.database.snapshot() as session:
            return queries.job_by_uuid(session, uuid).stage

    def balance(self) -> Balance:
        with self.database.snapshot() as session:
            assert books.discrepancies(session) == []
            assert audit.first_broken_seq(session) is None
            return books.balance(session, self.cast.office.id, Unit.SHEETS, MONTH)

    def actions(self, uuid: str) -> list[str]:
        with self.database.snapshot() as session:
            return [record.action for record in audit.records_of(session, uuid)]


@pytest.fixture
def desk(database: Database, cast: Cast) -> Desk:
    return Desk(database, cast)


def test_a_job_goes_its_way_and_is_charged_once(desk: Desk):
    uuid = desk.accepted()
    assert desk.balance() == Balance(40, 2, 0)
    assert desk.created(uuid, 7)
    assert desk.letting_go(uuid, 7)
    # Of two that believe they forward it, only the first one may let it go.
    assert not desk.letting_go(uuid, 7)
    first = desk.settle(uuid)
    assert desk.settle(uuid, Event.BACKEND_ABORTED, 0) == first
    assert (first.stage, first.sheets_used) == (Stage.COMPLETED, 2)
    # Nobody looked while it printed; that it did is noted all the same.
    assert first.processing_at == NOON
    assert desk.balance() == Balance(40, 0, 2)
    assert desk.actions(uuid) == [
        "job.create", "job.document-received", "job.accept", "job.forward", "job.release",
        "job.backend-completed",
    ]  # fmt: skip
    with desk.database.snapshot() as session:
        assert queries.job_by_uuid(session, uuid) == first
        assert tasks.depth(session, now=NOON + timedelta(minutes=1))[0] > 0


@pytest.mark.parametrize("guest", [False, True])
def test_no_more_jobs_wait_for_documents_than_may(desk: Desk, guest: bool):
    outcomes = at_once(8, lambda _: desk.create(most=3, guest=guest))
    assert failures(outcomes, TooManyJobs) == []
    assert sum(isinstance(each, str) for each in outcomes) == 3


def test_a_document_and_a_decision_come_once(desk: Desk):
    uuid = desk.create()
    outcomes = at_once(6, lambda _: desk.receive(uuid))
    assert failures(outcomes, JobNotPossible) == []
    assert outcomes.count(None) == 1
    decided = at_once(6, lambda _: desk.decide(uuid))
    assert failures(decided) == []
    assert desk.balance() == Balance(40, 2, 0)
    assert desk.actions(uuid) == ["job.create", "job.document-received", "job.accept"]


def test_a_job_is_let_go_or_cancelled_but_not_both(desk: Desk):
    for turn in range(8):
        uuid = desk.accepted()
        assert desk.created(uuid, turn)

        def move(number: int, uuid: str = uuid, backend_job_id: int = turn) -> object:
            return desk.cancel(uuid) if number else desk.letting_go(uuid, backend_job_id)

        let_go, cancelled = at_once(2, move)
        assert failures([let_go, cancelled]) == []
        if let_go:
            assert desk.stage(uuid) is Stage.CANCELING
            desk.settle(uuid, Event.BACKEND_CANCELED, 0)
        assert desk.stage(uuid) is Stage.CANCELED
    assert desk.balance() == Balance(40, 0, 0)


def test_of_two_that_forward_a_job_one_lets_its_own_go(desk: Desk):
    uuid = desk.accepted()

    def forward_it(number: int) -> bool:
        return desk.created(uuid, number) and desk.letting_go(uuid, number)

    outcomes = at_once(6, forward_it)
    assert failures(outcomes) == []
    assert outcomes.count(True) == 1
    assert desk.stage(uuid) in AT_BACKEND
    with desk.database.snapshot() as session:
        assert queries.job_by_uuid(session, uuid).backend_job_id == outcomes.index(True)


def test_a_job_is_settled_once_however_many_watch(desk: Desk):
    uuids = [desk.accepted() for _ in range(4)]
    for number, uuid in enumerate(uuids):
        assert desk.created(uuid, number)
        assert desk.letting_go(uuid, number)
    events = (Event.BACKEND_COMPLETED, Event.BACKEND_CANCELED, Event.BACKEND_ABORTED)
    outcomes = at_once(12, lambda n: desk.settle(uuids[n % 4], events[n % 3], n % 3))
    assert failures(outcomes) == []
    with desk.database.snapshot() as session:
        used = sum(queries.job_by_uuid(session, uuid).sheets_used or 0 for uuid in uuids)
    assert desk.balance() == Balance(40, 0, used)


def test_all_of_a_person_s_jobs_are_cancelled_while_others_move(desk: Desk):
    uuids = [desk.accepted() for _ in range(6)]

    def move(number: int) -> None:
        if number < 2:
            with desk.database.transaction() as session:
                finish.cancel_all(session, uuids, actor=desk.alice, now=NOON)
        else:
            for uuid in reversed(uuids):
                desk.created(uuid, number)
                desk.accepted()

    assert failures(at_once(4, move), JobNotPossible) == []
    assert {desk.stage(uuid) for uuid in uuids} == {Stage.CANCELED}
    desk.balance()


def test_a_job_expires_or_gets_its_document_but_not_both(desk: Desk):
    late = NOON + timedelta(hours=1)
    for _ in range(6):
        uuid = desk.create()

        def move(number: int, uuid: str = uuid) -> object:
            if number:
                return desk.receive(uuid)  # type: ignore[func-returns-value]
            with desk.database.transaction() as session:
                return finish.expire(session, hold_expires=timedelta(days=1), now=late)

        expired, received = at_once(2, move)
        assert failures([expired, received], JobNotPossible) == []
        assert desk.stage(uuid) is (Stage.DECIDING if received is None else Stage.EXPIRED)
