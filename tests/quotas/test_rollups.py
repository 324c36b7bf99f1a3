"""What pages read of usage equals the ledger, at every moment and on both databases."""

import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from core.db import Database
from core.ids import new_uuid
from core.local_days import offsets
from core.people import SYSTEM
from quotas import queries, rollups, service, tasks
from quotas.insight import (
    By,
    Question,
    Spent,
    Usage,
    balances,
    granted_to_projects,
    of_period,
)
from quotas.periods import DEFAULT_ZONE, WHOLE, Period, Span
from quotas.units import Unit
from tests.conftest import NOON, Cast

pytestmark = pytest.mark.both_databases

MONTH = Period(2026, 11)
ZONE = DEFAULT_ZONE
YEARS = (date(2026, 1, 1), date(2027, 12, 31))


@pytest.fixture
def office(database: Database, cast: Cast) -> str:
    with database.transaction() as session:
        for number, month in enumerate((Period(2026, 10), MONTH, Period(2026, 12))):
            service.grant(
                session, f"grant-{number}", cast.office.id, Unit.SHEETS, month, 10**6,
                actor=SYSTEM, now=NOON,
            )  # fmt: skip
    return cast.office.id


def spend(session, office: str, sheets: int, *, person=None, printer="p", kind="job", at=NOON):
    key = new_uuid()
    service.reserve(
        session, key, office, Unit.SHEETS, sheets, person_id=person, printer=printer, kind=kind,
        actor=SYSTEM, now=at,
    )  # fmt: skip
    service.settle(session, key, sheets, estimated=False, actor=SYSTEM, now=at)


def by_hand(session, office: str, dimension: By) -> dict[str, Spent]:
    """Sum up the entries one by one: what the figures must be."""
    found: dict[str, Spent] = {}
    for entry in queries.entries(session, office, Unit.SHEETS, MONTH):
        if not entry.spent:
            continue
        name = {
            By.PERSON: entry.person_id or "",
            By.PRINTER: entry.printer,
            By.KIND: entry.label,
            By.DAY: entry.at.astimezone(ZONE).date().isoformat(),
            By.OFFICE: office,
            By.PERIOD: MONTH.key,
            By.PROJECT: "",
        }[dimension]
        found[name] = found.get(name, Spent()).plus(Spent(entry.spent, 1))
    return found


def check(database: Database, office: str) -> None:
    with database.snapshot() as session:
        usage, question = Usage(session, ZONE), of_period(Unit.SHEETS, MONTH, office)
        for dimension in By:
            assert usage.by(dimension, question) == by_hand(session, office, dimension)
        spent = queries.balance(session, office, Unit.SHEETS, MONTH).spent
        assert usage.total(question).spent == spent
        assert rollups.disagreements(session) == []


def test_the_figures_are_the_ledgers_before_between_and_after(database: Database, office, cast):
    for number in range(7):
        with database.transaction() as session:
            person = (cast.alice.id, cast.bob.id, None)[number % 3]
            spend(
                session, office, number + 1, person=person, printer=f"p{number % 2}",
                kind=("job", "draft")[number % 2], at=NOON + timedelta(hours=9 * number),
            )  # fmt: skip
        check(database, office)
        if number % 3 == 1:
            assert tasks.roll_up(database, ZONE)
            check(database, office)
    tasks.roll_up(database, ZONE)
    with database.snapshot() as session:
        assert rollups.rolled_up_to(session) == rollups.newest(session)
    check(database, office)


def test_rolling_up_again_and_in_small_steps_changes_nothing(database: Database, office):
    with database.transaction() as session:
        for number in range(1, 6):
            spend(session, office, number)
        upto = rollups.newest(session)
    steps = 0
    while database.run(lambda session: rollups.roll(session, upto, ZONE, batch=2)):
        steps += 1
        check(database, office)
    assert steps > 2
    assert tasks.roll_up(database, ZONE)
    assert tasks.roll_up(database, ZONE)
    check(database, office)


def test_an_entry_outside_its_month_counts_on_the_months_nearest_day(database: Database, office):
    late = datetime(2026, 11, 30, 15, 59, tzinfo=UTC)
    with database.transaction() as session:
        service.reserve(session, "a", office, Unit.SHEETS, 3, actor=SYSTEM, now=late)
        service.settle(
            session, "a", 3, estimated=False, actor=SYSTEM, now=late + timedelta(hours=9)
        )
        spend(session, office, 2, at=late)
    for _ in range(2):
        with database.snapshot() as session:
            usage = Usage(session, ZONE)
            days = usage.by_day(of_period(Unit.SHEETS, MONTH, office))
            assert days[date(2026, 11, 30)] == 5
            december = of_period(Unit.SHEETS, MONTH.next(), office)
            assert usage.total(december) == Spent()
            assert rollups.disagreements(session) == []
        tasks.roll_up(database, ZONE)


