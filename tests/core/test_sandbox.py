import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core.sandbox import (
    ChildLimits,
    Sandbox,
    SandboxCrashed,
    SandboxError,
    SandboxTimeout,
    SandboxUnavailable,
)
from tests.core import sandboxed

ROOT = Path(__file__).parent.parent.parent


def named(name):
    return f"tests.core.sandboxed:{name}"


FUNCTIONS = [
    named(name)
    for name, value in vars(sandboxed).items()
    if getattr(value, "__module__", "") == sandboxed.__name__
]


class Box(Sandbox):
    """A sandbox of the test functions, called by their short names."""

    def run(self, name, *arguments, seconds=20.0):
        return self.call(named(name), *arguments, timeout_seconds=seconds)


@pytest.fixture
def box():
    with Box(FUNCTIONS) as opened:
        yield opened


def is_alive(pid):
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def wait_until(condition, seconds=10.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


@pytest.mark.parametrize(
    "value", [None, 0, "text with 征求意⻅稿\n and a break", {"a": [1, 2.5, True]}, "x" * 1_000_000]
)
def test_values_come_back_as_they_went(box, value):
    assert box.run("echo", value) == value


def test_a_child_stays_warm_between_calls(box):
    assert box.run("who") == box.run("who") != os.getpid()


def test_a_refusal_keeps_its_code_and_the_child(box):
    child = box.run("who")
    with pytest.raises(SandboxError, match="there are 3") as refusal:
        box.run("refuse")
    assert refusal.value.code == "no-such-page"
    assert box.run("who") == child


@pytest.mark.parametrize("name", ["fail", "unanswerable"])
def test_an_unforeseen_exception_is_an_error_of_the_call(box, name):
    with pytest.raises(SandboxError):
        box.run(name)
    assert box.run("echo", 1) == 1


@pytest.mark.parametrize("arguments", [("sleep", 60), ("spin",)])
def test_a_call_that_takes_too_long_costs_the_child_its_life(box, arguments):
    child = box.run("who")
    with pytest.raises(SandboxTimeout):
        box.run(*arguments, seconds=0.3)
    assert not is_alive(child)
    assert box.run("echo", "next") == "next"


@pytest.mark.parametrize("name", ["eat_memory", "fall_over", "stop_self"])
def test_a_child_that_dies_of_the_file_is_replaced(box, name):
    child = box.run("who")
    with pytest.raises(SandboxCrashed):
        box.run(name)
    assert not is_alive(child)
    assert box.run("who") != child


def test_a_child_that_died_while_idle_is_not_the_next_file_s_fault(box):
    child = box.run("who")
    os.kill(child, signal.SIGKILL)
    wait_until(lambda: not is_alive(child))
    assert box.run("who") != child


def test_what_a_library_prints_is_not_an_answer(box):
    assert box.run("talk") == "honest"
    assert box.run("echo", 2) == 2


def test_files_are_limited_and_for_nobody_else(tmp_path):
    with Box(FUNCTIONS, limits=ChildLimits(file_octets=1000)) as box:
        assert box.run("write_file", str(tmp_path / "small"), 1000) == 0o600
        with pytest.raises(SandboxError, match="File too large"):
            box.run("write_file", str(tmp_path / "large"), 1001)


def test_open_files_are_limited(box):
    with pytest.raises(SandboxError, match="Too many open files"):
        box.run("open_many", 100)


def may_leave_the_network():
    tries = (["unshare", "-n", "true"], ["unshare", "-Un", "true"])
    return any(subprocess.run(each, capture_output=True).returncode == 0 for each in tries)


def test_the_network_is_out_of_reach_where_the_system_allows_it(box):
    with socket.create_server(("127.0.0.1", 0)) as server:
        try:
            reached = box.run("reach", server.getsockname()[1])
        except SandboxError:
            reached = False
    assert reached is not may_leave_the_network()


def test_the_environment_stays_outside(box, monkeypatch):
    monkeypatch.setenv("PRINTGATE_SECRET", "not for files")
    with Box(FUNCTIONS) as later:
        assert set(later.run("environment")) <= {"PATH", "LANG", "LC_CTYPE"} | {
            "PYTHONDONTWRITEBYTECODE"
        }


def test_a_function_that_was_not_named_is_out_of_reach(box):
    with pytest.raises(ValueError, match="os:system"):
        box.call("os:system", "true", timeout_seconds=1)


def test_a_child_is_replaced_after_its_calls():
    with Box(FUNCTIONS, limits=ChildLimits(calls=2)) as box:
        children = [box.run("who") for _ in range(4)]
    assert children[0] == children[1] != children[2] == children[3]


def test_a_child_that_has_grown_is_replaced():
    with Box(FUNCTIONS, limits=ChildLimits(resident_octets=100_000_000)) as box:
        child = box.run("who")
        box.run("keep", 120_000_000)
        assert box.run("who") != child


def test_many_threads_share_a_few_children():
    with Box(FUNCTIONS, workers=2) as box, ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda number: box.run("echo", number), range(200)))
        children = set(threads.map(lambda _: box.run("who"), range(50)))
    assert answers == list(range(200))
    assert 1 <= len(children) <= 2


def test_who_finds_all_children_busy_is_told_so_and_not_that_the_file_was_slow():
    with Box(FUNCTIONS) as box, ThreadPoolExecutor(1) as threads:
        box.run("who")
        slow = threads.submit(box.run, "sleep", 1.5)
        time.sleep(0.2)
        with pytest.raises(SandboxUnavailable, match="busy"):
            box.run("echo", 1, seconds=0.2)
        assert slow.result() is None


def test_a_child_outlives_the_thread_that_first_used_it(box):
    # A child dies with the thread that started it, so no caller's thread may be that one.
    found = []
    thread = threading.Thread(target=lambda: found.append(box.run("who")))
    thread.start()
    thread.join()
    time.sleep(0.2)
    assert box.run("who") == found[0]


def test_signals_to_everybody_do_not_break_off_a_call(box):
    child = box.run("who")
    with ThreadPoolExecutor(1) as threads:
        call = threads.submit(box.run, "sleep", 0.5)
        time.sleep(0.1)
        os.kill(child, signal.SIGTERM)
        os.kill(child, signal.SIGINT)
        assert call.result() is None
    assert box.run("who") == child


def test_closing_ends_the_children_and_can_be_done_twice():
    box = Box(FUNCTIONS, workers=2)
    child = box.run("who")
    box.close()
    box.close()
    assert not is_alive(child)
    with pytest.raises(SandboxUnavailable):
        box.run("who")


def test_a_sandbox_whose_function_does_not_exist_is_unavailable():
    name = "tests.core.sandboxed:nothing"
    with Sandbox([name]) as box, pytest.raises(SandboxUnavailable, match="does not start"):
        box.call(name, timeout_seconds=20)


PARENT = """
import sys, threading
from core.sandbox import Sandbox
box = Sandbox(["tests.core.sandboxed:who", "tests.core.sandboxed:spin"])
print(box.call("tests.core.sandboxed:who", timeout_seconds=20), flush=True)
if sys.argv[1] == "busy":
    box.call("tests.core.sandboxed:spin", timeout_seconds=60)
elif sys.argv[1] == "idle":
    threading.Event().wait()
"""


@pytest.mark.parametrize("state", ["busy", "idle", "ends by itself"])
def test_no_child_outlives_its_parent(state):
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, state], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        if state != "ends by itself":
            assert is_alive(child)
            time.sleep(0.2)
            parent.kill()
    wait_until(lambda: not is_alive(child))
