"""A private CUPS server.

Two kinds. The backend, behind the gateway, listens on nothing but a socket in a folder that only
its owner may enter: who is not Printgate cannot reach it, so nobody prints past the gateway, and it
needs no passwords. The client is the CUPS of a person's desktop, with queues that point at the
gateway; it listens on a socket too.

The binary is copied out of the system's folder, since AppArmor on Debian and Ubuntu confines
/usr/sbin/cupsd by its path to the system's folders. The settings that differ from CUPS' defaults
are the ones that keep accepted jobs: see `SETTINGS`.
"""

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

from deploy.lab.process import Process, Service

BINARY = Path("/usr/sbin/cupsd")
BEFORE_START = Path(__file__).parents[1] / "systemd" / "cupsd-before-start"
_DRIVERLESS = "- IPP Everywhere'"
_QUEUE_TRIES, _QUEUE_SECONDS = 3, 10.0

SETTINGS = {
    "DirtyCleanInterval": "0",  # else jobs accepted in the last half minute die with cupsd
    "MaxJobs": "5000",
    "PreserveJobHistory": "Yes",  # what became of a job is asked for after it ended
    "PreserveJobFiles": "No",  # a printed paper stays nowhere
    "JobRetryInterval": "3",
    "JobRetryLimit": "100000",
    "ErrorPolicy": "retry-job",  # one bad job must not stop a queue
    "MultipleOperationTimeout": "900",
    "Browsing": "Off",
    "DefaultShared": "No",
    "WebInterface": "No",
    "LogLevel": "info",
    "MaxLogSize": "4m",
}
"""What Printgate needs in cupsd.conf; `doctor` checks the settings that decide."""
FILES_SETTINGS = {"SyncOnClose": "Yes"}
"""The same in cups-files.conf."""


class CupsServer(Service):
    """A cupsd with its own configuration, state and spool under one folder.

    With a `port` it listens on the loopback too, for clients that can't use a socket.
    """

    def __init__(self, folder: Path, bus: str, port: int | None = None) -> None:
        self.folder, self._bus, self._port = folder, bus, port
        self.socket = folder / "private" / "cups.sock"
        self._prepare()

    @property
    def url(self) -> str:
        """The server as a printing_url."""
        return f"cups://{self.socket}"

    @property
    def environment(self) -> dict[str, str]:
        """What makes CUPS' own tools talk to this server."""
        return {**os.environ, "CUPS_SERVER": str(self.socket), "LC_ALL": "C.UTF-8"}

    def start(self, *, as_left: bool = False) -> None:
        """Start cupsd; `wait` returns when it answers.

        `as_left`: as Debian does, on whatever a cupsd that was killed left half done.
        """
        self.socket.unlink(missing_ok=True)
        if not as_left:
            subprocess.run(  # noqa: S603  # the script that real systems run, too
                [BEFORE_START, self.folder / "spool", self.folder / "cache"], check=True
            )
        conf, files = self.folder / "cupsd.conf", self.folder / "cups-files.conf"
        self._process = Process(
            [str(self.folder / "cupsd"), "-f", "-c", str(conf), "-s", str(files)],
            self.folder / "cupsd.out",
            {"DBUS_SYSTEM_BUS_ADDRESS": self._bus},
        )

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(self.socket)) == 0

    def add_queue(self, name: str, uri: str) -> None:
        """Make a driverless queue to an IPP Everywhere printer and let it accept jobs.

        cupsd asks the printer what it can do after lpadmin has ended; on a busy machine that may
        fail, and it keeps a queue that can print nothing. Such a queue is made again.
        """
        for _ in range(_QUEUE_TRIES):
            self._add_queue(name, uri, "everywhere")
            deadline = time.monotonic() + _QUEUE_SECONDS
            while time.monotonic() < deadline:
                if _DRIVERLESS in self.run("lpoptions", "-p", name):
                    return
                time.sleep(0.1)
            self.run("lpadmin", "-x", name)
        raise RuntimeError(f"{uri} did not say what it can do")

    def add_raw_queue(self, name: str, uri: str) -> None:
        """Make a queue that passes documents on as they are."""
        self._add_queue(name, uri, "raw")

    def _add_queue(self, name: str, uri: str, model: str) -> None:
        made = self._tool(
            "lpadmin", "-p", name, "-E", "-v", uri, "-m", model,
            "-o", "printer-error-policy=retry-job", "-o", "printer-is-shared=false",
        )  # fmt: skip
        if made.returncode != 0:
            raise RuntimeError(f"lpadmin {name}: {made.stderr or made.stdout}")

    def enable(self, name: str) -> None:
        """Let a queue print."""
        self.run("cupsenable", name)

    def disable(self, name: str) -> None:
        """Stop a queue; it goes on taking jobs."""
        self.run("cupsdisable", name)

    def run(self, *arguments: str) -> str:
        """Run one of CUPS' tools against this server and return what it says."""
        done = self._tool(*arguments)
        if done.returncode != 0:
            raise RuntimeError(f"{arguments}: {done.stderr or done.stdout}")
        return done.stdout

    def _tool(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603  # CUPS' own tools
            list(arguments), env=self.environment, capture_output=True, text=True, timeout=60,
            check=False,
        )  # fmt: skip

    def _prepare(self) -> None:
        # Filters run as user lp and must be able to walk to the spool; the socket's own folder is
        # closed to everybody but its owner.
        self.folder.mkdir(mode=0o711, parents=True, exist_ok=True)
        for name in ("root", "state", "cache", "spool", "spool/tmp", "log"):
            (self.folder / name).mkdir(mode=0o755, parents=True, exist_ok=True)
        self.socket.parent.mkdir(mode=0o700, exist_ok=True)
        shutil.copy2(BINARY, self.folder / "cupsd")
        (self.folder / "cupsd.conf").write_text(self._conf(), encoding="utf-8")
        (self.folder / "cups-files.conf").write_text(self._files(), encoding="utf-8")

    def _conf(self) -> str:
        settings = "\n".join(f"{name} {value}" for name, value in SETTINGS.items())
        # Who reaches the socket is Printgate: everything is allowed to it, nothing to anybody else.
        everything = "<Limit All>\n    Order deny,allow\n  </Limit>"
        listen = f"Listen {self.socket}\n"
        if self._port is not None:
            listen += f"Listen 127.0.0.1:{self._port}\n"
        return (
            f"{listen}{settings}\n"
            "<Location />\n  Order allow,deny\n  Allow all\n</Location>\n"
            f"<Policy default>\n  JobPrivateAccess all\n  JobPrivateValues none\n"
            f"  SubscriptionPrivateAccess all\n  SubscriptionPrivateValues none\n"
            f"  {everything}\n</Policy>\n"
        )

    def _files(self) -> str:
        base = self.folder
        settings = "".join(f"{name} {value}\n" for name, value in FILES_SETTINGS.items())
        return (
            f"ServerRoot {base / 'root'}\nStateDir {base / 'state'}\nCacheDir {base / 'cache'}\n"
            f"RequestRoot {base / 'spool'}\nTempDir {base / 'spool/tmp'}\n"
            f"AccessLog {base / 'log/access_log'}\nErrorLog {base / 'log/error_log'}\n"
            f"PageLog {base / 'log/page_log'}\nPrintcap {base / 'cache/printcap'}\n"
            f"{settings}SystemGroup root\nFileDevice Yes\n"
        )
