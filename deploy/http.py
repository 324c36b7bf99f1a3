"""waitress, a little stricter and a little less patient.

Strict: where a message could be read in two ways (RFC 9112 §6.3, §5.2, §3.2: two lengths, a length
and chunks, folded lines, two hosts) a proxy in front may read the other one, so it is refused. Less
patient: a request whose octets trickle in costs no thread, but it costs a connection for as long as
its sender likes; after a time it must have come at some speed, or its connection is closed.

And it can be drained: waitress' own end cuts off what is under way or, in a thread, waits for the
last client that keeps its connection open.
"""

from contextlib import suppress
from functools import partial
from socket import SHUT_RDWR, socket
from typing import Any, cast

import waitress.server
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.trigger import trigger

from core.clock import monotonic_seconds

OCTETS_PER_SECOND_MIN = 4096
DRAIN_SECONDS = 5.0
_FRAMING = (b"content-length", b"transfer-encoding")

Server = waitress.server.BaseWSGIServer | waitress.server.MultiSocketServer


class StrictParser(HTTPRequestParser):
    """Refuses a head that could be understood in two ways."""

    def received(self, data: bytes) -> int:
        """Take what came in; who is refused is not asked to go on first (RFC 9110 §10.1.1)."""
        consumed = int(super().received(data))
        if self.error is not None:
            self.expect_continue = False
        return consumed

    def parse_header(self, header_plus: bytes) -> None:
        """Parse the head; ParsingError (HTTP 400) if it is ambiguous."""
        first, *lines = header_plus.split(b"\r\n")
        if any(line[:1] in (b" ", b"\t") for line in lines):
            raise ParsingError("folded header lines are not taken")
        parted = [line.partition(b":") for line in lines]
        fields = [(name.strip().lower(), value) for name, _, value in parted]
        framing = [value for name, value in fields if name in _FRAMING]
        if len(framing) > 1 or any(value.lower().count(b"chunked") > 1 for value in framing):
            raise ParsingError("the length of the message is given twice")
        hosts = sum(name == b"host" for name, _ in fields)
        if hosts > 1 or (hosts == 0 and first.endswith(b"HTTP/1.1")):
            raise ParsingError("the host is not named once")
        super().parse_header(header_plus)


class PatientChannel(HTTPChannel):
    """A connection that is closed when a request takes too long to come in."""

    parser_class = StrictParser
    patience_seconds = 60.0
    drain_until: float | None = None
    """Once set, a connection ends with its last answer, and at this moment in any case."""
    _began: float | None = None
    _octets = 0

    def received(self, data: bytes) -> bool:
        """Take what came in, and remember when this request began."""
        if self._began is None:
            self._began, self._octets = monotonic_seconds(), 0
        self._octets += len(data)
        taken = bool(super().received(data))
        if self.request is None:
            self._began = None
        return taken

    def readable(self) -> bool:
        """Tell whether more is wanted; asked at least once a second for every connection."""
        if self._too_slow():
            self.will_close = True
        elif self._overdue():
            self._cut_off()
        elif self.drain_until is not None and not self.requests:
            self.close_when_flushed = True
        return bool(super().readable())

    def del_channel(self, map: Any = None) -> None:  # noqa: ANN401  # as waitress has it
        """Forget the connection; the loop of a server that drains ends with the last one."""
        super().del_channel(map)
        if self.drain_until is not None:
            _end_if_alone(self.server, vars(self)["_map"])

    def _cut_off(self) -> None:
        self.will_close = True
        # A client that does not read would otherwise never let the loop come to the closing.
        with suppress(OSError):
            cast("socket", self.socket).shutdown(SHUT_RDWR)

    def _overdue(self) -> bool:
        return self.drain_until is not None and monotonic_seconds() > self.drain_until

    def _too_slow(self) -> bool:
        if self._began is None or self.requests:
            return False
        seconds = monotonic_seconds() - self._began
        return seconds > self.patience_seconds and self._octets < seconds * OCTETS_PER_SECOND_MIN


def harden(server: Server, patience_seconds: float) -> None:
    """Make a server that was just created use these connections."""
    channel = type("Channel", (PatientChannel,), {"patience_seconds": patience_seconds})
    for each in _parts(server):
        if isinstance(each, waitress.server.BaseWSGIServer):
            each.channel_class = channel


def drain(server: Server, seconds: float = DRAIN_SECONDS) -> None:
    """Let the loop of a hardened server end; may be called from any thread, and returns at once.

    No connection is taken any more, requests that are under way are answered for so many seconds,
    and connections on which nothing is under way are closed. Does nothing once the loop has ended.
    """
    until = monotonic_seconds() + seconds
    for each in _parts(server):
        if isinstance(each, trigger):
            # In the loop's own thread: elsewhere it would lose sockets that it is waiting for.
            each.pull_trigger(partial(_drain, server, until))
            return


def _drain(server: Server, until: float) -> None:
    for each in _parts(server):
        if isinstance(each, waitress.server.BaseWSGIServer):
            each.channel_class.drain_until = until  # type: ignore[attr-defined]  # hardened
            each.del_channel()
            cast("socket", each.socket).close()
    _end_if_alone(server, _map(server))


def _end_if_alone(server: Server, parts: dict[int, Any]) -> None:
    """End the loop when it has nothing left but its triggers, after the threads that pull them."""
    triggers = list(parts.values())
    if all(isinstance(each, trigger) for each in triggers):
        server.task_dispatcher.shutdown()
        for each in triggers:
            each.close()


def _map(server: Server) -> Any:  # noqa: ANN401  # waitress' own
    if isinstance(server, waitress.server.MultiSocketServer):
        return vars(server)["map"] or {}
    return vars(server)["_map"] or {}


def _parts(server: Server) -> list[Any]:
    """Return what the loop of a server waits for: listeners, connections, triggers."""
    return list(_map(server).values())
