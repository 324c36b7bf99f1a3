"""A print system in memory, for tests of the services and for dry runs without CUPS."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from core.clock import Clock
from core.text import Text
from printgate.backend.port import (
    BackendJob,
    DeviceAttributes,
    DeviceCount,
    JobRequest,
    Queue,
)
from printgate.errors import BackendUnavailable, DocumentDamaged
from printgate.lifecycle import JobState


class FakeBackend:
    """Keeps jobs in a dictionary; `finish` plays the printer, `available` the network."""

    def __init__(self, clock: Clock, queues: tuple[Queue, ...] = ()) -> None:
        self._clock, self._queues = clock, list(queues)
        self._jobs: dict[int, BackendJob] = {}
        self.documents: dict[int, bytes] = {}
        self.requests: dict[int, JobRequest] = {}
        self.available = True

    def queues(self) -> list[Queue]:
        """Return the queues it was made with."""
        self._answer()
        return list(self._queues)

    def active_jobs(self) -> list[BackendJob]:
        """Return the jobs that are not over."""
        self._answer()
        return [job for job in self._jobs.values() if not job.ended]

    def recent_jobs(self, limit: int) -> list[BackendJob]:
        """Return the jobs that are over, newest first."""
        self._answer()
        return [job for job in reversed(self._jobs.values()) if job.ended][:limit]

    def job(self, job_id: int) -> BackendJob | None:
        """Return one job."""
        self._answer()
        return self._jobs.get(job_id)

    def create_held(self, request: JobRequest) -> int:
        """Create a held job; ids count up from 1."""
        self._answer()
        job_id = max(self._jobs, default=0) + 1
        self.requests[job_id] = request
        self._jobs[job_id] = BackendJob(
            id=job_id,
            queue=request.queue,
            uuid=request.uuid,
            title=request.title,
            user=request.user,
            state=JobState.PENDING_HELD,
            state_reasons=(),
            impressions=0,
            created_at=self._clock.now(),
            processing_at=None,
        )
        return job_id

    def send_document(self, request: JobRequest, job_id: int, path: Path, digest: str) -> None:
        """Keep the document."""
        self._answer()
        octets = path.read_bytes()
        if hashlib.sha256(octets).hexdigest() != digest:
            raise DocumentDamaged(
                Text("The document changed after it was accepted; it was not printed.")
            )
        self.documents[job_id] = octets

    def release(self, job_id: int) -> None:
        """Let a held job print."""
        self._answer()
        if job_id in self._jobs and self._jobs[job_id].held:
            self._change(job_id, state=JobState.PROCESSING, processing_at=self._clock.now())

    def cancel(self, job_id: int) -> None:
        """Cancel a job that is not finished."""
        self._answer()
        finished = (JobState.COMPLETED, JobState.ABORTED, JobState.CANCELED)
        if job_id in self._jobs and self._jobs[job_id].state not in finished:
            self._change(job_id, state=JobState.CANCELED)

    def add_queue(self, name: str, device_uri: str) -> Queue:
        """Add a queue that is idle."""
        self._answer()
        queue = Queue(name, device_uri, name, "", "idle", (), accepting=True)
        self._queues.append(queue)
        return queue

    def finish(self, job_id: int, state: JobState, impressions: int = 0) -> None:
        """Play the printer: end a job with so many impressions."""
        self._change(job_id, state=state, impressions=impressions)

    def lose(self, job_id: int) -> None:
        """Play a crash that forgets a job."""
        del self._jobs[job_id]

    def _change(self, job_id: int, **changes: object) -> None:
        self._jobs[job_id] = replace(self._jobs[job_id], **changes)  # type: ignore[arg-type]

    def _answer(self) -> None:
        if not self.available:
            raise BackendUnavailable(
                Text("The print system does not answer: {detail}", {"detail": "switched off"})
            )


class FakeDevices:
    """Printers that say what they are told to say."""

    def __init__(self) -> None:
        self.attributes: dict[str, DeviceAttributes] = {}
        self.counted: dict[str, list[DeviceCount]] = {}

    def describe(self, device_uri: str) -> DeviceAttributes | None:
        """Return what was set for this address."""
        return self.attributes.get(device_uri)

    def counts(self, device_uri: str, user: str = "") -> Sequence[DeviceCount]:
        """Return what was set for this address, whoever asks."""
        del user
        return self.counted.get(device_uri, ())

    def up_since(self, device_uri: str) -> datetime | None:
        """Return nothing: these printers do not say."""
        return None
