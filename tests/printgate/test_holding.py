"""Holding and releasing: the rule tables, the verbs, the PIN, what expires."""

import hashlib
import itertools
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from core import audit, notices
from core.clock import FrozenClock
from core.db import Database
from core.errors import Forbidden
from core.ids import new_uuid
from core.people import SYSTEM, Actor
from core.tasks import service as tasks
from core.tasks.models import TaskRow
from printgate import queries
from printgate.backend.port import Queue
from printgate.callers import Caller
from printgate.errors import JobNotPossible, PrinterRetired
from printgate.holding import (
    PIN_FAILURES_MAX,
    Encryption,
    Hold,
    hold_until,
    pin_key,
    released_by_claim,
    stronger,
    typed_key,
)
from printgate.lifecycle import Event, Stage
from printgate.metering import Usage
from printgate.models import JobRow
from printgate.policy import Exemptions, Facts, Rules
from printgate.service import arrive, decide, finish, forward, holding, printers
from printgate.service.arrive import NewJob
from printgate.service.rows import CANCEL_TASK, FORWARD_TASK
from printgate.spool import Spooled
from printgate.ticket import JobTicket
from quotas import queries as quotas
from quotas import service as quota_service
from quotas.periods import Period
from quotas.units import Unit
from tests.conftest import NOON, Cast, judged
from tests.printgate.test_rules import GUEST, verdict

PIN = "2468"
DAY = timedelta(hours=24)


@pytest.mark.parametrize(("one", "other"), list(itertools.product(Hold, Hold)))
def test_the_harder_reason_stands(one: Hold, other: Hold):
    order = [Hold.NONE, Hold.ASKED, Hold.RULE, Hold.PIN]
    assert stronger(one, other) is order[max(order.index(one), order.index(other))]


@pytest.mark.parametrize(
    ("hold", "until", "by_claim"),
    [
        (Hold.NONE, "no-hold", True),
        (Hold.ASKED, "indefinite", True),
        (Hold.RULE, "indefinite", False),
        (Hold.PIN, "indefinite", False),
    ],
)
def test_what_an_ipp_client_may_know_and_do(hold: Hold, until: str, by_claim: bool):
    assert (hold_until(hold), released_by_claim(hold)) == (until, by_claim)


DIGEST = hashlib.sha256(PIN.encode()).digest()


@pytest.mark.parametrize(
    ("password", "encryption", "key"),
    [
        (PIN.encode(), Encryption.NONE, DIGEST.hex()),
        (DIGEST, Encryption.SHA2_256, DIGEST.hex()),
        (DIGEST[:-1], Encryption.SHA2_256, None),
        (DIGEST.hex().encode(), Encryption.SHA2_256, None),
        (b"123", Encryption.NONE, None),
        (b"", Encryption.NONE, None),
        (b"1" * 32, Encryption.NONE, hashlib.sha256(b"1" * 32).hexdigest()),
        (b"1" * 33, Encryption.NONE, None),
    ],
)
def test_a_pin_in_the_clear_and_as_a_digest_have_one_key(password, encryption, key):
    assert pin_key(password, encryption) == key
    assert typed_key(f" {PIN} ") == DIGEST.hex()


@pytest.mark.parametrize(
    ("exempt", "held"),
    [
        (Exemptions(), True),
        (Exemptions(offices=frozenset({"general"})), False),
        (Exemptions(persons=frozenset({"alice"})), False),
        (Exemptions(printers=frozenset({"office-a"})), False),
        (Exemptions(printers=frozenset({"office-b"})), True),
    ],
)
def test_the_rule_that_holds_every_job(exempt: Exemptions, held: bool):
    found, rules = verdict(rules=Rules(hold=True, hold_exempt=exempt))
    assert (found.hold, "hold" in rules) == (held, held)
    assert verdict()[0].hold is False


def test_a_guest_is_held_too_or_everybody_would_be_one():
    assert verdict(rules=Rules(hold=True), sender=GUEST)[0].hold


