"""One process: the gateway and the pages on waitress, the background work on threads.

waitress reads a request's body to its end before the application is called, so a client that is
cut off never becomes a job, and two hundred stalled connections cost no thread.
"""

import logging
import signal
from types import FrameType

import waitress.server

from core.settings import Settings
from deploy.bootstrap import Opened, opened

log = logging.getLogger(__name__)

_BODY_OVERHEAD_OCTETS = 2 * 1024 * 1024


def serve(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT; jobs and tasks under way are finished first."""
    with opened(settings) as parts:
        server = make_server(parts)
        parts.runner.start()
        log.info("pages and printers at http://%s:%d/", settings.host, settings.port)
        try:
            _run(server)
        finally:
            server.close()
            parts.runner.close()


Server = waitress.server.BaseWSGIServer | waitress.server.MultiSocketServer


def make_server(parts: Opened) -> Server:
    """Return the server, bound to its port; OSError if that is taken."""
    settings = parts.settings
    return waitress.server.create_server(
        parts.app,
        host=settings.host,
        port=settings.port,
        threads=settings.http_threads,
        max_request_body_size=settings.document_octets_max + _BODY_OVERHEAD_OCTETS,
        connection_limit=1000,
        channel_timeout=60,
        ident=None,
        clear_untrusted_proxy_headers=True,
    )


def _run(server: Server) -> None:
    def stop(_number: int, _frame: FrameType | None) -> None:
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    server.run()
