"""A private Redis on a free loopback port that keeps nothing on disk."""

import shutil
import subprocess
from pathlib import Path

from deploy.lab.process import Process, Service, answers, free_port


class RedisServer(Service):
    """A redis-server; it keeps its port, and forgets everything, when it is stopped and started."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
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

    def _answers(self) -> bool:
        return answers(self.port)

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
