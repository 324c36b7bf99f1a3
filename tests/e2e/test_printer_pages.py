"""The administrator's pages of printers on a real print system and real printers."""

import urllib.error
from collections.abc import Iterator

import pytest

from printgate import queries
from printgate.backend.cups import CupsBackend
from printgate.errors import BackendUnavailable
from printgate.ipp.tags import GroupTag, Operation, Status
from printgate.ipp.values import name
from printgate.lifecycle import Stage
from tests.e2e.rig import Client, Office

NAME, OTHER = "third-floor", "fourth-floor"


@pytest.fixture
def clean(office: Office) -> Iterator[None]:
    yield
    for made in queues(office) & {NAME, OTHER}:
        office.lab.backend.run("lpadmin", "-x", made)


def queues(office: Office) -> set[str]:
    return {queue.name for queue in office.parts.parts.backend.queues()}


@pytest.mark.usefixtures("clean")
def test_a_printer_is_added_by_its_address_tried_and_retired(office: Office, pdf):
    admin = office.desk.browser("admin")
    real = office.lab.printers["office-a"]
    address = real.uri.replace("localhost", "127.0.0.1")
    page = admin.post("/admin/printers", name=NAME, address=address)
    assert NAME in page
    conf = (office.lab.backend.folder / "root" / "printers.conf").read_text()
    made = conf[conf.index(f"<Printer {NAME}>") :].split("</Printer>")[0]
    for line in ("ErrorPolicy retry-job", "Shared No", "Accepting Yes", "IPP Everywhere"):
        assert line in made
    with office.database.snapshot() as session:
        printer = queries.printer(session, NAME)
        assert (printer.two_sided, printer.reachable) == (True, True)

    before = len(real.received())
    general = office.grant("general", 1)
    admin.post(f"/admin/printers/{NAME}/test", office=general)
    with office.database.snapshot() as session:
        job = queries.jobs_at(session)[-1]
    ended = office.ended(job.id)
    assert (ended.stage, ended.sheets_used, ended.office_id) == (Stage.COMPLETED, 1, general)
    (paper,) = real.received()[before:]
    assert (paper.pages, paper.sides) == (2, "two-sided-long-edge")

    admin.post(f"/admin/printers/{NAME}/retire", confirm=NAME)
    client = Client(office.port)
    for operation in (Operation.VALIDATE_JOB, Operation.CREATE_JOB, Operation.PRINT_JOB):
        message = client.message(operation, name("job-name", "too late"), printer=NAME)
        answer = client.ask(message, pdf(1).read_bytes(), f"/printers/{NAME}")
        assert answer.code == Status.NOT_ACCEPTING_JOBS
    asked = client.message(Operation.GET_PRINTER_ATTRIBUTES, printer=NAME)
    accepting = client.ask(asked).group(GroupTag.PRINTER).get("printer-is-accepting-jobs")
    assert accepting is not None
    assert accepting.first.content is False
    listed = client.ask(client.message(Operation.CUPS_GET_PRINTERS))
    names = [group.get("printer-name") for group in listed.groups_of(GroupTag.PRINTER)]
    assert NAME not in {each.first.text() for each in names if each is not None}
    assert office.job(job.id).target == NAME


@pytest.mark.parametrize(
    "address", ["ipp://127.0.0.1:1/ipp/print", "OURSELVES"], ids=["silent", "ourselves"]
)
@pytest.mark.usefixtures("clean")
def test_what_does_not_print_leaves_no_queue(office: Office, address: str):
    address = address.replace("OURSELVES", f"ipp://127.0.0.1:{office.port}/printers/office-a")
    admin = office.desk.browser("admin")
    with pytest.raises(urllib.error.HTTPError) as caught:
        admin.post("/admin/printers", name=OTHER, address=address)
    assert caught.value.code in (400, 503)
    caught.value.close()
    assert OTHER not in queues(office)


@pytest.mark.usefixtures("clean")
def test_a_queue_that_cups_could_not_make_driverless_is_removed(office: Office):
    with (
        CupsBackend(office.settings.printing_url) as backend,
        pytest.raises(BackendUnavailable, match="did not say"),
    ):
        backend.add_queue(OTHER, "ipp://127.0.0.1:1/ipp/print")
    assert OTHER not in queues(office)
