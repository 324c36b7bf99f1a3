"""Holding and releasing on real parts: what is held stays, what is released prints once."""

import hashlib
import shutil
import subprocess
import threading
from pathlib import Path

import pytest

from printgate import queries
from printgate.ipp.encode import encode
from printgate.ipp.tags import JOB_STATES, GroupTag, Operation, Status
from printgate.ipp.values import Attribute, Group, boolean, keyword, name, octets, text
from printgate.lifecycle import Stage
from printgate.queries import Job
from printgate.service import holding
from quotas import queries as quotas
from tests.e2e.rig import Client, Office, job_id, running_office, text_of

PIN = b"2468"
DIGEST = hashlib.sha256(PIN).digest()
RELEASE = Operation.RELEASE_JOB
HOLD = Operation.HOLD_JOB


def send(office: Office, path: Path, title: str, *more: Attribute, held: bool = False):
    client = Client(office.port)
    job = (keyword("job-hold-until", "indefinite"),) if held else ()
    message = client.message(Operation.PRINT_JOB, name("job-name", title), *more, job=job)
    return client.ask(message, path.read_bytes())


def password(value: bytes, method: str = "none") -> tuple[Attribute, Attribute]:
    return octets("job-password", value), keyword("job-password-encryption", method)


def about(office: Office, number: int, user: str = "wangfang") -> Group:
    client = Client(office.port, user)
    message = client.message(Operation.GET_JOB_ATTRIBUTES, job_id=number)
    return client.ask(message).group(GroupTag.JOB)


def state(group: Group) -> tuple[object, list[str]]:
    found = group.get("job-state")
    assert found is not None
    return found.first.content, text_of(group, "job-state-reasons")


def act(office: Office, operation: Operation, number: int, *more: Attribute, user="wangfang"):
    client = Client(office.port, user)
    return client.ask(client.message(operation, *more, job_id=number)).code


def came_out(office: Office, title: str) -> int:
    return sum(each.name == title for each in office.lab.printers["office-a"].received())


def printed(office: Office, number: int, title: str) -> Job:
    job = office.ended(number)
    assert (job.stage, came_out(office, title)) == (Stage.COMPLETED, 1)
    with office.database.snapshot() as session:
        assert quotas.discrepancies(session) == []
    return job


def test_a_held_job_prints_when_it_is_released_and_once(office: Office, pdf):
    number = job_id(send(office, pdf(2), "held", held=True))
    assert state(about(office, number)) == (
        JOB_STATES["pending-held"], ["job-hold-until-specified"],
    )  # fmt: skip
    assert text_of(about(office, number), "job-hold-until") == ["indefinite"]
    other = job_id(send(office, pdf(1), "beside it"))
    printed(office, other, "beside it")
    assert came_out(office, "held") == 0
    assert act(office, RELEASE, number, user="zhangwei") == Status.NOT_AUTHORIZED
    assert act(office, RELEASE, number) == Status.OK
    assert act(office, RELEASE, number) in (Status.OK, Status.NOT_POSSIBLE)
    assert printed(office, number, "held").sheets_used == 1
    assert act(office, RELEASE, number) == Status.NOT_POSSIBLE
    assert act(office, HOLD, number) == Status.NOT_POSSIBLE


def test_hold_job_on_a_job_that_waits_for_its_document(office: Office, pdf):
    client = Client(office.port)
    number = job_id(client.ask(client.message(Operation.CREATE_JOB, name("job-name", "later"))))
    assert act(office, HOLD, number, user="zhangwei") == Status.NOT_AUTHORIZED
    night = keyword("job-hold-until", "night")
    assert act(office, HOLD, number, night) == Status.OK_IGNORED_OR_SUBSTITUTED
    last = boolean("last-document", True)
    sent = client.message(Operation.SEND_DOCUMENT, last, job_id=number)
    assert client.ask(sent, pdf(1).read_bytes()).code == Status.OK
    assert office.job(number).stage is Stage.HELD
    assert act(office, HOLD, number, keyword("job-hold-until", "no-hold")) == Status.OK
    printed(office, number, "later")


@pytest.mark.parametrize(
    ("value", "method"), [(PIN, "none"), (DIGEST, "sha2-256")], ids=["clear", "digest"]
)
def test_the_right_pin_prints_it_and_a_wrong_one_does_not(office: Office, pdf, value, method):
    title = f"secret {method}"
    number = job_id(send(office, pdf(1), title, *password(value, method)))
    held, reasons = state(about(office, number))
    assert (held, reasons) == (JOB_STATES["pending-held"], ["job-password-wait"])
    assert text_of(about(office, number), "job-password") == []
    assert act(office, RELEASE, number) == Status.NOT_AUTHORIZED
    with office.database.transaction() as session:
        now = office.parts.parts.clock.now()
        wrong = holding.release_by_pin(session, number, "1357", address="10.0.0.9", now=now)
    assert wrong is None
    assert came_out(office, title) == 0
    with office.database.transaction() as session:
        holding.release_by_pin(session, number, "2468", address="10.0.0.9", now=now)
    printed(office, number, title)


