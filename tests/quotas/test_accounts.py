"""Accounts of people and projects, terms, transfers, proposals, renewals, toner."""

from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy.orm import Session

from core.db import Database
from core.errors import Conflict, Forbidden, InvalidInput, PrintgateError
from core.ids import new_uuid
from core.people import SYSTEM, Actor
from quotas import queries, service
from quotas.accounts import Account
from quotas.auditing import unbalanced_transfers
from quotas.errors import (
    AccountClosed,
    EntryDiffers,
    NoSuchAccount,
    NoSuchProposal,
    NoSuchReservation,
    ProposalDecided,
    QuotaExceeded,
    ReservationEnded,
    SamePerson,
    SecondPersonNeeded,
)
from quotas.insight import By, Spent, Usage, of_period
from quotas.ledger import Balance, Kind
from quotas.periods import DEFAULT_ZONE, WHOLE, Period, Span
from quotas.toner import Coverage
from quotas.units import Unit
from tests.conftest import NOON, Cast
from tests.contracts.at_once import at_once, failures

pytestmark = pytest.mark.both_databases

MONTH = Period(2026, 11)
END = NOON + timedelta(days=10)
PROJECT = "5f0c9a52-3b0e-4a5b-9b3e-0d7a55f7d001"


@pytest.fixture
def office(database: Database, cast: Cast) -> str:
    with database.transaction() as session:
        grant(session, cast.office.id, 100)
    return cast.office.id


def grant(session: Session, office: str, amount: int, key: str = "grant", **more) -> None:
    given = {"period": MONTH, "actor": SYSTEM, "now": NOON, **more}
    service.grant(session, key, office, Unit.SHEETS, amount=amount, **given)


def person_account(session: Session, cast: Cast, person: str) -> Account:
    return service.open_person_account(
        session, cast.office.id, Unit.SHEETS, person, actor=SYSTEM, now=NOON
    )


def project(session: Session, office: str, **more) -> Account:
    given = {"name": "常委会第二次会议", "ends_at": END, "actor": SYSTEM, "now": NOON, **more}
    return service.open_project(session, PROJECT, office, Unit.SHEETS, **given)


def transfer(session, source: str, target: str, amount, key: str = "t", now=NOON) -> None:
    service.transfer(session, key, source, target, amount, actor=SYSTEM, now=now)


def reserve(session, office: str, amount: int, key: str = "job", now=NOON, **more):
    return service.reserve(session, key, office, Unit.SHEETS, amount, actor=SYSTEM, now=now, **more)


def left(database: Database, office: str, holder: str | None = "", period=MONTH) -> int:
    with database.snapshot() as session:
        assert queries.discrepancies(session) == []
        assert unbalanced_transfers(session) == []
        return queries.balance(session, office, Unit.SHEETS, period, holder=holder).left


def own(session: Session, office: str) -> str:
    return service.open_account(session, office, Unit.SHEETS, now=NOON)


def test_who_has_an_account_prints_from_it_and_from_no_other(database, office, cast):
    with database.transaction() as session:
        account = person_account(session, cast, cast.alice.id)
        assert person_account(session, cast, cast.alice.id) == account
        transfer(session, own(session, office), account.id, 5)
        reserve(session, office, 5, person_id=cast.alice.id)
        reserve(session, office, 7, "bob", person_id=cast.bob.id)
        with pytest.raises(QuotaExceeded) as caught:
            reserve(session, office, 1, "more", person_id=cast.alice.id)
        service.settle(session, "job", 4, estimated=False, actor=SYSTEM, now=NOON)
    assert (caught.value.left, caught.value.missing) == (0, 1)
    assert "Your own account" in str(caught.value)
    assert left(database, office) == 88
    assert left(database, office, cast.alice.id) == 1
    assert left(database, office, None) == 89
    with database.snapshot() as session:
        mine = queries.account_for(session, office, Unit.SHEETS, cast.alice.id, now=NOON)
        his = queries.account_for(session, office, Unit.SHEETS, cast.bob.id, now=NOON)
        question = of_period(Unit.SHEETS, MONTH, office)
        spent = Usage(session, DEFAULT_ZONE).by(By.PERSON, question)
    assert mine is not None is not his
    assert (mine.holder, his.holder, spent) == (cast.alice.id, "", {cast.alice.id: Spent(4, 1)})


