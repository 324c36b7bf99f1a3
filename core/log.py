"""One line per event on standard error: time, level, logger, message, and what it belongs to.

What is bound with `about` (the request, the task, the job's number) goes into every line until it
is let go, in threads too, so that one number finds all that happened to one job. No line carries a
document's content or title: code logs numbers and codes only.
"""

import logging
import sys
from collections.abc import MutableMapping
from contextlib import AbstractContextManager
from typing import Any

import structlog

_NOISY = ("alembic", "waitress.queue", "pikepdf", "pypdf")


def configure(level: str = "INFO", form: str = "text") -> None:
    """Send all logging to standard error, as `text` (logfmt) or as `json`."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        structlog.processors.format_exc_info,
    ]
    order = ["time", "level", "logger", "event"]
    render = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if form == "json"
        else structlog.processors.LogfmtRenderer(key_order=order, drop_missing=True)
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _one_line,
                render,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in _NOISY:
        logging.getLogger(noisy).setLevel("WARNING")


def about(**ids: str | int) -> AbstractContextManager[None]:
    """Put these ids on every line that is logged inside the `with`."""
    return structlog.contextvars.bound_contextvars(**ids)


def _one_line(
    _logger: Any,  # noqa: ANN401  # structlog's own
    _method: str,
    event: MutableMapping[str, Any],
) -> MutableMapping[str, Any]:
    """Escape what would end a line or move the cursor: a value must not forge a second event."""
    for key, value in event.items():
        if isinstance(value, str) and not value.isprintable():
            event[key] = "".join(c if c.isprintable() else repr(c)[1:-1] for c in value)
    return event
