"""What must hold when many write at once, on both databases."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from core import audit
from core.db import Database
from core.errors import Conflict
from core.identity import queries as people
from core.identity import service as identity
from core.ids import new_uuid
from core.people import SYSTEM, Actor
from core.tasks import service as tasks
from core.tasks.models import TaskRow
from docflow import queries as documents
from docflow import service as docflow
from docflow.errors import DocumentEnded, GrantSpent
from docflow.lifecycle import Action
from quotas import queries, service
from quotas.errors import EntryDiffers, ReservationEnded
from quotas.ledger import Balance, State
from quotas.periods import Period
from quotas.units import Unit
from tests.conftest import NOON, Cast
from tests.contracts.at_once import at_once, failures

pytestmark = pytest.mark.both_databases

MONTH = Period(2026, 11)


@pytest.fixture
def office(database: Database, cast: Cast) -> str:
    with database.transaction() as session:
        grant(session, cast.office.id, 10, "first")
    return cast.office.id


def grant(session, office: str, amount: int, entry: str) -> None:
    service.grant(session, entry, office, Unit.SHEETS, MONTH, amount, actor=SYSTEM, now=NOON)


def balance(database: Database, office: str) -> Balance:
    with database.snapshot() as session:
        assert queries.discrepancies(session) == []
        assert audit.first_broken_seq(session) is None
        return queries.balance(session, office, Unit.SHEETS, MONTH)


def reserve(database: Database, office: str, amount: int, key: str):
    with database.transaction() as session:
        return service.reserve(
            session, key, office, Unit.SHEETS, amount, actor=SYSTEM, now=NOON
        )  # fmt: skip


def test_the_first_grants_of_an_office_open_one_account(database: Database, cast: Cast):
    def first(number: int) -> None:
        with database.transaction() as session:
            grant(session, cast.other.id, 2, f"grant-{number}")

    assert failures(at_once(16, first)) == []
    assert balance(database, cast.other.id) == Balance(32, 0, 0)


def test_one_grant_sent_many_times_is_booked_once(database: Database, office: str):
    def again(number: int) -> None:
        with database.transaction() as session:
            grant(session, office, 5 + (number == 7), "same")

    outcomes = at_once(16, again)
    assert failures(outcomes, EntryDiffers) == []
    assert balance(database, office).granted in (15, 16)


@pytest.mark.parametrize("amount", [4, 10])
def test_one_reservation_asked_for_many_times_is_made_once(
    database: Database, office: str, amount: int
):
    outcomes = at_once(16, lambda _: reserve(database, office, amount, "job"))
    assert failures(outcomes) == []
    assert len(set(outcomes)) == 1
    assert balance(database, office) == Balance(10, amount, 0)


def test_a_reservation_ends_once_however_many_end_it(database: Database, office: str):
    reserve(database, office, 4, "job")

    def end(number: int):
        with database.transaction() as session:
            if number % 2:
                return service.release(session, "job", actor=SYSTEM, now=NOON)
            return service.settle(session, "job", 3, estimated=False, actor=SYSTEM, now=NOON)

    outcomes = at_once(12, end)
    assert failures(outcomes, ReservationEnded) == []
    (ended,) = {each for each in outcomes if isinstance(each, service.Reservation)}
    assert sum(isinstance(each, ReservationEnded) for each in outcomes) == 6
    assert balance(database, office) == Balance(10, 0, 3 if ended.state is State.SETTLED else 0)


def test_many_offices_and_jobs_at_once_leave_the_books_and_the_chain_whole(
    database: Database, office: str, cast: Cast
):
    with database.transaction() as session:
        grant(session, office, 990, "more")
        grant(session, cast.other.id, 1000, "other")

    def work(number: int) -> None:
        mine, theirs = (office, cast.other.id) if number % 2 else (cast.other.id, office)
        for turn in range(5):
            key = f"{number}:{turn}"
            reserve(database, mine, 2, key)
            with database.transaction() as session:
                audit.record(session, SYSTEM, "thing.do", key, {}, NOON)
                service.settle(session, key, 1, estimated=True, actor=SYSTEM, now=NOON)
                service.book(session, f"{key}:t", theirs, Unit.TONER, 3, actor=SYSTEM, now=NOON)

    assert failures(at_once(8, work)) == []
    assert balance(database, office) == balance(database, cast.other.id) == Balance(1000, 0, 20)


def test_the_first_records_make_one_chain(database: Database):
    def deed(number: int) -> None:
        for _ in range(3):
            with database.transaction() as session:
                audit.record(session, SYSTEM, "thing.do", str(number), {"n": number}, NOON)
                audit.record(session, SYSTEM, "thing.undo", str(number), {"n": number}, NOON)

    assert failures(at_once(16, deed)) == []
    with database.snapshot() as session:
        assert audit.first_broken_seq(session) is None
        count = session.scalar(select(func.count()).select_from(audit.AuditRow))
        mine = [record.action for record in audit.records_of(session, "3")]
    assert count == 96
    assert mine == ["thing.do", "thing.undo"] * 3


def test_work_asked_for_by_many_is_one_task(database: Database):
    def ask(number: int) -> None:
        with database.transaction() as session:
            delay = timedelta(seconds=number)
            tasks.enqueue(session, "work", "s", now=NOON, delay=delay, values={"n": number})

    assert failures(at_once(16, ask)) == []
    with database.snapshot() as session:
        (row,) = session.scalars(select(TaskRow))
    assert row.due_at == NOON
    assert row.values["n"] in range(16)


@pytest.mark.parametrize("runners", [2, 16])
def test_each_task_is_claimed_once(database: Database, runners: int):
    with database.transaction() as session:
        for number in range(40):
            tasks.enqueue(session, "work", str(number), now=NOON)

    def claim(_number: int) -> list[str]:
        mine: list[str] = []
        while True:
            with database.transaction() as session:
                task = tasks.claim_due(session, now=NOON)
                if task is None and tasks.depth(session, now=NOON)[0] == 0:
                    return mine
            if task is not None:
                mine.append(task.subject)
                with database.transaction() as session:
                    tasks.finish(session, task)

    outcomes = at_once(runners, claim)
    assert failures(outcomes) == []
    claimed = [subject for each in outcomes for subject in each]  # type: ignore[attr-defined]
    assert sorted(claimed, key=int) == [str(number) for number in range(40)]


def test_a_name_is_given_to_one_person(database: Database, cast: Cast):
    def add(_number: int):
        with database.transaction() as session:
            return identity.add_person(
                session, login="Eve", name="e", office_id=cast.office.id, actor=SYSTEM, now=NOON
            )

    outcomes = at_once(8, add)
    assert failures(outcomes, Conflict) == []
    assert sum(isinstance(each, Conflict) for each in outcomes) == 7


def test_guesses_at_once_are_all_counted(database: Database, cast: Cast):
    def guess(_number: int):
        with database.transaction() as session:
            return identity.sign_in(session, "alice", "wrong", now=NOON)

    assert failures(at_once(identity.SIGN_IN_FAILURES_MAX, guess)) == []
    with database.transaction() as session:
        assert identity.sign_in(session, "alice", "correct horse", now=NOON) is None
        assert people.person_by_login(session, "alice") == cast.alice


def test_sessions_are_opened_touched_and_swept_at_once(database: Database, cast: Cast):
    with database.transaction() as session:
        for _ in range(20):
            identity.open_session(session, None, {}, now=NOON)
        mine = identity.open_session(session, cast.alice.id, {}, now=NOON + timedelta(hours=1))
    later = NOON + timedelta(hours=1, minutes=1)

    def visit(number: int) -> None:
        with database.transaction() as session:
            if number % 2:
                identity.open_session(session, None, {}, now=later)
            else:
                identity.touch_session(session, mine, {"n": number}, now=later)

    assert failures(at_once(12, visit)) == []
    with database.snapshot() as session:
        found = identity.find_session(session, mine, now=later)
    assert found is not None
    assert found[0] == cast.alice.id


@pytest.fixture
def document(database: Database, cast: Cast) -> str:
    document_id = new_uuid()

    def submit(_number: int):
        with database.transaction() as session:
            return docflow.submit_draft(
                session, document_id=document_id, title="讨论稿", owner_id=cast.alice.id,
                origin="printgate:1", digest="0" * 64, octets=10, pages=2, now=NOON,
                actor=Actor.of(cast.alice),
            )  # fmt: skip

    outcomes = at_once(6, submit)
    assert failures(outcomes) == []
    assert len(set(outcomes)) == 1
    return document_id


def test_a_document_is_closed_or_withdrawn_but_not_both(
    database: Database, cast: Cast, document: str
):
    alice = Actor.of(cast.alice)

    def act(number: int) -> object:
        with database.transaction() as session:
            if number < 4:
                docflow.give_opinion(session, document, "好", actor=alice, now=NOON)
                return None
            action = Action.CLOSE if number % 2 else Action.WITHDRAW
            return docflow.end(session, document, action, actor=alice, now=NOON)

    outcomes = at_once(8, act)
    assert failures(outcomes, DocumentEnded) == []
    ended = [each for each in outcomes if isinstance(each, documents.Document)]
    assert len(ended) == 1
    given = sum(each is None for each in outcomes[:4])
    with database.snapshot() as session:
        assert len(documents.opinions(session, document)) == given


def test_a_print_grant_is_used_by_one(database: Database, cast: Cast, document: str):
    alice = Actor.of(cast.alice)
    with database.transaction() as session:
        grant_id = docflow.ask_print(
            session, document, copies=1, reason="主任会议用", actor=alice, now=NOON
        ).id

    def use(number: int) -> None:
        with database.transaction() as session:
            docflow.use_grant(session, grant_id, f"printgate:{number}", actor=alice, now=NOON)

    outcomes = at_once(8, use)
    assert failures(outcomes, GrantSpent) == []
    assert sum(each is None for each in outcomes) == 1


def test_a_reader_opens_a_document_for_the_first_time_once(
    database: Database, cast: Cast, document: str
):
    def name_and_open(_number: int) -> None:
        for act in (
            lambda session: docflow.name_readers(
                session, document, [cast.bob.id], actor=Actor.of(cast.alice), now=NOON
            ),
            lambda session: docflow.mark_opened(
                session, document, actor=Actor.of(cast.bob), now=NOON
            ),
        ):
            with database.transaction() as session:
                act(session)

    assert failures(at_once(8, name_and_open)) == []
    with database.snapshot() as session:
        actions = [record.action for record in audit.records_of(session, document)]
    assert actions == ["document.submit", "document.reader", "document.open"]
