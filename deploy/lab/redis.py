"""A private Redis on a free loopback port that keeps nothing on disk."""

import shutil
import subprocess
from pathlib import Path

from deploy.lab.process import Process, answers, free_port


class RedisServer:
    """A redis-server; it keeps its port, and forgets everything, when it is stopped and started."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self._process: Process | None = None
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def url(self) -> str:
        """The server as a tasks_url."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start the server; `wait` returns when it answers."""
        self._process = Process(
            [
                _program("redis-server"), "--bind", "127.0.0.1", "--port", str(self.port),
                "--save", "", "--appendonly", "no", "--dir", str(self.folder),
            ],
            self.folder / "redis.out",
        )  # fmt: skip

    def wait(self) -> None:
        """Return when the server answers."""
        assert self._process is not None
        self._process.wait_until(lambda: answers(self.port))

    def stop(self) -> None:
        """End the server."""
        if self._process is not None:
            self._process.stop()
            self._process = None

    def kill(self) -> None:
        """End the server with SIGKILL."""
        assert self._process is not None
        self._process.kill()
        self._process = None

    def pause(self) -> None:
        """Make the server hang: connections are taken, nothing is answered."""
        assert self._process is not None
        self._process.pause()

    def resume(self) -> None:
        """Let a hanging server go on."""
        assert self._process is not None
        self._process.resume()

    def run(self, *words: str) -> str:
        """Send a command with redis-cli and return the answer."""
        done = subprocess.run(  # noqa: S603  # Redis' own tool
            [_program("redis-cli"), "-p", str(self.port), *words],
            capture_output=True, text=True, timeout=20, check=True,
        )  # fmt: skip
        return done.stdout.strip()


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise FileNotFoundError(f"{name} (package redis-server) is not installed")
    return found
