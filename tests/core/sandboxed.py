"""Functions that the tests run in the sandbox: each misbehaves in its own way."""

import os
import socket
import time

from core.sandbox import Refused


def echo(value):
    print("noise on standard output")  # noqa: T201  # a library that prints must do no harm
    return value


def sleep(seconds):
    time.sleep(seconds)


def eat_memory():
    return len(bytearray(4 * 1024**3))


def die():
    os.abort()


def refuse():
    raise Refused("too-odd", "the file is odd")


def fail():
    raise KeyError("internal")


def pid():
    return os.getpid()


def connect(port):
    socket.create_connection(("127.0.0.1", port), timeout=2).close()


def environment():
    return {name.decode(): value.decode() for name, value in os.environb.items()}


def fill(path):
    with open(path, "wb") as target:  # noqa: PTH123
        for _ in range(64):
            target.write(b"x" * 1024 * 1024)
