"""Bodies cut short, smuggling shapes, stalled connections, bombs, abandoned jobs: faults 46-55."""

import gzip
import os
import select
import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from printgate.ipp.decode import decode_bytes
from printgate.ipp.encode import encode
from printgate.ipp.tags import GroupTag, Operation, Status
from printgate.ipp.values import boolean, keyword, name
from printgate.lifecycle import Stage
from tests.e2e.rig import PATH, Client, job_id, until
from tests.faults.rig import (
    Sent,
    Server,
    closing_audit,
    doctor_is_content,
    paper,
    printed,
    rounds,
    state_of_an_office,
)

PATIENCE_SECONDS = 4.0
STALLED = 200
RACES = 40 if rounds() == 1 else 200
_HEAD = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/ipp\r\n".encode()


@pytest.fixture(scope="module")
def office(lab, template, tmp_path_factory) -> Iterator[Server]:
    """Run a server with little patience."""
    folder = tmp_path_factory.mktemp("http")
    lab.backend.run("cancel", "-a", "-x")
    with state_of_an_office(lab, folder, template):
        made = Server(lab, folder, PRINTGATE_SLOW_REQUEST_SECONDS=str(PATIENCE_SECONDS))
        made.start()
        yield made
        made.stop()
        made.database.close()


def body(server: Server, title: str, octets: bytes = b"") -> bytes:
    client = Client(server.port)
    message = client.message(Operation.PRINT_JOB, name("job-name", title))
    return encode(message) + (octets or paper(1).octets)