def test_a_question_is_about_what_it_names(database: Database, office, cast):
    with database.transaction() as session:
        spend(session, office, 1, person=cast.alice.id, printer="p", kind="draft")
        spend(session, office, 2, person=None, printer="q")
        service.book(session, "t", office, Unit.TONER, 7, printer="p", actor=SYSTEM, now=NOON)
    asked = {
        "person": Question(Unit.SHEETS, *YEARS, person_id=cast.alice.id),
        "guests": Question(Unit.SHEETS, *YEARS, person_id=""),
        "printer": Question(Unit.SHEETS, *YEARS, printer="q"),
        "kind": Question(Unit.SHEETS, *YEARS, label="draft"),
        "toner": Question(Unit.TONER, *YEARS),
        "other office": Question(Unit.SHEETS, *YEARS, office_id=cast.other.id),
        "other days": Question(Unit.SHEETS, date(2026, 1, 1), date(2026, 11, 22)),
    }
    for _ in range(2):
        with database.snapshot() as session:
            usage = Usage(session, ZONE)
            found = {name: usage.total(each).spent for name, each in asked.items()}
        assert found == {
            "person": 1, "guests": 2, "printer": 2, "kind": 1, "toner": 7,
            "other office": 0, "other days": 0,
        }  # fmt: skip
        tasks.roll_up(database, ZONE)


def test_balances_of_all_offices_over_a_year(database: Database, office, cast):
    with database.transaction() as session:
        spend(session, office, 4)
        service.reserve(session, "open", office, Unit.SHEETS, 3, actor=SYSTEM, now=NOON)
    with database.snapshot() as session:
        year = [Period(2026, month) for month in range(1, 13)]
        found = balances(session, Unit.SHEETS, year)
    assert {key: (each.granted, each.held, each.spent) for key, each in found.items()} == {
        office: (3 * 10**6, 3, 4)
    }


def test_another_zone_makes_the_rollups_again(database: Database, office):
    evening = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)
    with database.transaction() as session:
        spend(session, office, 2, at=evening)
    question = of_period(Unit.SHEETS, MONTH, office)
    for zone, day in ((ZONE, 21), (ZoneInfo("America/New_York"), 20)):
        tasks.roll_up(database, zone)
        with database.snapshot() as session:
            assert rollups.rolled_up_to(session) == rollups.newest(session)
            assert Usage(session, zone).by_day(question)[date(2026, 11, day)] == 2


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe"])
def test_days_are_those_of_zones_that_set_their_clocks(database: Database, office, zone: str):
    place, begin = ZoneInfo(zone), datetime(2026, 10, 24, 0, 30, tzinfo=UTC)
    moments = [begin + timedelta(minutes=35 * n) for n in range(60)]
    with database.transaction() as session:
        for moment in moments:
            service.book(
                session, new_uuid(), office, Unit.TONER, 1, actor=SYSTEM, now=moment, zone=place
            )
    tasks.roll_up(database, place)
    wanted: dict[str, int] = {}
    for moment in moments:
        day = moment.astimezone(place).date().isoformat()
        wanted[day] = wanted.get(day, 0) + 1
    with database.snapshot() as session:
        found = Usage(session, place).by(By.DAY, Question(Unit.TONER, *YEARS))
    assert {day: each.spent for day, each in found.items()} == wanted


def test_offsets_change_when_the_clocks_do():
    first, last = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 12, 31, tzinfo=UTC)
    found = [(end, offset.total_seconds() / 3600) for end, offset in
             offsets(ZoneInfo("Europe/Berlin"), first, last)]  # fmt: skip
    assert found == [
        (datetime(2026, 3, 29, 1, tzinfo=UTC), 1.0),
        (datetime(2026, 10, 25, 1, tzinfo=UTC), 2.0),
        (last, 1.0),
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE rollups SET spent = spent + 1",
        "UPDATE rollups SET jobs = jobs + 1",
        "UPDATE rollups SET printer = 'elsewhere'",
        "UPDATE rollups SET period = '2026-12'",
        "DELETE FROM rollups",
        "UPDATE rolled SET seq = seq - 1",
    ],
)
def test_rollups_that_were_tampered_with_are_found_and_made_again(
    database: Database, office, statement: str
):
    with database.transaction() as session:
        spend(session, office, 4)
    tasks.roll_up(database, ZONE)
    with database.transaction() as session:
        session.execute(text(statement))
    with database.snapshot() as session:
        found = rollups.disagreements(session)
    assert found
    assert {each.office_id for each in found} == {office}
    tasks.rebuild(database, ZONE)
    check(database, office)


class Crowd:
    """Six who write, two who roll up and one who reads, all at once."""

    def __init__(self, database: Database, office: str) -> None:
        self.database, self.office = database, office
        self.stop = threading.Event()
        self.wrong: list[int] = []

    def write(self, number: int) -> None:
        for turn in range(25):
            self.database.run(lambda session: spend(session, self.office, 1, printer=f"p{number}"))
            if turn % 5 == 0:
                _aborted(self.database, self.office)

    def roll(self) -> None:
        while not self.stop.is_set():
            tasks.roll_up(self.database, ZONE, batches=1)

    def read(self) -> None:
        question = of_period(Unit.SHEETS, MONTH, self.office)
        while not self.stop.is_set():
            with self.database.snapshot() as session:
                spent = queries.balance(session, self.office, Unit.SHEETS, MONTH).spent
                if Usage(session, ZONE).total(question).spent != spent:
                    self.wrong.append(spent)


