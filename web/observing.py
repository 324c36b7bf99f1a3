"""What is noted of every request: a number on each of its log lines, and how long it took.

The number goes out as X-Request-Id, and an error page shows it: what a person reads out over the
telephone finds the lines of the log.
"""

import logging

from flask import Flask, Response, g, request

from core import log as lines
from core.clock import monotonic_seconds
from core.ids import new_uuid
from core.metrics import Metrics

log = logging.getLogger(__name__)

HEADER = "X-Request-Id"


def observe(app: Flask, metrics: Metrics) -> None:
    """Give every request of an application its number, and time it."""

    def begin() -> None:
        g.request_id, g.began = new_uuid()[:8], monotonic_seconds()
        g.lines = lines.about(request=g.request_id)
        g.lines.__enter__()

    def end(response: Response) -> Response:
        seconds = monotonic_seconds() - g.began
        # The rule, never the address: that may name a thing that is nobody else's business.
        endpoint = request.endpoint or "none"
        metrics.request_took(endpoint, response.status_code, seconds)
        log.debug("%s %s %d in %.3f s", request.method, endpoint, response.status_code, seconds)
        response.headers[HEADER] = g.request_id
        return response

    def let_go(_error: BaseException | None) -> None:
        if "lines" in g:
            g.lines.__exit__(None, None, None)

    app.before_request(begin)
    app.after_request(end)
    app.teardown_request(let_go)
