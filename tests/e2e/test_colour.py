"""Who may print in colour, at a printer that can: what the rules forbid never reaches it."""

from collections.abc import Iterator

import pytest

from core.ids import new_uuid
from deploy.lab.office import Lab
from deploy.lab.printer import VirtualPrinter
from deploy.seed import add_printer
from printgate.ipp.tags import Status
from printgate.ipp.values import keyword
from tests.e2e.rig import Client, job_id, running_office, sentence
from tests.e2e.test_printing import print_job


@pytest.fixture
def bright(lab: Lab) -> Iterator[VirtualPrinter]:
    """Start a colour printer with a queue."""
    folder = lab.folder / f"bright-{new_uuid()}"
    printer = VirtualPrinter(folder, "bright", lab.bus_address, two_sided=True, colour=True)
    printer.start()
    try:
        printer.wait()
        lab.backend.add_queue("bright", printer.uri)
        yield printer
    finally:
        lab.backend.run("lpadmin", "-x", "bright")
        printer.stop()


@pytest.mark.parametrize("action", ["grey", "refuse"])
def test_colour_is_for_those_whom_the_rules_name(
    lab: Lab, bright: VirtualPrinter, tmp_path, pdf, action: str
):
    rules = tmp_path / "rules.toml"
    rules.write_text(f'[colour]\naction = "{action}"\nexempt-persons = ["lijianguo"]\n')
    with running_office(lab, tmp_path, PRINTGATE_RULES_FILE=str(rules)) as office:
        add_printer(office.database, office.parts.parts.backend, "bright", "bright")
        for login, mode in (("wangfang", "color"), ("lijianguo", "color"), ("wangfang", None)):
            asked = (keyword("print-color-mode", mode),) if mode else ()
            answer = print_job(
                Client(office.port, login), pdf(1), *asked,
                title=f"{login} {mode}", printer="bright",
            )  # fmt: skip
            if (login, mode, action) == ("wangfang", "color", "refuse"):
                assert answer.code == Status.ACCOUNT_AUTHORIZATION_FAILED
                assert "may not print in colour" in sentence(answer)
                continue
            job = office.ended(job_id(answer))
            assert job.sheets_used == 1
        came = {each.name: each.colour for each in bright.received()}
    greys = {} if action == "refuse" else {"wangfang color": "monochrome"}
    assert came == {**greys, "lijianguo color": "color", "wangfang None": "monochrome"}
