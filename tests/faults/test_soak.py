"""A short soak: everybody prints while parts die."""

import shutil
from pathlib import Path

from deploy.lab.office import Lab, lab_folder
from tests.faults.soak import PRINTERS, Soak, prepared

JOBS = 60
EVERY_SECONDS = 5.0
JOBS_PER_SECOND = 2.5


def test_a_short_soak(tmp_path: Path):
    folder = lab_folder()
    try:
        with Lab(folder, PRINTERS) as lab, prepared(lab, tmp_path) as server:
            report = Soak(server, JOBS, EVERY_SECONDS, JOBS_PER_SECOND, seed=20261124).run(
                lambda _: None
            )
    finally:
        shutil.rmtree(folder)
    assert report.good, str(report)
    assert report.tally.kills
    assert report.tally.sent == JOBS
