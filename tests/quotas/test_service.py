from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from core.db import Database
from core.errors import InvalidInput
from core.identity import service as identity
from core.ids import new_uuid
from core.people import SYSTEM
from quotas import queries, service
from quotas.errors import EntryDiffers, NoSuchReservation, QuotaExceeded, ReservationEnded
from quotas.insight import By, Spent, Usage, of_period
from quotas.ledger import Balance, State
from quotas.periods import DEFAULT_ZONE, Period
from quotas.units import Unit
from tests.conftest import NOON, Cast
from tests.contracts.at_once import at_once, failures

pytestmark = pytest.mark.both_databases

MONTH = Period(2026, 11)


@pytest.fixture
def office(database: Database, cast: Cast) -> str:
    with database.transaction() as session:
        grant(session, cast.office.id, 10)
    return cast.office.id


def grant(session, office: str, amount: int, entry: str = "grant") -> None:
    service.grant(session, entry, office, Unit.SHEETS, MONTH, amount, actor=SYSTEM, now=NOON)


def reserve(session, office: str, amount: int, key: str = "job", now=NOON):
    return service.reserve(session, key, office, Unit.SHEETS, amount, actor=SYSTEM, now=now)


def settle(session, used: int, key: str = "job"):
    return service.settle(session, key, used, estimated=False, actor=SYSTEM, now=NOON)


def balance(database: Database, office: str) -> Balance:
    with database.snapshot() as session:
        assert queries.discrepancies(session) == []
        return queries.balance(session, office, Unit.SHEETS, MONTH)


def test_reserve_settle_and_again(database: Database, office: str):
    with database.transaction() as session:
        first = reserve(session, office, 4)
        assert reserve(session, office, 4) == first
    assert balance(database, office) == Balance(10, 4, 0)
    with database.transaction() as session:
        done = settle(session, 3)
        assert settle(session, 3) == settle(session, 1) == done
    assert (done.state, done.used) == (State.SETTLED, 3)
    assert balance(database, office) == Balance(10, 0, 3)


def test_what_is_missing_is_said_and_nothing_is_left_behind(database: Database, office: str):
    with pytest.raises(QuotaExceeded) as caught, database.transaction() as session:
        reserve(session, office, 12)
    assert (caught.value.needed, caught.value.left, caught.value.missing) == (12, 10, 2)
    assert "10" in str(caught.value)
    assert balance(database, office) == Balance(10, 0, 0)


def test_a_refused_reservation_leaves_the_transaction_usable(database: Database, office: str):
    with database.transaction() as session:
        with pytest.raises(QuotaExceeded):
            reserve(session, office, 11)
        reserve(session, office, 10)
    assert balance(database, office) == Balance(10, 10, 0)


def test_an_office_without_a_grant_has_nothing(database: Database, cast: Cast):
    with pytest.raises(QuotaExceeded) as caught, database.transaction() as session:
        reserve(session, cast.other.id, 1)
    assert (caught.value.left, caught.value.missing) == (0, 1)


def test_an_overrun_is_charged_and_refuses_the_next(database: Database, office: str):
    with database.transaction() as session:
        reserve(session, office, 10)
        settle(session, 13)
    assert balance(database, office).left == -3
    with pytest.raises(QuotaExceeded) as caught, database.transaction() as session:
        reserve(session, office, 1, "next")
    assert caught.value.missing == 4


def test_release_and_expire(database: Database, office: str):
    with database.transaction() as session:
        reserve(session, office, 4)
        service.release(session, "job", actor=SYSTEM, now=NOON)
        service.release(session, "job", actor=SYSTEM, now=NOON)
        with pytest.raises(ReservationEnded):
            settle(session, 1)
        reserve(session, office, 4, "late")
        service.expire(session, "late", actor=SYSTEM, now=NOON)
        with pytest.raises(NoSuchReservation):
            settle(session, 1, "none")
    assert balance(database, office) == Balance(10, 0, 0)


def test_a_reservation_stays_in_its_month(database: Database, office: str):
    with database.transaction() as session:
        made = reserve(session, office, 4)
        service.settle(
            session, "job", 4, estimated=False, actor=SYSTEM, now=NOON + timedelta(days=30)
        )
    assert made.period == MONTH
    assert balance(database, office) == Balance(10, 0, 4)
    with database.snapshot() as session:
        usage = Usage(session, DEFAULT_ZONE)
        days = usage.by_day(of_period(Unit.SHEETS, MONTH, office))
    assert days[max(days)] == 4


