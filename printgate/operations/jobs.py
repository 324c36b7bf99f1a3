"""Jobs that are here: cancelling, holding, releasing and asking about them."""

from sqlalchemy.orm import Session

from core.text import Text
from printgate import queries
from printgate.callers import Caller
from printgate.errors import UnknownPerson
from printgate.holding import HOLD_UNTIL, NO_HOLD
from printgate.ipp.answer import requested
from printgate.ipp.errors import IppError
from printgate.ipp.rules import target_path
from printgate.ipp.tags import GroupTag, Status
from printgate.ipp.values import Group, Message
from printgate.operations.exchange import DEFAULT_PATHS, Exchange
from printgate.operations.job_attributes import LISTED, job_attributes, requested_groups
from printgate.operations.printer_attributes import WHICH_JOBS
from printgate.operations.submit import may_touch
from printgate.parts import Parts
from printgate.queries import Job
from printgate.service import finish, holding

_LISTED_MAX = 1000


def cancel_job(parts: Parts, exchange: Exchange) -> Message:
    """Cancel one job of the caller (RFC 8011 §4.3.3)."""
    with parts.database.transaction() as session:
        job, caller = _own(session, parts, exchange)
        finish.cancel(session, job.uuid, actor=caller.actor, now=parts.clock.now())
    return exchange.answer()


def cancel_my_jobs(parts: Parts, exchange: Exchange) -> Message:
    """Cancel all jobs of the caller at a printer, or those listed (PWG 5100.11 §4.1)."""
    with parts.database.transaction() as session:
        caller, printer = exchange.caller(session, parts), exchange.printer(session)
        listed = exchange.attributes.get("job-ids")
        wanted = {value.content for value in listed.values} if listed else None
        mine = [
            job
            for job in queries.jobs_at(session, printer_id=printer.id, active=True)
            if may_touch(job, caller) and (wanted is None or job.id in wanted)
        ]
        if wanted is not None and len(mine) != len(wanted):
            raise IppError(Status.NOT_FOUND, Text("There is no such job."))
        uuids = [job.uuid for job in mine if job.may_cancel]
        finish.cancel_all(session, uuids, actor=caller.actor, now=parts.clock.now())
    return exchange.answer()


def hold_job(parts: Parts, exchange: Exchange) -> Message:
    """Hold one job of the caller (RFC 8011 §4.3.5); without job-hold-until, indefinitely."""
    until = exchange.attributes.get("job-hold-until")
    if until is not None and until.first.text() == NO_HOLD:
        return release_job(parts, exchange)
    # An unknown time is ignored rather than refused: the job must not print meanwhile.
    ignored = () if until is None or until.first.text() in HOLD_UNTIL else (until,)
    with parts.database.transaction() as session:
        job, caller = _own(session, parts, exchange)
        holding.hold(session, job.uuid, actor=caller.actor, now=parts.clock.now())
    status = Status.OK_IGNORED_OR_SUBSTITUTED if ignored else Status.OK
    return exchange.answer(status, unsupported=ignored)


def release_job(parts: Parts, exchange: Exchange) -> Message:
    """Release one job of the caller (RFC 8011 §4.3.6)."""
    with parts.database.transaction() as session:
        job, caller = _own(session, parts, exchange)
        now = parts.clock.now()
        holding.release_by_claim(session, job.uuid, actor=caller.actor, now=now)
    return exchange.answer()


def get_job_attributes(parts: Parts, exchange: Exchange) -> Message:
    """Tell about one job (RFC 8011 §4.3.4)."""
    with parts.database.snapshot() as session:
        job = exchange.job(session)
        caller = _caller_or_nobody(session, parts, exchange)
    return exchange.answer(groups=[_told(parts, exchange, job, caller)])


def get_jobs(parts: Parts, exchange: Exchange) -> Message:
    """List jobs (RFC 8011 §4.2.6)."""
    which = exchange.text_of("which-jobs") or "not-completed"
    if which not in WHICH_JOBS:
        asked = exchange.attributes.get("which-jobs")
        assert asked is not None
        raise IppError(
            Status.ATTRIBUTES_OR_VALUES_NOT_SUPPORTED,
            Text("There is no list of jobs called {name}.", {"name": which}),
            (asked,),
        )
    with parts.database.snapshot() as session:
        caller = _caller_or_nobody(session, parts, exchange)
        mine = exchange.flag("my-jobs", default=False)
        found = queries.jobs_at(
            session,
            printer_id=_printer_id(session, exchange),
            active={"not-completed": True, "completed": False}.get(which),
            person_id=caller.person.id if mine and caller and caller.person else None,
            claimed_name=exchange.text_of("requesting-user-name") if mine else None,
            first_id=exchange.number("first-job-id"),
            limit=min(exchange.number("limit") or _LISTED_MAX, _LISTED_MAX),
        )
    return exchange.answer(
        groups=[_told(parts, exchange, job, caller, listed=True) for job in found]
    )


def _own(session: Session, parts: Parts, exchange: Exchange) -> tuple[Job, Caller]:
    job, caller = exchange.job(session), exchange.caller(session, parts)
    if not may_touch(job, caller):
        raise IppError(Status.NOT_AUTHORIZED, Text("This job belongs to somebody else."))
    return job, caller


def _printer_id(session: Session, exchange: Exchange) -> str | None:
    """Return whose jobs are asked for; None (all printers) when CUPS' tools ask at "/"."""
    path, _ = target_path(exchange.attributes)
    if path in DEFAULT_PATHS and path not in ("/ipp/print", "/ipp/print/"):
        return None
    return exchange.printer(session).id


def _caller_or_nobody(session: Session, parts: Parts, exchange: Exchange) -> Caller | None:
    try:
        return exchange.caller(session, parts)
    except UnknownPerson:
        return None


# What others may know of a job that is not theirs: that it is there, and how far it is.
_PUBLIC = frozenset(
    {
        "job-id",
        "job-uri",
        "job-printer-uri",
        "job-uuid",
        "job-state",
        "job-state-reasons",
        "job-printer-up-time",
        "time-at-creation",
        "time-at-processing",
        "time-at-completed",
    }
)


def _told(
    parts: Parts, exchange: Exchange, job: Job, caller: Caller | None, *, listed: bool = False
) -> Group:
    everything = job_attributes(job, exchange, parts.clock.now())
    if caller is None or not may_touch(job, caller):
        everything = Group(
            everything.tag, tuple(each for each in everything if each.name in _PUBLIC)
        )
    asked = exchange.attributes.get("requested-attributes")
    groups = requested_groups(everything)
    default = LISTED if listed else None
    return Group(GroupTag.JOB, tuple(requested(everything, asked, groups, default)))
