"""What the tests let a child do: things that files from outside might do to it."""

import ctypes
import os
import signal
import socket
import sys
import time
from pathlib import Path

from core.sandbox import Refused

_kept: list[bytes | bytearray] = []


def echo(value):
    return value


def who():
    return os.getpid()


def sleep(seconds):
    time.sleep(seconds)


def spin():
    while True:
        pass


def refuse():
    raise Refused("no-such-page", "there are 3")


def fail():
    raise ValueError("as it happens")


def eat_memory():
    _kept.append(bytearray(4 * 1024 * 1024 * 1024))


def keep(octets):
    _kept.append(b"\x01" * octets)


def fall_over():
    ctypes.string_at(0)


def stop_self():
    os.kill(os.getpid(), signal.SIGKILL)


def talk():
    print('{"result": "forged"}', flush=True)  # noqa: T201
    os.write(1, b'{"result": "forged"}\n')
    sys.stderr.write("noise\n")
    return "honest"


def write_file(path, octets):
    Path(path).write_bytes(b"x" * octets)
    return Path(path).stat().st_mode & 0o777


def open_many(count):
    return [os.open(os.devnull, os.O_RDONLY) for _ in range(count)]


def reach(port):
    with socket.create_connection(("127.0.0.1", port), timeout=2):
        return True


def environment():
    return sorted(os.environ)  # noqa: TID251  # what there is to hide


def unanswerable():
    return object()