def test_a_closed_account_of_a_person_gives_back_and_the_office_pays_again(database, office, cast):
    with database.transaction() as session:
        account = person_account(session, cast, cast.alice.id)
        transfer(session, own(session, office), account.id, 10)
        reserve(session, office, 6, person_id=cast.alice.id)
        for _ in range(2):
            service.close_account(session, account.id, actor=SYSTEM, now=NOON)
    assert left(database, office) == 94
    with database.transaction() as session:
        service.settle(session, "job", 2, estimated=False, actor=SYSTEM, now=NOON)
        reserve(session, office, 1, "next", person_id=cast.alice.id)
    with database.snapshot() as session:
        (due,) = queries.accounts_to_clear(session, now=NOON)
    with database.transaction() as session:
        assert service.return_rest(session, due, now=NOON) == 4
        assert service.return_rest(session, due, now=NOON) == 0
    assert left(database, office) == 97
    assert left(database, office, cast.alice.id) == 0
    with database.transaction() as session:
        assert person_account(session, cast, cast.alice.id).id == account.id
        with pytest.raises(QuotaExceeded):
            reserve(session, office, 1, "empty", person_id=cast.alice.id)


def test_a_project_ends_takes_nothing_more_and_gives_back(database, office, cast):
    with database.transaction() as session:
        account = project(session, office)
        assert project(session, office) == account
        transfer(session, own(session, office), account.id, 30)
        grant(session, office, 10, "more", period=WHOLE, holder=PROJECT)
        reserve(session, office, 12, holder=PROJECT, now=END - timedelta(seconds=1))
        with pytest.raises(AccountClosed):
            reserve(session, office, 1, "late", holder=PROJECT, now=END)
    assert (left(database, office), left(database, office, PROJECT, WHOLE)) == (70, 28)
    december = Period(2026, 12)
    with database.transaction() as session:
        assert service.return_rest(session, account.id, now=END) == 28
        service.settle(session, "job", 11, estimated=False, actor=SYSTEM, now=END)
        assert service.return_rest(session, account.id, now=END) == 1
        with pytest.raises(AccountClosed):
            grant(session, office, 1, "late", period=WHOLE, holder=PROJECT, now=END)
    assert left(database, office, "", december) == 29
    assert left(database, office, PROJECT, WHOLE) == 0


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"name": " "}, InvalidInput),
        ({"ends_at": NOON}, InvalidInput),
        ({"name": "另一个会议"}, EntryDiffers),
    ],
)
def test_what_is_no_project(database, office, wrong, error):
    with database.transaction() as session:
        if error is EntryDiffers:
            project(session, office)
        with pytest.raises(error):
            project(session, office, **wrong)


def test_another_offices_accounts_are_not_there(database, office, cast):
    with database.transaction() as session:
        project(session, office)
        with pytest.raises(NoSuchAccount):
            reserve(session, cast.other.id, 1, holder=PROJECT)
        with pytest.raises(NoSuchAccount):
            grant(session, cast.other.id, 1, "x", period=WHOLE, holder=PROJECT)
        with pytest.raises(InvalidInput):
            person_account(session, cast, cast.charlie.id)
        with pytest.raises(NoSuchAccount):
            transfer(session, own(session, office), new_uuid(), 1)


def test_a_transfer_is_made_once_and_of_what_is_free(database, office, cast):
    with database.transaction() as session:
        source, target = own(session, office), own(session, cast.other.id)
        reserve(session, office, 60)
        for _ in range(2):
            transfer(session, source, target, 40)
        with pytest.raises(EntryDiffers):
            transfer(session, source, target, 39)
        with pytest.raises(EntryDiffers):
            transfer(session, target, source, 40)
        with pytest.raises(QuotaExceeded) as caught:
            transfer(session, source, target, 1, "u")
        lines = queries.entries(session, office, Unit.SHEETS, MONTH)
    assert (caught.value.needed, caught.value.left) == (1, 0)
    assert [line.granted for line in lines if line.kind is Kind.TRANSFER] == [-40]
    assert (left(database, office), left(database, cast.other.id)) == (0, 40)


@pytest.mark.parametrize("amount", [0, -1, 1.5, "1", True, None, 10**16])
def test_amounts_that_cannot_be_moved(database, office, cast, amount):
    with database.transaction() as session:
        source, target = own(session, office), own(session, cast.other.id)
        with pytest.raises(InvalidInput):
            transfer(session, source, target, amount)
    assert left(database, office) == 100


