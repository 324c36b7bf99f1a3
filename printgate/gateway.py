"""IPP over HTTP: the one door for POST application/ipp.

The body is a message and, right behind it, the document. The message is decoded from the stream,
the rules are checked, the handler runs; whatever goes wrong becomes an IPP answer in the client's
language, with nothing left in the spool. Only a request that is not IPP at all gets an HTTP error.
"""

import logging
import re
from collections.abc import Callable

from flask import Blueprint, Flask, Response, abort, request
from sqlalchemy.exc import DBAPIError

from core.errors import Forbidden, InvalidInput, NotFound, PrintgateError, Unavailable
from core.metrics import Metrics
from core.text import Text
from printgate.errors import (
    BackendUnavailable,
    JobNotPossible,
    NoSuchJob,
    NoSuchPrinter,
    PrinterRetired,
    TooManyJobs,
    UnknownPerson,
)
from printgate.ipp.decode import decode
from printgate.ipp.encode import encode
from printgate.ipp.errors import IppError
from printgate.ipp.rules import validate
from printgate.ipp.tags import GroupTag, Status
from printgate.ipp.values import Group, Message
from printgate.operations import HANDLERS
from printgate.operations.exchange import Exchange
from printgate.parts import Parts
from printgate.recent import MEDIA_TYPE, RecentAnswers
from printgate.spool import DocumentCutShort, DocumentTooLarge

log = logging.getLogger(__name__)

PATHS = ("/", "/jobs", "/jobs/", "/jobs/<path:rest>", "/ipp/print", "/ipp/print/<path:rest>")
PRINTER_PATHS = ("/printers/<path:rest>", "/printers", "/printers/")

STATUSES: dict[type[Exception], Status] = {
    NoSuchPrinter: Status.NOT_FOUND,
    NoSuchJob: Status.NOT_FOUND,
    UnknownPerson: Status.ACCOUNT_AUTHORIZATION_FAILED,
    JobNotPossible: Status.NOT_POSSIBLE,
    PrinterRetired: Status.NOT_ACCEPTING_JOBS,
    Forbidden: Status.NOT_AUTHORIZED,
    TooManyJobs: Status.TOO_MANY_JOBS,
    DocumentTooLarge: Status.REQUEST_ENTITY_TOO_LARGE,
    DocumentCutShort: Status.BAD_REQUEST,
    BackendUnavailable: Status.TEMPORARY_ERROR,
    InvalidInput: Status.BAD_REQUEST,
    NotFound: Status.NOT_FOUND,
    Unavailable: Status.TEMPORARY_ERROR,
    PrintgateError: Status.NOT_POSSIBLE,
}
"""Our errors and what they are in IPP; the nearest ancestor counts."""

# What a CUPS client queue of 2.4 or older does with a refusal it knows only by CUPS' own number: it
# holds the client's job and goes on with the next. With the registered numbers it would try again
# every ten seconds without end, or call the job completed.
_CUPS_CLIENT = re.compile(r"^CUPS/(\d+)\.(\d+)")
_CUPS_LAST_WITH_OWN_NUMBERS = (2, 4)
_CUPS_NUMBERS = {
    Status.ACCOUNT_INFO_NEEDED: Status.CUPS_ACCOUNT_INFO_NEEDED,
    Status.ACCOUNT_CLOSED: Status.CUPS_ACCOUNT_CLOSED,
    Status.ACCOUNT_LIMIT_REACHED: Status.CUPS_ACCOUNT_LIMIT_REACHED,
    Status.ACCOUNT_AUTHORIZATION_FAILED: Status.CUPS_ACCOUNT_AUTHORIZATION_FAILED,
}


_OUT_OF_ORDER = Text(
    "The print service has no room or its database does not answer; nothing was printed. "
    "Please try again later."
)
OPERATIONS = tuple(sorted(HANDLERS))


def blueprint(parts: Parts) -> Blueprint:
    """Return the routes of the gateway; GET on the same addresses stays with the pages."""
    routes = Blueprint("ipp", __name__)

    def answer(rest: str = "") -> Response:
        del rest  # the target is named in the message (RFC 8010 §4)
        if request.mimetype != MEDIA_TYPE:
            abort(415)
        octets = encode(_answer(parts, request.stream.read, request.content_length))
        return Response(octets, mimetype=MEDIA_TYPE)

    for path in (*PATHS, *PRINTER_PATHS):
        routes.add_url_rule(path, "ipp", answer, methods=["POST"])
    return routes


def answer_recent(app: Flask, parts: Parts, metrics: Metrics) -> None:
    """Let an application with these routes answer from a moment ago where it may."""
    app.wsgi_app = RecentAnswers(  # type: ignore[assignment, method-assign]  # as Flask has it
        app.wsgi_app,
        lambda: (parts.database.commits, parts.spool.is_full),
        lambda seconds: metrics.request_took("ipp.recent", 200, seconds),
    )


def _answer(parts: Parts, read: Callable[[int], bytes], announced: int | None) -> Message:
    message = Message((1, 1), 0, 1)
    body = _Body(read, announced)
    exchange = _exchange(message, Group(GroupTag.OPERATION), body)
    try:
        message = decode(body.read)
        exchange = _exchange(message, message.group(GroupTag.OPERATION), body)
        operation = validate(message, HANDLERS)
        exchange = _exchange(message, operation, body)
        return HANDLERS[message.code](parts, exchange)
    except IppError as error:
        status = _for_client(error.status, exchange)
        log.info("operation %#06x: %s", message.code, status.name)
        return exchange.answer(status, message=error.text, unsupported=error.unsupported)
    except PrintgateError as error:
        status = _for_client(_status(error), exchange)
        log.info("operation %#06x: %s (%s)", message.code, status.name, error.code)
        return exchange.answer(status, message=error.text)
    except (DBAPIError, OSError) as error:
        # The database or a disk does not answer or is full: nothing is wrong with the request.
        log.error("operation %#06x: %s", message.code, error)
        return exchange.answer(Status.TEMPORARY_ERROR, message=_OUT_OF_ORDER)
    except Exception:
        log.exception("operation %#06x failed", message.code)
        return exchange.answer(
            Status.INTERNAL_ERROR, message=Text("Something went wrong here; nothing was printed.")
        )
    finally:
        body.drain()


def _exchange(message: Message, operation: Group, body: "_Body") -> Exchange:
    agent = _CUPS_CLIENT.match(request.headers.get("User-Agent", ""))
    version = (int(agent[1]), int(agent[2])) if agent else None
    return Exchange(
        request=message,
        attributes=operation,
        read=body.read,
        expected=body.left,
        operations=OPERATIONS,
        base_uri=f"ipp://{request.host}",
        cups_numbers=version is not None and version <= _CUPS_LAST_WITH_OWN_NUMBERS,
    )


def _status(error: PrintgateError) -> Status:
    return next(STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES)


def _for_client(status: Status, exchange: Exchange) -> Status:
    return _CUPS_NUMBERS.get(status, status) if exchange.cups_numbers else status


class _Body:
    """The request's body, counted: what was announced must arrive, to the octet."""

    def __init__(self, read: Callable[[int], bytes], announced: int | None) -> None:
        self._read, self.left = read, announced

    def read(self, count: int) -> bytes:
        """Return `count` octets, fewer only at the end of the body."""
        pieces = []
        while count > 0:
            octets = self._read(count)
            if not octets:
                break
            pieces.append(octets)
            count -= len(octets)
            if self.left is not None:
                self.left -= len(octets)
        return b"".join(pieces)

    def drain(self) -> None:
        """Read the rest, so that the connection can carry the answer and the next request."""
        while self._read(65536):
            pass
