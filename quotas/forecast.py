"""The forecast: when an account runs out if it is used on as it was, and how sure that is.

An office's use has the rhythm of its week, and stands still on holidays. So a day's use is taken to
be that of its kind of day: each weekday that is worked has its own mean, pulled towards the mean of
all worked days as long as few of its kind were seen (as if PULL further ones had been average); a
weekend that is worked is an average worked day; all days without work are one kind. The means are
of the last WINDOW days, whole days only: today is not over, and what was used of it already is
taken off what is expected of it.

From today on the expected use of each day is added up. It runs out on the first day on which the
sum reaches what is left. What is reserved counts as gone: it is on its way to paper.

No day is like its mean. The worked days of the window lie around their means with a standard
deviation s; the sum of n further days then strays by s·√(n + n²/m), m being the number of days
that the means come from: the first part is chance, the second that the means themselves are
guesses. The range that is told goes Z of these to either side, which holds in about eight of ten
cases if the days are independent. It knows nothing of what was never seen: a congress next week.

Few days say nothing: below DAYS_MIN worked days there is no forecast, and it is said why.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from quotas.ledger import Balance
from quotas.workdays import Workdays

WINDOW = 56
DAYS_MIN = 5
PULL = 2.0
Z = 1.2816
"""Eight of ten lie between 10 % and 90 % of a normal distribution."""

_REST, _AVERAGE = -1, -2
_DAY = timedelta(days=1)


class Why(StrEnum):
    """Why there is no forecast."""

    OVER = "over"
    """The period is over, or has not begun."""
    TOO_FEW = "too-few"
    """Fewer than DAYS_MIN worked days were seen."""
    UNUSED = "unused"
    """Nothing was used on the days that were seen."""
    NOTHING_GRANTED = "nothing-granted"


@dataclass(frozen=True)
class NoForecast:
    """That nothing can be said, and why; `seen` worked days there were to go by."""

    why: Why
    seen: int = 0


@dataclass(frozen=True)
class Range:
    """What is expected, and between which bounds it most likely lies."""

    low: int
    expected: int
    high: int


@dataclass(frozen=True)
class Forecast:
    """What the rest of a period brings."""

    more: Range
    """What will still be used."""
    used: Range
    """What will have been used at the end, with what was used and reserved so far."""
    runs_out: date | None
    """On which day nothing will be left; None: not in this period."""
    earliest: date | None
    latest: date | None
    """The day at the fast and at the slow end of the range."""
    seen: int
    """On how many worked days this rests."""
    per_day: float
    """The mean of a worked day."""
    holidays_known: bool
    """Whether the holidays of the days to come are known."""


@dataclass(frozen=True)
class Pace:
    """How much of the grant is used, and how much of the period's worked days is over."""

    used_share: float
    time_share: float

    @property
    def ahead(self) -> bool:
        """Whether more was used than the days that are over would explain."""
        return self.used_share > self.time_share


def forecast(
    spent: Mapping[date, int],
    balance: Balance,
    period: tuple[date, date],
    today: date,
    workdays: Workdays,
) -> Forecast | NoForecast:
    """Return what is to be expected of the rest of a period, from its first to its last day.

    `spent` is what was used on each day, from the first day on which anything could be; days that
    it lacks after that day were days without use.
    """
    first, last = period
    if not first <= today <= last:
        return NoForecast(Why.OVER)
    if balance.granted <= 0:
        return NoForecast(Why.NOTHING_GRANTED)
    seen = _window(spent, today)
    worked = [day for day in seen if workdays.works(day)]
    if len(worked) < DAYS_MIN:
        return NoForecast(Why.TOO_FEW, len(worked))
    if not any(seen.values()):
        return NoForecast(Why.UNUSED, len(worked))
    means = _means(seen, workdays)
    to_come = [today + n * _DAY for n in range((last - today).days + 1)]
    expected = [means.get(_kind(day, workdays), means[_AVERAGE]) for day in to_come]
    expected[0] = max(0.0, expected[0] - spent.get(today, 0))
    courses = _courses(expected, to_come, _deviation(seen, means, workdays), len(worked), workdays)
    gone = balance.spent + balance.held
    low, middle, high = (course[-1] for course in courses)
    more = Range(math.floor(low + _EPSILON), round(middle), math.ceil(high - _EPSILON))
    latest, runs_out, earliest = (_reaches(course, to_come, balance.left) for course in courses)
    return Forecast(
        more,
        Range(gone + more.low, gone + more.expected, gone + more.high),
        runs_out,
        earliest,
        latest,
        len(worked),
        means[_AVERAGE],
        all(workdays.knows(day) for day in to_come),
    )


