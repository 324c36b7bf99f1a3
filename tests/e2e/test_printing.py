"""The main path on real parts: lp, the gateway, cupsd, ippeveprinter."""

import asyncio
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyipp
import pytest

from core import audit
from core.clock import SystemClock
from core.identity import queries as identity
from core.ids import new_uuid
from core.people import Actor
from deploy import doctor
from deploy.lab.cupsd import CupsServer
from printgate import queries as printing
from printgate.ipp.tags import JOB_STATES, GroupTag, Operation, Status
from printgate.ipp.values import boolean, integer, keyword, mime_type, name
from printgate.lifecycle import Stage
from printgate.permits import Act, Measure
from printgate.service import permits
from quotas import queries as quotas
from quotas.periods import DEFAULT_ZONE, Period
from quotas.units import Unit
from tests.e2e.rig import Client, Office, job_id, sentence, text_of, until

LONG = "two-sided-long-edge"
DESKS = ("wangfang", "lijianguo")


def print_job(client: Client, path: Path, *job, title: str = "paper", printer: str = "office-a"):
    message = client.message(
        Operation.PRINT_JOB, name("job-name", title), printer=printer, job=tuple(job)
    )
    return client.ask(message, path.read_bytes())


def received(office: Office, title: str, printer: str = "office-a"):
    return [each for each in office.lab.printers[printer].received() if each.name == title]


def test_a_one_sided_job_comes_out_two_sided_once_and_is_charged(office: Office, pdf):
    client = Client(office.port)
    answer = print_job(
        client, pdf(3), integer("copies", 2), keyword("sides", "one-sided"), title="once"
    )
    assert answer.code == Status.OK_IGNORED_OR_SUBSTITUTED
    job = office.ended(job_id(answer))
    (paper,) = received(office, "once")
    assert (paper.sides, paper.copies, paper.pages, paper.user) == (LONG, 2, 3, "wangfang")
    assert (job.stage, job.sheets_used, job.impressions, job.estimated) == (
        Stage.COMPLETED, 4, 6, False,
    )  # fmt: skip
    office.settled()
    with office.database.snapshot() as session:
        entries = quotas.entries(
            session, job.office_id, Unit.TONER, Period.of_moment(job.created_at)
        )
        assert entries[0].spent == 6_000_000
        assert entries[0].estimated
        assert quotas.discrepancies(session) == []
        assert audit.first_broken_seq(session) is None


def test_a_permitted_job_comes_out_one_sided_and_the_next_one_does_not(office: Office, pdf):
    now, zone = SystemClock().now(), DEFAULT_ZONE
    today = now.astimezone(zone).date()
    with office.database.transaction() as session:
        people = {login: identity.person_by_login(session, login) for login in DESKS}
        mine, head = (Actor.of(person) for person in people.values() if person is not None)
        number = permits.ask(
            session, new_uuid(), measure=Measure.JOBS, count=1, last_day=today,
            reason="正本需要用印", actor=mine, now=now, zone=zone,
        ).id  # fmt: skip
        permits.decide(session, number, Act.GRANT, actor=head, now=now)
    client, sides = Client(office.port), []
    for title in ("permitted", "late"):
        answer = print_job(client, pdf(3), keyword("sides", "one-sided"), title=title)
        job = office.ended(job_id(answer))
        (paper,) = received(office, title)
        sides.append((paper.sides, job.sheets_used, job.permit_id))
        assert (answer.code == Status.OK) is (title == "permitted")
        assert (f"permit {number}" in sentence(answer)) is (title == "permitted")
    assert sides == [("one-sided", 3, number), (LONG, 2, None)]


