"""What speaks to CUPS: pycups in a child process, so that a CUPS that hangs hangs nobody else.

libcups waits for as long as it takes, a write has no time limit at all, and a pycups Connection
that two threads share crashes the interpreter. So these functions run in a sandbox
(core/sandbox.py): one call at a time in each child, each within a time limit that costs the child
its life. Values are JSON's; what CUPS says is handed on as it is, and read in cups.py.
"""

import hashlib
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import cups

from core.clock import monotonic_seconds
from core.sandbox import Refused
from printgate.backend.port import UUID_ATTRIBUTE

T = TypeVar("T")

GONE, UNAVAILABLE, DAMAGED = "backend-gone", "backend-unavailable", "document-damaged"

_CHUNK_OCTETS = 256 * 1024
_DOCUMENT_NAME = "document"
"""Never the title: cupsd of Debian 12 (2.4.2-3+deb12u10) dies of a document's name with a space."""
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
_QUEUE_ATTRIBUTES = [
    "device-uri",
    "printer-info",
    "printer-location",
    "printer-state",
    "printer-state-reasons",
    "printer-is-accepting-jobs",
    "printer-error-policy",
]
_DRIVERLESS = "IPP Everywhere"
_DRIVERLESS_SECONDS = 10.0
_DRIVERLESS_POLL_SECONDS = 0.2
_HELD = {"job-hold-until": "indefinite"}
_GONE = frozenset({cups.IPP_NOT_FOUND, cups.IPP_NOT_POSSIBLE, cups.IPP_GONE})

_connections: dict[tuple[str, int], Any] = {}


def queues(host: str, port: int) -> dict[str, dict[str, Any]]:
    """Return the attributes of each queue by its name."""
    return _call(host, port, _queues)


def active_jobs(host: str, port: int) -> dict[int, dict[str, Any]]:
    """Return the attributes of the jobs that are not over, by their ids."""
    return _call(host, port, lambda server: _jobs(server, "not-completed"))


def recent_jobs(host: str, port: int, limit: int) -> dict[int, dict[str, Any]]:
    """Return the attributes of the jobs that ended last, by their ids."""
    return _call(host, port, lambda server: _jobs(server, "completed", limit))


def job(host: str, port: int, job_id: int) -> dict[str, Any]:
    """Return the attributes of one job; Refused with GONE if there is none."""
    return _call(host, port, lambda server: _plain(server.getJobAttributes(job_id)))


def create_held(
    host: str, port: int, queue: str, title: str, user: str, options: dict[str, str]
) -> int:
    """Create a job that waits for its release and return its id."""
    cups.setUser(user)
    return _call(
        host, port, lambda server: int(server.createJob(queue, title, {**options, **_HELD}))
    )


def send_document(
    host: str, port: int, queue: str, job_id: int, user: str, path: str, digest: str
) -> None:
    """Stream the one document of a held job; Refused with DAMAGED if it is not as it was."""
    cups.setUser(user)

    def send(server: Any) -> str:  # noqa: ANN401  # pycups has no types
        found = hashlib.sha256()
        server.startDocument(queue, job_id, _DOCUMENT_NAME, "application/pdf", 1)
        with open(path, "rb") as source:  # noqa: PTH123  # a path as text came by JSON
            while chunk := source.read(_CHUNK_OCTETS):
                found.update(chunk)
                server.writeRequestData(chunk, len(chunk))
        server.finishDocument(queue)
        return found.hexdigest()

    if _call(host, port, send) != digest:
        raise Refused(DAMAGED)


def add_queue(host: str, port: int, name: str, device_uri: str) -> None:
    """Make a driverless queue to an IPP Everywhere printer that answers now, ready for jobs.

    cupsd asks the printer what it can do after it has said yes, and where that fails it keeps a
    queue that sends documents on raw; such a queue is removed again.
    """
    _call(host, port, lambda server: _add_queue(server, name, device_uri))
    deadline = monotonic_seconds() + _DRIVERLESS_SECONDS
    while monotonic_seconds() < deadline:
        attributes = _call(host, port, lambda server: server.getPrinters()).get(name, {})
        if attributes.get("printer-make-and-model", "").endswith(_DRIVERLESS):
            return
        time.sleep(_DRIVERLESS_POLL_SECONDS)
    _call(host, port, lambda server: server.deletePrinter(name))
    raise Refused(UNAVAILABLE, f"{device_uri} did not say what it can do")


def _add_queue(server: Any, name: str, device_uri: str) -> None:  # noqa: ANN401  # as above
    server.addPrinter(name, device=device_uri, ppdname="everywhere")
    # One bad job must not stop the queue, and nobody prints past the gateway.
    server.setPrinterErrorPolicy(name, "retry-job")
    server.setPrinterShared(name, False)
    server.enablePrinter(name)
    server.acceptJobs(name)


def release(host: str, port: int, job_id: int) -> None:
    """Let a held job print."""
    _call(host, port, lambda server: server.setJobHoldUntil(job_id, "no-hold"))


def cancel(host: str, port: int, job_id: int) -> None:
    """Cancel a job."""
    _call(host, port, lambda server: server.cancelJob(job_id))


def _jobs(server: Any, which: str, limit: int = -1) -> dict[int, dict[str, Any]]:  # noqa: ANN401
    found = server.getJobs(
        which_jobs=which, my_jobs=False, limit=limit, requested_attributes=_JOB_ATTRIBUTES
    )
    return {job_id: _plain(attributes) for job_id, attributes in found.items()}


def _queues(server: Any) -> dict[str, dict[str, Any]]:  # noqa: ANN401  # pycups has no types
    return {
        name: _plain(server.getPrinterAttributes(name, requested_attributes=_QUEUE_ATTRIBUTES))
        for name in server.getPrinters()
    }


def _plain(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Keep what JSON can carry; dates and pictures are not asked for."""
    return {key: value for key, value in attributes.items() if isinstance(value, str | int | list)}


def _call(host: str, port: int, work: Callable[[Any], T]) -> T:
    try:
        if (host, port) not in _connections:
            _connections[host, port] = cups.Connection(host=host, port=port)
        return work(_connections[host, port])
    except cups.IPPError as error:
        status, message = error.args
        if status in _GONE:
            raise Refused(GONE, str(message)) from error
        _connections.pop((host, port), None)
        raise Refused(UNAVAILABLE, f"{message} ({status:#06x})") from error
    except (cups.HTTPError, RuntimeError) as error:
        _connections.pop((host, port), None)
        raise Refused(UNAVAILABLE, str(error)) from error


FUNCTIONS = tuple(
    f"{__name__}:{each.__name__}"
    for each in (
        queues, add_queue, active_jobs, recent_jobs, job, create_held, send_document, release,
        cancel,
    )
)  # fmt: skip
"""What the sandbox may be asked to run."""
