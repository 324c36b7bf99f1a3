"""One process: the gateway and the pages on waitress, the background work on threads.

waitress reads a request's body to its end before the application is called, so a client that is
cut off never becomes a job, and two hundred stalled connections cost no thread.
"""

import fcntl
import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import waitress.server

from core.settings import Settings
from deploy.bootstrap import Opened, alone, opened
from deploy.http import Server, drain, harden
from printgate.recovery import take_up

log = logging.getLogger(__name__)

_BODY_OVERHEAD_OCTETS = 2 * 1024 * 1024


def serve(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT; requests and tasks under way are finished first."""
    with sole_process(settings), opened(settings) as parts:
        server = make_server(parts)
        if alone(settings):
            take_up(parts.parts)
        parts.runner.start()
        log.info("pages and printers at http://%s:%d/", settings.host, settings.port)
        try:
            _run(server)
        finally:
            server.close()
            parts.runner.close()


class AlreadyRunning(Exception):
    """Another process works on this data folder."""


@contextmanager
def sole_process(settings: Settings) -> Iterator[None]:
    """Hold the data folder for this process; AlreadyRunning if another one holds it.

    SQLite lets two processes write, but `take_up` must know that nobody else is at work. The lock
    goes with the process, however it ends.
    """
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (settings.data / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(f"another Printgate works in {settings.data}") from None
        yield


def body_octets_max(settings: Settings) -> int:
    """Return how large a request may be: the largest document, and room for its attributes."""
    return settings.document_octets_max + _BODY_OVERHEAD_OCTETS


def make_server(parts: Opened) -> Server:
    """Return the server, bound to its port; OSError if that is taken."""
    settings = parts.settings
    server = waitress.server.create_server(
        parts.app,
        host=settings.host,
        port=settings.port,
        threads=settings.http_threads,
        max_request_body_size=body_octets_max(settings),
        connection_limit=1000,
        channel_timeout=round(settings.slow_request_seconds) or 1,
        cleanup_interval=max(1, round(settings.slow_request_seconds / 6)),
        ident=None,
        clear_untrusted_proxy_headers=True,
    )
    harden(server, settings.slow_request_seconds)
    return server


def _run(server: Server) -> None:
    def stop(_number: int, _frame: FrameType | None) -> None:
        # In a thread: the one that is interrupted here may hold a lock that draining needs.
        threading.Thread(target=drain, args=(server,), daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    server.run()
