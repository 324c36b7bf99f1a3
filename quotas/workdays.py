"""Which days are worked: the week, public holidays, and weekends that are worked in their stead.

In China the State Council publishes each autumn which days of the next year are off and which
Saturdays and Sundays are worked for them. That is data, not a rule: a TOML file (workdays.toml says
its form) that an administrator may replace. A year that the file does not have follows the week
alone, and whoever shows something computed from it says so.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

SHIPPED = Path(__file__).with_name("workdays.toml")
_SATURDAY = 5
_DAY = timedelta(days=1)
_LENGTH_MAX = 60
"""Days off in a row; a longer stretch is a slip of the pen."""


class WorkdaysError(Exception):
    """The table of days cannot be used; `problems` names each thing that is wrong."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Workdays:
    """Days off beside the weekends, weekends that are worked, and the years this is known of."""

    off: frozenset[date] = frozenset()
    on: frozenset[date] = frozenset()
    years: frozenset[int] = frozenset()

    def works(self, day: date) -> bool:
        """Tell whether a day is worked."""
        return day in self.on or (day.weekday() < _SATURDAY and day not in self.off)

    def knows(self, day: date) -> bool:
        """Tell whether the holidays of a day's year are known."""
        return day.year in self.years


WEEKENDS_OFF = Workdays()
"""What holds where nobody says more: the week alone."""


def load_workdays(path: Path = SHIPPED) -> Workdays:
    """Read a table of days; WorkdaysError names everything that is wrong in it."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise WorkdaysError([f"{path.name}: {error}"]) from error
    off: set[date] = set()
    on: set[date] = set()
    problems: list[str] = []
    for year, table in tables.items():
        named = f"{path.name}: [{year}]"
        if not (year.isascii() and year.isdigit()) or not isinstance(table, Mapping):
            problems.append(f"{named}: a section is named by a year, such as [2026]")
            continue
        unknown = set(table) - {"source", "off", "on"}
        problems += [f"{named} {key}: there is no such key" for key in sorted(unknown)]
        off.update(_off(table.get("off", []), int(year), f"{named} off", problems))
        on.update(_on(table.get("on", []), int(year), f"{named} on", problems))
    problems += [f"{path.name}: {day} is both off and on" for day in sorted(off & on)]
    if problems:
        raise WorkdaysError(problems)
    return Workdays(frozenset(off), frozenset(on), frozenset(int(year) for year in tables))


def _off(given: object, year: int, named: str, problems: list[str]) -> Iterator[date]:
    for pair in _list(given, named, problems):
        if not (isinstance(pair, list) and len(pair) == 2 and all(map(_is_day, pair))):
            problems.append(f"{named}: {pair} is not a pair of days such as [{year}-10-01, …]")
            continue
        first, last = pair
        if first.year != year or last.year != year or not 0 <= (last - first).days < _LENGTH_MAX:
            problems.append(f"{named}: {first} to {last} is no stretch of days of {year}")
            continue
        for number in range((last - first).days + 1):
            yield first + number * _DAY


def _on(given: object, year: int, named: str, problems: list[str]) -> Iterator[date]:
    for day in _list(given, named, problems):
        if not isinstance(day, date) or not _is_day(day) or day.year != year:
            problems.append(f"{named}: {day} is no day of {year}")
        elif day.weekday() < _SATURDAY:
            problems.append(f"{named}: {day} is a weekday, which is worked anyway")
        else:
            yield day


def _list(given: object, named: str, problems: list[str]) -> list[object]:
    if isinstance(given, list):
        return given
    problems.append(f"{named}: {given!r} is not a list")
    return []


def _is_day(value: object) -> bool:
    return isinstance(value, date) and not isinstance(value, datetime)
