"""Bodies cut short, smuggling shapes, stalled connections, bombs, abandoned jobs: faults 46-55.

Everything here runs before each of our front doors (`front_doors.py`).
"""

import errno
import gzip
import itertools
import os
import select
import socket
import statistics
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from printgate.ipp.decode import decode_bytes
from printgate.ipp.encode import encode
from printgate.ipp.tags import GroupTag, Operation, Status
from printgate.ipp.values import boolean, keyword, name
from printgate.lifecycle import Stage
from tests.e2e.rig import Client, job_id, until
from tests.faults.front_doors import DOCUMENT_MIB_MAX, FRONT_DOORS, PATIENCE_SECONDS
from tests.faults.rig import (
    Paper,
    Sent,
    Server,
    closing_audit,
    doctor_is_content,
    paper,
    printed,
    rounds,
    spent_sheets,
)
from tests.faults.shapes import (
    CHUNKED,
    HEAD,
    LAST,
    NGINX,
    REFUSALS,
    SHAPES,
    WAITRESS,
    chunk,
    framed,
)

STALLED = 200
TRICKLING_MAX = {WAITRESS: 0, NGINX: 100}
"""How many connections that trickle a front door bears: waitress cuts them off, nginx counts them
by address, and cuts off those that fall silent."""
RACES = 40 if rounds() == 1 else 200