def test_a_transfer_keeps_to_one_unit_and_two_open_accounts(database, office, cast):
    with database.transaction() as session:
        source = own(session, office)
        toner = service.open_account(session, office, Unit.TONER, now=NOON)
        meeting = project(session, office)
        for target in (toner, source):
            with pytest.raises(InvalidInput):
                transfer(session, source, target, 1)
        service.close_account(session, meeting.id, actor=SYSTEM, now=NOON)
        for one, two in ((source, meeting.id), (meeting.id, source)):
            with pytest.raises(AccountClosed):
                transfer(session, one, two, 1)
    assert left(database, office) == 100


def test_transfers_both_ways_at_once_lose_nothing(database, office, cast):
    with database.transaction() as session:
        grant(session, cast.other.id, 100, "other")
        pair = own(session, office), own(session, cast.other.id)

    def move(number: int) -> None:
        source, target = pair if number % 2 else pair[::-1]
        for turn in range(4):
            key = f"{number}:{turn}"
            database.run(partial(transfer, source=source, target=target, amount=7, key=key))

    assert failures(at_once(12, move), QuotaExceeded) == []
    assert left(database, office) + left(database, cast.other.id) == 200


def test_one_transfer_sent_many_times_is_made_once(database, office, cast):
    with database.transaction() as session:
        pair = own(session, office), own(session, cast.other.id)
    outcomes = at_once(
        12, lambda _: database.run(lambda session: transfer(session, *pair, 30, "same"))
    )
    assert failures(outcomes) == []
    assert (left(database, office), left(database, cast.other.id)) == (70, 30)


def test_an_office_closes_last_and_then_takes_nothing(database, office, cast):
    with database.transaction() as session:
        meeting, account = project(session, office), own(session, office)
        with pytest.raises(Conflict):
            service.close_account(session, account, actor=SYSTEM, now=NOON)
        service.close_account(session, meeting.id, actor=SYSTEM, now=NOON)
        reserve(session, office, 10)
        service.close_account(session, account, actor=SYSTEM, now=NOON)
        for refused in (
            lambda: reserve(session, office, 1, "late"),
            lambda: grant(session, office, 1, "late"),
            lambda: person_account(session, cast, cast.alice.id),
        ):
            with pytest.raises(AccountClosed):
                refused()
        service.settle(session, "job", 11, estimated=False, actor=SYSTEM, now=NOON)
    assert left(database, office) == -1


ADA, BEN = Actor("Ada", "ada", admin=True), Actor("Ben", "ben", admin=True)


def correct(session, office: str, amount: int, key: str = "c", actor: Actor = ADA, **more):
    return service.correct(
        session, key, office, Unit.SHEETS, MONTH, amount, reason="会议加印", limit=50,
        actor=actor, now=NOON, **more,
    )  # fmt: skip


def test_a_large_adjustment_takes_two_people(database, office):
    with database.transaction() as session:
        assert correct(session, office, 50, "small") is None
        asked = correct(session, office, 51)
        assert correct(session, office, 51) == asked
        with pytest.raises(EntryDiffers):
            correct(session, office, 52)
        assert [each.id for each in queries.open_proposals(session)] == ["c"]
    assert left(database, office) == 150
    with database.transaction() as session:
        with pytest.raises(SamePerson):
            service.confirm(session, "c", actor=ADA, now=NOON)
        with pytest.raises(Forbidden):
            service.confirm(session, "c", actor=SYSTEM, now=NOON)
        done = service.confirm(session, "c", actor=BEN, now=NOON)
        assert service.confirm(session, "c", actor=BEN, now=NOON) == done
        with pytest.raises(ProposalDecided):
            service.reject(session, "c", actor=BEN, now=NOON)
        with pytest.raises(NoSuchProposal):
            service.confirm(session, "none", actor=BEN, now=NOON)
        assert queries.open_proposals(session) == []
    assert (done.state, done.proposed_name, done.decided_name) == ("confirmed", "Ada", "Ben")
    assert left(database, office) == 201


def test_a_proposal_falls_and_enters_nothing(database, office):
    with database.transaction() as session:
        correct(session, office, -60)
        assert service.reject(session, "c", actor=ADA, now=NOON).state == "rejected"
        with pytest.raises(ProposalDecided):
            service.confirm(session, "c", actor=BEN, now=NOON)
        correct(session, office, -101, "too much")
    with pytest.raises(InvalidInput), database.transaction() as session:
        service.confirm(session, "too much", actor=BEN, now=NOON)
    assert left(database, office) == 100


