"""Answers of a moment ago, for what every computer with a printer asks all day.

A CUPS client asks what a printer is before each job, and looks at it again while a queue is open.
The answer is the same for all who ask with the same octets, but for the number of the request. It
is kept for a second, and only while nothing moved here (this process committed nothing, the spool
is as full as it was): whoever changes a printer sees the change in the next answer, and what
another process commits a second later. What is told of a
printer's state is seldom younger: printers are looked at every few seconds.

This stands before the application (PEP 3333): what Flask does for a request takes twice as long as
what the server does, and nothing here needs any of it.
"""

from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any, NamedTuple
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from core.clock import monotonic_seconds
from printgate.ipp.tags import Operation, Status

REQUEST_OCTETS_MAX = 4096
KEPT_SECONDS = 1.0
MEDIA_TYPE = "application/ipp"
_KEPT_MAX = 256
_OPERATIONS = frozenset({Operation.GET_PRINTER_ATTRIBUTES})
# The number of the request, in requests and answers alike (RFC 8010 §3.1.1).
_BEFORE, _AFTER = slice(0, 4), slice(8, None)
# What an answer depends on besides the message itself: where it was sent to.
_ADDRESS = ("wsgi.url_scheme", "HTTP_HOST", "SERVER_NAME", "SERVER_PORT", "PATH_INFO")

Headers = list[tuple[str, str]]


class _Kept(NamedTuple):
    octets: bytes
    headers: Headers
    standing: object
    until: float


class RecentAnswers:
    """An application before `inner`; `standing` returns what differs once anything moved.

    `note` is told how many seconds each answer took that `inner` was not asked for.
    """

    def __init__(
        self,
        inner: WSGIApplication,
        standing: Callable[[], object],
        note: Callable[[float], None],
        seconds: Callable[[], float] = monotonic_seconds,
    ) -> None:
        self._inner, self._standing, self._note = inner, standing, note
        self._seconds = seconds
        self._kept: dict[tuple[object, ...], _Kept] = {}

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Answer a request: from a moment ago if it may be, by `inner` if not."""
        length = _octets_of_question(environ)
        if not length:
            return self._inner(environ, start)
        request = environ["wsgi.input"].read(length)
        environ["wsgi.input"] = BytesIO(request)
        if int.from_bytes(request[2:4]) not in _OPERATIONS:
            return self._inner(environ, start)
        key = (*map(environ.get, _ADDRESS), request[_BEFORE], request[_AFTER])
        standing, now = self._standing(), self._seconds()
        kept = self._kept.get(key)
        if kept is None or kept.standing != standing or now >= kept.until:
            return self._ask(environ, start, key, standing, now)
        self._note(self._seconds() - now)
        start("200 OK", list(kept.headers))
        return [kept.octets[_BEFORE] + request[4:8] + kept.octets[_AFTER]]

    def _ask(
        self,
        environ: WSGIEnvironment,
        start: StartResponse,
        key: tuple[object, ...],
        standing: object,
        now: float,
    ) -> Iterable[bytes]:
        told: list[Any] = []

        def noted(status: str, headers: Headers, *more: Any) -> Callable[[bytes], object]:  # noqa: ANN401  # PEP 3333
            told[:] = [status, headers]
            return start(status, headers, *more)

        answer = self._inner(environ, noted)
        octets = b"".join(answer)
        if hasattr(answer, "close"):
            answer.close()
        status, headers = told
        if status == "200 OK" and int.from_bytes(octets[2:4]) == Status.OK:
            if len(self._kept) >= _KEPT_MAX:
                self._kept.clear()
            # What names the one request that was answered belongs to no other.
            lasting = [(name, value) for name, value in headers if name != "X-Request-Id"]
            self._kept[key] = _Kept(octets, lasting, standing, now + KEPT_SECONDS)
        return [octets]


def _octets_of_question(environ: WSGIEnvironment) -> int:
    """Return how long a message without a document is; 0 if this is none, or may be none."""
    if environ["REQUEST_METHOD"] != "POST" or environ.get("CONTENT_TYPE") != MEDIA_TYPE:
        return 0
    length = environ.get("CONTENT_LENGTH", "")
    if not (length.isascii() and length.isdigit()) or len(length) > len(str(REQUEST_OCTETS_MAX)):
        return 0
    return int(length) if int(length) <= REQUEST_OCTETS_MAX else 0