@pytest.mark.parametrize("suffix", ["jpg", "pwg"])
def test_nothing_one_sided_passes_in_any_format(office: Office, tmp_path, pdf, suffix: str):
    source = tmp_path / f"picture.{suffix}"
    if suffix == "jpg":
        from PIL import Image

        Image.new("RGB", (300, 200), (200, 0, 0)).save(source)
        pages = 1
    else:
        subprocess.run(
            ["gs", "-q", "-dBATCH", "-dNOPAUSE", "-sDEVICE=pwgraster", "-r150", "-dDuplex=false",
             f"-sOutputFile={source}", str(pdf(3))],
            check=True, timeout=60,
        )  # fmt: skip
        pages = 3
    media_type = {"jpg": "image/jpeg", "pwg": "image/pwg-raster"}[suffix]
    client = Client(office.port)
    message = client.message(
        Operation.PRINT_JOB,
        name("job-name", suffix),
        mime_type("document-format", media_type),
        job=(keyword("sides", "one-sided"),),
    )
    job = office.ended(job_id(client.ask(message, source.read_bytes())))
    assert job.stage is Stage.COMPLETED
    (paper,) = received(office, suffix)
    assert (paper.sides, paper.pages) == (LONG, pages)


def test_create_job_and_send_document_and_close(office: Office, pdf):
    client = Client(office.port)
    created = client.ask(client.message(Operation.CREATE_JOB, name("job-name", "created")))
    number = job_id(created)
    assert office.job(number).stage is Stage.RECEIVING
    closed_early = client.ask(client.message(Operation.CLOSE_JOB, job_id=number))
    assert closed_early.code == Status.NOT_POSSIBLE
    send = client.message(Operation.SEND_DOCUMENT, boolean("last-document", True), job_id=number)
    assert client.ask(send, pdf(1).read_bytes()).code == Status.OK
    again = client.ask(send, pdf(1).read_bytes())
    assert again.code in (Status.MULTIPLE_DOCUMENT_JOBS_NOT_SUPPORTED, Status.NOT_POSSIBLE)
    assert office.ended(number).stage is Stage.COMPLETED
    assert len(received(office, "created")) == 1
    assert (
        client.ask(client.message(Operation.CLOSE_JOB, job_id=number)).code == Status.NOT_POSSIBLE
    )


def test_a_printer_switched_off_and_on_again(office: Office, pdf):
    printer = office.lab.printers["office-a"]
    printer.stop()
    try:
        client = Client(office.port)
        number = job_id(print_job(client, pdf(1), title="patience"))
        office.reaches(number, Stage.RELEASED)
        until(lambda: "printer-stopped" in office.job(number).state_reasons)
        told = client.ask(client.message(Operation.GET_JOB_ATTRIBUTES, job_id=number))
        state = told.group(GroupTag.JOB).get("job-state")
        assert state is not None
        assert state.first.content == JOB_STATES["pending"]
        page = office.desk.browser("wangfang").get(f"/jobs/{number}")
        assert "打印机已停止" in page
    finally:
        printer.start()
        printer.wait()
    assert office.ended(number, 60).sheets_used == 1
    assert len(received(office, "patience")) == 1


def test_a_printer_that_breaks_off_charges_what_came_out(office: Office, pdf):
    printer = office.lab.printers["office-a"]
    printer.behave(stop_after=3)
    try:
        number = job_id(print_job(Client(office.port), pdf(10), title="broken"))
        job = office.ended(number)
    finally:
        printer.behave()
    # CUPS calls a job that the printer gave up "canceled"; its sender is told all the same.
    assert job.stage in (Stage.ABORTED, Stage.CANCELED)
    assert job.sheets_used == 2
    assert "打印机处" in office.desk.browser("wangfang").get("/")


def test_a_printer_that_lies_cannot_empty_the_account(office: Office, pdf):
    printer = office.lab.printers["office-a"]
    printer.behave(lie=999999)
    try:
        job = office.ended(job_id(print_job(Client(office.port), pdf(4), title="liar")))
    finally:
        printer.behave()
    assert (job.sheets_used, job.estimated) == (2, True)


