"""A warm, limited, killable child process for work on files from outside.

What a stranger's file makes a parser do must not happen in the process that holds the accounts. A
child is a fresh interpreter (never a fork of a process with threads), limited in memory, file size
and open files, without a network where the system allows that, and it knows only the functions
that it was started with. It stays warm between calls, since starting one costs 300 ms and a call
half a millisecond; it is replaced after many calls or when it has grown. Files go by path.

The parent holds the clock: a call that takes too long costs the child its life, and the next call
gets a new one. So there are four ways for a call to fail, and they must not be taken for each
other: what the file did (`SandboxTimeout`, `SandboxCrashed`), what the function said
(`SandboxError` with its code), and that nobody has looked at the file (`SandboxUnavailable`).

A Sandbox belongs to the process that made it; a process that forks makes its own afterwards.
"""

import contextlib
import ctypes
import importlib
import json
import os
import queue
import resource
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from core.clock import monotonic_seconds

_ROOT = Path(__file__).resolve().parent.parent
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_ANSWER_OCTETS_MAX = 4 * 1024 * 1024
_MESSAGE_MAX = 500
_START_SECONDS = 30.0


class SandboxError(Exception):
    """The function refused its work: `code` is stable, the message is for the log."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(message or code)
        self.code = code


class SandboxTimeout(SandboxError):
    """The call took longer than it was given; the child is gone."""

    def __init__(self) -> None:
        super().__init__("sandbox-timeout")


class SandboxCrashed(SandboxError):
    """The child died of its limits or of the file."""

    def __init__(self, message: str = "") -> None:
        super().__init__("sandbox-crashed", message)


class SandboxUnavailable(SandboxError):
    """All children were busy for the whole time, or none starts: the work was never begun."""

    def __init__(self, message: str = "") -> None:
        super().__init__("sandbox-unavailable", message)


class Refused(Exception):
    """Raised by a sandboxed function to refuse its work with a stable code."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(message or code)
        self.code = code


@dataclass(frozen=True)
class ChildLimits:
    """What a child may use."""

    memory_octets: int = 1024 * 1024 * 1024
    file_octets: int = 1024 * 1024 * 1024
    open_files: int = 64
    calls: int = 500
    """After so many calls a child is replaced, so that no leak grows for ever."""
    resident_octets: int = 256 * 1024 * 1024
    """A child that holds on to more than this between calls is replaced at once."""
    network: bool = False
    """Whether it may reach other machines."""


class Sandbox:
    """A few children that take calls in turn; safe to use from many threads."""

    def __init__(
        self, functions: Sequence[str], workers: int = 1, limits: ChildLimits | None = None
    ) -> None:
        self._functions, self._limits = tuple(functions), limits or ChildLimits()
        self._workers, self._closed = workers, False
        # A child dies with the thread that started it (PR_SET_PDEATHSIG means the thread, not the
        # process), so one thread starts them all and lives as long as the sandbox does.
        self._starter = ThreadPoolExecutor(1, thread_name_prefix="sandbox-starter")
        self._idle: queue.LifoQueue[_Child] = queue.LifoQueue()
        for _ in range(workers):
            self._idle.put(self._start())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()

    def call(self, function: str, *arguments: Any, timeout_seconds: float) -> Any:  # noqa: ANN401  # JSON
        """Run `module:function` in a child and return its (JSON) result.

        The time runs from the moment that the function can begin; the wait for a child that is free
        may take as long again. Raises SandboxTimeout, SandboxCrashed, SandboxUnavailable, or
        SandboxError with the code that the function refused with.
        """
        if function not in self._functions:
            raise ValueError(f"{function} is not among the functions of this sandbox")
        request = json.dumps({"function": function, "arguments": arguments}).encode() + b"\n"
        with self._child(monotonic_seconds() + timeout_seconds) as child:
            return child.call(request, timeout_seconds)

    def close(self) -> None:
        """End all children; calls under way end first. Closing twice is fine."""
        if self._closed:
            return
        self._closed = True
        for _ in range(self._workers):
            self._idle.get().end()
        self._starter.shutdown()

    @contextlib.contextmanager
    def _child(self, deadline: float) -> "Iterator[_Child]":
        if self._closed:
            raise SandboxUnavailable("the sandbox is closed")
        try:
            child = self._idle.get(timeout=max(0.0, deadline - monotonic_seconds()))
        except queue.Empty:
            raise SandboxUnavailable("all children are busy") from None
        try:
            if not child.usable:
                child.end()
                child = self._start()
            child.wait_until_ready(deadline)
            yield child
        finally:
            # Replaced now and not at the next call, which then finds a warm one.
            if not child.usable and not self._closed:
                child.end()
                with contextlib.suppress(SandboxUnavailable):
                    child = self._start()
            self._idle.put(child)

    def _start(self) -> "_Child":
        try:
            return self._starter.submit(_Child, self._functions, self._limits).result()
        except (OSError, RuntimeError) as error:
            raise SandboxUnavailable(str(error)) from error


