import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.sandbox import ChildLimits, Sandbox, SandboxCrashed, SandboxError, SandboxTimeout

NAMES = (
    "echo",
    "sleep",
    "eat_memory",
    "die",
    "refuse",
    "fail",
    "pid",
    "connect",
    "environment",
    "fill",
)
MODULE = "tests.core.sandboxed"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(
        [f"{MODULE}:{name}" for name in NAMES],
        limits=ChildLimits(file_octets=8 * 1024 * 1024, calls=20),
    ) as opened:
        yield opened


def call(sandbox: Sandbox, name: str, *arguments, seconds: float = 20):
    return sandbox.call(f"{MODULE}:{name}", *arguments, timeout_seconds=seconds)


def test_a_child_stays_warm_and_what_it_prints_is_no_answer(sandbox: Sandbox):
    assert call(sandbox, "echo", {"名": [1, None]}) == {"名": [1, None]}
    assert call(sandbox, "pid") == call(sandbox, "pid") != os.getpid()


@pytest.mark.parametrize(
    ("name", "arguments", "error"),
    [
        ("die", (), SandboxCrashed),
        ("eat_memory", (), SandboxCrashed),
        ("sleep", (30,), SandboxTimeout),
    ],
)
def test_a_child_that_goes_wrong_is_replaced(sandbox: Sandbox, name, arguments, error):
    before = call(sandbox, "pid")
    with pytest.raises(error):
        call(sandbox, name, *arguments, seconds=1)
    assert call(sandbox, "pid") != before
    with pytest.raises(ProcessLookupError):
        os.kill(before, 0)


def test_refusals_keep_their_code_and_failures_have_one(sandbox: Sandbox):
    with pytest.raises(SandboxError, match="odd") as caught:
        call(sandbox, "refuse")
    assert caught.value.code == "too-odd"
    with pytest.raises(SandboxError) as caught:
        call(sandbox, "fail")
    assert caught.value.code == "sandbox-failed"
    with pytest.raises(SandboxError):
        sandbox.call("os:system", "true", timeout_seconds=20)


def test_no_network_no_secrets_no_large_files(sandbox: Sandbox, tmp_path: Path, monkeypatch):
    monkeypatch.setenv("PRINTGATE_SECRET", "x")
    assert "PRINTGATE_SECRET" not in call(sandbox, "environment")
    with pytest.raises(SandboxError):
        call(sandbox, "fill", str(tmp_path / "large"))
    assert (tmp_path / "large").stat().st_size <= 8 * 1024 * 1024
    if os.geteuid() == 0:
        with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(SandboxError):
            call(sandbox, "connect", server.getsockname()[1])


def test_many_threads_take_turns_and_waiting_counts(sandbox: Sandbox):
    answers: list[object] = []

    def ask(number: int) -> None:
        try:
            answers.append(call(sandbox, "echo", number))
        except SandboxTimeout:
            answers.append("late")

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, answers)) == sorted(str(n) for n in range(16))
    slow = threading.Thread(target=lambda: call(sandbox, "sleep", 1))
    slow.start()
    call_late = threading.Event()
    call_late.wait(0.2)
    with pytest.raises(SandboxTimeout):
        call(sandbox, "echo", 1, seconds=0.1)
    slow.join()


def test_a_child_is_replaced_after_so_many_calls(sandbox: Sandbox):
    assert len({call(sandbox, "pid") for _ in range(45)}) == 3
