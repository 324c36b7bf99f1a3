"""The CUPS adapter: the only home of pycups.

A pycups Connection that two threads share crashes the interpreter, so each thread has its own.
`cups.setUser` belongs to the thread too (libcups keeps it in thread storage) and is set before
every Create-Job, so that the person's name stays on the job. Text from people goes to CUPS without
control characters, and only options that the ticket knows are passed on.
"""

import os
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import cups

from core.text import Text
from printgate.backend.port import UUID_ATTRIBUTE, BackendJob, JobRequest, Queue
from printgate.errors import BackendUnavailable
from printgate.lifecycle import JobState

T = TypeVar("T")

_CHUNK_OCTETS = 256 * 1024
_DRIVERLESS = "IPP Everywhere"
_DRIVERLESS_SECONDS = 10.0
_DRIVERLESS_POLL_SECONDS = 0.2

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
_JOB_ATTRIBUTES = [
    "job-id",
    "job-name",
    "job-originating-user-name",
    "job-printer-uri",
    "job-state",
    "job-state-reasons",
    "job-impressions-completed",
    "time-at-creation",
    "time-at-processing",
    UUID_ATTRIBUTE,
]
_GONE = frozenset({cups.IPP_NOT_FOUND, cups.IPP_NOT_POSSIBLE, cups.IPP_GONE})
_HELD = {"job-hold-until": "indefinite"}


class CupsBackend:
    """A CUPS server, reached by a socket (`cups:///PATH`) or by `cups://HOST:PORT`."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme != "cups":
            raise ValueError("printing_url must be cups:///SOCKET or cups://HOST:PORT")
        self._host = parts.hostname or parts.path
        self._port = parts.port or 631
        self._local = threading.local()

    def queues(self) -> list[Queue]:
        """Return the queues that the server has."""
        printers = self._call(lambda connection: connection.getPrinters())
        return [_queue(name, attributes) for name, attributes in sorted(printers.items())]

    def jobs(self) -> list[BackendJob]:
        """Return the jobs it knows of, finished ones included, as far back as it remembers."""
        found = self._call(
            lambda connection: connection.getJobs(
                which_jobs="all", my_jobs=False, requested_attributes=_JOB_ATTRIBUTES
            )
        )
        return [_job(job_id, attributes) for job_id, attributes in found.items()]

    def create_held(self, request: JobRequest) -> int:
        """Create a job that waits for `release` and return its id there."""
        options = {**request.options, **_HELD, UUID_ATTRIBUTE: request.uuid}

        def create(connection: Any) -> int:  # noqa: ANN401  # pycups has no types
            cups.setUser(request.user)
            return int(connection.createJob(request.queue, request.title, options))

        return self._call(create)

    def send_document(self, request: JobRequest, job_id: int, path: Path) -> None:
        """Stream the one document (application/pdf) of a job."""

        def send(connection: Any) -> None:  # noqa: ANN401  # pycups has no types
            cups.setUser(request.user)
            connection.startDocument(request.queue, job_id, request.title, "application/pdf", 1)
            with path.open("rb") as source:
                while chunk := source.read(_CHUNK_OCTETS):
                    connection.writeRequestData(chunk, len(chunk))
            connection.finishDocument(request.queue)

        self._call(send)

    def release(self, job_id: int) -> None:
        """Let a held job print; releasing one that is not held does nothing."""
        self._call(lambda connection: connection.setJobHoldUntil(job_id, "no-hold"), gone_ok=True)

    def cancel(self, job_id: int) -> None:
        """Cancel a job; cancelling one that is finished or gone does nothing."""
        self._call(lambda connection: connection.cancelJob(job_id), gone_ok=True)

    def add_queue(self, name: str, device_uri: str) -> Queue:
        """Make a driverless queue to an IPP Everywhere printer that answers now, ready for jobs.

        cupsd asks the printer what it can do after it has said yes, and where that fails it keeps
        a queue that sends documents on raw; such a queue is removed again.
        """
        self._call(lambda connection: _add_queue(connection, name, device_uri))
        deadline = time.monotonic() + _DRIVERLESS_SECONDS
        while time.monotonic() < deadline:
            attributes = self._call(lambda connection: connection.getPrinters()).get(name, {})
            if attributes.get("printer-make-and-model", "").endswith(_DRIVERLESS):
                return _queue(name, attributes)
            time.sleep(_DRIVERLESS_POLL_SECONDS)
        self._call(lambda connection: connection.deletePrinter(name))
        raise _unavailable(f"{device_uri} did not say what it can do")

    def _call(self, work: Callable[[Any], T], *, gone_ok: bool = False) -> T:
        try:
            if not hasattr(self._local, "connection"):
                self._local.connection = cups.Connection(host=self._host, port=self._port)
            return work(self._local.connection)
        except cups.IPPError as error:
            status, message = error.args
            if gone_ok and status in _GONE:
                return None  # type: ignore[return-value]
            self._forget()
            raise _unavailable(f"{message} ({status:#06x})") from error
        except (cups.HTTPError, RuntimeError, OSError) as error:
            self._forget()
            raise _unavailable(str(error)) from error

    def _forget(self) -> None:
        if hasattr(self._local, "connection"):
            del self._local.connection


def _add_queue(connection: Any, name: str, device_uri: str) -> None:  # noqa: ANN401  # as above
    connection.addPrinter(name, device=device_uri, ppdname="everywhere")
    # One bad job must not stop the queue, and nobody prints past the gateway.
    connection.setPrinterErrorPolicy(name, "retry-job")
    connection.setPrinterShared(name, False)
    connection.enablePrinter(name)
    connection.acceptJobs(name)


def _unavailable(detail: str) -> BackendUnavailable:
    return BackendUnavailable(
        Text("The print system does not answer: {detail}", {"detail": detail})
    )


def _queue(name: str, attributes: Mapping[str, Any]) -> Queue:
    return Queue(
        name=name,
        device_uri=attributes.get("device-uri", ""),
        info=attributes.get("printer-info", ""),
        location=attributes.get("printer-location", ""),
        state=_PRINTER_STATES.get(attributes.get("printer-state", 3), "idle"),
        state_reasons=_keywords(attributes.get("printer-state-reasons")),
        accepting=bool(attributes.get("printer-is-accepting-jobs", True)),
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
    return tuple(each for each in found if each != "none")


def _count(value: object) -> int:
    return value if isinstance(value, int) else 0


def _moment(seconds: object) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if isinstance(seconds, int) else None
