"""An IPP load from a process of its own: so many clients, so many seconds, one request.

Run as `python -m tests.bench.load PORT PATH FILE CLIENTS SECONDS`; FILE holds the body. A client
keeps its connection. It prints how many answers came with an IPP status of success, and how many
did not.
"""

import socket
import struct
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_SUCCESS_MAX = 0x00FF


@dataclass(frozen=True)
class Load:
    """What one run of the load saw."""

    good: int
    bad: int
    seconds: float

    @property
    def per_second(self) -> float:
        return self.good / self.seconds


def run_load(port: int, path: str, body: Path, clients: int, seconds: float) -> Load:
    """Run the load in another process; the server's process must not pay for its clients."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.load", str(port), path, str(body), str(clients),
         str(seconds)],
        cwd=ROOT, capture_output=True, text=True, timeout=seconds + 120, check=True,
    )  # fmt: skip
    good, bad, took = done.stdout.split()
    return Load(int(good), int(bad), float(took))


class _Client(threading.Thread):
    def __init__(self, port: int, request: bytes, until: float) -> None:
        super().__init__()
        self._port, self._request, self._until = port, request, until
        self.good = self.bad = 0

    def run(self) -> None:
        connection, rest = None, b""
        while time.monotonic() < self._until:
            if connection is None:
                connection, rest = socket.create_connection(("127.0.0.1", self._port)), b""
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                connection.sendall(self._request)
                body, rest, again = _answer(connection, rest)
            except OSError:
                self.bad += 1
                connection = None
                continue
            status = struct.unpack(">H", body[2:4])[0] if len(body) >= 8 else 0xFFFF
            self.good += status <= _SUCCESS_MAX
            self.bad += status > _SUCCESS_MAX
            if not again:
                connection.close()
                connection = None


def _answer(connection: socket.socket, rest: bytes) -> tuple[bytes, bytes, bool]:
    """Return (body, what was read too far, whether the connection goes on)."""
    received = rest
    while True:
        while b"\r\n\r\n" not in received:
            received += _some(connection)
        head, _, received = received.partition(b"\r\n\r\n")
        if b" 100 " not in head.split(b"\r\n")[0]:
            break
    fields = dict(line.lower().split(b":", 1) for line in head.split(b"\r\n")[1:] if b":" in line)
    if b"chunked" in fields.get(b"transfer-encoding", b""):
        body, received = _chunks(connection, received)
    else:
        length = int(fields.get(b"content-length", b"0"))
        while len(received) < length:
            received += _some(connection)
        body, received = received[:length], received[length:]
    return body, received, b"close" not in fields.get(b"connection", b"")


def _chunks(connection: socket.socket, received: bytes) -> tuple[bytes, bytes]:
    body = b""
    while True:
        while b"\r\n" not in received:
            received += _some(connection)
        size, _, received = received.partition(b"\r\n")
        length = int(size, 16) + 2
        while len(received) < length:
            received += _some(connection)
        body, received = body + received[: length - 2], received[length:]
        if length == 2:
            return body, received


def _some(connection: socket.socket) -> bytes:
    octets = connection.recv(65536)
    if not octets:
        raise ConnectionResetError
    return octets


def main() -> None:
    """Run the load that the arguments describe."""
    port, path, body = int(sys.argv[1]), sys.argv[2], Path(sys.argv[3]).read_bytes()
    clients, seconds = int(sys.argv[4]), float(sys.argv[5])
    request = (
        f"POST {path} HTTP/1.1\r\nHost: localhost:{port}\r\nContent-Type: application/ipp\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode() + body
    started = time.monotonic()
    crowd = [_Client(port, request, started + seconds) for _ in range(clients)]
    for client in crowd:
        client.start()
    for client in crowd:
        client.join()
    took = time.monotonic() - started
    good, bad = sum(client.good for client in crowd), sum(client.bad for client in crowd)
    sys.stdout.write(f"{good} {bad} {took}\n")


if __name__ == "__main__":
    main()
