"""The CUPS adapter: every call is made by a talker (talker.py) and ends within a time limit.

A CUPS that does not answer in time is not asked again for a few seconds: so a hanging CUPS costs a
task or a round some seconds, never its thread, and web pages and arriving jobs nothing at all. Text
from people goes to CUPS without control characters, and only options that the ticket knows are
passed on.
"""

import os
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from core.clock import monotonic_seconds
from core.sandbox import ChildLimits, Sandbox, SandboxCrashed, SandboxError, SandboxTimeout
from core.text import Text
from printgate.backend import talker
from printgate.backend.port import UUID_ATTRIBUTE, BackendJob, JobRequest, Queue, keywords
from printgate.errors import BackendUnavailable, DocumentDamaged
from printgate.lifecycle import JobState

TALKERS = 3
ANSWER_SECONDS = 10.0
QUIET_SECONDS = 5.0
_SEND_SECONDS = 20.0
_ADD_QUEUE_SECONDS = 25.0
_SEND_OCTETS_PER_SECOND = 1024 * 1024
_LIMITS = ChildLimits(calls=20_000, network=True)
_TALKER = talker.__name__

_STATES = {
    3: JobState.PENDING,
    4: JobState.PENDING_HELD,
    5: JobState.PROCESSING,
    6: JobState.PROCESSING_STOPPED,
    7: JobState.CANCELED,
    8: JobState.ABORTED,
    9: JobState.COMPLETED,
}
_PRINTER_STATES = {3: "idle", 4: "processing", 5: "stopped"}


class CupsBackend:
    """A CUPS server, reached by a socket (`cups:///PATH`) or by `cups://HOST:PORT`.

    Its talkers are started at the first call and ended by `close`.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme != "cups":
            raise ValueError("printing_url must be cups:///SOCKET or cups://HOST:PORT")
        self._server = (parts.hostname or parts.path, parts.port or 631)
        self._lock = threading.Lock()
        self._talkers: Sandbox | None = None
        self._quiet_until = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the talkers."""
        with self._lock:
            if self._talkers is not None:
                self._talkers.close()
                self._talkers = None

    def queues(self) -> list[Queue]:
        """Return the queues that the server has."""
        found = self._call("queues")
        return [_queue(name, attributes) for name, attributes in sorted(found.items())]

    def active_jobs(self) -> list[BackendJob]:
        """Return the jobs that are not over, ours and others'."""
        found = self._call("active_jobs")
        return [_job(int(job_id), attributes) for job_id, attributes in found.items()]

    def recent_jobs(self, limit: int) -> list[BackendJob]:
        """Return the jobs that ended last, ours and others', as far back as it remembers."""
        found = self._call("recent_jobs", limit)
        return [_job(int(job_id), attributes) for job_id, attributes in found.items()]

    def job(self, job_id: int) -> BackendJob | None:
        """Return one job, over or not; None if CUPS does not know it."""
        found = self._call("job", job_id, gone_ok=True)
        return None if found is None else _job(job_id, found)

    def create_held(self, request: JobRequest) -> int:
        """Create a job that waits for `release` and return its id there."""
        options = {**request.options, UUID_ATTRIBUTE: request.uuid}
        return int(self._call("create_held", request.queue, request.title, request.user, options))

    def send_document(self, request: JobRequest, job_id: int, path: Path, digest: str) -> None:
        """Stream the one document (application/pdf) of a job; DocumentDamaged if it changed."""
        if not path.is_file():
            raise _damaged()
        self._call(
            "send_document",
            request.queue,
            job_id,
            request.user,
            str(path),
            digest,
            timeout_seconds=_SEND_SECONDS + path.stat().st_size / _SEND_OCTETS_PER_SECOND,
        )

    def release(self, job_id: int) -> None:
        """Let a held job print; releasing one that is not held does nothing."""
        self._call("release", job_id, gone_ok=True)

    def cancel(self, job_id: int) -> None:
        """Cancel a job; cancelling one that is finished or gone does nothing."""
        self._call("cancel", job_id, gone_ok=True)

    def add_queue(self, name: str, device_uri: str) -> Queue:
        """Make a driverless queue to an IPP Everywhere printer that answers now, ready for jobs."""
        self._call("add_queue", name, device_uri, timeout_seconds=_ADD_QUEUE_SECONDS)
        return next(queue for queue in self.queues() if queue.name == name)

    def _call(
        self,
        function: str,
        *arguments: object,
        timeout_seconds: float = ANSWER_SECONDS,
        gone_ok: bool = False,
    ) -> Any:  # noqa: ANN401  # JSON
        if monotonic_seconds() < self._quiet_until:
            raise _unavailable("it did not answer a moment ago")
        try:
            return self._opened().call(
                f"{_TALKER}:{function}",
                *self._server,
                *arguments,
                timeout_seconds=timeout_seconds,
            )
        except (SandboxTimeout, SandboxCrashed) as error:
            self._quiet_until = monotonic_seconds() + QUIET_SECONDS
            raise _unavailable(str(error)) from error
        except SandboxError as error:
            if error.code == talker.GONE and gone_ok:
                return None
            if error.code == talker.DAMAGED:
                raise _damaged() from error
            raise _unavailable(str(error)) from error

    def _opened(self) -> Sandbox:
        with self._lock:
            if self._talkers is None:
                self._talkers = Sandbox(talker.FUNCTIONS, TALKERS, _LIMITS)
            return self._talkers


def _unavailable(detail: str) -> BackendUnavailable:
    return BackendUnavailable(
        Text("The print system does not answer: {detail}", {"detail": detail})
    )


def _damaged() -> DocumentDamaged:
    return DocumentDamaged(Text("The document changed after it was accepted; it was not printed."))


def _queue(name: str, attributes: Mapping[str, Any]) -> Queue:
    return Queue(
        name=name,
        device_uri=attributes.get("device-uri", ""),
        info=attributes.get("printer-info", ""),
        location=attributes.get("printer-location", ""),
        state=_PRINTER_STATES.get(attributes.get("printer-state", 3), "idle"),
        state_reasons=_keywords(attributes.get("printer-state-reasons")),
        accepting=bool(attributes.get("printer-is-accepting-jobs", True)),
        error_policy=attributes.get("printer-error-policy", ""),
    )


def _job(job_id: int, attributes: Mapping[str, Any]) -> BackendJob:
    return BackendJob(
        id=job_id,
        queue=os.path.basename(urlsplit(attributes.get("job-printer-uri", "")).path),  # noqa: PTH119
        uuid=attributes.get(UUID_ATTRIBUTE, ""),
        title=attributes.get("job-name", ""),
        user=attributes.get("job-originating-user-name", ""),
        state=_STATES[attributes["job-state"]],
        state_reasons=_keywords(attributes.get("job-state-reasons")),
        impressions=_count(attributes.get("job-impressions-completed")),
        created_at=_moment(attributes.get("time-at-creation")) or datetime.fromtimestamp(0, UTC),
        processing_at=_moment(attributes.get("time-at-processing")),
    )


def _keywords(value: str | list[str] | None) -> tuple[str, ...]:
    found = [value] if isinstance(value, str) else value or []
    return keywords(found)


def _count(value: object) -> int:
    return value if isinstance(value, int) else 0


def _moment(seconds: object) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if isinstance(seconds, int) else None
