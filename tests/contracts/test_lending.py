"""Loans between offices where several act at the same moment, on both databases."""

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from core.db import Database
from core.ids import new_uuid
from core.people import SYSTEM, Actor
from quotas import lending_queries, queries, service
from quotas.auditing import unbalanced_transfers
from quotas.errors import LoanDecided
from quotas.lending import State
from quotas.models import EntryRow, LoanRow
from quotas.periods import Period
from quotas.service import lending
from quotas.units import Unit
from tests.conftest import NOON, Cast
from tests.contracts.at_once import at_once, failures

pytestmark = pytest.mark.both_databases

MONTH = Period(2026, 11)
DUE = NOON + timedelta(days=5)


@pytest.fixture
def asked(database: Database, cast: Cast) -> str:
    """Return a loan of 40 of 100 sheets that waits for its lender."""
    with database.transaction() as session:
        service.grant(session, "g", cast.other.id, Unit.SHEETS, MONTH, 100, actor=SYSTEM, now=NOON)
        return lending.ask(
            session, new_uuid(), cast.other.id, cast.office.id, 40, reason="全会材料",
            last_day=date(2026, 11, 25), actor=Actor.of(cast.dora), now=NOON,
        ).id  # fmt: skip


def agree(database: Database, loan: str) -> None:
    with database.transaction() as session:
        office = session.get_one(LoanRow, loan).lender_id
        head = Actor("主任", new_uuid(), office, heads=frozenset({office}))
        lending.agree(session, loan, actor=head, now=NOON)


def books(database: Database, cast: Cast) -> tuple[int, int, int]:
    """Return what each office has left, and how many transfers there were."""
    with database.snapshot() as session:
        assert queries.discrepancies(session) == []
        assert unbalanced_transfers(session) == []
        assert lending_queries.discrepancies(session) == []
        moved = select(func.count()).where(EntryRow.transfer_id.is_not(None), EntryRow.granted > 0)
        lender, borrower = (
            queries.balance(session, office, Unit.SHEETS, MONTH).left
            for office in (cast.other.id, cast.office.id)
        )
        return lender, borrower, session.scalar(moved) or 0


def test_of_many_who_agree_at_once_one_lends(database: Database, cast: Cast, asked: str):
    outcomes = at_once(8, lambda _: agree(database, asked))
    assert failures(outcomes, LoanDecided) == []
    assert sum(each is None for each in outcomes) == 1
    assert books(database, cast) == (60, 40, 1)


def test_what_is_due_comes_back_once(database: Database, cast: Cast, asked: str):
    agree(database, asked)

    def due(_number: int) -> int:
        return database.run(lambda session: lending.give_back_due(session, asked, now=DUE))

    outcomes = at_once(8, due)
    assert failures(outcomes) == []
    assert sorted(each for each in outcomes if isinstance(each, int)) == [0] * 7 + [40]
    assert books(database, cast) == (100, 0, 2)


def test_it_comes_back_while_the_borrower_prints(database: Database, cast: Cast, asked: str):
    """Each sheet is either printed or comes back; nothing is overdrawn, nobody waits for ever."""
    agree(database, asked)

    def one(number: int) -> None:
        if number % 2:
            database.run(lambda session: lending.give_back_due(session, asked, now=DUE))
            return
        with database.transaction() as session:
            service.reserve(
                session, f"r{number}", cast.office.id, Unit.SHEETS, 3, actor=SYSTEM, now=NOON
            )

    outcomes = at_once(16, one)
    lender, borrower, _ = books(database, cast)
    taken = 3 * sum(each is None for each in outcomes[::2])
    assert borrower == 0
    assert lender == 100 - taken
    with database.snapshot() as session:
        row = session.get_one(LoanRow, asked)
        assert row.amount - row.returned == taken
        assert row.state == (State.LENT if taken else State.RETURNED)
