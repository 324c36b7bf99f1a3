"""Where books are usually broken: ids that come again, odd months, odd SQL, clocks set back."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from core.db import Database
from core.errors import InvalidInput
from core.people import SYSTEM
from quotas import queries, service
from quotas.errors import EntryDiffers, QuotaExceeded
from quotas.insight import Usage, of_period
from quotas.ledger import Balance
from quotas.models import AccountRow
from quotas.periods import DEFAULT_ZONE, Period
from quotas.units import Unit
from tests.conftest import NOON, Cast

MONTH = Period(2026, 11)


@pytest.fixture
def office(database: Database, cast: Cast) -> str:
    with database.transaction() as session:
        service.grant(
            session, "grant", cast.office.id, Unit.SHEETS, MONTH, 10, actor=SYSTEM, now=NOON
        )
    return cast.office.id


def reserve(session, office: str, amount: int, *, unit=Unit.SHEETS, now=NOON):
    return service.reserve(session, "job", office, unit, amount, actor=SYSTEM, now=now)


def adjust(session, office: str, amount: int, key: str = "adjustment") -> None:
    service.adjust(
        session, key, office, Unit.SHEETS, MONTH, amount, reason="error", actor=SYSTEM, now=NOON
    )


def balance(database: Database, office: str) -> Balance:
    with database.snapshot() as session:
        assert queries.discrepancies(session) == []
        return queries.balance(session, office, Unit.SHEETS, MONTH)


@pytest.mark.parametrize("other", ["amount", "office", "unit"])
def test_a_reservation_id_stands_for_one_thing(database, cast, office, other):
    with database.transaction() as session:
        reserve(session, office, 4)
        with pytest.raises(EntryDiffers):
            reserve(
                session,
                cast.other.id if other == "office" else office,
                5 if other == "amount" else 4,
                unit=Unit.TONER if other == "unit" else Unit.SHEETS,
            )
    assert balance(database, office) == Balance(10, 4, 0)


def test_asking_what_is_left_opens_no_account(database, cast):
    with database.transaction() as session, pytest.raises(QuotaExceeded):
        reserve(session, cast.other.id, 1)
    with database.snapshot() as session:
        assert session.scalar(select(func.count()).select_from(AccountRow)) == 0


def test_no_more_can_be_taken_back_than_was_granted(database, office):
    with database.transaction() as session, pytest.raises(InvalidInput):
        adjust(session, office, -11)
    for _ in range(2):
        with database.transaction() as session:
            adjust(session, office, -10)
    assert balance(database, office) == Balance(0, 0, 0)


def test_a_clock_set_back_moves_nothing_and_every_day_stays_in_the_month(database, office):
    october = datetime(2026, 10, 1, tzinfo=UTC)
    with database.transaction() as session:
        reserve(session, office, 2)
        assert reserve(session, office, 2, now=october).period == MONTH
        service.settle(session, "job", 2, estimated=False, actor=SYSTEM, now=october)
    assert balance(database, office) == Balance(10, 0, 2)
    with database.snapshot() as session:
        days = Usage(session, DEFAULT_ZONE).by_day(of_period(Unit.SHEETS, MONTH, office))
    assert (len(days), days[min(days)], sum(days.values())) == (30, 2, 2)


@pytest.mark.parametrize(
    "key", ["0000-01", "0001-01", "0999-12", "9999-01", "9999-12", "２０２６-11"]
)
def test_a_month_that_cannot_be_shown_is_none(key):
    with pytest.raises(ValueError, match="not a month"):
        Period.of_key(key)


@pytest.mark.parametrize("key", ["1000-01", "9998-12"])
def test_the_outermost_months_can_be_shown(key):
    period = Period.of_key(key)
    assert len(period.days()) == 31
    assert period.previous() < period < period.next()
    first, after = period.bounds()
    assert first < after


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT OR REPLACE INTO entries SELECT * FROM entries",
        "REPLACE INTO entries (seq, id, account_id, period, kind, granted, held, spent, printer,"
        " label, estimated, reason, actor, at) SELECT 77, id, account_id, period, kind, 99, held,"
        " spent, printer, label, estimated, reason, actor, at FROM entries",
        "UPDATE OR REPLACE entries SET granted = 99",
    ],
)
def test_an_entry_is_not_replaced_either(database, office, statement):
    with (
        pytest.raises(IntegrityError, match="never changed"),
        database.transaction() as session,
    ):
        session.execute(text(statement))
    assert balance(database, office) == Balance(10, 0, 0)
