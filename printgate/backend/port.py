"""What the gateway needs of the print system behind it; adapters: cups.py, fake.py."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from printgate.lifecycle import JobState

UUID_ATTRIBUTE = "printgate-job-uuid"


_KEYWORD = re.compile(r"[a-z0-9][a-z0-9._-]{0,254}", re.ASCII)
_REASONS_MAX = 32


def keywords(found: Iterable[str]) -> tuple[str, ...]:
    """Return those words of a stranger that are IPP keywords (RFC 8011 §5.1.4), "none" left out.

    They go to our own clients, into log lines and pages: what is no keyword goes nowhere.
    """
    fit = (each for each in found if each != "none" and _KEYWORD.fullmatch(each))
    return tuple(dict.fromkeys(fit))[:_REASONS_MAX]


@dataclass(frozen=True)
class Queue:
    """A queue of the print system."""

    name: str
    device_uri: str
    info: str
    location: str
    state: str
    """idle, processing or stopped."""
    state_reasons: tuple[str, ...]
    accepting: bool
    error_policy: str = ""
    """What it does with a job that fails: retry-job keeps the queue going; "" if not known."""


@dataclass(frozen=True)
class BackendJob:
    """A job as the print system has it; `uuid` is empty for a job that is not ours."""

    id: int
    queue: str
    uuid: str
    title: str
    user: str
    state: JobState
    state_reasons: tuple[str, ...]
    impressions: int
    created_at: datetime
    processing_at: datetime | None

    @property
    def ended(self) -> bool:
        """Whether it is over, one way or another."""
        return self.state in (JobState.COMPLETED, JobState.CANCELED, JobState.ABORTED)

    @property
    def held(self) -> bool:
        """Whether it waits for our release."""
        return self.state is JobState.PENDING_HELD


@dataclass(frozen=True)
class JobRequest:
    """What a job is created with."""

    uuid: str
    queue: str
    title: str
    user: str
    options: Mapping[str, str]


class Backend(Protocol):
    """A print system. Every verb raises BackendUnavailable when it does not answer."""

    def queues(self) -> list[Queue]:
        """Return the queues it has."""
        ...

    def active_jobs(self) -> list[BackendJob]:
        """Return the jobs that are not over, ours and others'."""
        ...

    def recent_jobs(self, limit: int) -> list[BackendJob]:
        """Return the jobs that ended last, ours and others', as far back as it remembers."""
        ...

    def job(self, job_id: int) -> BackendJob | None:
        """Return one job, over or not; None if it does not know it."""
        ...

    def create_held(self, request: JobRequest) -> int:
        """Create a job that waits for `release` and return its id there."""
        ...

    def send_document(self, request: JobRequest, job_id: int, path: Path, digest: str) -> None:
        """Stream the one document (application/pdf) of a job.

        Raises DocumentDamaged if it is not there or its SHA-256 is not `digest`: whatever of it
        reached the print system must not be released then.
        """
        ...

    def release(self, job_id: int) -> None:
        """Let a held job print; releasing one that is not held does nothing."""
        ...

    def cancel(self, job_id: int) -> None:
        """Cancel a job; cancelling one that is finished or gone does nothing."""
        ...

    def add_queue(self, name: str, device_uri: str) -> Queue:
        """Make a driverless queue to an IPP Everywhere printer that answers now, ready for jobs."""
        ...


@dataclass(frozen=True)
class DeviceCount:
    """What a printer itself says of one job; `impressions` is None if it does not say."""

    title: str
    user: str
    impressions: int | None
    created_at: datetime


@dataclass(frozen=True)
class DeviceAttributes:
    """A printer's own description: the Get-Printer-Attributes answer and what we read off it."""

    encoded: bytes
    two_sided: bool
    state: str
    state_reasons: tuple[str, ...]
    supplies: tuple["Supply", ...]


@dataclass(frozen=True)
class Supply:
    """A level of toner (per cent) or paper (sheets); negative levels are unknown."""

    kind: str
    name: str
    level: int
    level_max: int


class Devices(Protocol):
    """The printers themselves, asked past the print system: for facts, never for paper."""

    def describe(self, device_uri: str) -> DeviceAttributes | None:
        """Return what the printer says of itself, or None if it cannot be asked (not IPP, off)."""
        ...

    def counts(self, device_uri: str, user: str = "") -> Sequence[DeviceCount]:
        """Return what the printer counted for the newest jobs that it has finished.

        Asked as `user`: some printers tell nobody but its owner whose a job is.
        """
        ...

    def up_since(self, device_uri: str) -> datetime | None:
        """Return when the printer was switched on; None if it does not say."""
        ...