class Desk:
    """Sends jobs for the cast into a database and looks at them."""

    def __init__(self, database: Database, clock: FrozenClock, cast: Cast) -> None:
        self.database, self.clock, self.cast = database, clock, cast
        self.rules = Rules()
        with database.transaction() as session:
            queue = Queue("q", "ipp://q/", "", "", "idle", (), accepting=True)
            made = printers.add_printer(session, "office-a", queue, actor=SYSTEM, now=NOON)
            session.flush()
            self.printer = replace(made, two_sided=True)
            quota_service.grant(
                session, "g", cast.office.id, Unit.SHEETS, Period.of_moment(NOON), 10,
                actor=SYSTEM, now=NOON,
            )  # fmt: skip
        self.rules = Rules(two_sided=False)

    @property
    def now(self):
        return self.clock.now()

    def arrive(self, hold: Hold = Hold.NONE, pin: str = "") -> str:
        caller = Caller("alice", self.cast.alice, self.cast.office)
        key = holding.pin_hash(typed_key(pin)) if pin else ""
        new = NewJob(new_uuid(), self.printer, caller, "t", JobTicket(), "", hold, key)
        with self.database.transaction() as session:
            arrive.create_job(session, new, wait=timedelta(minutes=5), now=self.now)
        return new.uuid

    def receive(self, uuid: str) -> None:
        spooled = Spooled(Path("x"), 1, "d" * 64)
        with self.database.transaction() as session:
            arrive.document_received(session, uuid, spooled, "application/pdf", now=self.now)

    def decide(self, uuid: str, pages: int = 3) -> queries.Job:
        with self.database.transaction() as session:
            verdict = judged(session, uuid, Facts(pages=pages), self.rules)
            return decide.decide_job(session, uuid, verdict, ask_expires=DAY, now=self.now)

    def send(self, hold: Hold = Hold.NONE, pin: str = "", pages: int = 3) -> queries.Job:
        uuid = self.arrive(hold, pin)
        self.receive(uuid)
        return self.decide(uuid, pages)

    def job(self, uuid: str) -> queries.Job:
        with self.database.snapshot() as session:
            return queries.job_by_uuid(session, uuid)

    def by_pin(self, job_id: int, pin: str, address: str = "10.0.0.1"):
        with self.database.transaction() as session:
            return holding.release_by_pin(session, job_id, pin, address=address, now=self.now)

    def expire(self) -> int:
        with self.database.transaction() as session:
            return finish.expire(session, hold_expires=DAY, now=self.now)

    def tasks(self) -> list[str]:
        with self.database.snapshot() as session:
            return sorted(row.name for row in session.query(TaskRow) if "core" not in row.name)

    def held_sheets(self) -> int:
        with self.database.snapshot() as session:
            period = Period.of_moment(NOON)
            return quotas.balance(session, self.cast.office.id, Unit.SHEETS, period).held

    def deeds(self, uuid: str) -> list[str]:
        with self.database.snapshot() as session:
            return [record.action for record in audit.records_of(session, uuid)]

    def sound(self) -> bool:
        with self.database.snapshot() as session:
            return quotas.discrepancies(session) == [] and audit.first_broken_seq(session) is None


@pytest.fixture
def desk(database: Database, clock: FrozenClock, cast: Cast) -> Desk:
    return Desk(database, clock, cast)


def test_a_held_job_has_its_sheets_and_goes_nowhere(desk: Desk):
    job = desk.send(Hold.ASKED)
    assert (job.stage, job.sheets_reserved, job.hold) == (Stage.HELD, 3, Hold.ASKED)
    assert desk.held_sheets() == 3
    assert FORWARD_TASK not in desk.tasks()
    with desk.database.transaction() as session:
        released = holding.release(session, job.uuid, actor=Actor.of(desk.cast.alice), now=desk.now)
    assert (released.stage, released.hold) == (Stage.ACCEPTED, Hold.NONE)
    assert FORWARD_TASK in desk.tasks()
    with pytest.raises(JobNotPossible), desk.database.transaction() as session:
        holding.release(session, job.uuid, actor=SYSTEM, now=desk.now)
    assert desk.deeds(job.uuid)[-3:] == ["job.accept", "job.hold", "job.release-hold"]
    assert desk.sound()


def test_a_job_that_is_refused_is_never_held(desk: Desk):
    assert desk.send(Hold.ASKED, pages=11).stage is Stage.REFUSED
    assert desk.send(Hold.PIN, PIN, pages=11).stage is Stage.REFUSED


def test_the_rule_holds_and_a_pin_is_stronger(desk: Desk):
    desk.rules = replace(desk.rules, hold=True)
    assert desk.send().hold is Hold.RULE
    assert desk.send(Hold.ASKED).hold is Hold.RULE
    assert desk.send(Hold.PIN, PIN).hold is Hold.PIN


def test_a_hold_asked_for_before_the_decision_is_remembered(desk: Desk):
    uuid = desk.arrive()
    with desk.database.transaction() as session:
        job = holding.hold(session, uuid, actor=SYSTEM, now=desk.now)
    assert (job.stage, job.hold, job.may_hold) == (Stage.RECEIVING, Hold.ASKED, False)
    desk.receive(uuid)
    assert desk.decide(uuid).stage is Stage.HELD
    other = desk.arrive(Hold.ASKED)
    with desk.database.transaction() as session:
        holding.release_by_claim(session, other, actor=SYSTEM, now=desk.now)
    desk.receive(other)
    assert desk.decide(other).stage is Stage.ACCEPTED


