"""Jobs come in: Print-Job, Validate-Job, Create-Job, Send-Document, Close-Job."""

import logging
import zlib
from collections.abc import Callable

from sqlalchemy.orm import Session

from core.db import DatabaseUnavailable
from core.ids import new_uuid
from core.text import Text
from printgate.callers import Caller
from printgate.deciding import decide_now
from printgate.errors import NoSuchJob
from printgate.ipp.errors import IppError, bad_request
from printgate.ipp.tags import GroupTag, Status
from printgate.ipp.values import Attribute, Group, Message
from printgate.lifecycle import ACTIVE, Stage
from printgate.operations.exchange import Exchange
from printgate.operations.job_attributes import ANSWERED, job_attributes
from printgate.operations.printer_attributes import FORMATS, printer_attributes
from printgate.operations.ticket_reader import read_ticket
from printgate.parts import Parts
from printgate.queries import Job, Printer, job_by_uuid
from printgate.service import arrive
from printgate.service.arrive import NewJob
from printgate.ticket import JobTicket

log = logging.getLogger(__name__)

_COMPRESSIONS = ("none", "gzip")
_GZIP = 16 + zlib.MAX_WBITS
_INFLATE_STEP = 256 * 1024


def validate_job(parts: Parts, exchange: Exchange) -> Message:
    """Say whether a job with these attributes would be taken (RFC 8011 §4.2.3)."""
    _, _, _, unsupported = _asked(parts, exchange)
    return exchange.answer(_taken(unsupported), unsupported=unsupported)


def print_job(parts: Parts, exchange: Exchange) -> Message:
    """Take a job and its document in one request (RFC 8011 §4.2.1)."""
    printer, caller, ticket, unsupported = _asked(parts, exchange)
    uuid = new_uuid()
    spooled = parts.spool.receive(uuid, _document(exchange), _expected(exchange))
    if spooled.octets == 0:
        parts.spool.discard(uuid)
        raise bad_request("The request has no document.")

    def take(session: Session) -> Job:
        now = parts.clock.now()
        new = _new_job(exchange, uuid, printer, caller, ticket)
        arrive.create_job(session, new, wait=parts.terms.multiple_operation, now=now)
        return arrive.document_received(session, uuid, spooled, _format(exchange), now=now)

    try:
        job = parts.database.run(take)
    except BaseException:
        parts.spool.discard(uuid)
        raise
    return _decided(parts, exchange, job, unsupported)


def create_job(parts: Parts, exchange: Exchange) -> Message:
    """Take a job whose document comes with Send-Document (RFC 8011 §4.2.4)."""
    printer, caller, ticket, unsupported = _asked(parts, exchange)
    new = _new_job(exchange, new_uuid(), printer, caller, ticket)
    wait = parts.terms.multiple_operation
    job = parts.database.run(
        lambda session: arrive.create_job(session, new, wait=wait, now=parts.clock.now())
    )
    return _about(parts, exchange, job, _taken(unsupported), unsupported)


def send_document(parts: Parts, exchange: Exchange) -> Message:
    """Take the one document of a job (RFC 8011 §4.3.1)."""
    job = _own_job(parts, exchange)
    if exchange.attributes.get("last-document") is None:
        raise bad_request('"last-document" is missing.')
    if job.stage is not Stage.RECEIVING:
        raise _second_document(job)
    _check_format(exchange)
    # A name of its own, since two clients may send at once; the rename below decides who wins.
    incoming = new_uuid()
    spooled = parts.spool.receive(incoming, _document(exchange), _expected(exchange))
    if spooled.octets == 0:
        parts.spool.discard(incoming)
        return _about(parts, exchange, job, Status.OK, ())
    try:
        with parts.database.transaction() as session:
            job = arrive.document_received(
                session, job.uuid, spooled, _format(exchange), now=parts.clock.now()
            )
            spooled.path.rename(parts.spool.source(job.uuid))
    except BaseException:
        parts.spool.discard(incoming)
        raise
    return _decided(parts, exchange, job, ())


def close_job(parts: Parts, exchange: Exchange) -> Message:
    """Say that no document follows (PWG 5100.7 §4.1); a job without one is over."""
    job = _own_job(parts, exchange)
    if job.stage is Stage.RECEIVING:
        raise IppError(
            Status.NOT_POSSIBLE, Text("This job has no document yet. Send one, or cancel the job.")
        )
    if job.stage not in ACTIVE:
        raise IppError(Status.NOT_POSSIBLE, Text("This job is over."))
    return exchange.answer()


def _asked(
    parts: Parts, exchange: Exchange
) -> tuple[Printer, Caller, JobTicket, tuple[Attribute, ...]]:
    """Return what a job creation asks for, checked; the order is that of the RFC."""
    with parts.database.snapshot() as session:
        printer = exchange.printer(session)
        caller = exchange.caller(session, parts)
    _check_compression(exchange)
    _check_format(exchange)
    known = printer_attributes(printer, parts.rules, exchange, parts.clock.now())
    ticket, unsupported = read_ticket(
        exchange.request.group(GroupTag.JOB),
        known,
        fidelity=exchange.flag("ipp-attribute-fidelity", default=False),
    )
    return printer, caller, ticket, unsupported


