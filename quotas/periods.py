"""Periods: the months, quarters and years that grants are made for.

A period is a calendar month, quarter or year in the office's time zone; each account is kept in
periods of one span. Every moment lies in exactly one period of a span: it begins at local midnight
and ends where the next begins, whatever the zone does with its clocks. A reservation belongs for
ever to the period in which it was made, however late its job prints.

The account of a project knows no calendar: it has one period, its whole life.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

DEFAULT_ZONE = ZoneInfo("Asia/Shanghai")


class Span(StrEnum):
    """How long the periods of an account are."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    PROJECT = "project"


MONTHS = {Span.MONTH: 1, Span.QUARTER: 3, Span.YEAR: 12}
"""How many months a period of the calendar has."""

# Room on both sides, so that the period before and the one after can be shown too.
_YEAR = r"(1[0-9]{3}|[2-8][0-9]{3}|9[0-8][0-9]{2}|99[0-8][0-9]|999[0-8])"
_KEY = re.compile(rf"{_YEAR}(?:-(?:(0[1-9]|1[0-2])|Q([1-4])))?")


@dataclass(frozen=True, order=True)
class Period:
    """A calendar month, or the quarter or year that begins with this month."""

    year: int
    month: int
    span: Span = Span.MONTH

    @property
    def key(self) -> str:
        """The period as YYYY-MM, YYYY-Qn or YYYY: what is stored; ordered as the periods are."""
        match self.span:
            case Span.MONTH:
                return f"{self.year:04}-{self.month:02}"
            case Span.QUARTER:
                return f"{self.year:04}-Q{(self.month + 2) // 3}"
            case Span.YEAR:
                return f"{self.year:04}"
            case Span.PROJECT:
                return Span.PROJECT.value

    @classmethod
    def of_key(cls, key: str) -> "Period":
        """Return the period of a stored key; ValueError if it is none."""
        if key == Span.PROJECT:
            return WHOLE
        match = _KEY.fullmatch(key)
        if match is None:
            raise ValueError(f"{key!r} is not a month, quarter or year")
        if match[2]:
            return cls(int(match[1]), int(match[2]))
        if match[3]:
            return cls(int(match[1]), int(match[3]) * 3 - 2, Span.QUARTER)
        return cls(int(match[1]), 1, Span.YEAR)

    @classmethod
    def of_moment(
        cls, moment: datetime, zone: ZoneInfo = DEFAULT_ZONE, span: Span = Span.MONTH
    ) -> "Period":
        """Return the period of a span in which an aware moment lies."""
        local = moment.astimezone(zone)
        return cls(local.year, local.month).within(span)

    def within(self, span: Span) -> "Period":
        """Return the period of a span in which this one begins."""
        if span is Span.PROJECT:
            return WHOLE
        return Period(self.year, self.month - (self.month - 1) % MONTHS[span], span)

    def next(self) -> "Period":
        """Return the period after this one."""
        return self._moved(1)

    def previous(self) -> "Period":
        """Return the period before this one."""
        return self._moved(-1)

    def year_before(self) -> "Period":
        """Return the same period of the year before."""
        return Period(self.year - 1, self.month, self.span)

    def parts(self) -> Iterator["Period"]:
        """Yield this period and every shorter one that lies in it."""
        yield self
        for span, months in MONTHS.items():
            for ahead in range(0, MONTHS[self.span], months):
                if months < MONTHS[self.span]:
                    yield Period(self.year, self.month + ahead, span)

    def bounds(self, zone: ZoneInfo = DEFAULT_ZONE) -> tuple[datetime, datetime]:
        """Return its first moment and the first moment after it, in UTC."""
        after = self.next()
        return (
            datetime(self.year, self.month, 1, tzinfo=zone).astimezone(UTC),
            datetime(after.year, after.month, 1, tzinfo=zone).astimezone(UTC),
        )

    def days(self) -> list[date]:
        """Return its days, in order."""
        after = self.next()
        first = date(self.year, self.month, 1).toordinal()
        return [
            date.fromordinal(n) for n in range(first, date(after.year, after.month, 1).toordinal())
        ]

    def _moved(self, by: int) -> "Period":
        if self.span is Span.PROJECT:
            raise ValueError("a project has one period")
        months = self.year * 12 + self.month - 1 + by * MONTHS[self.span]
        return Period(months // 12, months % 12 + 1, self.span)


WHOLE = Period(1000, 1, Span.PROJECT)
"""The one period of a project."""
