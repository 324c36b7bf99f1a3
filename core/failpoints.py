"""Named points at which a test ends this process as a power cut would.

What must survive a crash is decided between two steps: before and after each commit, and before
and after each deed outside the database. The code says where it stands with `reached(POINT)`, and
nothing happens unless that point was armed at the start: then SIGKILL, with no chance to tidy up.
Unarmed, a point costs one look into an empty dictionary.
"""

import os
import signal

POINTS = (
    "document-half-received",
    "document-synced",
    "arrival-before-commit",
    "arrival-after-commit",
    "decision-before-commit",
    "decision-after-commit",
    "answer-not-sent",
    "task-claimed",
    "created-not-noted",
    "created-and-noted",
    "document-sent",
    "release-noted",
    "released",
    "end-before-commit",
    "end-after-commit",
)
"""All points, in the order in which the work reaches them."""

_left: dict[str, int] = {}


def arm(point: str, times: int = 1) -> None:
    """Die when `point` is reached for the `times`th time; ValueError if there is no such point."""
    if point not in POINTS:
        raise ValueError(f"there is no failpoint {point}; there are {', '.join(POINTS)}")
    _left[point] = times


def reached(point: str) -> None:
    """Say that the work stands at `point`."""
    if point in _left:
        _count(point)


def _count(point: str) -> None:
    _left[point] -= 1
    if _left[point] <= 0:
        os.kill(os.getpid(), signal.SIGKILL)
