"""The forecast and the days it counts with: examples by hand, and what must always hold."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from quotas.forecast import DAYS_MIN, Forecast, NoForecast, Pace, Why, forecast, pace
from quotas.ledger import Balance
from quotas.workdays import Workdays, WorkdaysError, load_workdays

WEEKS = Workdays()
CHINA = load_workdays()
NOVEMBER = (date(2026, 11, 1), date(2026, 11, 30))
DAY = timedelta(days=1)


def days(first: date, last: date) -> list[date]:
    return [first + n * DAY for n in range((last - first).days + 1)]


def steady(per_day: int, first: date, today: date, workdays: Workdays = CHINA) -> dict[date, int]:
    """Return the same use on every worked day before today."""
    return {day: per_day for day in days(first, today - DAY) if workdays.works(day)}


def seen(spent, balance, today=date(2026, 11, 16), workdays=CHINA, period=NOVEMBER) -> Forecast:
    found = forecast(spent, balance, period, today, workdays)
    assert isinstance(found, Forecast), found
    return found


def test_steady_use_runs_out_on_the_day_that_a_child_could_tell():
    spent = steady(10, date(2026, 11, 2), date(2026, 11, 16))
    assert sum(spent.values()) == 100
    found = seen(spent, Balance(170, 0, 100))
    # Monday the 16th is the first of seven worked days that use ten each.
    assert found.runs_out == found.earliest == found.latest == date(2026, 11, 24)
    assert (found.more.low, found.more.expected, found.more.high) == (110, 110, 110)
    assert found.used.expected == 210
    assert (found.per_day, found.seen) == (10.0, 10)
    assert found.holidays_known


def test_what_is_enough_does_not_run_out():
    spent = steady(10, date(2026, 11, 2), date(2026, 11, 16))
    assert seen(spent, Balance(211, 0, 100)).runs_out is None
    assert seen(spent, Balance(210, 0, 100)).runs_out == date(2026, 11, 30)


def test_what_is_reserved_is_gone_and_what_was_used_today_is_not_expected_again():
    spent = steady(10, date(2026, 11, 2), date(2026, 11, 16))
    assert seen(spent, Balance(170, 20, 100)).runs_out == date(2026, 11, 20)
    spent[date(2026, 11, 16)] = 10
    assert seen(spent, Balance(170, 0, 110)).runs_out == date(2026, 11, 24)
    spent[date(2026, 11, 16)] = 40
    assert seen(spent, Balance(170, 0, 140)).more.expected == 100


def test_an_overrun_has_run_out_today():
    spent = steady(10, date(2026, 11, 2), date(2026, 11, 16))
    found = seen(spent, Balance(90, 0, 100))
    assert found.runs_out == found.earliest == found.latest == date(2026, 11, 16)


def test_holidays_and_weekends_that_are_worked_are_heeded():
    september = (date(2026, 9, 1), date(2026, 9, 30))
    spent = steady(10, date(2026, 8, 24), date(2026, 9, 14))
    balance = Balance(1000, 0, 90)
    with_holidays = seen(spent, balance, date(2026, 9, 14), CHINA, september)
    # The 14th to the 18th, Sunday the 20th, the 21st to the 24th, the 28th to the 30th.
    assert with_holidays.more.expected == 130
    by_the_week = seen(spent, balance, date(2026, 9, 14), WEEKS, september)
    assert by_the_week.more.expected == 130
    assert not by_the_week.holidays_known
    october = (date(2026, 10, 1), date(2026, 10, 31))
    spent = steady(10, date(2026, 9, 1), date(2026, 10, 3))
    found = seen(spent, Balance(40, 0, 0), date(2026, 10, 3), CHINA, october)
    # Off until the 7th; Thursday, Friday, the worked Saturday, Monday.
    assert found.runs_out == date(2026, 10, 12)


def test_each_weekday_has_its_own_weight():
    spent = {}
    for day in days(date(2026, 9, 21), date(2026, 11, 15)):
        if WEEKS.works(day):
            spent[day] = 100 if day.weekday() == 0 else 10
    found = seen(spent, Balance(2000, 0, 0), workdays=WEEKS)
    # Three Mondays and eight other days; the few weeks seen pull both towards the average of 28.
    assert found.more.expected == pytest.approx(3 * 85.6 + 8 * 13.6, abs=1)
    assert found.more.low < found.more.expected < found.more.high


@pytest.mark.parametrize(
    ("spent", "balance", "today", "why"),
    [
        ({}, Balance(10, 0, 0), date(2026, 11, 16), Why.TOO_FEW),
        ({date(2026, 11, 12): 5}, Balance(10, 0, 5), date(2026, 11, 16), Why.TOO_FEW),
        ({date(2026, 11, 16): 5}, Balance(10, 0, 5), date(2026, 11, 16), Why.TOO_FEW),
        ({date(2026, 8, 3): 5}, Balance(10, 0, 5), date(2026, 11, 16), Why.UNUSED),
        (steady(1, date(2026, 11, 2), date(2026, 11, 16)), Balance(0, 0, 9), date(2026, 11, 16),
         Why.NOTHING_GRANTED),
        (steady(1, date(2026, 11, 2), date(2026, 11, 16)), Balance(9, 0, 9), date(2026, 12, 1),
         Why.OVER),
        (steady(1, date(2026, 10, 2), date(2026, 10, 31)), Balance(9, 0, 9), date(2026, 10, 31),
         Why.OVER),
    ],
)  # fmt: skip
def test_where_nothing_can_be_said_it_is_said_why(spent, balance, today, why):
    found = forecast(spent, balance, NOVEMBER, today, CHINA)
    assert isinstance(found, NoForecast)
    assert found.why is why
    if why is Why.TOO_FEW:
        assert found.seen < DAYS_MIN


def told(spent, balance: Balance, today: date) -> Forecast:
    """Return the forecast of a history that was drawn; one that has none is not of interest."""
    found = forecast(spent, balance, NOVEMBER, today, CHINA)
    if isinstance(found, NoForecast):
        reject()
    return found


TODAY = st.integers(0, 29).map(lambda n: NOVEMBER[0] + n * DAY)
USE = st.lists(st.integers(0, 200), min_size=40, max_size=70)


@st.composite
def histories(draw):
    today, use = draw(TODAY), draw(USE)
    spent = {today - (n + 1) * DAY: units for n, units in enumerate(use)}
    spent[today] = draw(st.integers(0, 200))
    return spent, today


@given(histories(), st.integers(1, 5000), st.integers(0, 300))
def test_the_range_holds_the_expected_and_the_days_their_order(history, granted, held):
    spent, today = history
    found = told(spent, Balance(granted, held, 0), today)
    assert 0 <= found.more.low <= found.more.expected <= found.more.high
    assert found.used.expected == held + found.more.expected
    never = NOVEMBER[1] + DAY
    order = [day or never for day in (found.earliest, found.runs_out, found.latest)]
    assert order == sorted(order)
    assert all(today <= day for day in order)


@given(histories(), st.integers(1, 5000), st.integers(0, 500))
def test_who_has_more_never_runs_out_earlier(history, granted, more):
    spent, today = history
    less = told(spent, Balance(granted, 0, 0), today)
    lots = told(spent, Balance(granted + more, 0, 0), today)
    assert less.more == lots.more
    never = NOVEMBER[1] + DAY
    for name in ("earliest", "runs_out", "latest"):
        assert (getattr(less, name) or never) <= (getattr(lots, name) or never)


@given(histories(), st.integers(1, 5000), st.integers(2, 9))
def test_units_ten_times_smaller_change_no_day(history, granted, times):
    spent, today = history
    one = told(spent, Balance(granted, 0, 0), today)
    scaled = {day: units * times for day, units in spent.items()}
    many = told(scaled, Balance(granted * times, 0, 0), today)
    assert (one.runs_out, one.earliest, one.latest) == (many.runs_out, many.earliest, many.latest)


@given(histories(), st.integers(1, 5000), st.integers(57, 400))
def test_what_is_long_past_counts_no_more(history, granted, ago):
    spent, today = history
    full = {today - n * DAY: spent.get(today - n * DAY, 0) for n in range(57)}
    full[today - 56 * DAY] += 1
    balance = Balance(granted, 0, 0)
    assert told({**full, today - ago * DAY: 10**6}, balance, today) == told(full, balance, today)


@given(histories(), st.integers(1, 99), st.integers(1, 5000))
def test_a_month_without_surprises_is_told_without_a_range(history, units, granted):
    spent, today = history
    calm = {day: units for day in spent if CHINA.works(day) and day < today}
    found = told(calm, Balance(granted, 0, 0), today)
    assert found.more.low == found.more.expected == found.more.high
    assert found.earliest == found.runs_out == found.latest


def test_the_pace_compares_use_with_days():
    found = pace(Balance(200, 10, 100), NOVEMBER, date(2026, 11, 13), CHINA)
    assert found == Pace(0.5, 10 / 21)
    assert found.ahead
    assert pace(Balance(0, 0, 5), NOVEMBER, date(2026, 11, 13), CHINA) is None


def test_the_shipped_holidays_are_those_that_were_published():
    assert {2025, 2026} <= CHINA.years
    off_2025 = [day for day in days(date(2025, 1, 1), date(2025, 12, 31)) if day in CHINA.off]
    off_2026 = [day for day in days(date(2026, 1, 1), date(2026, 12, 31)) if day in CHINA.off]
    # The notices say how many days each holiday has.
    assert len(off_2025) == 1 + 8 + 3 + 5 + 3 + 8
    assert len(off_2026) == 3 + 9 + 3 + 5 + 3 + 3 + 7
    assert not CHINA.works(date(2026, 2, 17))
    assert CHINA.works(date(2026, 2, 14))
    assert not CHINA.works(date(2026, 2, 15))
    assert not CHINA.knows(date(2031, 1, 1))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[2027]\noff = [[2027-02-01, 2027-01-01]]", "no stretch of days of 2027"),
        ("[2027]\noff = [[2026-02-01, 2026-02-02]]", "no stretch of days of 2027"),
        ("[2027]\noff = [2027-01-01]", "not a pair of days"),
        ("[2027]\noff = 3", "is not a list"),
        ("[2027]\non = [2027-01-04]", "is a weekday"),
        ("[2027]\non = ['2027-01-02']", "is no day of 2027"),
        ("[2027]\non = [2027-01-02T10:00:00]", "is no day of 2027"),
        ("[2027]\noff = [[2027-01-02, 2027-01-02]]\non = [2027-01-02]", "both off and on"),
        ("[soon]\noff = []", "named by a year"),
        ("[2027]\nholidays = []", "no such key"),
        ("[2027", "days.toml"),
    ],
)
def test_a_wrong_table_names_what_is_wrong(tmp_path, text, problem):
    path = tmp_path / "days.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(WorkdaysError) as caught:
        load_workdays(path)
    assert problem in str(caught.value)
    assert "days.toml" in str(caught.value)


def test_an_empty_table_is_the_week(tmp_path):
    path = tmp_path / "days.toml"
    path.write_text("", encoding="utf-8")
    assert load_workdays(path) == replace(WEEKS)
