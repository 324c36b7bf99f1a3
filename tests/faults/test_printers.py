"""Printers that are off, jammed, empty, dying, lying or hostile: faults 34-39 and 42."""

import time

import pytest

from core.clock import SystemClock
from core.people import SYSTEM
from deploy.demo.desk import Browser
from printgate import queries as printing
from printgate.backend.device import IppDevices
from printgate.backend.port import Queue
from printgate.ipp.decode import decode_bytes
from printgate.ipp.encode import encode
from printgate.ipp.tags import GroupTag, Operation, Status, Tag
from printgate.ipp.values import Message, keyword
from printgate.lifecycle import Stage
from printgate.service import printers
from tests.e2e.rig import Client, text_of, until
from tests.faults import hostile_printer
from tests.faults.hostile_printer import attribute
from tests.faults.rig import Server, closing_audit, doctor_is_content, paper, printed


def browser(server: Server, language: str = "zh-CN") -> Browser:
    return Browser(f"http://127.0.0.1:{server.port}", "wangfang", language)


def says(server: Server, each, zh: str, en: str) -> bool:
    path = f"/jobs/{server.job(each).id}"
    return zh in browser(server).get(path) and en in browser(server, "en").get(path)


def test_off_while_others_print(running: Server):
    off = running.lab.printers["office-a"]
    off.stop()
    try:
        waiting, other = paper(2, "office-a"), paper(2, "office-b")
        sent = running.send(waiting, other)
        until(lambda: running.job(other).stage is Stage.COMPLETED)
        until(lambda: says(running, waiting, "打印机已停止", "the printer is stopped"))
        assert running.job(waiting).sheets_used is None
    finally:
        off.start()
        off.wait()
    closing_audit(running, sent)


def test_jammed_and_cleared(running: Server):
    printer = running.lab.printers["office-c"]
    printer.behave(jam_after=2)
    try:
        jammed = paper(5, "office-c")
        sent = running.send(jammed)
        until(lambda: says(running, jammed, "卡纸", "paper jam"))
        client = Client(running.port)
        asked = client.message(Operation.GET_PRINTER_ATTRIBUTES, printer="office-c")
        told = client.ask(asked).group(GroupTag.PRINTER)
        assert "media-jam-warning" in text_of(told, "printer-state-reasons")
    finally:
        printer.behave()
    closing_audit(running, sent)


def test_out_of_paper_and_filled_up(running: Server):
    printer = running.lab.printers["office-d"]
    printer.behave(jam_after=1)
    printer.set_media(0)
    try:
        empty = paper(2, "office-d")
        sent = running.send(empty)
        until(lambda: says(running, empty, "缺纸", "out of paper"))
    finally:
        printer.set_media(100)
        printer.behave()
    closing_audit(running, sent)


def test_dying_after_three_of_ten_pages(running: Server):
    printer = running.lab.printers["office-b"]
    printer.behave(delay_seconds=0.3)
    try:
        long = paper(10, "office-b")
        sent = running.send(long)
        until(lambda: running.job(long).processing_at is not None)
        time.sleep(1.0)
        printer.kill()
        until(lambda: "printer-stopped" in running.job(long).state_reasons)
    finally:
        printer.behave()
        printer.start()
        printer.wait()
    # CUPS calls it completed, because the printer has forgotten it: only a person knows.
    until(lambda: running.job(long).stage is Stage.UNKNOWN)
    closing_audit(running, sent)
    assert printed(running.lab)[long.title] == 0
    browser(running).post(f"/jobs/{running.job(long).id}/close", sheets="2")
    assert (running.job(long).stage, running.job(long).sheets_used) == (Stage.COMPLETED, 2)
    doctor_is_content(running)


@pytest.mark.parametrize("lie", [0, -1, 2**31 - 1])
def test_lying_about_its_count(running: Server, lie: int):
    printer = running.lab.printers["office-a"]
    printer.behave(lie=lie)
    try:
        lied = paper(3, "office-a")
        sent = running.send(lied)
        closing_audit(running, sent)
    finally:
        printer.behave()
    assert running.job(lied).estimated


HOSTILE = {
    "newline": attribute(Tag.KEYWORD, b"printer-state-reasons", b"media-jam\n2026 ERROR forged"),
    "long": attribute(Tag.KEYWORD, b"printer-state-reasons", b"a" * 65535),
    "html": attribute(Tag.KEYWORD, b"printer-state-reasons", b"<script>alert(1)</script>")
    + attribute(Tag.TEXT, b"printer-supply-description", b"<script>alert(1)</script>")
    + attribute(Tag.OCTET_STRING, b"printer-supply", b"type=toner;level=50;maxcapacity=100;"),
    "bad UTF-8": attribute(Tag.TEXT, b"printer-make-and-model", b"\xff\xfe\xc3\x28")
    + attribute(Tag.KEYWORD, b"printer-state-reasons", b"\xff\xff"),
    "PPD": attribute(Tag.TEXT, b"printer-make-and-model", b'x"\n*FoomaticRIPCommandLine: "id'),
    "numbers": attribute(
        Tag.OCTET_STRING, b"printer-supply", b"type=toner;level=" + b"9" * 40 + b";maxcapacity=-1;"
    ),
    "many": attribute(Tag.KEYWORD, b"printer-state-reasons", *(b"r%d" % n for n in range(5000))),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_words_reach_nobody(running: Server, what: str):
    octets = hostile_printer.answer(HOSTILE[what])
    with hostile_printer.printer(octets) as address:
        device = IppDevices().describe(address)
    queue = Queue("hostile", address, "", "", "idle", (), accepting=True)
    with running.database.transaction() as session:
        now, name = SystemClock().now(), f"hostile-{list(HOSTILE).index(what)}"
        added = printers.add_printer(session, name, queue, actor=SYSTEM, now=now)
        printers.printer_seen(session, added.id, queue, device, now=now)
    with running.database.snapshot() as session:
        for reason in printing.printer(session, name).state_reasons:
            assert len(reason) < 256
            assert reason.isascii()
            assert reason.replace("-", "").isalnum()
    client = Client(running.port)
    status, body = client.post(
        encode(
            client.message(
                Operation.GET_PRINTER_ATTRIBUTES,
                keyword("requested-attributes", "all"),
                printer=name,
            )
        )
    )
    told: Message = decode_bytes(body)[0]
    assert (status, told.code) == (200, Status.OK)
    page = browser(running).get("/printers")
    assert "<script>alert" not in page
    assert "forged" not in running.log
    assert "Traceback" not in running.log
    with running.database.transaction() as session:
        printers.retire(session, name, actor=SYSTEM, now=SystemClock().now())


def test_a_printer_that_trickles_is_given_up(running: Server):
    octets = hostile_printer.answer(HOSTILE["long"])
    with hostile_printer.printer(octets, pause_seconds=0.5) as address:
        started = time.monotonic()
        assert IppDevices().describe(address) is None
        assert time.monotonic() - started < 12


def test_nothing_was_printed_twice(running: Server):
    # The lab's records also hold what other files printed, twice where they ask for it.
    out = printed(running.lab)
    assert max(out[job.title] for job in running.jobs()) == 1
