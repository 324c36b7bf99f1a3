"""kill -9 at every commit and every deed outside: faults 1-9."""

import pytest

from core.failpoints import POINTS
from tests.faults.rig import PRINTERS, Server, closing_audit, paper, rounds, within

UNTIL_PROMISED = POINTS[: POINTS.index("decision-after-commit")]
"""Up to here a sender who heard nothing may be sure that nothing happens."""
USABLE_SECONDS = 10
DOCUMENT_SECONDS = 5
MOVING_SECONDS = 30


@pytest.mark.parametrize("jobs", [1, 8])
@pytest.mark.parametrize("point", POINTS)
def test_killed_at(server: Server, point: str, jobs: int):
    names = list(PRINTERS)
    for turn in range(rounds()):
        # With several jobs in flight, die at another one of them each time.
        times = 1 + (turn * 3 + 2) % jobs
        server.start(
            PRINTGATE_FAILPOINT=f"{point}:{times}",
            PRINTGATE_MULTIPLE_OPERATION_SECONDS=str(DOCUMENT_SECONDS),
        )
        papers = [paper(1 + n % 3, names[n % len(names)], 300_000) for n in range(jobs)]
        # Only a job whose document comes by itself is noted before it is decided.
        sent = server.send(*papers, in_two=point.startswith("arrival"))
        server.wait_for_death()
        assert within(USABLE_SECONDS, lambda: _started(server)) < USABLE_SECONDS
        certain = point in UNTIL_PROMISED and jobs == 1
        closing_audit(server, sent, unanswered_may_print=not certain)
        assert not sent.refused
        server.stop()


def _started(server: Server) -> bool:
    server.start()
    return True
