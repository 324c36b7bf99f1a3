"""Print-Job and Get-Printer-Attributes per second, and the time from `lp` to the last octet."""

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pikepdf

from printgate.ipp.encode import encode
from printgate.ipp.tags import GroupTag, Operation
from printgate.ipp.values import (
    Group,
    Message,
    charset,
    keyword,
    language,
    mime_type,
    name,
    uri,
)
from tests.bench.load import run_load
from tests.bench.measure import Result, compare
from tests.bench.scene import Scene

CLIENTS = (1, 8, 32)
SECONDS = 3.0
_PRINT_JOB_AIM = {8: 1.0}
_ATTRIBUTES_AIM = {8: 2.0}


def print_job(scene: Scene) -> dict[str, Result]:
    """Whole path against cupsd's: fsynced spool, analysis, rules, ledger, and the way to CUPS."""
    paper = _paper(scene.folder)
    peer = "cupsd, raw queue to /dev/null"
    return _both(scene, Operation.PRINT_JOB, "nowhere", _PRINT_JOB_AIM, peer, paper)


def printer_attributes(scene: Scene) -> dict[str, Result]:
    """Get-Printer-Attributes with "all", of one and the same virtual printer."""
    peer = "cupsd, driverless queue"
    return _both(scene, Operation.GET_PRINTER_ATTRIBUTES, "office-a", _ATTRIBUTES_AIM, peer)


def latency(scene: Scene) -> dict[str, Result]:
    """From `lp` to the last octet at the virtual printer, against `lp` straight to cupsd."""
    paper = scene.folder / "paper.pdf"
    paper.write_bytes(_paper(scene.folder))
    backend = scene.lab.backend.environment["CUPS_SERVER"]
    direct = _lp_to_paper(scene, ["lp", "-d", "office-a", str(paper)], {"CUPS_SERVER": backend})
    gateway = ["-h", f"127.0.0.1:{scene.port}", "-U", "wangfang"]
    through = _lp_to_paper(scene, ["lp", *gateway, "-d", "office-a", str(paper)], {})
    return {
        "lp-to-last-octet": compare(
            through, direct, peer_name="lp to cupsd", unit="s", aim=2.0, better="lower", rounds=15
        )
    }


def memory(scene: Scene) -> dict[str, Result]:
    """Measure what the server holds resident after all that load, all that it started included."""
    ours = _resident(scene.printgate.pid) / 1e6
    peer = _resident(scene.peer.pid) / 1e6
    ratio = round(ours / peer, 2)
    return {"resident": Result(ours, peer, "cupsd", "MB", ratio, 0.0, better="lower")}


def _resident(pid: int) -> int:
    """Return the octets of a process and all that it started; what they share counts once."""
    told = Path(f"/proc/{pid}/smaps_rollup").read_text()
    own = next(int(line.split()[1]) for line in told.splitlines() if line.startswith("Pss:"))
    return own * 1024 + sum(map(_resident, _children(pid)))


def _children(pid: int) -> list[int]:
    """Return the processes that any thread of a process started."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [int(child) for task in tasks for child in (task / "children").read_text().split()]


def _both(
    scene: Scene,
    operation: Operation,
    printer: str,
    aims: dict[int, float],
    peer_name: str,
    document: bytes = b"",
) -> dict[str, Result]:
    results = {}
    path = f"/printers/{printer}"
    body = _request(scene.folder / "body.ipp", operation, f"ipp://localhost{path}", document)
    for clients in CLIENTS:
        results[f"{operation.name.lower().replace('_', '-')}-{clients}"] = compare(
            _rate(scene.port, path, body, clients),
            _rate(scene.peer_port, path, body, clients),
            peer_name=peer_name,
            unit="1/s",
            aim=aims.get(clients),
        )
    return results


def _rate(port: int, path: str, body: Path, clients: int) -> Callable[[], float]:
    def measure() -> float:
        load = run_load(port, path, body, clients, SECONDS)
        assert load.bad == 0, f"{load.bad} of {load.good + load.bad} answers were no success"
        return load.per_second

    return measure


def _request(path: Path, operation: int, target: str, document: bytes) -> Path:
    attributes = [
        charset("attributes-charset", "utf-8"),
        language("attributes-natural-language", "en"),
        uri("printer-uri", target),
        name("requesting-user-name", "wangfang"),
    ]
    if document:
        attributes += [name("job-name", "bench"), mime_type("document-format", "application/pdf")]
    else:
        attributes.append(keyword("requested-attributes", "all"))
    group = Group(GroupTag.OPERATION, tuple(attributes))
    path.write_bytes(encode(Message((2, 0), operation, 1, (group,))) + document)
    return path


def _paper(folder: Path) -> bytes:
    path = folder / "one.pdf"
    document = pikepdf.new()
    page = document.add_blank_page(page_size=(595, 842))
    font = pikepdf.Dictionary(
        Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
    )
    page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font))
    page.Contents = document.make_stream(b"BT /F1 12 Tf 72 700 Td (One page of text.) Tj ET")
    document.save(path)
    return path.read_bytes()


def _lp_to_paper(
    scene: Scene, command: list[str], environment: dict[str, str]
) -> Callable[[], float]:
    record = scene.lab.printers["office-a"].folder / "record"

    def measure() -> float:
        before = len(list(record.glob("*.json")))
        started = time.monotonic()
        subprocess.run(
            command, env={"PATH": os.defpath, **environment}, check=True, capture_output=True
        )
        while len(list(record.glob("*.json"))) == before:
            assert time.monotonic() < started + 30
            time.sleep(0.002)
        return time.monotonic() - started

    return measure