class _Child:
    """One process: started at once, ready a moment later, used by one thread at a time."""

    def __init__(self, functions: tuple[str, ...], limits: ChildLimits) -> None:
        self._calls_left, self._limits, self._ready = limits.calls, limits, False
        self._started = monotonic_seconds()
        settings = json.dumps({"functions": functions, "limits": asdict(limits)})
        # Not with -m: then the module would be there twice, and its `Refused` would be two classes.
        self._process = subprocess.Popen(  # noqa: S603  # our own interpreter and module
            [sys.executable, "-c", "from core.sandbox import main; main()", settings],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=_ROOT,
            env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"},
            start_new_session=True,
        )

    @property
    def usable(self) -> bool:
        return (
            self._calls_left > 0
            and self._process.poll() is None
            and self._resident_octets() <= self._limits.resident_octets
        )

    def wait_until_ready(self, deadline: float) -> None:
        """Wait for the greeting; a slow start is given up only after `_START_SECONDS`."""
        if self._ready:
            return
        try:
            if self._line(deadline) is None:
                if monotonic_seconds() > self._started + _START_SECONDS:
                    self.end()
                raise SandboxUnavailable("the child is still starting")
        except SandboxCrashed:
            raise SandboxUnavailable("the child does not start") from None
        self._ready = True

    def call(self, request: bytes, timeout_seconds: float) -> Any:  # noqa: ANN401
        self._calls_left -= 1
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(request)
            self._process.stdin.flush()
        except OSError as error:
            # It died while it was idle: that is nothing the file has done.
            self.end()
            raise SandboxUnavailable(str(error)) from None
        line = self._line(monotonic_seconds() + timeout_seconds)
        if line is None:
            self.end()
            raise SandboxTimeout
        return self._result(line)

    def end(self) -> None:
        """Kill the child and take its remains away."""
        self._calls_left = 0
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()

    def _result(self, line: bytes) -> Any:  # noqa: ANN401
        # A file may have taken the child over: whatever it answers is not to be trusted.
        try:
            answer = json.loads(line)
            if "code" not in answer:
                return answer["result"]
            code, message = str(answer["code"]), str(answer["message"])
        except (ValueError, KeyError, TypeError, RecursionError):
            code, message = "sandbox-crashed", "the answer makes no sense"
        if code == "sandbox-crashed":
            self.end()
            raise SandboxCrashed(message)
        raise SandboxError(code, message)

    def _line(self, deadline: float) -> bytes | None:
        """Return the next line of the child, or None if there is none before the deadline."""
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        # Not select: a busy server has file descriptors beyond its 1024.
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        line = bytearray()
        while not line.endswith(b"\n"):
            left = deadline - monotonic_seconds()
            if left <= 0 or not poll.poll(left * 1000):
                return None
            octets = os.read(descriptor, 65536)
            if not octets or len(line) > _ANSWER_OCTETS_MAX:
                self.end()
                raise SandboxCrashed("the child ended" if not octets else "too long an answer")
            line += octets
        return bytes(line)

    def _resident_octets(self) -> int:
        try:
            pages = Path(f"/proc/{self._process.pid}/statm").read_text(encoding="ascii").split()[1]
        except (OSError, IndexError):
            return 0
        return int(pages) * resource.getpagesize()


def _isolate(*, network: bool) -> None:
    """Die with the parent and with nobody else; keep files to ourselves; leave the network."""
    # The parent ends us; a signal to everybody at shutdown must not break off a call under way.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    os.umask(0o077)
    libc = ctypes.CDLL(None, use_errno=True)
    # Where the first is not allowed, a user namespace of our own may allow it; else it stays.
    if not network and libc.unshare(_CLONE_NEWNET) != 0:
        libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    # If memory runs out on the machine, the kernel takes us before anybody who matters.
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def _limit(limits: dict[str, int]) -> None:
    for kind, most in (
        (resource.RLIMIT_AS, limits["memory_octets"]),
        (resource.RLIMIT_FSIZE, limits["file_octets"]),
        (resource.RLIMIT_NOFILE, limits["open_files"]),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))


def _load(names: Sequence[str]) -> dict[str, Callable[..., Any]]:
    functions = {}
    for name in names:
        module, _, function = name.partition(":")
        functions[name] = getattr(importlib.import_module(module), function)
    return functions


def _work(functions: dict[str, Callable[..., Any]], line: bytes) -> dict[str, Any]:
    request = json.loads(line)
    try:
        return {"result": functions[request["function"]](*request["arguments"])}
    except MemoryError:
        return {"code": "sandbox-crashed", "message": "out of memory"}
    except Refused as error:
        return {"code": error.code, "message": str(error)[:_MESSAGE_MAX]}
    except Exception as error:
        message = f"{type(error).__name__}: {error}"
        return {"code": "sandbox-failed", "message": message[:_MESSAGE_MAX]}


def main() -> None:
    """Be a child: read calls from standard input, answer on what was standard output."""
    given = json.loads(sys.argv[1])
    _isolate(network=given["limits"]["network"])
    answers = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    # A library that prints must not be taken for an answer.
    os.dup2(nowhere, 1)
    functions = _load(given["functions"])
    # Until here a failure to start could be read in the log; from here on a file is talking.
    os.dup2(nowhere, 2)
    _limit(given["limits"])
    answers.write(b"{}\n")
    answers.flush()
    for line in sys.stdin.buffer:
        answers.write(json.dumps(_work(functions, line)).encode() + b"\n")
        answers.flush()
