"""One line per event on standard error: time, level, logger, message; no content, no titles."""

import logging
import sys
from datetime import UTC, datetime


class _OneLine(logging.Formatter):
    """A formatter that keeps a value with a newline from forging a second log line."""

    def formatTime(  # noqa: N802  # the base class chose the name
        self, record: logging.LogRecord, datefmt: str | None = None
    ) -> str:
        """Return the time in UTC (RFC 3339)."""
        moment = datetime.fromtimestamp(record.created, UTC)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line; a traceback follows escaped, for the administrator."""
        line = super().format(record)
        return "".join(c if c.isprintable() else repr(c)[1:-1] for c in line)


def configure(level: str = "INFO") -> None:
    """Send all logging to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_OneLine("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("alembic", "waitress.queue", "pikepdf", "pypdf"):
        logging.getLogger(noisy).setLevel("WARNING")
