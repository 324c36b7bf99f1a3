"""A private PostgreSQL: one cluster in a folder, reached through a socket in it and by nobody else.

initdb and postgres refuse to run as root; they then run as the user that Debian's package made.
"""

import os
import pwd
import signal
import subprocess
from pathlib import Path

from deploy.lab.process import Process, Service

USER = "postgres"
_PROGRAMS = Path("/usr/lib/postgresql")
_SHUTDOWN = {"fast": signal.SIGINT, "immediate": signal.SIGQUIT}


class PostgresServer(Service):
    """A cluster with its own data and socket; it keeps both when it is stopped and started."""

    _ready_seconds = 30.0

    def __init__(self, folder: Path, **settings: str | int) -> None:
        self.folder, self._settings = folder, settings
        self._data, self._socket = folder / "data", folder / "socket"
        self._programs = _newest(_PROGRAMS)
        # The parent is walked through by the other user, the rest belongs to it.
        folder.mkdir(mode=0o711, parents=True, exist_ok=True)
        self._socket.mkdir(mode=0o700, exist_ok=True)
        if not self._data.exists():
            self._data.mkdir(mode=0o700)
            self._give_away()
            self.run("initdb", "-D", str(self._data), "-U", USER, "-A", "trust", "-E", "UTF8",
                      "--locale=C.UTF-8", "--no-instructions")  # fmt: skip

    def url(self, database: str) -> str:
        """Return the database_url of one database of the cluster."""
        return f"postgresql+psycopg://{USER}@/{database}?host={self._socket}"

    def start(self) -> None:
        """Start the server; `wait` returns when it answers."""
        options = {"listen_addresses": "", "unix_socket_directories": self._socket,
                   "max_connections": 200, **self._settings}  # fmt: skip
        arguments = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
        # A change of user makes the kernel forget that the program dies with us: say it again.
        dying = ["setpriv", "--pdeathsig", "KILL", "--"] if os.geteuid() == 0 else []
        self._process = Process(
            [*_as_user(), *dying, str(self._programs / "postgres"), "-D", str(self._data),
             *arguments],
            self.folder / "postgres.out",
        )  # fmt: skip

    def stop(self, how: str = "fast") -> None:
        """End the server: fast (transactions are rolled back) or immediate (as in a crash)."""
        if self._process is not None:
            self._process.end(_SHUTDOWN[how])
            self._process.stop()
            self._process = None

    def create(self, database: str, template: str = "template1") -> str:
        """Make a database, as a copy of another one, and return its address."""
        self.run("createdb", "-h", str(self._socket), "-U", USER, "-T", template, database)
        return self.url(database)

    def drop(self, database: str) -> None:
        """Remove a database, whoever is connected to it."""
        self.run("dropdb", "-h", str(self._socket), "-U", USER, "--force", database)

    def _answers(self) -> bool:
        asked = [str(self._programs / "pg_isready"), "-q", "-h", str(self._socket), "-U", USER]
        return subprocess.run(asked, check=False, timeout=10).returncode == 0  # noqa: S603

    def _give_away(self) -> None:
        if os.geteuid() == 0:
            for path in (self._data, self._socket):
                os.chown(path, *_ids())

    def run(self, program: str, *arguments: str) -> str:
        """Run one of PostgreSQL's tools and return what it says; RuntimeError if it fails."""
        done = subprocess.run(  # noqa: S603  # PostgreSQL's own tools
            [*_as_user(), str(self._programs / program), *arguments],
            cwd=self.folder, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise RuntimeError(f"{program}: {done.stderr or done.stdout}")
        return done.stdout


def _newest(programs: Path) -> Path:
    found = sorted(programs.glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if not found:
        raise FileNotFoundError("postgres (package postgresql) is not installed")
    return found[-1].parent


def _ids() -> tuple[int, int]:
    entry = pwd.getpwnam(USER)
    return entry.pw_uid, entry.pw_gid


def _as_user() -> list[str]:
    if os.geteuid() != 0:
        return []
    return ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--init-groups", "--"]
