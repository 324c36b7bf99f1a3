"""Hints by Celery: "something is due", from a process that laid work aside to one that works.

The row in the database stays the task. A message says only "look", names nothing, and is worth
nothing when it is lost, late or sent twenty times: whoever gets it claims what is due, if anything
is, as the threads of `thread_runner` do every second without being told. So a broker that is dead,
empty, full or slow loses nothing and stops nothing; it only spares waiting for the next look.

Two things follow. A hint is sent by a thread of its own, from a short line that drops what does not
fit: a request never waits for the broker. And it is sent after the commit, or the worker would look
too early.
"""

import logging
import queue
import signal
import threading
from typing import Any

from celery import Celery

from core.tasks.thread_runner import ThreadRunner

log = logging.getLogger(__name__)

LOOK = "printgate.look"
QUEUE = "printgate"
VISIBILITY_SECONDS = 60
_BROKER_SECONDS = 2.0
_LINE_MAX = 64
_PAUSE_SECONDS = 1.0
_AGAIN_SECONDS = 2.0


def application(url: str) -> Any:  # noqa: ANN401  # untyped
    """Return Celery set up so that a message is a hint and the broker may fail at any moment."""
    app = Celery("printgate", broker=url, set_as_current=False)
    app.conf.update(
        task_default_queue=QUEUE,
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        task_publish_retry=False,
        broker_connection_timeout=_BROKER_SECONDS,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={
            "visibility_timeout": VISIBILITY_SECONDS,
            "socket_connect_timeout": _BROKER_SECONDS,
            "socket_timeout": 2 * _BROKER_SECONDS,
            "health_check_interval": 10,
        },
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
    )
    return app


class Hints:
    """Sends a hint for each wake, in the background; what the broker does not take is let go."""

    def __init__(self, url: str) -> None:
        self._app = application(url)
        # A connection of our own: Celery's pools are shared by all apps of a process.
        self._connection = self._app.connection_for_write()
        self._line: queue.Queue[bool] = queue.Queue(_LINE_MAX)
        self._failing = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._send_all, name="hints", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Ask for a hint; never waits and never fails."""
        try:
            self._line.put_nowait(True)
        except queue.Full:
            return

    def close(self) -> None:
        """Stop sending; what is still in the line is left to the workers' own looks."""
        self._stop.set()
        self.wake()
        self._thread.join(3 * _BROKER_SECONDS)

    def _send_all(self) -> None:
        while True:
            self._line.get()
            if self._stop.is_set():
                self._connection.release()
                return
            try:
                self._app.send_task(LOOK, connection=self._connection, retry=False)
            except Exception as error:
                self._failed(error)
            else:
                if self._failing:
                    log.info("the broker takes hints again")
                self._failing = False

    def _failed(self, error: Exception) -> None:
        # Once for each time that it goes away: whatever it was to hint at will be found.
        if not self._failing:
            log.warning("the broker takes no hints; work is found by looking: %s", error)
        self._failing = True
        self._connection.release()
        self._connection = self._app.connection_for_write()
        self._stop.wait(_PAUSE_SECONDS)


def consume(
    url: str,
    runner: ThreadRunner,
    *,
    threads: int,
    stopping: threading.Event,
) -> None:
    """Run a due task for each hint until a signal ends the process: Celery's own warm shutdown.

    To be called in the main thread. When Celery gives up for any other reason than a signal it is
    started again; the runner's own threads go on working all the while.
    """
    app = application(url)

    def look() -> None:
        try:
            runner.run_due()
        except Exception as error:
            log.warning("a hint could not be followed: %s", error)

    app.task(name=LOOK, shared=False)(look)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    while not stopping.is_set():
        worker = app.Worker(
            pool="threads",
            concurrency=threads,
            quiet=True,
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
        )
        worker.start()
        if not worker.exitcode:
            return
        # Celery's own handlers would now tell a worker that is no more.
        for number, handler in handlers.items():
            signal.signal(number, handler)
        log.warning("no hints for now; work is found by looking")
        stopping.wait(_AGAIN_SECONDS)
