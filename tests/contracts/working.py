"""A process with a runner whose tasks leave traces: run by the contract tests, not by pytest.

Arguments: database_url, tasks_url, a folder, the visibility time-out of the broker. A task named
"work" appends its subject to the file `done` when it has done its work: after sleeping `seconds`,
having failed `fail` times before. The only round appends the process id to the file `rounds`.
"""

import os
import sys
import time
from pathlib import Path

from core import log
from core.clock import SystemClock
from core.db import Database
from core.leases import Keeper
from core.settings import Settings
from core.tasks import celery_runner
from core.tasks.service import Task
from core.tasks.thread_runner import Again, Round, ThreadRunner
from deploy.bootstrap import alone
from deploy.worker import run

THREADS = 2


def append(path: Path, line: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def main() -> None:
    database_url, tasks_url, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    log.configure()
    celery_runner.VISIBILITY_SECONDS = int(sys.argv[4])
    settings = Settings(database_url=database_url, tasks_url=tasks_url, task_threads=THREADS)
    database = Database(database_url)

    def work(task: Task) -> Again | None:
        append(folder / "begun", task.subject)
        time.sleep(task.values.get("seconds", 0))
        if task.attempts < task.values.get("fail", 0):
            raise ValueError("not yet")
        append(folder / "done", task.subject)
        return None

    runner = ThreadRunner(
        database,
        SystemClock(),
        {"work": work},
        (Round("beat", 0.1, lambda: append(folder / "rounds", str(os.getpid()))),),
        threads=THREADS,
        keeper=None if alone(settings) else Keeper(database, "rounds"),
    )
    append(folder / "up", str(os.getpid()))
    run(runner, settings)
    database.close()


if __name__ == "__main__":
    main()
