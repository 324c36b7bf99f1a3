"""Disks that are full, read-only, out of inodes, broken or lying: faults 10-18."""

import contextlib
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core import audit
from core.db import Database
from deploy.demo.desk import Browser
from printgate.ipp.decode import decode_bytes
from printgate.ipp.encode import encode
from printgate.ipp.tags import GroupTag, Operation, Status
from printgate.ipp.values import Message, name
from printgate.lifecycle import Stage
from printgate.spool import Spool, SpoolUnavailable
from tests.e2e.rig import Client, sentence, text_of, until
from tests.faults.rig import Paper, Server, closing_audit, doctor_is_content, paper, printed

MEBI = 2**20
PAGE = 4096


@contextmanager
def small_disk(folder: Path, options: str) -> Iterator[Path]:
    """Mount a small disk in memory; needs root, as CI has it."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def remount(folder: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", str(folder)], check=True)


def fill(folder: Path, leave: int = 0) -> Path:
    """Write until the disk has no more room than this."""
    filler = folder / "filler"
    disk = os.statvfs(folder)
    with filler.open("wb", buffering=0) as writer, contextlib.suppress(OSError):
        for _ in range((disk.f_bavail * disk.f_frsize - leave) // PAGE):
            writer.write(bytes(PAGE))
    return filler


def print_it(server: Server, each: Paper) -> Message:
    client = Client(server.port)
    message = client.message(
        Operation.PRINT_JOB, name("job-name", each.title), printer=each.printer
    )
    return client.ask(message, each.octets)


def printer_reasons(server: Server) -> list[str]:
    client = Client(server.port)
    told = client.ask(client.message(Operation.GET_PRINTER_ATTRIBUTES))
    return text_of(told.group(GroupTag.PRINTER), "printer-state-reasons")


def refused_for_now(server: Server, each: Paper) -> None:
    answer = print_it(server, each)
    assert answer.code == Status.TEMPORARY_ERROR, answer.code
    assert "nothing was printed" in sentence(answer)
    assert not any(job.sheets_used for job in server.jobs(each.title))


def prints_again(server: Server) -> None:
    sent = server.send(paper(2))
    assert sent.acknowledged
    closing_audit(server, sent)
    server.stop()


@pytest.fixture
def spool(server: Server) -> Path:
    return server.settings.spool


def test_spool_full_in_the_middle_of_a_body(server: Server, spool: Path):
    with small_disk(spool, "size=8m"):
        server.start()
        refused_for_now(server, paper(1, octets=12 * MEBI))
        assert list(spool.iterdir()) == []
        filler = fill(spool)
        assert "spool-area-full" in printer_reasons(server)
        refused_for_now(server, paper(1))
        filler.unlink()
        assert "spool-area-full" not in printer_reasons(server)
        prints_again(server)


def test_room_for_what_came_but_not_for_what_is_printed(server: Server, spool: Path):
    with small_disk(spool, "size=8m"):
        server.start()
        big = paper(1, octets=5 * MEBI)
        filler = fill(spool, leave=len(big.octets) + 64 * 1024)
        refused_for_now(server, big)
        until(lambda: list(spool.iterdir()) == [filler])
        filler.unlink()
        prints_again(server)


def test_spool_read_only(server: Server, spool: Path):
    with small_disk(spool, "size=8m"):
        server.start()
        remount(spool, "ro")
        assert "spool-area-full" in printer_reasons(server)
        refused_for_now(server, paper(1))
        remount(spool, "rw")
        prints_again(server)


def test_spool_without_inodes(server: Server, spool: Path):
    with small_disk(spool, "size=8m,nr_inodes=16"):
        server.start()
        blockers: list[Path] = []
        while os.statvfs(spool).f_favail:
            blockers.append(spool / f"blocker-{len(blockers)}")
            blockers[-1].touch()
        refused_for_now(server, paper(1))
        for each in blockers:
            each.unlink()
        prints_again(server)


def test_database_full(server: Server, tmp_path: Path):
    with small_disk(tmp_path / "database", "size=16m") as disk:
        shutil.copy(server.settings.data / "printgate.db", disk / "printgate.db")
        full = Server(
            server.lab, tmp_path, PRINTGATE_DATABASE_URL=f"sqlite:///{disk / 'printgate.db'}"
        )
        full.start()
        try:
            filler = fill(disk)
            # What is left inside the database's own pages runs out after some jobs.
            answers = [print_it(full, each) for each in [paper(1) for _ in range(60)]]
            refused = [each for each in answers if each.code != Status.OK]
            assert refused
            assert {each.code for each in refused} == {Status.TEMPORARY_ERROR}
            filler.unlink()
            until(lambda: not full._leftovers(), 60)
            prints_again(full)
            acknowledged = sum(each.code == Status.OK for each in answers)
            ended = [job for job in full.jobs() if job.stage is Stage.COMPLETED]
            assert len(ended) == acknowledged + 1
        finally:
            full.stop()
            full.database.close()


def test_no_room_for_bodies_that_are_being_received(server: Server, tmp_path: Path):
    with small_disk(tmp_path / "bodies", "size=4m") as disk:
        server.start(TMPDIR=str(disk))
        sent = server.send(paper(1, octets=8 * MEBI))
        assert not sent.acknowledged
        prints_again(server)


def test_fsync_that_fails_is_no_acknowledgement(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    spool = Spool(tmp_path / "spool", MEBI)

    def broken(_descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", broken)
    body = iter([b"%PDF-", b""])
    with pytest.raises(SpoolUnavailable):
        spool.receive("uuid", lambda _count: next(body), None)
    assert list((tmp_path / "spool").iterdir()) == []


def test_a_flipped_bit_is_not_printed(server: Server):
    server.start()
    backend = server.lab.backend
    backend.stop()
    try:
        flipped, whole = paper(3), paper(3)
        server.send(flipped)
        server.send(whole)
        output = server.settings.spool / f"{server.job(flipped).uuid}.out"
        octets = bytearray(output.read_bytes())
        octets[len(octets) // 2] ^= 1
        output.write_bytes(octets)
    finally:
        backend.start()
        backend.wait()
    server.quiet()
    job = server.job(flipped)
    assert (job.stage, job.sheets_used, printed(server.lab)[flipped.title]) == (Stage.ABORTED, 0, 0)
    assert server.job(whole).stage is Stage.COMPLETED
    assert "level=error" in server.log
    assert "is not the one that was accepted" in server.log
    page = Browser(f"http://127.0.0.1:{server.port}", "wangfang").get("/")
    assert "发生了改变" in page
    doctor_is_content(server)


def test_power_cut_leaves_every_acknowledged_row(server: Server, tmp_path: Path):
    """The log of the database, cut anywhere: whole rows or none, and all that was promised."""
    server.start()
    server.lab.backend.stop()
    try:
        sent = server.send(*[paper(1) for _ in range(6)])
        server.kill()
    finally:
        server.lab.backend.start()
        server.lab.backend.wait()
    source = server.settings.data / "printgate.db"
    log = source.with_name("printgate.db-wal").read_bytes()
    for cut in [*range(0, len(log), max(1, len(log) // 15)), len(log)]:
        copy = tmp_path / f"cut-{cut}.db"
        shutil.copy(source, copy)
        copy.with_name(f"{copy.name}-wal").write_bytes(log[:cut])
        with sqlite3.connect(copy) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            rows = {row[0] for row in connection.execute("SELECT title FROM jobs")}
        connection.close()
        database = Database(f"sqlite:///{copy}")
        with database.snapshot() as session:
            assert audit.first_broken_seq(session) is None
        database.close()
    assert rows >= {each.title for each in sent.acknowledged}
    server.start()
    closing_audit(server, sent)


def test_audit_and_deed_share_one_fate(server: Server, tmp_path: Path):
    """Fault 13: there is no log that could be full while the deed goes on: one transaction."""
    database = server.database
    with database.transaction() as session:
        session.connection().exec_driver_sql(
            "CREATE TRIGGER no_room BEFORE INSERT ON audit_records"
            " BEGIN SELECT RAISE(ABORT, 'disk full'); END"
        )
    server.start()
    client = Client(server.port)
    each = paper(1)
    message = client.message(Operation.PRINT_JOB, name("job-name", each.title))
    body = client.post(encode(message) + each.octets)[1]
    assert decode_bytes(body)[0].code == Status.TEMPORARY_ERROR
    assert server.jobs(each.title) == []
    with database.transaction() as session:
        session.connection().exec_driver_sql("DROP TRIGGER no_room")
    prints_again(server)
