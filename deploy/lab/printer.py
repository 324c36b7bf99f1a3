"""A virtual IPP Everywhere printer: CUPS' own ippeveprinter, with a record of what it received.

The record is what a printer that we did not write says: the IPP_* variables that ippeveprinter
hands to its command, and the file that it kept. The command (`record.py`) is the print engine: it
counts the impressions and reports them as a printer does, and can be told to jam or to break off.
"""

import json
import shutil
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from deploy.lab.process import Process, Service, answers, free_port

BINARY = Path("/usr/sbin/ippeveprinter")
FORMATS = "application/pdf,image/jpeg,image/pwg-raster"
_RECORDER = Path(__file__).with_name("record.py")


@dataclass(frozen=True)
class Received:
    """A job as the printer got it."""

    name: str
    user: str
    sides: str
    copies: int
    pages: int
    """Pages of the file it kept, counted by pdfinfo."""
    path: Path
    colour: str
    """Its print-color-mode."""


class VirtualPrinter(Service):
    """An ippeveprinter on a loopback port; it keeps its port when it is switched off and on."""

    def __init__(
        self, folder: Path, name: str, bus: str, *, two_sided: bool, colour: bool = False,
        ppm: int = 600,
    ) -> None:  # fmt: skip
        self.name, self.folder, self.port = name, folder, free_port()
        self._bus, self._two_sided = bus, two_sided
        self._ppm = f"{ppm},{ppm}" if colour else str(ppm)
        for each in ("spool", "record"):
            (folder / each).mkdir(parents=True, exist_ok=True)
        self._command = folder / "engine"
        self._command.write_text(
            f'#!/bin/sh\nexec {sys.executable} {_RECORDER} {folder} "$@"\n', encoding="utf-8"
        )
        self._command.chmod(0o755)

    @property
    def uri(self) -> str:
        """Where the printer is."""
        return f"ipp://localhost:{self.port}/ipp/print"

    def start(self) -> None:
        """Switch the printer on; `wait` returns when it answers."""
        options = ["-2"] if self._two_sided else []
        self._process = Process(
            [
                str(BINARY), "-r", "off", "-p", str(self.port), "-n", "localhost",
                "-d", str(self.folder / "spool"), "-k", "-f", FORMATS,
                "-s", self._ppm,
                "-c", str(self._command), *options, self.name,
            ],
            self.folder / "printer.out",
            {"DBUS_SYSTEM_BUS_ADDRESS": self._bus},
        )  # fmt: skip

    def _answers(self) -> bool:
        return answers(self.port)

    def behave(self, **knobs: float) -> None:
        """Tell the print engine how to behave: delay_seconds, stop_after, lie, jam_after."""
        whole = self.folder / "behave.part"
        whole.write_text(json.dumps(knobs), encoding="utf-8")
        whole.rename(self.folder / "behave.json")

    def set_supply(self, index: int, level: int) -> None:
        """Set a toner level in per cent."""
        self._get(f"/supplies?supply{index}={level}")

    def set_media(self, sheets: int) -> None:
        """Set how many sheets of A4 each of the two trays holds."""
        trays = (f"size{n}=iso_a4_210x297mm&type{n}=stationery&level{n}={sheets}" for n in (1, 3))
        self._get(f"/media?{'&'.join(trays)}")

    def received(self) -> list[Received]:
        """Return what the printer got, oldest first."""
        found = []
        for path in sorted((self.folder / "record").glob("*.json")):
            record = json.loads(path.read_text(encoding="utf-8"))
            document = path.with_suffix(".doc")
            found.append(
                Received(
                    name=record.get("IPP_JOB_NAME", ""),
                    user=record.get("IPP_JOB_ORIGINATING_USER_NAME", ""),
                    sides=record.get("IPP_SIDES") or record.get("IPP_SIDES_DEFAULT", ""),
                    copies=int(record.get("IPP_COPIES") or 1),
                    pages=pages_by_pdfinfo(document),
                    path=document,
                    colour=record.get("IPP_PRINT_COLOR_MODE")
                    or record.get("IPP_PRINT_COLOR_MODE_DEFAULT", ""),
                )
            )
        return found

    def _get(self, path: str) -> None:
        with urllib.request.urlopen(f"http://localhost:{self.port}{path}", timeout=5):
            pass


def pages_by_pdfinfo(path: Path) -> int:
    """Return the pages of a PDF as poppler's pdfinfo counts them; 0 if it can't."""
    program = shutil.which("pdfinfo")
    if program is None:
        raise FileNotFoundError("pdfinfo (package poppler-utils) is not installed")
    told = subprocess.run(  # noqa: S603  # poppler's own tool
        [program, str(path)], capture_output=True, text=True, check=False, timeout=30
    )
    for line in told.stdout.splitlines():
        if line.startswith("Pages:"):
            return int(line.split()[1])
    return 0
