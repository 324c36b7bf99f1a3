import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.lab.office import Lab, lab_folder
from tests.faults.rig import PRINTERS, Server, state_of_an_office


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    folder = lab_folder()
    with Lab(folder, PRINTERS) as running:
        yield running
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("template") / "state"


@pytest.fixture
def server(lab: Lab, template: Path, tmp_path: Path) -> Iterator[Server]:
    """Printgate on a fresh office, not started yet; the test starts it as it likes."""
    # An office that knows nothing of the jobs of the test before would call them foreign.
    lab.backend.run("cancel", "-a", "-x")
    with state_of_an_office(lab, tmp_path, template):
        made = Server(lab, tmp_path)
        yield made
        made.stop()
        made.database.close()


@pytest.fixture(scope="module")
def running(lab: Lab, template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Printgate on a fresh office, working, shared by the tests of a file."""
    folder = tmp_path_factory.mktemp("running")
    lab.backend.run("cancel", "-a", "-x")
    with state_of_an_office(lab, folder, template):
        made = Server(lab, folder)
        made.start()
        yield made
        made.stop()
        made.database.close()
