"""A process of the lab: started with a log file, waited for until it answers, ended by its pid."""

import ctypes
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)
_STOP_SECONDS = 5.0


class NotStarted(Exception):
    """A program did not come up; the message has the end of its log."""


class Process:
    """One program of the lab.

    To be started from a thread that lives on: the kernel's "die with your parent" means the thread.
    """

    def __init__(
        self, arguments: Sequence[str], log: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        self._log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603  # programs of the lab's own choosing
                list(arguments),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, **(environment or {})},
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def wait_until(self, ready: Callable[[], bool], seconds: float = 20.0) -> None:
        """Return when `ready` says so; NotStarted if the program ends or time runs out."""
        deadline = time.monotonic() + seconds
        while not ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                tail = self._log.read_text(encoding="utf-8", errors="replace")[-2000:]
                self.stop()
                raise NotStarted(f"{self._process.args!r} did not start:\n{tail}")
            time.sleep(0.02)

    def stop(self) -> None:
        """End the program and what it started; ending it twice is fine."""
        self._signal(signal.SIGTERM)
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._signal(signal.SIGKILL)
            self._process.wait()
        # Its own children (filters, backends) are in its group and must not outlive it.
        self._signal(signal.SIGKILL)

    def kill(self) -> None:
        """End the program without a chance to tidy up."""
        self._signal(signal.SIGKILL)
        self._process.wait()

    def exit_code(self, seconds: float = 60.0) -> int:
        """Return how a program ended that ends by itself."""
        return self._process.wait(seconds)

    def end(self, number: int) -> None:
        """Send a signal to the program alone and return when it has ended by itself."""
        os.kill(self.pid, number)
        self._process.wait(30)

    def pause(self) -> None:
        """Make the program hang."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let a hanging program go on."""
        os.kill(self.pid, signal.SIGCONT)

    def _signal(self, number: int) -> None:
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            return


def free_port() -> int:
    """Return a port on loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    """Tell whether something listens on a loopback port."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _die_with_parent() -> None:
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
