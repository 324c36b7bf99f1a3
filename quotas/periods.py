"""Periods: the months that grants are made for.

A period is a calendar month in the office's time zone. Every moment lies in exactly one: a month
begins at local midnight and ends where the next begins, whatever the zone does with its clocks. A
reservation belongs for ever to the period in which it was made, however late its job prints.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

DEFAULT_ZONE = ZoneInfo("Asia/Shanghai")
# Room on both sides, so that the month before and the month after can be shown too.
_KEY = re.compile(r"(1[0-9]{3}|[2-8][0-9]{3}|9[0-8][0-9]{2}|99[0-8][0-9]|999[0-8])-(0[1-9]|1[0-2])")


@dataclass(frozen=True, order=True)
class Period:
    """A calendar month."""

    year: int
    month: int

    @property
    def key(self) -> str:
        """The month as YYYY-MM: what is stored."""
        return f"{self.year:04}-{self.month:02}"

    @classmethod
    def of_key(cls, key: str) -> "Period":
        """Return the month of a stored key; ValueError if it is none."""
        match = _KEY.fullmatch(key)
        if match is None:
            raise ValueError(f"{key!r} is not a month")
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def of_moment(cls, moment: datetime, zone: ZoneInfo = DEFAULT_ZONE) -> "Period":
        """Return the month in which an aware moment lies."""
        local = moment.astimezone(zone)
        return cls(local.year, local.month)

    def next(self) -> "Period":
        """Return the month after this one."""
        return Period(self.year + self.month // 12, self.month % 12 + 1)

    def previous(self) -> "Period":
        """Return the month before this one."""
        return Period(self.year - (self.month == 1), (self.month - 2) % 12 + 1)

    def bounds(self, zone: ZoneInfo = DEFAULT_ZONE) -> tuple[datetime, datetime]:
        """Return its first moment and the first moment after it, in UTC."""
        after = self.next()
        return (
            datetime(self.year, self.month, 1, tzinfo=zone).astimezone(UTC),
            datetime(after.year, after.month, 1, tzinfo=zone).astimezone(UTC),
        )

    def days(self) -> list[date]:
        """Return its days, in order."""
        first, after = date(self.year, self.month, 1), self.next()
        count = (date(after.year, after.month, 1) - first).days
        return [date(self.year, self.month, day) for day in range(1, count + 1)]
