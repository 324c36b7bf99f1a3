"""Jobs come in: Print-Job, Validate-Job, Create-Job, Send-Document, Close-Job."""

import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from core.failpoints import reached
from core.ids import new_uuid
from core.text import Text
from printgate.callers import Caller
from printgate.deciding import judge
from printgate.errors import NoSuchJob
from printgate.holding import Hold
from printgate.ipp.errors import IppError, bad_request
from printgate.ipp.tags import GroupTag, Status
from printgate.ipp.values import Attribute, Group, Message
from printgate.lifecycle import ACTIVE, Stage
from printgate.operations.exchange import Exchange
from printgate.operations.hold_reader import asked_hold
from printgate.operations.job_attributes import ANSWERED, job_attributes
from printgate.operations.printer_attributes import FORMATS, lasting_attributes
from printgate.operations.ticket_reader import read_ticket
from printgate.parts import Parts
from printgate.queries import Job, Printer, job_by_uuid
from printgate.service import arrive, decide, holding
from printgate.service.arrive import NewJob
from printgate.service.decide import Place, Sent, Verdict
from printgate.spool import Spooled
from printgate.ticket import JobTicket
from quotas.limits import Limit
from quotas.projects import Bar

_COMPRESSIONS = ("none", "gzip")
_GZIP = 16 + zlib.MAX_WBITS
_INFLATE_STEP = 256 * 1024
_INFLATED_FREE, _INFLATED_TIMES = 32 * 1024 * 1024, 100


def validate_job(parts: Parts, exchange: Exchange) -> Message:
    """Say whether a job with these attributes would be taken (RFC 8011 §4.2.3)."""
    _, unsupported = _asked(parts, exchange)
    return exchange.answer(_taken(unsupported), unsupported=unsupported)


def print_job(parts: Parts, exchange: Exchange) -> Message:
    """Take a job and its document in one request (RFC 8011 §4.2.1)."""
    asked, unsupported = _asked(parts, exchange)
    uuid = new_uuid()
    spooled = parts.spool.receive(uuid, _document(exchange), _expected(exchange))
    if spooled.octets == 0:
        parts.spool.discard(uuid)
        raise bad_request("The request has no document.")
    new = _new_job(exchange, uuid, asked)
    sent = Sent(uuid, new.title, _format(exchange), new.ticket, asked.place)
    with _discarded_on_failure(parts, uuid):
        verdict = judge(parts, sent, timeout_seconds=parts.terms.analysis_budget_seconds)

        def take(session: Session) -> Job:
            now = parts.clock.now()
            arrive.create_job(session, new, wait=parts.terms.multiple_operation, now=now)
            job = _receive(parts, session, sent, spooled, verdict)
            reached("decision-before-commit")
            return job

        job = parts.database.run(take)
    reached("decision-after-commit")
    return _decided(parts, exchange, job, unsupported)


def create_job(parts: Parts, exchange: Exchange) -> Message:
    """Take a job whose document comes with Send-Document (RFC 8011 §4.2.4)."""
    asked, unsupported = _asked(parts, exchange)
    new = _new_job(exchange, new_uuid(), asked)

    def add(session: Session) -> Job:
        arrive.check_unfinished(session, asked.caller, parts.terms.jobs_without_document_max)
        wait = parts.terms.multiple_operation
        arrive.create_job(session, new, wait=wait, now=parts.clock.now())
        session.flush()
        reached("arrival-before-commit")
        return job_by_uuid(session, new.uuid)

    job = parts.database.run(add)
    reached("arrival-after-commit")
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
    with parts.database.snapshot() as session:
        sent = replace(
            decide.sent_of(session, job, now=parts.clock.now()), format=_format(exchange)
        )
    with _discarded_on_failure(parts, incoming):
        verdict = judge(
            parts,
            replace(sent, uuid=incoming),
            timeout_seconds=parts.terms.analysis_budget_seconds,
        )

        def take(session: Session) -> Job:
            taken = _receive(parts, session, sent, spooled, verdict)
            parts.spool.adopt(incoming, taken.uuid)
            reached("decision-before-commit")
            return taken

        job = parts.database.run(take)
    reached("decision-after-commit")
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


