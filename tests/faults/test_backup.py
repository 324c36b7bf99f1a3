"""A backup while work goes on, and the way back from it: fault 19."""

import io
import re
import subprocess
import sys
import tarfile
import threading
from pathlib import Path

import pytest

from core.settings import load
from deploy.backup import CannotBackUp, restore
from printgate.lifecycle import Stage
from tests.e2e.rig import until
from tests.faults.rig import (
    ROOT,
    Sent,
    Server,
    closing_audit,
    doctor_is_content,
    paper,
    printed,
)


def command(server: Server, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "deploy", *arguments],
        env={"PATH": "/usr/bin:/bin", **server.environment},
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def restored(server: Server, source: Path, folder: Path) -> Server:
    """Put a backup into an empty place, and return a server for it."""
    place = Server(server.lab, folder)
    done = command(place, "restore", str(source))
    assert done.returncode == 0, done.stderr
    return place


def test_back_up_while_working_and_restore(server: Server, tmp_path: Path):
    server.start()
    before, during = [paper(2) for _ in range(3)], [paper(1) for _ in range(8)]
    first = server.send(*before)
    server.quiet()
    heard: list[Sent] = []
    working = threading.Thread(target=lambda: heard.append(server.send(*during)))
    working.start()
    target = tmp_path / "then"
    done = command(server, "backup", str(target))
    assert done.returncode == 0, done.stderr
    working.join()
    closing_audit(server, heard[0])
    server.stop()
    assert command(server, "backup", str(target)).returncode == 2, "never over another one"
    assert command(server, "restore", str(target)).returncode == 2, "never over a database"

    (tmp_path / "elsewhere").mkdir()
    place = restored(server, target, tmp_path / "elsewhere")
    doctor_is_content(place)
    place.start()
    try:
        # CUPS is ahead of the books now: what they do not know is foreign, what they know is not.
        until(lambda: all(job.stage is not Stage.RELEASED for job in place.jobs()))
        for each in before:
            assert place.job(each).stage is Stage.COMPLETED
        out = printed(server.lab)
        assert all(out[each.title] == 1 for each in [*first.acknowledged, *during])
        more = place.send(paper(1))
        until(lambda: place.job(more.acknowledged[0]).stage is Stage.COMPLETED)
        assert place.job(more.acknowledged[0]).id > max(job.id for job in server.jobs())
    finally:
        place.stop()
        place.database.close()


def test_what_was_on_its_way_is_not_printed_again(server: Server, tmp_path: Path):
    server.start()
    backend = server.lab.backend
    backend.stop()
    try:
        waiting = server.send(paper(3), paper(1))
        assert command(server, "backup", str(tmp_path / "then")).returncode == 0
    finally:
        backend.start()
        backend.wait()
    closing_audit(server, waiting)
    server.stop()
    (tmp_path / "elsewhere").mkdir()
    place = restored(server, tmp_path / "then", tmp_path / "elsewhere")
    assert {job.stage for job in place.jobs()} == {Stage.UNKNOWN}
    doctor_is_content(place)
    place.start()
    try:
        place.quiet()
        assert {job.stage for job in place.jobs()} == {Stage.UNKNOWN}
        assert all(printed(server.lab)[each.title] == 1 for each in waiting.acknowledged)
        doctor_is_content(place)
    finally:
        place.stop()
        place.database.close()


def test_as_one_file(server: Server, tmp_path: Path):
    assert command(server, "backup", str(tmp_path / "then.tar")).returncode == 0
    (tmp_path / "elsewhere").mkdir()
    place = restored(server, tmp_path / "then.tar", tmp_path / "elsewhere")
    doctor_is_content(place)
    place.database.close()


def test_a_damaged_backup_is_refused(server: Server, tmp_path: Path):
    assert command(server, "backup", str(tmp_path / "then")).returncode == 0
    copy = tmp_path / "then" / "printgate.db"
    octets = bytearray(copy.read_bytes())
    octets[len(octets) // 2] ^= 1
    copy.write_bytes(octets)
    place = Server(server.lab, tmp_path / "elsewhere")
    done = command(place, "restore", str(tmp_path / "then"))
    assert (done.returncode, "damaged" in done.stderr) == (2, True)
    assert not (place.settings.data / "printgate.db").exists()
    place.database.close()


def hostile(member: tarfile.TarInfo) -> bytes:
    """Return an archive with a manifest and one more member, of five octets if it is a file."""
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as archive:
        for each, octets in ((tarfile.TarInfo("manifest.json"), b"{}"), (member, b"hello")):
            each.size = len(octets) if each.isfile() else 0
            archive.addfile(each, io.BytesIO(octets))
    return whole.getvalue()


def link(name: str, target: str) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = tarfile.SYMTYPE, target
    return made


@pytest.mark.parametrize(
    ("octets", "said"),
    [
        (b"no archive at all" * 100, "no backup"),
        (hostile(tarfile.TarInfo("documents/a"))[:1800], "is damaged"),
        (hostile(tarfile.TarInfo("documents/a")), "this is no backup: manifest.json"),
        (hostile(tarfile.TarInfo("../outside")), "../outside has no place"),
        (hostile(tarfile.TarInfo("/srv/outside")), "/srv/outside has no place"),
        (hostile(link("documents", "/etc")), "documents has no place"),
        (hostile(tarfile.TarInfo("manifest.json")), "manifest.json has no place"),
    ],
)
def test_an_archive_that_is_no_backup_writes_nothing(tmp_path: Path, octets: bytes, said: str):
    (tmp_path / "then.tar").write_bytes(octets)
    settings = load(None, None, {"PRINTGATE_DATA_DIR": str(tmp_path / "inner" / "state")})
    settings.data.mkdir(parents=True)
    with pytest.raises(CannotBackUp, match=re.escape(said)):
        restore(settings, tmp_path / "then.tar")
    assert not (settings.data / "printgate.db").exists()
    assert {path.name for path in tmp_path.iterdir()} == {"then.tar", "inner"}
