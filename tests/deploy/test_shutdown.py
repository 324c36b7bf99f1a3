"""The end of the process: idle connections hold it not, and what is under way is answered."""

import http.client
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import waitress.server
from flask import Flask

from deploy.http import DRAIN_SECONDS, drain, harden
from deploy.lab.process import answers, free_port
from tests.e2e.rig import until

ROOT = Path(__file__).parents[2]
LARGE = b"x" * 8_000_000


class Served:
    """A hardened server in a thread, with a page that is slow and one that is large."""

    def __init__(self, host: str) -> None:
        self.port, self.asked = free_port(), threading.Event()
        app = Flask("served")
        app.add_url_rule("/slow", "slow", self._slow)
        app.add_url_rule("/large", "large", lambda: LARGE)
        self.server = waitress.server.create_server(app, host=host, port=self.port, threads=2)
        harden(self.server, 60)
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()

    def _slow(self) -> str:
        self.asked.set()
        time.sleep(0.5)
        return "answered"

    def ended_within(self, seconds: float) -> bool:
        self.thread.join(seconds)
        return not self.thread.is_alive()


@pytest.fixture(params=["127.0.0.1", "localhost"])
def served(request: pytest.FixtureRequest) -> Iterator[Served]:
    made = Served(request.param)
    yield made
    drain(made.server, 0)
    made.thread.join(10)
    made.server.close()


@contextmanager
def asking(port: int, path: str) -> Iterator[http.client.HTTPConnection]:
    """Keep a connection open on which one request was sent."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        yield connection
    finally:
        connection.close()


@contextmanager
def idle_connection(port: int, path: str) -> Iterator[http.client.HTTPConnection]:
    """Keep a connection open on which one request was answered."""
    with asking(port, path) as connection:
        connection.getresponse().read()
        yield connection


def test_an_idle_connection_does_not_hold_the_end(served: Served):
    with idle_connection(served.port, "/nowhere") as connection:
        drain(served.server)
        assert served.ended_within(1)
        with pytest.raises((OSError, http.client.HTTPException)):
            connection.request("GET", "/nowhere")
            connection.getresponse()
    assert not answers(served.port)


def test_what_is_under_way_is_answered(served: Served):
    with asking(served.port, "/slow") as connection:
        assert served.asked.wait(5)
        drain(served.server)
        assert connection.getresponse().read() == b"answered"
        assert served.ended_within(1)


def test_a_large_answer_is_sent_to_its_end(served: Served):
    with asking(served.port, "/large") as connection, connection.getresponse() as answer:
        begun = answer.read(1000)
        drain(served.server)
        assert begun + answer.read() == LARGE
        assert served.ended_within(1)


def test_who_does_not_read_is_cut_off_in_the_end(served: Served):
    with asking(served.port, "/large") as connection, connection.getresponse():
        drain(served.server, 0.5)
        assert served.ended_within(3)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_process_ends_soon_with_idle_connections(tmp_path: Path, number: signal.Signals):
    port = free_port()
    environment = {
        "PATH": os.defpath,
        "PRINTGATE_DATA_DIR": str(tmp_path),
        "PRINTGATE_PRINTING_URL": f"cups://{tmp_path}/none.sock",
        "PRINTGATE_PORT": str(port),
    }
    for command in ("migrate", "serve"):
        process = subprocess.Popen(
            [sys.executable, "-m", "deploy", command], cwd=ROOT, env=environment
        )
        if command == "migrate":
            assert process.wait(60) == 0
    try:
        until(lambda: answers(port), 30)
        with idle_connection(port, "/healthz"), idle_connection(port, "/sign-in"):
            began = time.monotonic()
            process.send_signal(number)
            assert process.wait(10) == 0
            assert time.monotonic() - began < DRAIN_SECONDS
    finally:
        process.kill()
        process.wait(10)
