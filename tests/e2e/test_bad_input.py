"""Bad input, each with its answer; an ordinary job right after it prints, and nothing is left."""

import os
import socket
from pathlib import Path

import pikepdf
import pytest

from printgate.ipp.decode import decode_bytes
from printgate.ipp.encode import encode
from printgate.ipp.tags import GroupTag, Operation, Status
from printgate.ipp.values import integer, keyword, mime_type, name, uri
from printgate.lifecycle import Stage
from tests.e2e.rig import PATH, Client, Office, job_id
from tests.printgate.analysis import hostile

GROWTH_OCTETS_MAX = 64 * 1024 * 1024
_HEAD = b"\x02\x00\x00\x02\x00\x00\x00\x01"


def resident_octets() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


@pytest.fixture(autouse=True)
def nothing_is_left_and_the_next_job_prints(office: Office, pdf):
    client = Client(office.port)
    document = pdf(1).read_bytes()
    message = client.message(Operation.PRINT_JOB, name("job-name", "ordinary"))
    office.ended(job_id(client.ask(message, document)))
    before = resident_octets()
    yield
    answer = client.ask(message, document)
    assert answer.code == Status.OK
    assert office.ended(job_id(answer)).stage is Stage.COMPLETED
    assert resident_octets() - before < GROWTH_OCTETS_MAX
    office.settled()


def print_message(client: Client, *more, job=()) -> bytes:
    return encode(client.message(Operation.PRINT_JOB, *more, job=job))


def deep(levels: int) -> bytes:
    opening = b"\x01\x34\x00\x01a\x00\x00"
    return _HEAD + opening + b"\x4a\x00\x00\x00\x01b\x34\x00\x00\x00\x00" * levels


BODIES = [
    ("nothing", b"", Status.BAD_REQUEST),
    ("garbage", bytes(range(256)) * 40, Status.BAD_REQUEST),
    ("text", b"GET / HTTP/1.1\r\n\r\n", Status.BAD_REQUEST),
    (
        "100,000 attributes",
        _HEAD + b"\x01" + b"\x21\x00\x01a\x00\x04\x00\x00\x00\x05" * 100_000,
        Status.REQUEST_ENTITY_TOO_LARGE,
    ),
    ("collections 1,000 deep", deep(1000), Status.BAD_REQUEST),
    (
        "10 MiB of attributes",
        _HEAD + b"\x01" + (b"\x41\x00\x01a\xff\xff" + b"x" * 65535) * 160,
        Status.REQUEST_ENTITY_TOO_LARGE,
    ),
]


@pytest.mark.parametrize(("what", "body", "status"), BODIES, ids=[each[0] for each in BODIES])
def test_bodies(office: Office, what: str, body: bytes, status: Status):
    http_status, answer = Client(office.port).post(body)
    assert http_status == 200
    assert decode_bytes(answer)[0].code == status


def test_cut_short_at_every_octet(office: Office):
    client = Client(office.port)
    whole = print_message(client)
    for length in range(0, len(whole), 7):
        assert decode_bytes(client.post(whole[:length])[1])[0].code == Status.BAD_REQUEST
    # Attributes without any document.
    assert decode_bytes(client.post(whole)[1])[0].code == Status.BAD_REQUEST


REQUESTS = [
    ("unknown operation", lambda c: c.message(0x3FFF), Status.OPERATION_NOT_SUPPORTED),
    ("Print-URI", lambda c: c.message(Operation.PRINT_URI), Status.OPERATION_NOT_SUPPORTED),
    (
        "unknown printer",
        lambda c: c.message(Operation.PRINT_JOB, printer="x"),
        Status.NOT_FOUND,
    ),
    ("no such job", lambda c: c.message(Operation.CANCEL_JOB, job_id=999_999), Status.NOT_FOUND),
    (
        "unknown format",
        lambda c: c.message(
            Operation.PRINT_JOB, mime_type("document-format", "application/x-msdownload")
        ),
        Status.DOCUMENT_FORMAT_NOT_SUPPORTED,
    ),
    (
        "unknown compression",
        lambda c: c.message(Operation.PRINT_JOB, keyword("compression", "zip")),
        Status.COMPRESSION_NOT_SUPPORTED,
    ),
    (
        "copies 0",
        lambda c: c.message(Operation.PRINT_JOB, job=(integer("copies", 0),)),
        Status.BAD_REQUEST,
    ),
    (
        "unknown list of jobs",
        lambda c: c.message(Operation.GET_JOBS, keyword("which-jobs", "x")),
        Status.ATTRIBUTES_OR_VALUES_NOT_SUPPORTED,
    ),
    (
        "title of 300",
        lambda c: c.message(Operation.PRINT_JOB, name("job-name", "x" * 300)),
        Status.REQUEST_VALUE_TOO_LONG,
    ),
    (
        "address of 1100",
        lambda c: c.message(Operation.PRINT_JOB, uri("document-uri", "h" * 1100)),
        Status.REQUEST_VALUE_TOO_LONG,
    ),
]


