"""A printer that says whatever it is told to say, octet by octet, as slowly as it likes."""

import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from printgate.ipp.tags import GroupTag, Tag


def attribute(tag: int, name: bytes, *values: bytes) -> bytes:
    """Return an attribute in RFC 8010's encoding, with any octets for values."""
    octets = b""
    for index, value in enumerate(values):
        label = name if index == 0 else b""
        octets += bytes([tag]) + len(label).to_bytes(2, "big") + label
        octets += len(value).to_bytes(2, "big") + value
    return octets


def answer(*attributes: bytes) -> bytes:
    """Return a whole answer to Get-Printer-Attributes."""
    head = b"\x02\x00\x00\x00\x00\x00\x00\x01" + bytes([GroupTag.OPERATION])
    head += attribute(Tag.CHARSET, b"attributes-charset", b"utf-8")
    head += attribute(Tag.NATURAL_LANGUAGE, b"attributes-natural-language", b"en")
    return head + bytes([GroupTag.PRINTER]) + b"".join(attributes) + b"\x03"


@contextmanager
def printer(octets: bytes, pause_seconds: float = 0) -> Iterator[str]:
    """Run such a printer and yield its address."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(65536)
            head = b"HTTP/1.1 200 OK\r\nContent-Type: application/ipp\r\n"
            self.request.sendall(head + f"Content-Length: {len(octets)}\r\n\r\n".encode())
            try:
                if not pause_seconds:
                    self.request.sendall(octets)
                for index in range(len(octets) if pause_seconds else 0):
                    self.request.sendall(octets[index : index + 1])
                    time.sleep(pause_seconds)
            except OSError:
                return

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"ipp://127.0.0.1:{server.server_address[1]}/ipp/print"
        server.shutdown()
        thread.join()
