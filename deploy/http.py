"""waitress, a little stricter and a little less patient.

Strict: where a message could be read in two ways (RFC 9112 §6.3, §5.2: two lengths, a length and
chunks, folded lines) a proxy in front may read the other one, so it is refused. Less patient: a
request whose octets trickle in costs no thread, but it costs a connection for as long as its sender
likes; after a time it must have come at some speed, or its connection is closed.
"""

import waitress.server
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError

from core.clock import monotonic_seconds

OCTETS_PER_SECOND_MIN = 4096

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
        _, *lines = header_plus.split(b"\r\n")
        if any(line[:1] in (b" ", b"\t") for line in lines):
            raise ParsingError("folded header lines are not taken")
        names = [line.partition(b":")[0].strip().lower() for line in lines]
        framing = [name for name in names if name in (b"content-length", b"transfer-encoding")]
        if len(framing) > 1:
            raise ParsingError("the length of the message is given twice")
        super().parse_header(header_plus)


class PatientChannel(HTTPChannel):
    """A connection that is closed when a request takes too long to come in."""

    parser_class = StrictParser
    patience_seconds = 60.0
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
        return bool(super().readable())

    def _too_slow(self) -> bool:
        if self._began is None or self.requests:
            return False
        seconds = monotonic_seconds() - self._began
        return seconds > self.patience_seconds and self._octets < seconds * OCTETS_PER_SECOND_MIN


def harden(server: Server, patience_seconds: float) -> None:
    """Make a server that was just created use these connections."""
    channel = type("Channel", (PatientChannel,), {"patience_seconds": patience_seconds})
    parts: list[object] = [server]
    if isinstance(server, waitress.server.MultiSocketServer):
        parts = list((server.map or {}).values())
    for each in parts:
        if isinstance(each, waitress.server.BaseWSGIServer):
            each.channel_class = channel