def test_grants_adjustments_and_bookings_are_booked_once(database: Database, office: str):
    with database.transaction() as session:
        grant(session, office, 10)
        with pytest.raises(EntryDiffers):
            grant(session, office, 11)
        for _ in range(2):
            service.adjust(
                session,
                "a",
                office,
                Unit.SHEETS,
                MONTH,
                -4,
                reason="重复拨付",
                actor=SYSTEM,
                now=NOON,
            )
            service.book(session, "b", office, Unit.TONER, 7, actor=SYSTEM, now=NOON)
        with pytest.raises(InvalidInput):
            service.adjust(
                session, "c", office, Unit.SHEETS, MONTH, 1, reason=" ", actor=SYSTEM, now=NOON
            )
    assert balance(database, office) == Balance(6, 0, 0)
    with database.snapshot() as session:
        assert queries.balance(session, office, Unit.TONER, MONTH) == Balance(0, 0, 7)
        assert queries.entries(session, office, Unit.TONER, MONTH)[0].estimated


@pytest.mark.parametrize("amount", [0, -1, 1.5, "1", 10**16, True])
def test_amounts_that_are_none(database: Database, office: str, amount):
    with pytest.raises(InvalidInput), database.transaction() as session:
        reserve(session, office, amount)
    with pytest.raises(InvalidInput), database.transaction() as session:
        grant(session, office, amount, "other")


@pytest.mark.parametrize("statement", ["UPDATE entries SET spent = 0", "DELETE FROM entries"])
def test_the_database_itself_refuses_to_change_the_ledger(
    database: Database, office: str, statement: str
):
    with pytest.raises(DBAPIError, match="never changed"), database.transaction() as session:
        session.execute(text(statement))
    assert balance(database, office) == Balance(10, 0, 0)


def test_every_figure_is_the_sum_of_its_rows(database: Database, office: str, cast: Cast):
    with database.transaction() as session:
        for n, person in enumerate((cast.alice.id, cast.bob.id, None), 1):
            service.reserve(
                session, f"j{n}", office, Unit.SHEETS, n, person_id=person, printer=f"p{n % 2}",
                actor=SYSTEM, now=NOON,
            )  # fmt: skip
            settle(session, n, f"j{n}")
    with database.snapshot() as session:
        arguments = (session, office, Unit.SHEETS, MONTH)
        usage, question = Usage(session, DEFAULT_ZONE), of_period(Unit.SHEETS, MONTH, office)
        people = usage.by(By.PERSON, question)
        assert people == {"": Spent(3, 1), cast.bob.id: Spent(2, 1), cast.alice.id: Spent(1, 1)}
        assert next(iter(people)) == ""
        assert usage.by(By.PRINTER, question) == {"p1": Spent(4, 2), "p0": Spent(2, 1)}
        assert sum(usage.by_day(question).values()) == 6
        lines = queries.entries(*arguments)
        assert queries.count_entries(*arguments) == len(lines) == 7
        assert (
            sum(line.granted for line in lines),
            sum(line.held for line in lines),
            sum(line.spent for line in lines),
        ) == (10, 0, 6)


def test_a_stored_balance_that_was_tampered_with_is_found(database: Database, office: str):
    with database.transaction() as session:
        session.execute(text("UPDATE balances SET granted = 11"))
    with database.snapshot() as session:
        (found,) = queries.discrepancies(session)
    assert (found.stored.granted, found.folded.granted) == (11, 10)


def test_sixty_four_at_once_on_ten_sheets_ten_get_one(database: Database, cast: Cast):
    """Fifty times over, each time on a fresh account; never nine and never eleven."""
    for turn in range(50):
        with database.transaction() as session:
            office = identity.add_office(
                session, code=f"race-{turn}", name="x", actor=SYSTEM, now=NOON
            ).id
            grant(session, office, 10, f"race-{turn}")

        def one(number: int, office: str = office, turn: int = turn) -> None:
            with database.transaction() as session:
                reserve(session, office, 1, f"{turn}:{number}")

        outcomes = at_once(64, one)
        assert failures(outcomes, QuotaExceeded) == []
        assert outcomes.count(None) == 10
        assert balance(database, office) == Balance(10, 10, 0)


_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["grant", "reserve", "settle", "release", "expire"]),
        st.integers(0, 5),
        st.integers(1, 30),
    ),
    max_size=40,
)


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(_STEPS)
def test_no_history_breaks_the_books(database: Database, steps):
    name = new_uuid()
    with database.transaction() as session:
        office = identity.add_office(session, code=name, name=name, actor=SYSTEM, now=NOON).id
    for verb, key, amount in steps:
        with database.transaction() as session:
            before = queries.balance(session, office, Unit.SHEETS, MONTH)
            try:
                _step(session, office, verb, f"{name[:23]}{key}", amount)
            except (QuotaExceeded, NoSuchReservation, ReservationEnded, EntryDiffers):
                assert queries.balance(session, office, Unit.SHEETS, MONTH) == before
    found = balance(database, office)
    assert found.held >= 0
    assert found.spent >= 0


def _step(session, office: str, verb: str, key: str, amount: int) -> None:
    match verb:
        case "grant":
            grant(session, office, amount, f"grant-{key}-{amount}")
        case "reserve":
            reserve(session, office, amount, key)
        case "settle":
            settle(session, amount, key)
        case "release":
            service.release(session, key, actor=SYSTEM, now=NOON)
        case _:
            service.expire(session, key, actor=SYSTEM, now=NOON)