def test_cancel_from_both_sides(office: Office, pdf):
    office.lab.backend.disable("office-a")
    try:
        client = Client(office.port)
        number = job_id(print_job(client, pdf(1), title="not wanted"))
        office.reaches(number, Stage.RELEASED)
        stranger = Client(office.port, "zhangwei")
        refused = stranger.ask(stranger.message(Operation.CANCEL_JOB, job_id=number))
        assert refused.code == Status.NOT_AUTHORIZED
        assert client.ask(client.message(Operation.CANCEL_JOB, job_id=number)).code == Status.OK
        assert office.ended(number).sheets_used == 0
        over = client.ask(client.message(Operation.CANCEL_JOB, job_id=number))
        assert over.code == Status.NOT_POSSIBLE

        mine = [job_id(print_job(client, pdf(1), title="mine")) for _ in range(2)]
        theirs = job_id(print_job(stranger, pdf(1), title="theirs"))
        assert client.ask(client.message(Operation.CANCEL_MY_JOBS)).code == Status.OK
        assert {office.ended(each).stage for each in mine} == {Stage.CANCELED}
        office.reaches(theirs, Stage.RELEASED)
        # Cancelled behind our back, at the print system itself.
        backend_job = office.job(theirs).backend_job_id
        office.lab.backend.run("cancel", str(backend_job))
        assert office.ended(theirs).stage is Stage.CANCELED
        assert office.job(theirs).sheets_used == 0
    finally:
        office.lab.backend.enable("office-a")


def test_an_unknown_person_is_a_guest_and_marked_so(office: Office, pdf):
    job = office.ended(job_id(print_job(Client(office.port, "nobody"), pdf(1), title="guest")))
    assert (job.verified, job.office_name, job.person_id, job.sheets_used) == (
        False,
        "来宾",
        None,
        1,
    )


def test_refusals_speak_the_clients_numbers_and_language(office: Office, pdf):
    for agent, status in (
        ("CUPS/2.4.2 (Linux) IPP/2.0", Status.CUPS_ACCOUNT_LIMIT_REACHED),
        ("CUPS/2.5.0 IPP/2.0", Status.ACCOUNT_LIMIT_REACHED),
        ("Windows", Status.ACCOUNT_LIMIT_REACHED),
    ):
        answer = print_job(Client(office.port, "hanmei", agent), pdf(30), title="much")
        assert answer.code == status
        assert "15" in sentence(answer)
    office.settled()


def test_uncontrolled_paper_is_seen_and_the_doctor_cannot_get_past(office: Office, pdf):
    before = {finding.check: finding for finding in doctor.examine(office.settings)}
    assert not before["past-the-gateway"].bad, before["past-the-gateway"]
    office.lab.backend.run("lp", "-d", "office-a", "-U", "sneak", "-t", "past", str(pdf(2)))
    until(lambda: received(office, "past") != [])

    def seen() -> bool:
        with office.database.snapshot() as session:
            # What other tests printed through the same cupsd is foreign to this office, too.
            found = printing.foreign_jobs(session)
            return [job.sheets for job in found if job.user == "sneak"] == [2]

    until(seen)
    page = office.desk.browser("admin").get("/admin")
    assert "sneak" in page
    after = [finding for finding in doctor.examine(office.settings) if finding.bad]
    assert [finding.check for finding in after] == ["foreign-jobs"]
    assert "foreign-jobs" in doctor.as_json(after)


def test_the_doctor_finds_an_open_door(office: Office, tmp_path):
    socket = Path(office.lab.backend.socket)
    socket.parent.chmod(0o777)
    try:
        found = [finding for finding in doctor.examine(office.settings) if finding.bad]
    finally:
        socket.parent.chmod(0o700)
    assert {finding.check for finding in found} >= {"past-the-gateway"}