@pytest.mark.parametrize(("what", "make", "status"), REQUESTS, ids=[each[0] for each in REQUESTS])
def test_requests(office: Office, pdf, what: str, make, status: Status):
    client = Client(office.port)
    answer = client.ask(make(client), pdf(1).read_bytes())
    assert answer.code == status
    assert answer.group(GroupTag.OPERATION).get("status-message") is not None


TITLES = [
    "<script>alert(1)</script>",
    "'; DROP TABLE jobs; --",
    "a\nb\r\nX-Header: 1",
    "\u202eevil\u2066",
    "=1+1",
    "../../etc/passwd",
    "{{ 7*7 }} %s {0} {reason}",
    "\x00\x1b[31m",
]


@pytest.mark.parametrize("title", TITLES)
def test_titles_are_text_everywhere(office: Office, pdf, title: str):
    client = Client(office.port)
    message = client.message(Operation.PRINT_JOB, name("job-name", title))
    job = office.ended(job_id(client.ask(message, pdf(1).read_bytes())))
    assert job.stage is Stage.COMPLETED
    assert not set(job.title) & set("\n\r\x00\x1b\u202e\u2066")
    page = office.desk.browser("wangfang").get(f"/jobs/{job.id}")
    assert "<script>alert" not in page
    assert "49 " not in page


def test_more_octets_announced_than_there_may_be(office: Office):
    with socket.create_connection(("127.0.0.1", office.port), timeout=30) as connection:
        connection.sendall(
            f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/ipp\r\n"
            f"Content-Length: {2 * 1024**3}\r\n\r\n".encode()
        )
        assert b" 413 " in connection.recv(4096).split(b"\r\n")[0] + b" "


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_cut_short_is_no_job(office: Office, pdf, chunked: bool):
    client = Client(office.port)
    body = print_message(client, name("job-name", "cut")) + pdf(3).read_bytes()
    framing = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(body)}"
    half = body[: len(body) // 2]
    payload = f"{len(half):x}\r\n".encode() + half if chunked else half
    with socket.create_connection(("127.0.0.1", office.port), timeout=30) as connection:
        head = (
            f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/ipp\r\n{framing}\r\n\r\n"
        )
        connection.sendall(head.encode() + payload)
    assert "cut" not in [job.title for job in office.desk.jobs_of("wangfang")]


def test_what_is_not_ipp(office: Office):
    client = Client(office.port)
    assert client.post(b"x", media_type="text/plain")[0] == 415
    assert client.post(b"x", "/printers/office-a", "application/x-www-form-urlencoded")[0] == 415


DOCUMENTS = [
    ("a text", lambda folder: _write(folder, b"just words"), Status.DOCUMENT_FORMAT_ERROR),
    (
        "garbage called PDF",
        lambda folder: _write(folder, b"%PDF-1.7\n" + b"\xff" * 999),
        Status.DOCUMENT_FORMAT_ERROR,
    ),
    ("protected by a password", lambda folder: _protected(folder), Status.DOCUMENT_FORMAT_ERROR),
    ("a bomb", lambda folder: _write(folder, hostile.content_bomb()), None),
    ("a bomb in the structure", lambda folder: _write(folder, hostile.object_stream_bomb()), None),
    ("pages in a circle", lambda folder: _write(folder, hostile.cycle()), None),
    ("a billion pages", lambda folder: _write(folder, hostile.doubling(30)), None),
    ("a form in itself", lambda folder: _write(folder, hostile.form_in_itself()), None),
]


def _write(folder: Path, octets: bytes) -> Path:
    path = folder / "document"
    path.write_bytes(octets)
    return path


def _protected(folder: Path) -> Path:
    document = pikepdf.new()
    document.add_blank_page()
    document.save(folder / "document", encryption=pikepdf.Encryption(owner="o", user="u"))
    return folder / "document"


@pytest.mark.parametrize(("what", "make", "status"), DOCUMENTS, ids=[each[0] for each in DOCUMENTS])
def test_documents(office: Office, tmp_path: Path, what: str, make, status):
    client = Client(office.port)
    message = client.message(Operation.PRINT_JOB, name("job-name", what))
    answer = client.ask(message, make(tmp_path).read_bytes())
    if status is not None:
        assert answer.code == status
        assert len([job for job in office.desk.jobs_of("wangfang") if job.title == what]) == 1
        return
    # Refused at once or after the background has tried: never a sheet, never a hang.
    job = next(job for job in office.desk.jobs_of("wangfang") if job.title == what)
    ended = office.ended(job.id, 60)
    assert ended.stage in (Stage.REFUSED, Stage.COMPLETED)
    assert ended.pages <= 1


@pytest.mark.parametrize("declared", [1, 999_999])
def test_a_pdf_that_lies_about_its_pages(office: Office, declared: int):
    client = Client(office.port)
    message = client.message(Operation.PRINT_JOB, name("job-name", f"liar {declared}"))
    answer = client.ask(message, hostile.pages(6, declared))
    if answer.code == Status.OK:
        job = office.ended(job_id(answer))
        (paper,) = [
            each
            for each in office.lab.printers["office-a"].received()
            if each.name == f"liar {declared}"
        ]
        assert (job.pages, job.sheets_used, paper.pages) == (6, 3, 6)
    else:
        assert answer.code == Status.DOCUMENT_FORMAT_ERROR
