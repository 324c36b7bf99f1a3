"""What printers did and what energy that took: rules, and what is noted of it."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from core.db import Database
from core.people import SYSTEM
from printgate import energy_queries
from printgate.backend.port import DeviceAttributes, Queue
from printgate.energy import (
    GAP,
    Drawn,
    Interval,
    Known,
    Label,
    Open,
    Power,
    looked,
    of_day,
    open_pieces,
    power_of,
)
from printgate.service import power, printers
from printgate.service.printers import PrinterFields
from quotas.periods import DEFAULT_ZONE as ZONE
from tests.conftest import NOON

LABEL = Label(printing=600_000, ready=60_000, sleep=900)
HOUR, LOOK = 3600, timedelta(seconds=5)
MIDNIGHT = datetime(2026, 11, 23, 16, tzinfo=UTC)
"""That between the 23rd and the 24th of November in Shanghai."""


@pytest.mark.parametrize(
    ("state", "reasons", "found"),
    [
        ("idle", ("none",), Power.READY),
        ("idle", ("toner-low-warning",), Power.READY),
        ("processing", (), Power.PRINTING),
        ("stopped", ("media-empty-error",), Power.STOPPED),
        ("idle", ("standby-report",), Power.SLEEP),
        ("idle", ("suspend",), Power.SLEEP),
        ("stopped", ("hibernate",), Power.SLEEP),
        ("idle", ("subunit-power-saver",), Power.SLEEP),
        ("processing", ("standby",), Power.PRINTING),
        ("stopped", ("shutdown",), Power.OFF),
        ("idle", ("power-down-warning", "standby"), Power.OFF),
        ("a word of tomorrow", (), Power.STOPPED),
    ],
)
def test_what_a_printer_does_by_its_own_words(state, reasons, found):
    assert power_of(state, reasons) is found


@pytest.mark.parametrize(
    ("seconds", "label", "drawn"),
    [
        ({Power.PRINTING: HOUR, Power.READY: 10 * HOUR}, LABEL, Drawn(600, 600)),
        ({Power.READY: HOUR, Power.STOPPED: HOUR, Power.SLEEP: 20 * HOUR}, LABEL, Drawn(0, 138)),
        ({Power.OFF: 24 * HOUR}, LABEL, Drawn(0, 0)),
        ({Power.OFF: 24 * HOUR}, Label(), Drawn(0, 0)),
        ({Power.READY: HOUR}, Label(printing=1), Drawn(0, None)),
        ({Power.PRINTING: HOUR, Power.READY: HOUR}, Label(ready=60_000), Drawn(None, 60)),
        ({Power.SLEEP: HOUR}, Label(ready=60_000), Drawn(0, None)),
        ({Power.SLEEP: 1999}, LABEL, Drawn(0, 0)),
        ({Power.SLEEP: 2000}, LABEL, Drawn(0, 1)),
    ],
)
def test_watt_hours_are_time_times_the_watts_of_the_label(seconds, label, drawn):
    assert of_day(seconds, label) == drawn


def test_a_month_is_the_sum_of_its_days():
    days = {date(2026, 11, n): {Power.SLEEP: 2000} for n in range(1, 31)}
    assert Known(days).drawn(LABEL) == Drawn(0, 30)
    assert Known(days).seconds(Power.SLEEP) == 60_000


def play(looks: list[tuple[datetime, Power]]) -> tuple[list[Interval], Open | None]:
    ended, was = [], None
    for at, seen in looks:
        more, was = looked(was, seen, at, ZONE)
        ended += more
    return ended, was


def test_a_state_lasts_until_another_is_seen():
    ended, was = play(
        [(NOON, Power.READY), (NOON + LOOK, Power.READY), (NOON + 2 * LOOK, Power.PRINTING)]
    )
    assert [(each.power, each.seconds) for each in ended] == [(Power.READY, 10)]
    assert was == Open(Power.PRINTING, NOON + 2 * LOOK, NOON + 2 * LOOK)


def test_a_day_has_its_seconds_whatever_was_seen():
    looks = [
        (MIDNIGHT - timedelta(hours=1) + n * LOOK, (Power.READY, Power.SLEEP)[n % 7 == 0])
        for n in range(1440)
    ]
    ended, was = play(looks)
    assert was is not None
    for day in (date(2026, 11, 23), date(2026, 11, 24)):
        pieces = [each for each in [*ended, *open_pieces(was, ZONE)] if each.day == day]
        assert sum(each.seconds for each in pieces) == (HOUR if day.day == 23 else HOUR - 5)
        for one, other in pairwise(pieces):
            assert one.until == other.since


def test_one_state_that_lasts_is_cut_at_midnight():
    before = MIDNIGHT - LOOK
    ended, was = play([(before, Power.SLEEP), (MIDNIGHT + LOOK, Power.SLEEP)])
    assert [(each.day, each.since, each.until) for each in ended] == [
        (date(2026, 11, 23), before, MIDNIGHT)
    ]
    assert was == Open(Power.SLEEP, MIDNIGHT, MIDNIGHT + LOOK)


@pytest.mark.parametrize("seen", [Power.READY, Power.PRINTING])
@pytest.mark.parametrize(("late", "counted"), [(GAP, 605), (GAP + LOOK, 5), (timedelta(9), 5)])
def test_what_nobody_looked_at_is_not_counted(late, counted, seen):
    ended, was = play([(NOON, Power.READY), (NOON + LOOK, Power.READY), (NOON + LOOK + late, seen)])
    assert was is not None
    known = [each for each in [*ended, *open_pieces(was, ZONE)] if each.power is Power.READY]
    assert sum(each.seconds for each in known) == counted


@pytest.mark.parametrize("back", [timedelta(seconds=3), timedelta(minutes=17), timedelta(days=3)])
def test_a_clock_that_was_set_back_counts_no_time_twice(back):
    looks = [(NOON + n * LOOK, (Power.READY, Power.PRINTING)[n % 2]) for n in range(100)]
    again = [(at - back, seen) for at, seen in looks]
    ended, was = play([*looks, *again])
    assert was is not None
    every = sorted([*ended, *open_pieces(was, ZONE)], key=lambda each: each.since)
    for one, other in pairwise(every):
        assert one.until <= other.since


@pytest.fixture
def printer(database: Database) -> str:
    queue = Queue("p", "ipp://p/", "", "", "idle", (), accepting=True)
    with database.transaction() as session:
        made = printers.add_printer(session, "p", queue, actor=SYSTEM, now=NOON)
        fields = PrinterFields("p", "", "", 0.05, LABEL)
        printers.change_printer(session, "p", fields, actor=SYSTEM, now=NOON)
    return made.id


def look(database: Database, printer: str, state: str | None, at: datetime) -> None:
    device = None if state is None else DeviceAttributes(b"", True, state, (), ())
    with database.transaction() as session:
        power.note_power(session, printer, device, now=at, zone=ZONE)


@pytest.mark.both_databases
def test_what_is_noted_adds_up_day_by_day(database: Database, printer: str):
    at = MIDNIGHT - timedelta(minutes=10)
    for n in range(0, 1200, 60):
        state = "processing" if n < 300 else "idle"
        look(database, printer, state, at + timedelta(seconds=n))
    look(database, printer, None, at + timedelta(seconds=1200))
    look(database, printer, None, at + timedelta(seconds=1230))
    look(database, printer, "idle", at + timedelta(hours=8))
    first, last = date(2026, 11, 1), date(2026, 11, 30)
    with database.snapshot() as session:
        (found,) = energy_queries.printers_energy(session, first, last, ZONE)
        (of_the_day,) = energy_queries.printers_energy(session, last, last, ZONE)
        assert energy_queries.standby_of([found]) == found.drawn.standby
    assert found.known.days == {
        date(2026, 11, 23): {Power.PRINTING: 300, Power.READY: 300},
        date(2026, 11, 24): {Power.READY: 600, Power.OFF: 30},
    }
    assert found.drawn == Drawn(50, 5 + 10)
    assert of_the_day.known.days == {}
    assert energy_queries.standby_of([of_the_day]) is None


@pytest.mark.both_databases
@pytest.mark.parametrize(
    "change", ["UPDATE printer_states SET seconds = 1", "DELETE FROM printer_states"]
)
def test_what_was_noted_is_never_changed(database: Database, printer: str, change: str):
    look(database, printer, "idle", NOON)
    look(database, printer, "processing", NOON + LOOK)
    with pytest.raises(DBAPIError, match="never changed"), database.transaction() as session:
        session.execute(text(change))