def test_an_office_may_have_a_limit_of_its_own(database, office):
    with database.transaction() as session:
        service.set_terms(
            session, office, Unit.SHEETS, span=Span.MONTH, carry_max=0, adjust_max=5, actor=ADA,
            now=NOON,
        )  # fmt: skip
        assert correct(session, office, 6) is not None
        with pytest.raises(SecondPersonNeeded):
            service.adjust(
                session, "a", office, Unit.SHEETS, MONTH, -6, reason="x", actor=ADA, now=NOON
            )
    assert left(database, office) == 100


def test_many_confirm_at_once_and_it_is_entered_once(database, office):
    with database.transaction() as session:
        correct(session, office, 60)

    def decide(number: int) -> object:
        verb = service.confirm if number % 2 else service.reject
        actor = Actor(f"n{number}", f"n{number}")
        return database.run(lambda session: verb(session, "c", actor=actor, now=NOON).state)

    outcomes = at_once(10, decide)
    assert failures(outcomes, ProposalDecided) == []
    (state,) = {each for each in outcomes if isinstance(each, str)}
    assert left(database, office) == (160 if state == "confirmed" else 100)


def test_a_renewed_reservation_lives_longer_and_moves_nothing(database, office):
    later = NOON + timedelta(days=1)

    def renew(session: Session, until: datetime = later, key: str = "job"):
        return service.renew(session, key, until, actor=SYSTEM, now=NOON)

    with database.transaction() as session:
        made = reserve(session, office, 4)
        assert renew(session) == renew(session) == made
        renew(session, later - timedelta(hours=1))
        assert queries.renewed_until(session, ["job", "other"]) == {"job": later}
        kinds = [line.kind for line in queries.entries(session, office, Unit.SHEETS, MONTH)]
        with pytest.raises(InvalidInput):
            renew(session, NOON)
        with pytest.raises(NoSuchReservation):
            renew(session, key="none")
        service.expire(session, "job", actor=SYSTEM, now=NOON)
        with pytest.raises(ReservationEnded):
            renew(session, later + timedelta(days=1))
    assert kinds.count(Kind.RENEW) == 1
    assert left(database, office) == 100


def test_what_is_measured_is_booked_ink_by_ink(database, office):
    measured = Coverage(black=50_000, cyan=25_000, measured=True)
    with database.transaction() as session:
        for _ in range(2):
            service.book_toner(session, "job", office, 4, measured, actor=SYSTEM, now=NOON)
    with database.snapshot() as session:
        black, cyan, yellow = (
            queries.balance(session, office, unit, MONTH)
            for unit in (Unit.TONER, Unit.CYAN, Unit.YELLOW)
        )
        (line,) = queries.entries(session, office, Unit.CYAN, MONTH)
    assert (black.spent, cyan.spent, yellow) == (4_000_000, 2_000_000, Balance())
    assert not line.estimated


@pytest.mark.parametrize(
    "terms",
    [
        {"span": Span.PROJECT, "carry_max": 0, "adjust_max": None},
        {"span": Span.MONTH, "carry_max": -1, "adjust_max": None},
        {"span": Span.MONTH, "carry_max": 10**16, "adjust_max": None},
        {"span": Span.MONTH, "carry_max": 0, "adjust_max": -5},
    ],
)
def test_terms_that_are_none(database, office, terms):
    with database.transaction() as session, pytest.raises(PrintgateError):
        service.set_terms(session, office, Unit.SHEETS, **terms, actor=SYSTEM, now=NOON)


def test_another_span_takes_along_what_is_left(database, office, cast):
    quarter = Period(2026, 10, Span.QUARTER)
    with database.transaction() as session:
        account = person_account(session, cast, cast.alice.id)
        transfer(session, own(session, office), account.id, 5)
        grant(session, office, 50, "ahead", period=Period(2026, 12))
        reserve(session, office, 20)
        for _ in range(2):
            service.set_terms(
                session, office, Unit.SHEETS, span=Span.QUARTER, carry_max=9, adjust_max=None,
                actor=SYSTEM, now=NOON,
            )  # fmt: skip
        with pytest.raises(InvalidInput):
            grant(session, office, 1, "month")
        assert queries.period_now(session, office, Unit.SHEETS, now=NOON) == quarter
        assert reserve(session, office, 125, "all").period == quarter
        reserve(session, office, 5, "hers", person_id=cast.alice.id)
    with database.transaction() as session:
        service.settle(session, "job", 20, estimated=False, actor=SYSTEM, now=NOON)
    assert (left(database, office), left(database, office, period=quarter)) == (0, 0)