@pytest.fixture(scope="module", params=FRONT_DOORS)
def door(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def office(door: str, lab, template, tmp_path_factory) -> Iterator[Server]:
    """Run Printgate behind a front door with little patience."""
    lab.backend.run("cancel", "-a", "-x")
    with FRONT_DOORS[door](lab, tmp_path_factory.mktemp("http"), template) as made:
        yield made


def body(server: Server, each: Paper) -> bytes:
    client = Client(server.port)
    title = name("job-name", each.title)
    return encode(client.message(Operation.PRINT_JOB, title, printer=each.printer)) + each.octets


def ask(server: Server, octets: bytes) -> bytes:
    """Send octets as they are, as all that ever comes, and return the head of the answer.

    None (b"") if the connection is closed instead.
    """
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        try:
            connection.sendall(octets)
            connection.shutdown(socket.SHUT_WR)
            answer = b""
            while piece := connection.recv(65536):
                answer += piece
                if b"\r\n\r\n" in answer:
                    break
        except OSError as fault:
            # Cut off by then: by a reset that came before, between or after these calls.
            if isinstance(fault, ConnectionError) or fault.errno == errno.ENOTCONN:
                return b""
            raise
    return answer


def test_bodies_that_came_whole_are_jobs_and_no_others(office: Server, door: str):
    printers, client = itertools.cycle(office.lab.printers), Client(office.port)
    spent, sent, wrong = spent_sheets(office.database), Sent(), {}
    for title, shape in SHAPES.items():
        each = paper(1, next(printers))
        taken = door in shape.taken_by
        answer = ask(office, shape.octets(body(office, each)))
        if not _as_it_should_be(answer, taken=taken):
            wrong[title] = answer[:200]
        (sent.acknowledged if taken else sent.refused).append(each)
        # Were this one not read to its end, the next one would begin in the middle of it.
        assert client.ask(client.message(Operation.VALIDATE_JOB)).code == Status.OK, title
    assert wrong == {}
    sent.acknowledged += office.send(paper(1)).acknowledged
    closing_audit(office, sent)
    assert [each for each in sent.refused if office.jobs(each.title)] == []
    assert len(sent.acknowledged) == len(SHAPES) - len(sent.refused) + 1
    assert spent_sheets(office.database) - spent == len(sent.acknowledged)


def _as_it_should_be(answer: bytes, *, taken: bool) -> bool:
    if taken:
        return b" 200 " in answer[:20]
    return answer == b"" or int(answer.split(b" ", 2)[1]) in REFUSALS


def test_stalled_heads_and_bodies_disturb_nobody_and_are_cut(office: Server, door: str):
    connections = stalled_connections(office)
    printers = itertools.cycle(office.lab.printers)
    sent, times, open_ones = Sent(), [], set(connections)
    deadline = time.monotonic() + 4 * PATIENCE_SECONDS
    while len(open_ones) > TRICKLING_MAX[door] and time.monotonic() < deadline:
        good, before = paper(1, next(printers)), time.monotonic()
        sent.acknowledged += office.send(good).acknowledged
        times.append(time.monotonic() - before)
        open_ones = {each for each in open_ones if _trickles(each)}
        time.sleep(0.3)
    assert len(open_ones) <= TRICKLING_MAX[door]
    deadline = time.monotonic() + 2 * PATIENCE_SECONDS
    while open_ones and time.monotonic() < deadline:
        open_ones = {each for each in open_ones if _is_open(each)}
        time.sleep(0.1)
    for each in connections:
        each.close()
    assert not open_ones, f"{len(open_ones)} of {STALLED} are still open"
    assert statistics.quantiles(times, n=20)[-1] < 2
    assert len(sent.acknowledged) == len(times)
    assert office.jobs("stalled") == []
    closing_audit(office, sent)


def stalled_connections(office: Server) -> list[socket.socket]:
    """Begin requests that do not go on, all from one address that is not the other clients'."""
    whole = encode(Client(office.port).message(Operation.PRINT_JOB, name("job-name", "stalled")))
    half = [HEAD, framed(whole * 9)[:400], HEAD + CHUNKED + b"\r\n" + chunk(whole * 9)[:300]]
    made = []
    for index in range(STALLED):
        target, source = ("127.0.0.1", office.port), ("127.0.0.2", 0)
        connection = socket.create_connection(target, timeout=20, source_address=source)
        connection.sendall(half[index % len(half)])
        made.append(connection)
    return made


def _trickles(connection: socket.socket) -> bool:
    """Send one octet more; tell whether the connection was neither cut off nor answered."""
    try:
        connection.send(b"x")
    except OSError:
        return False
    return _is_open(connection)


def _is_open(connection: socket.socket) -> bool:
    return not select.select([connection], [], [], 0)[0]


def test_expect_continue(office: Server):
    expect = b"Expect: 100-continue\r\n"
    too_long = HEAD + expect + b"Content-Length: 99999999999\r\n\r\n"
    assert b" 413 " in ask(office, too_long)[:20]
    each = paper(1)
    whole = body(office, each)
    with socket.create_connection(("127.0.0.1", office.port), timeout=20) as connection:
        for _ in range(2):  # the second one on the same connection
            connection.sendall(HEAD + expect + f"Content-Length: {len(whole)}\r\n\r\n".encode())
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


@pytest.mark.parametrize(("more_mib", "answers"), [(1, {200}), (9, {413})])
def test_a_body_without_announced_length_that_is_too_large(
    office: Server, more_mib: int, answers: set[int]
):
    """The front door has a limit, and the gateway behind it a narrower one."""
    each = paper(1)
    pieces = chunk(bytes(2**20)) * (DOCUMENT_MIB_MAX + more_mib)
    octets = HEAD + CHUNKED + b"\r\n" + chunk(body(office, each)) + pieces + LAST
    before = resident_octets(office)
    answer = ask(office, octets)
    # Who goes on sending to a closed door may find the connection cut off before the answer.
    assert answer == b"" or int(answer.split(b" ", 2)[1]) in answers
    assert resident_octets(office) - before < 64 * 2**20
    assert office.jobs(each.title) == []
    assert list(office.settings.spool.iterdir()) == []


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
    """Return what the processes that take jobs have in memory."""
    pages = [int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in server.pids]
    return sum(pages) * os.sysconf("SC_PAGE_SIZE")


def test_abandoned_jobs(office: Server):
    client, other = Client(office.port, "zhouting"), Client(office.port, "wuqiang")
    message = client.message(Operation.CREATE_JOB, name("job-name", "abandoned"))
    with ThreadPoolExecutor(8) as clients:
        codes = Counter(clients.map(lambda _: client.ask(message).code, range(1000)))
    most = office.settings.jobs_without_document_max
    assert codes == {Status.OK: most, Status.TOO_MANY_JOBS: 1000 - most}
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
