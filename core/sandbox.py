"""A warm, limited child process for work on files from outside.

What a stranger's file makes a parser do must not happen in the process that holds the accounts. A
child is a fresh interpreter (never a fork of a process with threads), limited in memory, file size
and open files, without a network where the system allows that, and it knows only the functions
that it was started with. It stays warm between calls, since starting one costs 300 ms and a call
half a millisecond. The parent holds the clock: a call that takes too long costs the child its life,
and the next call gets a new one.
"""

import contextlib
import ctypes
import importlib
import json
import math
import os
import queue
import resource
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from core.clock import monotonic_seconds

_ROOT = Path(__file__).parent.parent
_CLONE_NEWNET = 0x40000000
_ANSWER_OCTETS_MAX = 4 * 1024 * 1024
_START_SECONDS = 30.0
_CPU_SECONDS = 60


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


class Sandbox:
    """A few children that take calls in turn; safe to use from many threads."""

    def __init__(
        self, functions: Sequence[str], workers: int = 1, limits: ChildLimits | None = None
    ) -> None:
        self._functions, self._limits = tuple(functions), limits or ChildLimits()
        self._idle: queue.LifoQueue[_Child | None] = queue.LifoQueue()
        for _ in range(workers):
            self._idle.put(None)
        self._workers = workers

    def __enter__(self) -> "Sandbox":
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

        Waiting for a free child counts against the time. Raises SandboxTimeout, SandboxCrashed, or
        SandboxError with the code that the function refused with.
        """
        deadline = monotonic_seconds() + timeout_seconds
        with self._child(deadline) as child:
            return child.call(function, arguments, deadline)

    def close(self) -> None:
        """End all children; calls under way end first."""
        for _ in range(self._workers):
            child = self._idle.get()
            if child is not None:
                child.end()

    @contextlib.contextmanager
    def _child(self, deadline: float) -> "Iterator[_Child]":
        try:
            child = self._idle.get(timeout=max(0.0, deadline - monotonic_seconds()))
        except queue.Empty:
            raise SandboxTimeout from None
        try:
            if child is None or not child.usable:
                if child is not None:
                    child.end()
                child = _Child(self._functions, self._limits)
            yield child
        finally:
            self._idle.put(child)


class _Child:
    def __init__(self, functions: tuple[str, ...], limits: ChildLimits) -> None:
        self._calls_left = limits.calls
        settings = json.dumps({"functions": functions, "limits": vars(limits)})
        self._process = subprocess.Popen(  # noqa: S603  # our own interpreter and module
            [sys.executable, "-c", "from core.sandbox import main; main()", settings],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=_ROOT,
            env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"},
        )
        self._answer(monotonic_seconds() + _START_SECONDS)

    @property
    def usable(self) -> bool:
        return self._calls_left > 0 and self._process.poll() is None

    def call(self, function: str, arguments: tuple[Any, ...], deadline: float) -> Any:  # noqa: ANN401
        self._calls_left -= 1
        request = json.dumps({"function": function, "arguments": arguments}) + "\n"
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(request.encode())
            self._process.stdin.flush()
        except OSError as error:
            self.end()
            raise SandboxCrashed(str(error)) from None
        answer = self._answer(deadline)
        if "code" in answer:
            if answer["code"] == "sandbox-crashed":
                self.end()
                raise SandboxCrashed(answer["message"])
            raise SandboxError(answer["code"], answer["message"])
        return answer["result"]

    def end(self) -> None:
        """Kill the child and take its remains away."""
        self._calls_left = 0
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()

    def _answer(self, deadline: float) -> dict[str, Any]:
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        line = b""
        while not line.endswith(b"\n"):
            left = deadline - monotonic_seconds()
            if left <= 0 or not select.select([descriptor], [], [], left)[0]:
                self.end()
                raise SandboxTimeout
            octets = os.read(descriptor, 65536)
            if not octets or len(line) > _ANSWER_OCTETS_MAX:
                self.end()
                raise SandboxCrashed("the child ended")
            line += octets
        answer = json.loads(line)
        assert isinstance(answer, dict)
        return answer


def _limit(limits: dict[str, int]) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.unshare(_CLONE_NEWNET)  # refused without the right to: then the user's own network stays
    for kind, most in (
        (resource.RLIMIT_AS, limits["memory_octets"]),
        (resource.RLIMIT_FSIZE, limits["file_octets"]),
        (resource.RLIMIT_NOFILE, limits["open_files"]),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))


def _limit_processor_time() -> None:
    _, hardest = resource.getrlimit(resource.RLIMIT_CPU)
    until = math.ceil(time.process_time()) + _CPU_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (until, hardest))


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
        return {"code": error.code, "message": str(error)[:500]}
    except Exception as error:
        return {"code": "sandbox-failed", "message": f"{type(error).__name__}: {error}"[:500]}


def main() -> None:
    """Be a child: read calls from standard input, answer on what was standard output."""
    given = json.loads(sys.argv[1])
    answers = os.fdopen(os.dup(1), "wb")
    # A library that prints must not be taken for an answer.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    functions = _load(given["functions"])
    _limit(given["limits"])
    answers.write(b"{}\n")
    answers.flush()
    # When the parent dies, the end of standard input ends the child; should it be at work then, its
    # processor time runs out. (The kernel's "die with your parent" means the parent's thread.)
    for line in sys.stdin.buffer:
        _limit_processor_time()
        answers.write(json.dumps(_work(functions, line)).encode() + b"\n")
        answers.flush()
