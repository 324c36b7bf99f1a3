"""The local day of a moment, asked of the database: what happened on which day of the office.

PostgreSQL knows time zones. SQLite knows none, but it can add seconds: so it is told how far local
time was from UTC, once for each stretch in which that did not change (in China that is one stretch
since 1991; where clocks are set twice a year, two or three in a year's entries).
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Date, case, cast, func

_DAY = timedelta(days=1)


def local_day(
    column: ColumnElement[datetime],
    zone: ZoneInfo,
    dialect: str,
    within: tuple[datetime, datetime],
) -> ColumnElement[date]:
    """Return the day in `zone` of a column of moments that lie `within` two moments."""
    if dialect == "postgresql":
        return cast(func.timezone(zone.key, column), Date)
    *changes, (_, last) = offsets(zone, *within)
    days = [
        (column < until, func.date(column, _seconds(offset), type_=Date))
        for until, offset in changes
    ]
    otherwise: ColumnElement[date] = func.date(column, _seconds(last), type_=Date)
    return case(*days, else_=otherwise) if days else otherwise


def offsets(
    zone: ZoneInfo, first: datetime, last: datetime
) -> Iterator[tuple[datetime, timedelta]]:
    """Yield the end of each stretch and its offset from UTC; the last one ends with `last`."""
    here, offset = first, _offset(zone, first)
    while here < last:
        there = min(here + _DAY, last)
        if (after := _offset(zone, there)) != offset:
            yield _change(zone, here, there), offset
            offset = after
        here = there
    yield last, offset


def _change(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """Return the first moment, to the second, at which the offset of `before` holds no more."""
    offset = _offset(zone, before)
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) / 2
        before, after = (middle, after) if _offset(zone, middle) == offset else (before, middle)
    return after.replace(microsecond=0)


def _offset(zone: ZoneInfo, moment: datetime) -> timedelta:
    found = moment.astimezone(zone).utcoffset()
    assert found is not None
    return found


def _seconds(offset: timedelta) -> str:
    return f"{offset.total_seconds():+.0f} seconds"
