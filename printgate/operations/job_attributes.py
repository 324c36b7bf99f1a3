"""What the gateway says of a job (RFC 8011 §5.3, PWG 5100.7)."""

from collections.abc import Iterator
from datetime import datetime

from core.text import Text
from printgate.holding import Hold, hold_until
from printgate.ipp.answer import cut
from printgate.ipp.tags import JOB_STATES, GroupTag
from printgate.ipp.values import (
    Attribute,
    Group,
    date_time,
    enum,
    int_range,
    integer,
    keyword,
    language,
    mime_type,
    name,
    no_value,
    text,
    uri,
)
from printgate.lifecycle import IPP_STATES, JobState, Stage
from printgate.operations.exchange import Exchange
from printgate.operations.printer_attributes import up_time
from printgate.queries import Job
from printgate.ticket import JobTicket
from quotas.limits import Limit
from quotas.projects import Bar

_REASONS = {
    "quota": "account-limit-reached",
    **{limit.value: "account-limit-reached" for limit in Limit},
    Bar.OVER: "account-closed",
    Bar.SHORT: "account-limit-reached",
    "drafts": "job-completed-with-warnings",
    "readable": "document-format-error",
    "secrecy": "account-authorization-failed",
}
_HOLD_REASONS = {Hold.RULE: ("job-release-wait",), Hold.PIN: ("job-password-wait",)}
_MESSAGE_MAX = 1023
ANSWERED = frozenset({"job-id", "job-uri", "job-state", "job-state-reasons", "job-state-message"})
"""What the answer to a job creation says of the job (RFC 8011 §4.2.1.2)."""

LISTED = frozenset({"job-id", "job-uri"})
"""What Get-Jobs says of each job when nothing is asked for (RFC 8011 §4.2.6.1)."""

_TEMPLATE = frozenset(
    {
        "copies",
        "job-account-id",
        "job-hold-until",
        "sides",
        "media",
        "number-up",
        "page-ranges",
        "orientation-requested",
        "print-color-mode",
        "print-quality",
        "print-scaling",
        "output-bin",
        "multiple-document-handling",
    }
)


def job_attributes(job: Job, exchange: Exchange, now: datetime) -> Group:
    """Return everything that the gateway says of a job."""
    found = (*_identity(job, exchange), *_state(job, exchange), *_times(job, now), *_ticket(job))
    return Group(GroupTag.JOB, found)


def requested_groups(group: Group) -> dict[str, frozenset[str]]:
    """Return the members of each group keyword of requested-attributes."""
    names = frozenset(attribute.name for attribute in group)
    return {"job-template": _TEMPLATE, "job-description": names - _TEMPLATE}


def state_of(job: Job) -> tuple[JobState, tuple[str, ...]]:
    """Return job-state and job-state-reasons."""
    state, reasons = IPP_STATES[job.stage]
    if job.stage is Stage.RELEASED and "job-printing" not in job.state_reasons:
        # It waits for its printer. Plain pending keeps a CUPS client asking, and able to cancel.
        state, reasons = JobState.PENDING, job.state_reasons or ("job-queued",)
    if job.stage is Stage.HELD:
        reasons = _HOLD_REASONS.get(job.hold, reasons)
    if job.stage is Stage.REFUSED and job.reasons:
        reasons = (*reasons, _REASONS.get(job.reasons[-1].rule, "account-authorization-failed"))
    if job.stage in (Stage.CANCELED, Stage.ABORTED) and job.state_reasons:
        reasons = tuple(dict.fromkeys((*reasons, *job.state_reasons)))
    return state, tuple(reason for reason in reasons if reason != "none")


def message_of(job: Job, exchange: Exchange) -> str:
    """Return job-state-message: what the rules said, and where to read on."""
    parts = [exchange.words(reason.text) for reason in job.reasons]
    if job.stage is Stage.CIRCULATED:
        address = exchange.pages_uri(f"/documents/{job.document_id}")
        parts.append(exchange.words(Text("It circulates at {address}", {"address": address})))
    return cut(" ".join(parts), _MESSAGE_MAX)


def _identity(job: Job, exchange: Exchange) -> Iterator[Attribute]:
    yield uri("job-uri", exchange.job_uri(job))
    yield integer("job-id", job.id)
    yield uri("job-printer-uri", exchange.printer_uri(job.printer))
    yield uri("job-uuid", f"urn:uuid:{job.uuid}")
    yield name("job-name", job.title)
    yield name("job-originating-user-name", job.claimed_name or "anonymous")
    yield uri("job-more-info", exchange.pages_uri(f"/jobs/{job.id}"))
    yield language("attributes-natural-language", job.language or "en")
    yield mime_type("document-format", job.format or "application/octet-stream")


def _state(job: Job, exchange: Exchange) -> Iterator[Attribute]:
    state, reasons = state_of(job)
    yield enum("job-state", JOB_STATES[state])
    yield keyword("job-state-reasons", *(reasons or ("none",)))
    yield text("job-state-message", message_of(job, exchange))
    yield integer("number-of-documents", 0 if job.stage is Stage.RECEIVING else 1)
    yield integer("job-k-octets", -(-job.octets // 1024))
    yield integer("job-impressions", job.impressions or job.pages * job.ticket.copies)
    yield integer("job-media-sheets", job.sheets_reserved)
    over = job.completed_at is not None
    yield integer("job-impressions-completed", (job.impressions or 0) if over else 0)
    yield integer("job-media-sheets-completed", job.sheets_used or 0)


def _times(job: Job, now: datetime) -> Iterator[Attribute]:
    yield integer("job-printer-up-time", up_time(now))
    for label, moment in (
        ("creation", job.created_at),
        ("processing", job.processing_at or job.completed_at),
        ("completed", job.completed_at),
    ):
        if moment is None:
            yield no_value(f"time-at-{label}")
            yield no_value(f"date-time-at-{label}")
        else:
            yield integer(f"time-at-{label}", up_time(moment))
            yield date_time(f"date-time-at-{label}", moment)


def _ticket(job: Job) -> Iterator[Attribute]:
    ticket: JobTicket = job.ticket
    yield integer("copies", ticket.copies)
    yield integer("number-up", ticket.number_up)
    yield keyword("job-hold-until", hold_until(job.hold))
    if ticket.job_account_id is not None:
        yield name("job-account-id", ticket.job_account_id)
    for label in ("sides", "media", "print-color-mode", "print-scaling", "output-bin"):
        word = getattr(ticket, label.replace("-", "_"))
        if word is not None:
            yield keyword(label, word)
    for label in ("orientation-requested", "print-quality"):
        number = getattr(ticket, label.replace("-", "_"))
        if number is not None:
            yield enum(label, number)
    if ticket.multiple_document_handling is not None:
        yield keyword("multiple-document-handling", ticket.multiple_document_handling)
    if ticket.page_ranges:
        yield int_range("page-ranges", *ticket.page_ranges)
