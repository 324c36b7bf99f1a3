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


class Service:
    """A program of the lab that is started, ended and started again in its folder.

    A subclass starts it by setting `_process`, and says in `_answers` when it is ready.
    """

    _process: Process | None = None
    _ready_seconds = 20.0

    @property
    def running(self) -> Process:
        """The process; only while the program runs."""
        assert self._process is not None
        return self._process

    @property
    def pid(self) -> int:
        """The process id of the running program."""
        return self.running.pid

    def _answers(self) -> bool:
        raise NotImplementedError

    def wait(self) -> None:
        """Return when the program answers."""
        self.running.wait_until(self._answers, self._ready_seconds)

    def stop(self) -> None:
        """End the program, if it runs."""
        if self._process is not None:
            self._process.stop()
            self._process = None

    def kill(self) -> None:
        """End the program with SIGKILL, as a power cut would."""
        self.running.kill()
        self._process = None

    def pause(self) -> None:
        """Make the program hang: connections are taken, nothing is answered."""
        self.running.pause()

    def resume(self) -> None:
        """Let a hanging program go on."""
        self.running.resume()


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