def test_cups_own_tools_by_name_and_through_a_queue(office: Office, pdf):
    host = ["-h", f"127.0.0.1:{office.port}"]
    environment = office.lab.client.environment

    def tool(*arguments: str) -> str:
        return subprocess.run(
            list(arguments), env=environment, capture_output=True, text=True, timeout=30, check=True
        ).stdout

    listed = tool("lpstat", *host, "-e")
    assert {"office-a", "office-b"} <= set(listed.split())
    assert "office-a" in tool("lpstat", *host, "-d")
    office.lab.backend.disable("office-a")
    try:
        said = office.desk.lp_direct("liuyang", "office-a", pdf(1), "-t", "by name")
        assert said.code == 0
        number = int(said.client_job.rpartition("-")[2])
        office.reaches(number, Stage.RELEASED)
        assert said.client_job in tool("lpstat", *host, "-o")
        tool("cancel", *host, "-U", "liuyang", said.client_job)
        assert office.ended(number).stage is Stage.CANCELED
    finally:
        office.lab.backend.enable("office-a")


def test_get_jobs_shows_others_only_that_they_are_there(office: Office, pdf):
    number = job_id(print_job(Client(office.port), pdf(1), title="my own affair"))
    office.ended(number)
    for user, titles in (("wangfang", True), ("zhangwei", False), ("stranger", False)):
        client = Client(office.port, user)
        message = client.message(
            Operation.GET_JOBS,
            keyword("which-jobs", "completed"),
            keyword("requested-attributes", "all"),
        )
        groups = client.ask(message).groups_of(GroupTag.JOB)
        assert groups
        assert any("my own affair" in text_of(group, "job-name") for group in groups) is titles


def test_sixty_four_clients_at_once_on_ten_sheets(office: Office, pdf):
    import threading

    document = pdf(1).read_bytes()
    for turn in range(10):
        if turn == 0:
            _leave(office, 10)
        else:
            office.grant("legal", 10)
        title = f"race {turn}"
        codes: list[int] = []
        barrier = threading.Barrier(64)

        def one() -> None:
            client = Client(office.port, "zhaomin")
            message = client.message(Operation.PRINT_JOB, name("job-name", title))  # noqa: B023
            barrier.wait()  # noqa: B023
            codes.append(client.ask(message, document).code)  # noqa: B023

        threads = [threading.Thread(target=one) for _ in range(64)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(codes) == [Status.OK] * 10 + [Status.ACCOUNT_LIMIT_REACHED] * 54
        until(lambda: len(received(office, title)) == 10, 60)  # noqa: B023
        time.sleep(0.2)
        assert len(received(office, title)) == 10
    office.settled()
    with office.database.snapshot() as session:
        assert quotas.discrepancies(session) == []


def _leave(office: Office, left: int) -> None:
    """Set what the office has left to `left` sheets, by a grant and an adjustment."""
    from core.people import SYSTEM
    from quotas import service

    office_id = office.grant("legal", 1)
    now = office.parts.parts.clock.now()
    with office.database.transaction() as session:
        period = Period.of_moment(now)
        balance = quotas.balance(session, office_id, Unit.SHEETS, period)
        service.adjust(
            session, "drain", office_id, Unit.SHEETS, period, left - balance.left,
            reason="test", actor=SYSTEM, now=now,
        )  # fmt: skip


def test_pyipp_reads_the_printer(office: Office):
    async def read():
        async with pyipp.IPP(
            host="127.0.0.1", port=office.port, base_path="/printers/office-a", tls=False
        ) as ipp:
            return await ipp.printer()

    # In a thread of its own: a browser of another test may have a loop running in this one.
    with ThreadPoolExecutor(1) as pool:
        printer = pool.submit(lambda: asyncio.run(read())).result()
    assert printer.info.printer_name == "office-a"
    # pyipp's own words; it calls processing printing.
    assert printer.state.printer_state in ("idle", "printing", "stopped")
    assert any(uri.uri.endswith("/printers/office-a") for uri in printer.uris)


def test_the_backend_takes_settings_that_keep_jobs(office: Office):
    backend: CupsServer = office.lab.backend
    conf = (backend.folder / "cupsd.conf").read_text()
    assert "DirtyCleanInterval 0" in conf
    assert "ErrorPolicy retry-job" in (backend.folder / "root" / "printers.conf").read_text()