def test_a_job_that_cups_holds_for_us_is_held_and_its_leftover_never_let_go(desk: Desk):
    job = desk.send()
    with desk.database.transaction() as session:
        assert forward.created_in_backend(session, job.uuid, 7, now=desk.now)
        assert holding.hold(session, job.uuid, actor=SYSTEM, now=desk.now).stage is Stage.HELD
        holding.hold(session, job.uuid, actor=SYSTEM, now=desk.now)
        assert not forward.about_to_release(session, job.uuid, 7, now=desk.now)
    assert FORWARD_TASK not in desk.tasks()
    with desk.database.transaction() as session:
        holding.release(session, job.uuid, actor=SYSTEM, now=desk.now)
        # Another try has put another job in its place: the first must not let its own go.
        assert forward.created_in_backend(session, job.uuid, 8, now=desk.now)
        assert not forward.about_to_release(session, job.uuid, 7, now=desk.now)
        assert forward.about_to_release(session, job.uuid, 8, now=desk.now)
        assert not forward.about_to_release(session, job.uuid, 7, now=desk.now)
    with pytest.raises(JobNotPossible, match="at the printer"), desk.database.transaction() as s:
        holding.hold(s, job.uuid, actor=SYSTEM, now=desk.now)
    with desk.database.transaction() as session:
        finish.settle(session, job.uuid, Event.BACKEND_COMPLETED, Usage(3, 3), now=desk.now)
    with pytest.raises(JobNotPossible, match="over"), desk.database.transaction() as session:
        holding.hold(session, job.uuid, actor=SYSTEM, now=desk.now)


def test_what_is_being_handed_over_is_not_called_back(desk: Desk):
    job = desk.send()
    with desk.database.transaction() as session:
        claimed = [tasks.claim_due(session, now=desk.now) for _ in range(3)]
    (task,) = [each for each in claimed if each is not None and each.name == FORWARD_TASK]
    with pytest.raises(JobNotPossible, match="on its way"), desk.database.transaction() as session:
        holding.hold(session, job.uuid, actor=SYSTEM, now=desk.now)
    assert (desk.job(job.uuid).stage, desk.job(job.uuid).hold) == (Stage.ACCEPTED, Hold.NONE)
    with desk.database.transaction() as session:
        tasks.postpone(session, task, until=desk.now + timedelta(seconds=5))
        assert holding.hold(session, job.uuid, actor=SYSTEM, now=desk.now).stage is Stage.HELD
    assert FORWARD_TASK not in desk.tasks()


@pytest.mark.parametrize(("hold", "pin", "rule"), [(Hold.PIN, PIN, False), (Hold.NONE, "", True)])
def test_a_claimed_name_does_not_release_what_must_not_lie_unwatched(desk: Desk, hold, pin, rule):
    desk.rules = replace(desk.rules, hold=rule)
    job = desk.send(hold, pin)
    with pytest.raises(Forbidden), desk.database.transaction() as session:
        holding.release_by_claim(session, job.uuid, actor=SYSTEM, now=desk.now)
    assert desk.job(job.uuid).stage is Stage.HELD


def test_a_claimed_name_releases_what_it_may_cancel(desk: Desk):
    job = desk.send(Hold.ASKED)
    with desk.database.transaction() as session:
        for _ in range(2):
            found = holding.release_by_claim(session, job.uuid, actor=SYSTEM, now=desk.now)
            assert found.stage is Stage.ACCEPTED
        finish.cancel(session, job.uuid, actor=SYSTEM, now=desk.now)
    with pytest.raises(JobNotPossible), desk.database.transaction() as session:
        holding.release_by_claim(session, job.uuid, actor=SYSTEM, now=desk.now)


def test_the_pin_releases_once(desk: Desk):
    job = desk.send(Hold.PIN, PIN)
    assert desk.by_pin(job.id, "1357") is None
    assert desk.job(job.uuid).stage is Stage.HELD
    released = desk.by_pin(job.id, f" {PIN}")
    assert released is not None
    assert released.stage is Stage.ACCEPTED
    assert desk.by_pin(job.id, PIN) is None
    assert desk.deeds(job.uuid)[-2:] == ["job.pin-failed", "job.release-hold"]
    assert desk.sound()