def test_writers_and_rounds_at_once_lose_nothing(database: Database, office):
    crowd = Crowd(database, office)
    writers = [threading.Thread(target=crowd.write, args=(number,)) for number in range(6)]
    others = [threading.Thread(target=work) for work in (crowd.roll, crowd.roll, crowd.read)]
    for each in (*writers, *others):
        each.start()
    for each in writers:
        each.join()
    crowd.stop.set()
    for each in others:
        each.join()
    assert crowd.wrong == []
    tasks.roll_up(database, ZONE)
    with database.snapshot() as session:
        assert Usage(session, ZONE).total(of_period(Unit.SHEETS, MONTH)) == Spent(150, 150)
    check(database, office)


def _aborted(database: Database, office: str) -> None:
    """Let a transaction with an entry fail: its number is never seen."""
    with pytest.raises(ZeroDivisionError), database.transaction() as session:
        spend(session, office, 1)
        raise ZeroDivisionError


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.integers(1, 9), st.sampled_from("pq"), st.sampled_from(["job", "draft"])),
            st.integers(1, 5),
        ),
        max_size=12,
    )
)
def test_no_history_of_entries_and_rounds_breaks_the_sums(database: Database, office, steps):
    for step in steps:
        if isinstance(step, int):
            with database.snapshot() as session:
                upto = rollups.newest(session)
            database.run(lambda session: rollups.roll(session, upto, ZONE, batch=step))  # noqa: B023
        else:
            sheets, printer, kind = step
            with database.transaction() as session:
                spend(session, office, sheets, printer=printer, kind=kind)
        check(database, office)


PROJECT = "5f0c9a52-3b0e-4a5b-9b3e-0d7a55f7d001"


def test_quarters_people_and_projects_are_told_apart_and_together(database: Database, office, cast):
    quarter, days = Period(2026, 10, Span.QUARTER), (date(2026, 11, 1), date(2026, 11, 30))
    with database.transaction() as session:
        spend(session, office, 2)
        service.set_terms(
            session, office, Unit.SHEETS, span=Span.QUARTER, carry_max=0, adjust_max=None,
            actor=SYSTEM, now=NOON, zone=ZONE,
        )  # fmt: skip
        own = service.open_account(session, office, Unit.SHEETS, now=NOON)
        mine = service.open_person_account(
            session, office, Unit.SHEETS, cast.alice.id, actor=SYSTEM, now=NOON
        )
        meeting = service.open_project(
            session, PROJECT, office, Unit.SHEETS, name="会议", ends_at=NOON + timedelta(days=9),
            actor=SYSTEM, now=NOON,
        )  # fmt: skip
        for target, amount in ((mine.id, 50), (meeting.id, 30)):
            service.transfer(
                session, new_uuid(), own, target, amount, reason="", actor=SYSTEM, now=NOON,
                zone=ZONE,
            )  # fmt: skip
        spend(session, office, 4)
        spend(session, office, 8, person=cast.alice.id)
        service.reserve(
            session, "m", office, Unit.SHEETS, 16, holder=PROJECT, actor=SYSTEM, now=NOON
        )
        service.settle(session, "m", 16, estimated=False, actor=SYSTEM, now=NOON)
    everything = Question(Unit.SHEETS, *days, office_id=office)
    for _ in range(2):
        with database.snapshot() as session:
            usage = Usage(session, ZONE)
            assert usage.by(By.PERIOD, everything) == {
                WHOLE.key: Spent(16, 1), quarter.key: Spent(12, 2), MONTH.key: Spent(2, 1)
            }  # fmt: skip
            assert usage.by(By.PROJECT, everything) == {PROJECT: Spent(16, 1), "": Spent(14, 3)}
            assert usage.total(everything).spent == 30
            assert usage.total(replace(everything, own=True)).spent == 14
            for period, spent in ((quarter, 12), (MONTH, 2)):
                question = of_period(Unit.SHEETS, period, office)
                assert usage.total(question).spent == spent
                assert queries.balance(session, office, Unit.SHEETS, period).spent == spent
            assert balances(session, Unit.SHEETS, quarter.parts())[office].spent == 14
            given = granted_to_projects(session, Unit.SHEETS, *MONTH.bounds(ZONE))
            assert given == {office: 30}
            assert not granted_to_projects(session, Unit.SHEETS, *MONTH.next().bounds(ZONE))
            assert {MONTH, quarter} <= set(queries.periods(session, office, Unit.SHEETS))
            assert WHOLE not in queries.periods(session, office, Unit.SHEETS)
            assert rollups.disagreements(session) == []
        tasks.roll_up(database, ZONE)