@dataclass(frozen=True)
class _Asked:
    """What a job creation asks for, checked."""

    printer: Printer
    place: Place
    caller: Caller
    ticket: JobTicket
    hold: Hold
    pin_key: str | None


def _asked(parts: Parts, exchange: Exchange) -> tuple[_Asked, tuple[Attribute, ...]]:
    """Return what a job creation asks for; the order of the checks is that of the RFC."""
    with parts.database.snapshot() as session:
        printer = exchange.printer(session)
        arrive.check_offered(printer)
        caller = exchange.caller(session, parts)
        place = decide.place_of(
            session, printer, caller.office, caller.person, now=parts.clock.now()
        )
    _check_compression(exchange)
    _check_format(exchange)
    known = lasting_attributes(parts, printer, exchange)
    ticket, unsupported = read_ticket(
        exchange.request.group(GroupTag.JOB),
        known,
        fidelity=exchange.flag("ipp-attribute-fidelity", default=False),
    )
    hold, pin_key = asked_hold(exchange)
    return _Asked(printer, place, caller, ticket, hold, pin_key), unsupported


def _new_job(exchange: Exchange, uuid: str, asked: _Asked) -> NewJob:
    title = exchange.text_of("job-name") or exchange.text_of("document-name")
    return NewJob(
        uuid,
        asked.printer,
        asked.caller,
        title,
        asked.ticket,
        exchange.language,
        asked.hold,
        holding.pin_hash(asked.pin_key) if asked.pin_key else "",
    )


def _receive(
    parts: Parts, session: Session, sent: Sent, spooled: Spooled, verdict: Verdict | None
) -> Job:
    """Note the document of a job and what becomes of it (T1), or that this comes later (T0)."""
    now = parts.clock.now()
    arrive.document_received(session, sent.uuid, spooled, sent.format, now=now)
    if verdict is None:
        return arrive.decide_later(session, sent.uuid, now=now)
    return decide.decide_job(
        session,
        sent.uuid,
        verdict,
        ask_expires=parts.terms.ask_expires,
        workdays=parts.terms.workdays,
        now=now,
    )


@contextmanager
def _discarded_on_failure(parts: Parts, uuid: str) -> Iterator[None]:
    """Leave nothing in the spool of a document that did not become a job's."""
    try:
        yield
    except BaseException:
        parts.spool.discard(uuid)
        raise


def _decided(
    parts: Parts, exchange: Exchange, job: Job, unsupported: tuple[Attribute, ...]
) -> Message:
    """Answer with what became of the job."""
    reached("answer-not-sent")
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
    **{limit.value: Status.ACCOUNT_LIMIT_REACHED for limit in Limit},
    Bar.OVER: Status.ACCOUNT_CLOSED,
    Bar.SHORT: Status.ACCOUNT_LIMIT_REACHED,
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
        self._rest, self._taken, self._given = b"", 0, 0

    def read(self, count: int) -> bytes:
        """Return up to `count` octets of the document; b"" at its end."""
        while not self._inflate.eof:
            if not self._rest:
                self._rest = self._read(_INFLATE_STEP)
                self._taken += len(self._rest)
            if not self._rest:
                raise self._broken()
            try:
                octets = self._inflate.decompress(self._rest, count)
            except zlib.error:
                raise self._broken() from None
            self._rest = self._inflate.unconsumed_tail
            self._given += len(octets)
            if self._given > _INFLATED_FREE + _INFLATED_TIMES * self._taken:
                raise IppError(Status.COMPRESSION_ERROR, Text("The document inflates too much."))
            if octets:
                return octets
        return b""

    @staticmethod
    def _broken() -> IppError:
        return IppError(Status.COMPRESSION_ERROR, Text("The compressed document is broken."))


def _taken(unsupported: tuple[Attribute, ...]) -> Status:
    return Status.OK_IGNORED_OR_SUBSTITUTED if unsupported else Status.OK
