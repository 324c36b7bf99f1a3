"""Filters of long lists: what the address asks for, made harmless, and told to the list's form.

What makes no sense (a state that there is not, a day that never was) is as if it were not asked.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode

from flask import request

from web.services import services

_LENGTH_MAX = 100


@dataclass(frozen=True)
class Filter:
    """What a list is asked for, by the names of the form's fields."""

    fields: dict[str, str]

    def get(self, name: str) -> str:
        """Return a field, "" if it is not asked for."""
        return self.fields.get(name, "")

    @property
    def since(self) -> datetime | None:
        """The beginning of the first day, in the office's zone."""
        return _midnight(self.get("from"))

    @property
    def before(self) -> datetime | None:
        """The end of the last day."""
        return _midnight(self.get("to"), days=1)

    def address(self, **more: str) -> str:
        """Return what an address says for this filter, with an & at the end for what follows."""
        asked = {name: value for name, value in (self.fields | more).items() if value}
        return urlencode(asked) + "&" if asked else ""

    def __bool__(self) -> bool:
        """Tell whether anything is asked for."""
        return any(self.fields.values())


def asked_for(choices: Mapping[str, Collection[str]], *words: str) -> Filter:
    """Read the days `from` and `to`, fields with a list of choices, and fields with any words."""
    fields = {name: request.args.get(name, "").strip()[:_LENGTH_MAX] for name in words}
    for name, allowed in choices.items():
        chosen = request.args.get(name, "")
        fields[name] = chosen if chosen in allowed else ""
    for name in ("from", "to"):
        day = _day(request.args.get(name, ""))
        fields[name] = day.isoformat() if day else ""
    return Filter(fields)


def _day(written: str) -> date | None:
    try:
        return date.fromisoformat(written)
    except ValueError:
        return None


def _midnight(written: str, days: int = 0) -> datetime | None:
    day = _day(written)
    if day is None or day.year >= date.max.year or day.year <= date.min.year:
        return None
    return datetime.combine(day + timedelta(days), time(), services().zone)
