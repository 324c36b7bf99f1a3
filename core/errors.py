"""The errors that a person can cause or must know of.

    PrintgateError
    ├── InvalidInput      what was sent cannot be understood             HTTP 400
    ├── NotAuthenticated  nobody is known to be asking                   HTTP 401
    ├── Forbidden         the asker may not do this                      HTTP 403
    ├── NotFound          there is no such thing (or not for the asker)  HTTP 404
    ├── Conflict          it is no longer in the state this needs        HTTP 409
    ├── LimitReached      a limit of the office, a person or the system  HTTP 409
    └── Unavailable       a part that is needed does not answer now      HTTP 503

Packages derive their own from these and give each a `code`: kebab-case, stable, documented in the
package's README. The sentence is a `Text`, shown in the reader's language at the edge.
"""

from typing import ClassVar

from core.text import Text


class PrintgateError(Exception):
    """Anything that is answered with a sentence instead of a trace."""

    code: ClassVar[str] = "error"
    http_status: ClassVar[int] = 500

    def __init__(self, text: Text) -> None:
        super().__init__(str(text))
        self.text = text


class InvalidInput(PrintgateError):
    """What was sent cannot be understood or is out of range."""

    code = "invalid-input"
    http_status = 400


class NotAuthenticated(PrintgateError):
    """Nobody is known to be asking."""

    code = "not-authenticated"
    http_status = 401


class Forbidden(PrintgateError):
    """The asker is known and may not do this."""

    code = "forbidden"
    http_status = 403


class NotFound(PrintgateError):
    """There is no such thing, or none that the asker may know of."""

    code = "not-found"
    http_status = 404


class Conflict(PrintgateError):
    """The thing is no longer in the state that this needs."""

    code = "conflict"
    http_status = 409


class LimitReached(PrintgateError):
    """A limit of an office, a person or the system stands in the way."""

    code = "limit-reached"
    http_status = 409


class Unavailable(PrintgateError):
    """A part that is needed does not answer now; trying again later helps."""

    code = "unavailable"
    http_status = 503
