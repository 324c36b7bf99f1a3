"""Answers of a moment ago, for what every computer with a printer asks all day.

A CUPS client asks what a printer is before each job, and looks at it again while a queue is open.
The answer is the same for all who ask with the same octets, but for the number of the request. It
is kept for a second, and only while nothing moved here (this process committed nothing, the spool
is as full as it was): whoever changes a printer sees the change in the next answer, and what
another process commits a second later. What is told of a
printer's state is seldom younger: printers are looked at every few seconds.
"""

from collections.abc import Callable
from typing import NamedTuple

from core.clock import monotonic_seconds
from printgate.ipp.tags import Operation, Status

REQUEST_OCTETS_MAX = 4096
KEPT_SECONDS = 1.0
_KEPT_MAX = 256
_OPERATIONS = frozenset({Operation.GET_PRINTER_ATTRIBUTES})
# The number of the request, in requests and answers alike (RFC 8010 §3.1.1).
_BEFORE, _AFTER = slice(0, 4), slice(8, None)


class _Kept(NamedTuple):
    octets: bytes
    standing: object
    until: float


class RecentAnswers:
    """Answers by who was asked and what; `standing` returns what differs once anything moved."""

    def __init__(
        self, standing: Callable[[], object], seconds: Callable[[], float] = monotonic_seconds
    ) -> None:
        self._standing, self._seconds = standing, seconds
        self._kept: dict[tuple[str, bytes, bytes], _Kept] = {}

    def answer(self, host: str, request: bytes, make: Callable[[], bytes]) -> bytes:
        """Return the answer to a whole request: a recent one, or what `make` returns."""
        if int.from_bytes(request[2:4]) not in _OPERATIONS:
            return make()
        key = (host, request[_BEFORE], request[_AFTER])
        standing, now = self._standing(), self._seconds()
        kept = self._kept.get(key)
        if kept is not None and kept.standing == standing and now < kept.until:
            return kept.octets[_BEFORE] + request[4:8] + kept.octets[_AFTER]
        octets = make()
        if int.from_bytes(octets[2:4]) == Status.OK:
            if len(self._kept) >= _KEPT_MAX:
                self._kept.clear()
            self._kept[key] = _Kept(octets, standing, now + KEPT_SECONDS)
        return octets
