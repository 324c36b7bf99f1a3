"""Time as a value that is handed in, so that a test can stop it and a rule can be pure."""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Where the time comes from."""

    def now(self) -> datetime:
        """Return the time as an aware datetime in UTC."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Return the time as an aware datetime in UTC."""
        return datetime.now(UTC)


class FrozenClock:
    """A clock that stands still until it is moved: for tests and dry runs."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        """Return the moment at which this clock stands."""
        return self._at

    def move(self, by: timedelta) -> datetime:
        """Set the clock forward (or back) and return the new time."""
        self._at += by
        return self._at


def monotonic_seconds() -> float:
    """Return seconds on a clock that no one can set: the only one for durations and time-outs."""
    return time.monotonic()
