"""Time as a value that is handed in, so that a test can stop it and a rule can be pure."""

import time
from collections.abc import Callable
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


JUMP = timedelta(seconds=30)


class JumpWatch:
    """Notices that somebody set the machine's clock: it went otherwise than the monotonic one."""

    def __init__(self, clock: Clock, monotonic: Callable[[], float] | None = None) -> None:
        self._clock, self._monotonic = clock, monotonic or monotonic_seconds
        self._seen = (clock.now(), self._monotonic())

    def jump(self) -> timedelta:
        """Return how far the clock was set since the last look; nothing if it was not."""
        (then, before), (now, passed) = self._seen, (self._clock.now(), self._monotonic())
        self._seen = (now, passed)
        found = now - then - timedelta(seconds=passed - before)
        return found if abs(found) >= JUMP else timedelta(0)


def monotonic_seconds() -> float:
    """Return seconds on a clock that no one can set: the only one for durations and time-outs."""
    return time.monotonic()