@pytest.mark.parametrize(
    ("attributes", "status"),
    [
        (password(b"123"), Status.ATTRIBUTES_OR_VALUES_NOT_SUPPORTED),
        (password(b"1" * 33), Status.ATTRIBUTES_OR_VALUES_NOT_SUPPORTED),
        (password(PIN, "sha2-256"), Status.ATTRIBUTES_OR_VALUES_NOT_SUPPORTED),
        (password(PIN, "md5"), Status.ATTRIBUTES_OR_VALUES_NOT_SUPPORTED),
        (password(PIN)[:1], Status.BAD_REQUEST),
        (password(PIN)[1:], Status.BAD_REQUEST),
        ((keyword("job-password", "2468"), password(PIN)[1]), Status.BAD_REQUEST),
        ((text("job-password", "2468" * 300), password(PIN)[1]), Status.REQUEST_VALUE_TOO_LONG),
    ],
)
def test_a_pin_that_cannot_be_used_refuses_the_job_and_is_not_sent_back(
    office: Office, pdf, attributes, status
):
    answer = send(office, pdf(1), "unusable", *attributes)
    assert answer.code == status
    assert PIN not in encode(answer)
    assert came_out(office, "unusable") == 0


def test_cups_own_tools_hold_and_send_a_pin(office: Office, pdf, tmp_path):
    said = office.desk.lp_direct("liuyang", "office-a", pdf(1), "-t", "by lp", "-H", "indefinite")
    assert said.code == 0, said.words
    number = int(said.client_job.rpartition("-")[2])
    assert office.reaches(number, Stage.HELD).hold == "asked"
    assert act(office, RELEASE, number, user="liuyang") == Status.OK
    printed(office, number, "by lp")
    shutil.copy("/usr/share/cups/ipptool/print-job-password.test", tmp_path)
    told = subprocess.run(
        ["ipptool", "-tv", "-d", "user=sunlei", "-f", str(pdf(1)),
         f"ipp://127.0.0.1:{office.port}/printers/office-a", "print-job-password.test"],
        cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True,
    ).stdout  # fmt: skip
    assert "[PASS]" in told
    with office.database.snapshot() as session:
        newest = queries.jobs_at(session)[-1]
    assert (newest.stage, newest.hold) == (Stage.HELD, "pin")
    assert act(office, Operation.CANCEL_JOB, newest.id, user=newest.claimed_name) == Status.OK


def test_jobs_that_are_held_and_released_on_their_way_print_exactly_once(office: Office, pdf):
    titles = [f"to and fro {n}" for n in range(8)]
    numbers = [job_id(send(office, pdf(1), title, held=True)) for title in titles]
    codes: list[int] = []

    def to_and_fro(number: int) -> None:
        for _ in range(6):
            codes.append(act(office, RELEASE, number))
            codes.append(act(office, HOLD, number))
        codes.append(act(office, RELEASE, number))

    threads = [threading.Thread(target=to_and_fro, args=(number,)) for number in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(codes) <= {Status.OK, Status.NOT_POSSIBLE}
    for title, number in zip(titles, numbers, strict=True):
        printed(office, number, title)
    office.settled()
    assert [came_out(office, title) for title in titles] == [1] * 8


def test_where_the_rules_hold_every_job_its_owner_releases_it_on_the_page(lab, pdf, tmp_path):
    rules = tmp_path / "rules.toml"
    rules.write_text('[hold]\ndefault = true\nexempt-persons = ["zhangwei"]\n')
    settings = {"PRINTGATE_RULES_FILE": str(rules)}
    with running_office(lab, tmp_path / "secure", **settings) as office:
        number = job_id(send(office, pdf(1), "by the rule"))
        assert state(about(office, number)) == (JOB_STATES["pending-held"], ["job-release-wait"])
        exempt = Client(office.port, "zhangwei")
        message = exempt.message(Operation.PRINT_JOB, name("job-name", "exempt"))
        printed(office, job_id(exempt.ask(message, pdf(1).read_bytes())), "exempt")
        assert came_out(office, "by the rule") == 0
        assert act(office, RELEASE, number) == Status.NOT_AUTHORIZED
        owner = office.desk.browser("wangfang")
        assert "by the rule" in owner.get("/release")
        owner.post("/release/all")
        printed(office, number, "by the rule")
        office.settled()