_EPSILON = 1e-9
"""So much may be lost when shares are added: a sum that is a whole number stays one."""


def pace(
    balance: Balance, period: tuple[date, date], today: date, workdays: Workdays
) -> Pace | None:
    """Return the pace up to the end of today; None if nothing was granted or no day is worked."""
    first, last = period
    days = [first + n * _DAY for n in range((last - first).days + 1)]
    worked = [day for day in days if workdays.works(day)]
    if balance.granted <= 0 or not worked:
        return None
    over = sum(day <= today for day in worked)
    return Pace(balance.spent / balance.granted, over / len(worked))


def _window(spent: Mapping[date, int], today: date) -> dict[date, int]:
    """Return the whole days to go by: from the first use on, but no more than the window."""
    used = [day for day, units in spent.items() if units and day < today]
    if not used:
        return {}
    begin = max(min(used), today - WINDOW * _DAY)
    days = (begin + n * _DAY for n in range((today - begin).days))
    return {day: spent.get(day, 0) for day in days}


def _kind(day: date, workdays: Workdays) -> int:
    if not workdays.works(day):
        return _REST
    return day.weekday() if day.weekday() < 5 else _AVERAGE


def _means(seen: Mapping[date, int], workdays: Workdays) -> dict[int, float]:
    kinds: dict[int, list[int]] = {}
    for day, units in seen.items():
        kinds.setdefault(_kind(day, workdays), []).append(units)
    rest = kinds.pop(_REST, [])
    average = _mean([units for each in kinds.values() for units in each])
    means = {
        kind: (sum(units) + PULL * average) / (len(units) + PULL)
        for kind, units in kinds.items()
        if kind != _AVERAGE
    }
    return {**means, _AVERAGE: average, _REST: _mean(rest)}


def _mean(units: Iterable[int]) -> float:
    all_units = list(units)
    return sum(all_units) / len(all_units) if all_units else 0.0


def _deviation(seen: Mapping[date, int], means: Mapping[int, float], workdays: Workdays) -> float:
    apart = [
        (units - means[_kind(day, workdays)]) ** 2
        for day, units in seen.items()
        if workdays.works(day)
    ]
    return math.sqrt(sum(apart) / max(1, len(apart) - 1))


def _courses(
    expected: list[float], days: list[date], deviation: float, seen: int, workdays: Workdays
) -> tuple[list[float], list[float], list[float]]:
    """Return how the use to come adds up, at the slow end of the range, as expected, and fast."""
    slow: list[float] = []
    middle: list[float] = []
    fast: list[float] = []
    total, worked = 0.0, 0
    for day, units in zip(days, expected, strict=True):
        total += units
        worked += workdays.works(day)
        strays = Z * deviation * math.sqrt(worked + worked**2 / seen)
        middle.append(total)
        # What was used stays used: a sum never falls, whatever the width of the range.
        slow.append(max(slow[-1] if slow else 0.0, total - strays))
        fast.append(total + strays)
    return slow, middle, fast


def _reaches(course: list[float], days: list[date], left: int) -> date | None:
    """Return the first day on which the course has used up what is left."""
    for total, day in zip(course, days, strict=True):
        if total >= left - _EPSILON:
            return day
    return None