def test_five_wrong_pins_leave_only_the_owners_sign_in(desk: Desk):
    job = desk.send(Hold.PIN, PIN)
    for _ in range(PIN_FAILURES_MAX):
        assert desk.by_pin(job.id, "0000") is None
    assert desk.job(job.uuid).pin_locked
    assert desk.by_pin(job.id, PIN) is None
    owner, head = Actor.of(desk.cast.alice), Actor.of(desk.cast.dora)
    assert holding.may_release(job, owner)
    assert not holding.may_release(job, head)
    assert holding.may_release(job, Actor.of(desk.cast.ada))
    with desk.database.transaction() as session:
        assert holding.release(session, job.uuid, actor=owner, now=desk.now).stage is Stage.ACCEPTED


def test_one_pin_tried_on_every_job_is_stopped_by_where_it_comes_from(desk: Desk):
    job = desk.send(Hold.PIN, PIN)
    for number in range(holding.ADDRESS_FAILURES_MAX):
        assert desk.by_pin(job.id + 1 + number, PIN) is None
    assert desk.by_pin(job.id, PIN) is None
    assert desk.by_pin(job.id, PIN, address="10.0.0.2") is not None
    other = desk.send(Hold.PIN, PIN)
    desk.clock.move(holding.ADDRESS_WINDOW)
    assert desk.by_pin(other.id, PIN) is not None


def test_neither_the_pin_nor_its_digest_is_kept_and_its_hash_goes_with_the_hold(desk: Desk):
    job = desk.send(Hold.PIN, PIN)
    desk.by_pin(job.id, "0000")
    with desk.database.snapshot() as session:
        stored = session.get_one(JobRow, job.id).pin_hash
        assert stored.startswith("$argon2id$")
        told = [str(record) for record in audit.records_of(session, job.uuid)]
    assert not any(PIN in line.replace(job.uuid, "") or DIGEST.hex() in line for line in told)
    gone = desk.send(Hold.PIN, PIN)
    desk.by_pin(job.id, PIN)
    with desk.database.transaction() as session:
        finish.cancel(session, gone.uuid, actor=SYSTEM, now=desk.now)
    with desk.database.snapshot() as session:
        assert {session.get_one(JobRow, each).pin_hash for each in (job.id, gone.id)} == {""}


def test_a_held_job_expires_frees_its_sheets_and_tells_its_sender(desk: Desk):
    job = desk.send(Hold.ASKED)
    again = desk.send()
    with desk.database.transaction() as session:
        forward.created_in_backend(session, again.uuid, 9, now=desk.now)
        holding.hold(session, again.uuid, actor=SYSTEM, now=desk.now)
    desk.clock.move(DAY - timedelta(seconds=1))
    assert desk.expire() == 0
    desk.clock.move(timedelta(seconds=1))
    assert desk.expire() == 2
    assert desk.expire() == 0
    for uuid in (job.uuid, again.uuid):
        ended = desk.job(uuid)
        assert (ended.stage, ended.sheets_used) == (Stage.EXPIRED, 0)
    assert desk.held_sheets() == 0
    assert CANCEL_TASK in desk.tasks()
    with desk.database.snapshot() as session:
        told = [str(notice.text) for notice in notices.unseen(session, desk.cast.alice.id)]
    assert len(told) == 2
    assert "not released in time" in told[0]
    assert desk.sound()


def test_a_held_job_that_is_kept_longer_expires_later(desk: Desk):
    job, day = desk.send(Hold.ASKED), timedelta(days=1)
    desk.clock.move(DAY - timedelta(seconds=1))
    for _ in range(2):
        with desk.database.transaction() as session:
            holding.renew(session, job.uuid, hold_expires=day, actor=SYSTEM, now=desk.now)
    desk.clock.move(day - timedelta(seconds=1))
    assert desk.expire() == 0
    with desk.database.transaction() as session:
        finish.heed_jump(session, timedelta(hours=1), now=desk.now)
    desk.clock.move(timedelta(hours=1))
    assert desk.expire() == 0
    desk.clock.move(timedelta(seconds=1))
    assert desk.expire() == 1
    assert desk.held_sheets() == 0
    with pytest.raises(JobNotPossible), desk.database.transaction() as session:
        holding.renew(session, job.uuid, hold_expires=day, actor=SYSTEM, now=desk.now)
    assert desk.sound()


def test_cancelling_a_held_job_frees_its_sheets(desk: Desk):
    job = desk.send(Hold.ASKED)
    with desk.database.transaction() as session:
        finish.cancel(session, job.uuid, actor=SYSTEM, now=desk.now)
    assert desk.job(job.uuid).stage is Stage.CANCELED
    assert desk.held_sheets() == 0
    assert desk.sound()


def test_a_retired_printer_takes_no_job(desk: Desk):
    desk.printer = replace(desk.printer, retired_at=NOON)
    with pytest.raises(PrinterRetired):
        desk.arrive()
