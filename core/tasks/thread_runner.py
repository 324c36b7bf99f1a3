"""The runner of one process: threads that take due tasks from the table, and a timer for rounds.

Where several processes have a runner, tasks are shared out by their claims, and the rounds are run
by the one that holds the lease on them.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from core.clock import Clock, monotonic_seconds
from core.db import Database
from core.errors import Unavailable
from core.failpoints import reached
from core.leases import Keeper
from core.log import about
from core.tasks import service
from core.tasks.service import Task

log = logging.getLogger(__name__)

POLL_SECONDS = 1.0
_Note = Callable[[Session], None]


@dataclass(frozen=True)
class Again:
    """What a task returns when it is not done: try again after so many seconds."""

    seconds: float


@dataclass(frozen=True)
class Round:
    """Work that comes round by the clock, not by a row: watching, expiring."""

    name: str
    every_seconds: float
    work: Callable[[], None]


class ThreadRunner:
    """Runs tasks on a few threads and rounds on one thread each; `close` waits for all of them."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        handlers: Mapping[str, Callable[[Task], Again | None]],
        rounds: tuple[Round, ...] = (),
        threads: int = 4,
        keeper: Keeper | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        self._database, self._clock, self._handlers = database, clock, dict(handlers)
        self._rounds, self._keeper = rounds, keeper
        self._wake = threading.Semaphore(0)
        # Handed in where long work must know that it is to end.
        self._stop = stop or threading.Event()
        self._threads = [
            threading.Thread(target=self._drain, name=f"tasks-{n}", daemon=True)
            for n in range(threads)
        ] + [
            threading.Thread(target=self._repeat, args=(each,), name=each.name, daemon=True)
            for each in rounds
        ]
        self._threads.append(threading.Thread(target=self._prolong, name="claims", daemon=True))
        self._working: set[str] = set()

    def start(self) -> None:
        """Start working."""
        self._database.on_wake(self.wake)
        if self._keeper is not None:
            self._keeper.start()
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """Say that something is due now, so that nobody waits for the next poll."""
        self._wake.release()

    def close(self) -> None:
        """Finish what is being worked on and end the threads."""
        self._stop.set()
        for _ in self._threads:
            self._wake.release()
        for thread in self._threads:
            if thread.is_alive():
                thread.join()
        if self._keeper is not None:
            self._keeper.close()

    def run_due(self) -> bool:
        """Run due tasks in this thread until none is left; tell whether there was one."""
        with self._database.transaction() as session:
            task = service.claim_due(session, now=self._clock.now())
        found = task is not None
        while task is not None:
            task = self._work_on(task)
        return found

    def _work_on(self, task: Task) -> Task | None:
        """Run a claimed task, write down how it ended, and return the next one."""
        reached("task-claimed")
        self._working.add(task.claim)
        try:
            with about(task=task.name, subject=task.subject):
                return self._ended(self._run(task))
        finally:
            self._working.discard(task.claim)

    def _run(self, task: Task) -> _Note:
        try:
            outcome = self._handlers[task.name](task)
        except Exception as error:
            _tell(error, f"task {task.name} of {task.subject} failed (try {task.attempts + 1})")
            why, now = f"{type(error).__name__}: {error}", self._clock.now()
            return lambda session: service.fail(session, task, why, now=now)
        if outcome is None:
            return lambda session: service.finish(session, task)
        until = self._clock.now() + timedelta(seconds=outcome.seconds)
        return lambda session: service.postpone(session, task, until=until)

    def _ended(self, note: _Note) -> Task | None:
        """Write down how a task ended and claim the next one, as soon as the database takes it.

        Else the task would lie under its claim when the database is there again.
        """
        deadline = monotonic_seconds() + service.CLAIM.total_seconds()

        def note_and_claim(session: Session) -> Task | None:
            note(session)
            stopping = self._stop.is_set()
            return None if stopping else service.claim_due(session, now=self._clock.now())

        while True:
            try:
                return self._database.run(note_and_claim)
            except Unavailable:
                if self._stop.wait(POLL_SECONDS / 2) or monotonic_seconds() > deadline:
                    raise

    def _prolong(self) -> None:
        while not self._stop.wait(service.CLAIM.total_seconds() / 4):
            claims = set(self._working)
            if not claims:
                continue
            try:
                with self._database.transaction() as session:
                    service.prolong(session, claims, now=self._clock.now())
            except Exception as error:
                _tell(error, "claims cannot be prolonged")

    def _drain(self) -> None:
        while not self._stop.is_set():
            try:
                busy = self._anything_due() and self.run_due()
            except Exception as error:
                _tell(error, "the task table cannot be worked on")
                busy = False
            if not busy:
                self._wake.acquire(timeout=POLL_SECONDS)

    def _anything_due(self) -> bool:
        # A look at a snapshot first: an idle runner must not take the write lock every second.
        with self._database.snapshot() as session:
            return service.anything_due(session, now=self._clock.now())

    def _repeat(self, each: Round) -> None:
        while not self._stop.is_set():
            started = monotonic_seconds()
            try:
                if self._keeper is None or self._keeper.held():
                    each.work()
            except Exception as error:
                _tell(error, f"round {each.name} failed")
            self._stop.wait(max(0.05, each.every_seconds - (monotonic_seconds() - started)))


def _tell(error: Exception, what: str) -> None:
    """Log what went wrong: a trace for a fault of ours, one line for a part that is away."""
    if isinstance(error, Unavailable):
        log.warning("%s: %s", what, error)
    else:
        log.error("%s", what, exc_info=error)