def ask(server: Server, octets: bytes, *, finish: bool = False) -> bytes:
    """Send octets as they are and return what comes back before the connection is closed."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        try:
            connection.sendall(octets)
            if finish:
                connection.shutdown(socket.SHUT_WR)
            answer = b""
            while piece := connection.recv(65536):
                answer += piece
                if b"\r\n\r\n" in answer:
                    break
        except ConnectionError:
            return b""
    return answer


def chunk(octets: bytes) -> bytes:
    return f"{len(octets):x}\r\n".encode() + octets + b"\r\n"


def framed(given: bytes, length: int | None = None) -> bytes:
    return _HEAD + f"Content-Length: {len(given) if length is None else length}\r\n\r\n".encode()


_CHUNKED = b"Transfer-Encoding: chunked\r\n"
SHAPES: dict[str, Callable[[bytes], bytes]] = {
    "length cut short": lambda b: framed(b) + b[: len(b) // 2],
    "chunk cut short": lambda b: _HEAD + _CHUNKED + b"\r\n" + chunk(b)[: len(b) // 2],
    "last chunk missing": lambda b: _HEAD + _CHUNKED + b"\r\n" + chunk(b),
    "chunk size no number": lambda b: _HEAD + _CHUNKED + b"\r\nzz\r\n" + b + b"\r\n0\r\n\r\n",
    "chunk size negative": lambda b: _HEAD + _CHUNKED + b"\r\n-5\r\n" + b + b"\r\n0\r\n\r\n",
    "length and chunks": lambda b: (
        _HEAD + _CHUNKED + b"Content-Length: 5\r\n\r\n" + chunk(b) + b"0\r\n\r\n"
    ),
    "two lengths": lambda b: _HEAD + f"Content-Length: {len(b)}\r\n".encode() * 2 + b"\r\n" + b,
    "two different lengths": lambda b: (
        _HEAD + b"Content-Length: 5\r\n" + f"Content-Length: {len(b)}\r\n\r\n".encode() + b
    ),
    "lengths in a list": lambda b: _HEAD + b"Content-Length: 5, 5\r\n\r\n" + b,
    "length with a sign": lambda b: _HEAD + f"Content-Length: +{len(b)}\r\n\r\n".encode() + b,
    "folded line": lambda b: _HEAD + b"X-A: b\r\n c\r\n" + framed(b)[len(_HEAD) :] + b,
    "bare line feeds": lambda b: framed(b).replace(b"\r\n", b"\n") + b,
    "one bare line feed": lambda b: _HEAD + b"X-A: b\n" + framed(b)[len(_HEAD) :] + b,
    "space before the colon": lambda b: _HEAD + f"Content-Length : {len(b)}\r\n\r\n".encode() + b,
    "unknown coding": lambda b: _HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + chunk(b),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_shapes_that_are_no_job(office: Server, shape: str):
    title = paper().title
    answer = ask(office, SHAPES[shape](body(office, title)), finish=True)
    assert answer == b"" or b" 400 " in answer[:20] or b" 501 " in answer[:20], answer[:200]
    assert office.jobs(title) == []


def test_chunks_as_they_should_be_are_a_job(office: Server):
    each = paper(2)
    whole = body(office, each.title, each.octets)
    octets = _HEAD + _CHUNKED + b"\r\n" + chunk(whole[:100]) + chunk(whole[100:]) + b"0\r\n\r\n"
    assert b" 200 " in ask(office, octets)[:20]
    closing_audit(office, Sent([each]))


def test_stalled_heads_and_bodies_disturb_nobody_and_are_cut(office: Server):
    whole = body(office, "stalled")
    half = [_HEAD, framed(whole) + whole[:200], _HEAD + _CHUNKED + b"\r\n" + chunk(whole)[:300]]
    connections = []
    for index in range(STALLED):
        connection = socket.create_connection(("127.0.0.1", office.port), timeout=20)
        connection.sendall(half[index % len(half)])
        connections.append(connection)
    started, sent, times = time.monotonic(), Sent(), []
    open_ones = set(connections)
    while open_ones and time.monotonic() - started < 4 * PATIENCE_SECONDS:
        good, before = paper(1), time.monotonic()
        sent.acknowledged += office.send(good).acknowledged
        times.append(time.monotonic() - before)
        for each in list(open_ones):
            open_ones -= _trickle(each)
        time.sleep(0.3)
    for each in connections:
        each.close()
    assert not open_ones, f"{len(open_ones)} of {STALLED} are still open"
    assert statistics.quantiles(times, n=20)[-1] < 2
    assert len(sent.acknowledged) == len(times)
    assert office.jobs("stalled") == []
    closing_audit(office, sent)


def _trickle(connection: socket.socket) -> set[socket.socket]:
    """Send one octet more; return the connection if it was cut."""
    try:
        if select.select([connection], [], [], 0)[0] and not connection.recv(1024):
            return {connection}
        connection.send(b"x")
    except OSError:
        return {connection}
    return set()


def test_expect_continue(office: Server):
    expect = b"Expect: 100-continue\r\n"
    too_long = _HEAD + expect + b"Content-Length: 99999999999\r\n\r\n"
    assert b" 413 " in ask(office, too_long)[:20]
    each = paper(1)
    whole = body(office, each.title, each.octets)
    with socket.create_connection(("127.0.0.1", office.port), timeout=20) as connection:
        for _ in range(2):  # the second one on the same connection
            connection.sendall(_HEAD + expect + f"Content-Length: {len(whole)}\r\n\r\n".encode())
            assert connection.recv(1024).startswith(b"HTTP/1.1 100 ")
            connection.sendall(whole)
            assert _whole_answer(connection).startswith(b"HTTP/1.1 200 ")
    office.quiet()
    assert printed(office.lab)[each.title] == 2


def _whole_answer(connection: socket.socket) -> bytes:
    """Read one answer to its end, and not an octet of the next one."""
    head = b""
    while b"\r\n\r\n" not in head:
        head += connection.recv(1)
    length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
    body = b""
    while len(body) < length:
        body += connection.recv(length - len(body))
    return head + body


def test_a_gzip_bomb(office: Server):
    office.quiet()
    client = Client(office.port)
    message = client.message(
        Operation.PRINT_JOB, name("job-name", "bomb"), keyword("compression", "gzip")
    )
    before = resident_octets(office)
    answer = client.ask(message, gzip.compress(bytes(400 * 2**20), 1))
    assert answer.code == Status.COMPRESSION_ERROR
    assert office.jobs("bomb") == []
    assert resident_octets(office) - before < 64 * 2**20
    assert list(office.settings.spool.iterdir()) == []


def resident_octets(server: Server) -> int:
    pages = int(Path(f"/proc/{server.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def test_abandoned_jobs(office: Server):
    client, other = Client(office.port, "zhouting"), Client(office.port, "wuqiang")
    message = client.message(Operation.CREATE_JOB, name("job-name", "abandoned"))
    codes = [client.ask(message).code for _ in range(1000)]
    most = office.settings.jobs_without_document_max
    assert codes == [Status.OK] * most + [Status.TOO_MANY_JOBS] * (1000 - most)
    assert other.ask(other.message(Operation.CREATE_JOB)).code == Status.OK
    assert client.ask(client.message(Operation.CANCEL_MY_JOBS)).code == Status.OK
    assert other.ask(other.message(Operation.CANCEL_MY_JOBS)).code == Status.OK
    assert client.ask(message).code == Status.OK
    client.ask(client.message(Operation.CANCEL_MY_JOBS))
    doctor_is_content(office)


def test_an_abandoned_job_expires(server: Server):
    server.environment["PRINTGATE_MULTIPLE_OPERATION_SECONDS"] = "1"
    server.start()
    client = Client(server.port)
    number = job_id(client.ask(client.message(Operation.CREATE_JOB, name("job-name", "late"))))
    until(lambda: server.jobs("late")[0].stage is Stage.EXPIRED)
    send = client.message(Operation.SEND_DOCUMENT, boolean("last-document", True), job_id=number)
    assert client.ask(send, paper(1).octets).code == Status.NOT_POSSIBLE
    server.quiet()
    doctor_is_content(server)


def test_cancel_against_completion(office: Server):
    """Whoever wins, there is one end, and the charge is what came out."""
    printers = list(office.lab.printers)
    lock, left = threading.Lock(), list(range(RACES))
    sent: list[tuple[str, int]] = []

    def race() -> None:
        client = Client(office.port)
        while True:
            with lock:
                if not left:
                    return
                turn = left.pop()
            each = paper(2, printers[turn % len(printers)])
            message = client.message(
                Operation.PRINT_JOB, name("job-name", each.title), printer=each.printer
            )
            number = job_id(client.ask(message, each.octets))
            time.sleep((turn % 40) / 20)
            code = client.ask(client.message(Operation.CANCEL_JOB, job_id=number)).code
            assert code in (Status.OK, Status.NOT_POSSIBLE)
            with lock:
                sent.append((each.title, number))

    threads = [threading.Thread(target=race) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    office.quiet(120)
    out = printed(office.lab)
    assert len(sent) == RACES
    stages = {_one_end(office, title, out[title]) for title, _ in sent}
    assert Stage.CANCELED in stages
    doctor_is_content(office)


def _one_end(office: Server, title: str, times: int) -> Stage:
    (job,) = office.jobs(title)
    assert job.stage in (Stage.COMPLETED, Stage.CANCELED)
    assert times <= 1
    if job.stage is Stage.COMPLETED:
        assert (times, job.sheets_used) == (1, 1)
    else:
        # Cancelled in the middle: what came out until then is charged, and no more.
        assert (job.sheets_used or 0) <= (1 if job.processing_at or times else 0)
    return job.stage


def test_no_message_is_answered_with_a_trace(office: Server):
    assert "Traceback" not in office.log


def test_answers_are_ipp_after_all_of_this(office: Server):
    client = Client(office.port)
    octets = client.post(encode(client.message(Operation.GET_PRINTER_ATTRIBUTES)))[1]
    assert decode_bytes(octets)[0].group(GroupTag.PRINTER).get("printer-state") is not None
