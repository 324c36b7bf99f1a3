"""An office in a folder: a bus, printers behind queues, and a desktop's CUPS."""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from deploy.lab.cupsd import CupsServer
from deploy.lab.printer import VirtualPrinter
from deploy.lab.process import Process

PRINTERS = {"office-a": True, "office-b": False}
"""The printers of the demo's office, and whether each is two-sided."""


class Lab:
    """The parts of an office that are not Printgate; leaving the context ends them all."""

    def __init__(self, folder: Path, printers: Mapping[str, bool] = PRINTERS) -> None:
        self.folder = folder
        folder.mkdir(mode=0o711, parents=True, exist_ok=True)
        self.bus_address = f"unix:path={folder / 'bus'}"
        self._bus: Process | None = None
        self.backend = CupsServer(folder / "backend", self.bus_address)
        self.client = CupsServer(folder / "client", self.bus_address)
        self.printers = {
            name: self._printer(name, two_sided=two_sided) for name, two_sided in printers.items()
        }

    def __enter__(self) -> "Lab":
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End everything that was started, in the other order."""
        parts: list[CupsServer | VirtualPrinter] = [self.client, self.backend]
        for part in (*parts, *self.printers.values()):
            part.stop()
        if self._bus is not None:
            self._bus.stop()
            self._bus = None

    def _printer(self, name: str, *, two_sided: bool) -> VirtualPrinter:
        return VirtualPrinter(self.folder / name, name, self.bus_address, two_sided=two_sided)

    def _start(self) -> None:
        bus = shutil.which("dbus-daemon")
        if bus is None:
            raise FileNotFoundError("dbus-daemon (package dbus) is not installed")
        self._bus = Process(
            [bus, "--system", "--nofork", f"--address={self.bus_address}", "--nopidfile"],
            self.folder / "bus.out",
        )
        self._bus.wait_until((self.folder / "bus").exists)
        parts: list[CupsServer | VirtualPrinter] = [self.backend, self.client]
        parts += self.printers.values()
        for part in parts:
            part.start()
        for part in parts:
            part.wait()
        for printer in self.printers.values():
            self.backend.add_queue(printer.name, printer.uri)


def lab_folder() -> Path:
    """Return a new folder that CUPS' filters (user lp) can walk into, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="printgate-lab-"))
    folder.chmod(0o711)
    return folder
