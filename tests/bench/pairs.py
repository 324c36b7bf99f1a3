"""Reserve and settle one sheet, over and over.

Run as `python -m tests.bench.pairs URL OFFICE THREADS SECONDS`. It prints how many pairs were done,
each phase in a durable transaction of its own.
"""

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from core.clock import SystemClock
from core.db import Database
from core.ids import new_uuid
from core.people import SYSTEM
from quotas import service
from quotas.units import Unit
from tests.bench.load import ROOT


def pairs_per_second(
    url: str, office_id: str, *, processes: int, threads: int, seconds: float
) -> float:
    """Run the service in so many processes of so many threads at once."""

    def one(_number: int) -> float:
        done = subprocess.run(
            [sys.executable, "-m", "tests.bench.pairs", url, office_id, str(threads), str(seconds)],
            cwd=ROOT, capture_output=True, text=True, timeout=seconds + 60, check=True,
        )  # fmt: skip
        return float(done.stdout)

    with ThreadPoolExecutor(processes) as pool:
        return sum(pool.map(one, range(processes)))


def main() -> None:
    """Work for so many seconds."""
    database, office_id = Database(sys.argv[1]), sys.argv[2]
    threads, seconds = int(sys.argv[3]), float(sys.argv[4])
    now = SystemClock().now()
    counts = [0] * threads
    with database.snapshot() as session:
        session.connection()
    began = time.monotonic()

    def work(number: int) -> None:
        while time.monotonic() < began + seconds:
            key = new_uuid()
            with database.transaction() as session:
                service.reserve(session, key, office_id, Unit.SHEETS, 1, actor=SYSTEM, now=now)
            with database.transaction() as session:
                service.settle(session, key, 1, estimated=False, actor=SYSTEM, now=now)
            counts[number] += 1

    crowd = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
    for each in crowd:
        each.start()
    for each in crowd:
        each.join()
    sys.stdout.write(f"{sum(counts) / (time.monotonic() - began)}\n")
    database.close()


if __name__ == "__main__":
    main()
