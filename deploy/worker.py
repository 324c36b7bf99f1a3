"""A process that works: tasks from the table, hints from Celery, and the rounds under their lease.

It needs no broker: without one it looks every second. With several workers one of them runs the
rounds; when that one dies, another does within seconds.
"""

import logging
import signal
import threading
from types import FrameType

from core.settings import Settings
from core.tasks import celery_runner
from core.tasks.thread_runner import ThreadRunner
from deploy.bootstrap import alone, opened

log = logging.getLogger(__name__)


def work(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT; tasks under way are finished first."""
    with opened(settings) as parts:
        run(parts.runner, settings)


def run(runner: ThreadRunner, settings: Settings) -> None:
    """Run a runner, and follow hints where there is a broker, until a signal says stop."""
    stopping = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    runner.start()
    log.info("working")
    try:
        if not alone(settings):
            threads = settings.task_threads
            celery_runner.consume(settings.tasks_url, runner, threads=threads, stopping=stopping)
        else:
            stopping.wait()
    finally:
        runner.close()