def _new_job(
    exchange: Exchange, uuid: str, printer: Printer, caller: Caller, ticket: JobTicket
) -> NewJob:
    title = exchange.text_of("job-name") or exchange.text_of("document-name")
    return NewJob(uuid, printer, caller, title, ticket, exchange.language)


def _decided(
    parts: Parts, exchange: Exchange, job: Job, unsupported: tuple[Attribute, ...]
) -> Message:
    """Decide within the budget of the answer, and answer with what became of the job.

    A job that cannot be decided now, since the database went away after it took the job, is
    accepted all the same: a task decides it, so an error would be the wrong thing to say.
    """
    try:
        job = decide_now(parts, job.uuid, timeout_seconds=parts.terms.analysis_budget_seconds)
    except DatabaseUnavailable:
        log.warning("job %d is decided later: the database went away", job.id)
    if job.stage is Stage.REFUSED:
        raise refusal(job)
    status = _taken(unsupported)
    if job.ticket.sides != job.asked.sides and job.asked.sides is not None:
        status = Status.OK_IGNORED_OR_SUBSTITUTED
    return _about(parts, exchange, job, status, unsupported)


def refusal(job: Job) -> IppError:
    """Return the error that tells a client why its job was refused."""
    reason = job.reasons[-1]
    return IppError(_REFUSALS.get(reason.rule, Status.ACCOUNT_AUTHORIZATION_FAILED), reason.text)


_REFUSALS = {
    "quota": Status.ACCOUNT_LIMIT_REACHED,
    "readable": Status.DOCUMENT_FORMAT_ERROR,
}


def _about(
    parts: Parts,
    exchange: Exchange,
    job: Job,
    status: Status,
    unsupported: tuple[Attribute, ...],
) -> Message:
    everything = job_attributes(job, exchange, parts.clock.now())
    group = Group(GroupTag.JOB, tuple(each for each in everything if each.name in ANSWERED))
    message = job.reasons[-1].text if job.reasons else None
    return exchange.answer(status, [group], message=message, unsupported=unsupported)


def _own_job(parts: Parts, exchange: Exchange) -> Job:
    """Return the named job, which must be the caller's."""
    with parts.database.snapshot() as session:
        job = exchange.job(session)
        caller = exchange.caller(session, parts)
        if not may_touch(job, caller):
            raise NoSuchJob(Text("There is no such job."))
        return job_by_uuid(session, job.uuid)


def may_touch(job: Job, caller: Caller) -> bool:
    """Tell whether a job is the caller's own."""
    if caller.person is not None:
        return job.person_id == caller.person.id or caller.person.admin
    return job.person_id is None and job.claimed_name == caller.claimed_name


def _second_document(job: Job) -> IppError:
    if job.stage in ACTIVE:
        return IppError(
            Status.MULTIPLE_DOCUMENT_JOBS_NOT_SUPPORTED, Text("A job has one document here.")
        )
    return IppError(Status.NOT_POSSIBLE, Text("This job is over."))


def _check_compression(exchange: Exchange) -> None:
    asked = exchange.attributes.get("compression")
    if asked is not None and asked.first.text() not in _COMPRESSIONS:
        raise IppError(
            Status.COMPRESSION_NOT_SUPPORTED,
            Text("The compression {name} is not supported.", {"name": asked.first.text()}),
            (asked,),
        )


def _check_format(exchange: Exchange) -> None:
    _check_compression(exchange)
    asked = exchange.attributes.get("document-format")
    if asked is not None and asked.first.text() not in FORMATS:
        raise IppError(
            Status.DOCUMENT_FORMAT_NOT_SUPPORTED,
            Text("Documents of the format {name} are not taken.", {"name": asked.first.text()}),
            (asked,),
        )


def _format(exchange: Exchange) -> str:
    return exchange.text_of("document-format") or FORMATS[0]


def _expected(exchange: Exchange) -> int | None:
    return None if exchange.text_of("compression") == "gzip" else exchange.expected


def _document(exchange: Exchange) -> Callable[[int], bytes]:
    return (
        _Inflated(exchange.read).read
        if exchange.text_of("compression") == "gzip"
        else exchange.read
    )


class _Inflated:
    """Reads a gzip stream a step at a time, so that a bomb meets the spool's limit first."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read, self._inflate = read, zlib.decompressobj(_GZIP)
        self._rest = b""

    def read(self, count: int) -> bytes:
        """Return up to `count` octets of the document; b"" at its end."""
        while not self._inflate.eof:
            self._rest = self._rest or self._read(_INFLATE_STEP)
            if not self._rest:
                raise self._broken()
            try:
                octets = self._inflate.decompress(self._rest, count)
            except zlib.error:
                raise self._broken() from None
            self._rest = self._inflate.unconsumed_tail
            if octets:
                return octets
        return b""

    @staticmethod
    def _broken() -> IppError:
        return IppError(Status.COMPRESSION_ERROR, Text("The compressed document is broken."))


def _taken(unsupported: tuple[Attribute, ...]) -> Status:
    return Status.OK_IGNORED_OR_SUBSTITUTED if unsupported else Status.OK
