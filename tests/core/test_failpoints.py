import subprocess
import sys
from pathlib import Path

import pytest

from core.failpoints import POINTS, arm, reached

ROOT = Path(__file__).parents[2]


def test_unarmed_points_do_nothing():
    for point in POINTS:
        reached(point)


def test_only_points_that_there_are_can_be_armed():
    with pytest.raises(ValueError, match="no failpoint nowhere"):
        arm("nowhere")


def test_the_nth_time_is_the_last():
    program = (
        "from core.failpoints import arm, reached\n"
        "arm('released', 3)\n"
        "for n in range(5): print(n, flush=True); reached('task-claimed'); reached('released')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.split()) == (-9, ["0", "1", "2"])
