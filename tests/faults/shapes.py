"""Requests as octets: cut short, crooked, odd but whole; and which of our front doors takes each.

A refusal is as good as a closed connection. What no door may do is read a message in another way
than the one before it: so whatever gives a length twice is refused, and what a door takes is taken
whole. Where the doors differ, both are right: nginx reads a bare line feed as the end of a line
(RFC 9112 §2.2) and writes the message anew; it and gunicorn want shorter heads than waitress does.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tests.e2e.rig import PATH

WAITRESS, NGINX = "waitress", "nginx and gunicorn"
NOBODY: frozenset[str] = frozenset()
EVERY = frozenset({WAITRESS, NGINX})

REFUSALS = frozenset({400, 413, 414, 415, 431, 501})
"""501 is what RFC 9112 §6.1 wants for a transfer coding that is not known."""

HEAD = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/ipp\r\n".encode()
CHUNKED = b"Transfer-Encoding: chunked\r\n"
LAST = b"0\r\n\r\n"


def chunk(octets: bytes) -> bytes:
    return f"{len(octets):x}\r\n".encode() + octets + b"\r\n"


def length(octets: bytes) -> bytes:
    return f"Content-Length: {len(octets)}\r\n".encode()


def framed(octets: bytes, *lines: bytes, head: bytes = HEAD) -> bytes:
    """Return a request with more header lines before its length."""
    return head + b"".join(lines) + length(octets) + b"\r\n" + octets


def chunked(octets: bytes, *lines: bytes, head: bytes = HEAD) -> bytes:
    """Return a request in one chunk, with more header lines before its coding."""
    return head + b"".join(lines) + CHUNKED + b"\r\n" + chunk(octets) + LAST


@dataclass(frozen=True)
class Shape:
    """A request made of a message's octets, and the doors that may take it."""

    octets: Callable[[bytes], bytes]
    taken_by: frozenset[str] = NOBODY


CUT: dict[str, Callable[[bytes], bytes]] = {
    "length": lambda b: framed(b)[: -len(b) // 2],
    "length, an octet is missing": lambda b: framed(b)[:-1],
    "chunk": lambda b: HEAD + CHUNKED + b"\r\n" + chunk(b)[: len(b) // 2],
    "last chunk missing": lambda b: chunked(b)[: -len(LAST)],
    "head": lambda _: HEAD,
}

CROOKED: dict[str, Callable[[bytes], bytes]] = {
    "chunk size no number": lambda b: HEAD + CHUNKED + b"\r\nzz\r\n" + b + b"\r\n" + LAST,
    "chunk size negative": lambda b: HEAD + CHUNKED + b"\r\n-5\r\n" + b + b"\r\n" + LAST,
    "chunk size too large": lambda b: HEAD + CHUNKED + b"\r\nfffffffffffffffffff\r\n" + b,
    "chunk longer than its size": lambda b: HEAD + CHUNKED + b"\r\n5\r\n" + b + b"\r\n" + LAST,
    "length and chunks": lambda b: chunked(b, b"Content-Length: 5\r\n"),
    "two lengths": lambda b: framed(b, length(b)),
    "two different lengths": lambda b: framed(b, b"Content-Length: 5\r\n"),
    "lengths in a list": lambda b: HEAD + b"Content-Length: 5, 5\r\n\r\n" + b,
    "length with a sign": lambda b: framed(b).replace(b"Length: ", b"Length: +"),
    "length negative": lambda b: framed(b).replace(b"Length: ", b"Length: -"),
    "length in hexadecimal": lambda b: framed(b).replace(b"Length: ", b"Length: 0x"),
    "length without end": lambda b: framed(b).replace(b"Length: ", b"Length: " + b"9" * 40),
    "folded line": lambda b: framed(b, b"X-A: b\r\n c\r\n"),
    "space before the colon": lambda b: framed(b).replace(b"Length:", b"Length :"),
    "unknown coding": lambda b: chunked(b).replace(b" chunked", b" gzip, chunked"),
    "chunked twice": lambda b: chunked(b).replace(b" chunked", b" chunked, chunked"),
    "chunked on two lines": lambda b: chunked(b, CHUNKED),
    "coding nearly chunked": lambda b: chunked(b).replace(b" chunked", b" \x0bchunked"),
    "coding nearly chunked, and a length": lambda b: framed(b, b"Transfer-Encoding: xchunked\r\n"),
    "no host": lambda b: framed(b).replace(b"Host: x\r\n", b""),
    "two hosts": lambda b: framed(b, b"Host: y\r\n"),
    "two types": lambda b: framed(b, b"Content-Type: text/plain\r\n"),
    "U+0000 in a line": lambda b: framed(b, b"X-A: a\0b\r\n"),
    "bare carriage return": lambda b: framed(b, b"X-A: a\rX-B: b\r\n"),
    "line of 400,000 octets": lambda b: framed(b, b"X-A: " + b"a" * 400_000 + b"\r\n"),
}

ODD = {
    "bare line feeds": Shape(
        lambda b: framed(b)[: -len(b)].replace(b"\r\n", b"\n") + b, frozenset({NGINX})
    ),
    "one bare line feed": Shape(lambda b: framed(b, b"X-A: b\n"), frozenset({NGINX})),
    "chunk size with a bare line feed": Shape(
        lambda b: HEAD + CHUNKED + b"\r\n" + chunk(b).replace(b"\r\n", b"\n", 1) + LAST,
        frozenset({NGINX}),
    ),
    "200 lines": Shape(
        lambda b: framed(b, *(b"X-%d: a\r\n" % n for n in range(200))), frozenset({WAITRESS})
    ),
    "line of 20,000 octets": Shape(
        lambda b: framed(b, b"X-A: " + b"a" * 20_000 + b"\r\n"), frozenset({WAITRESS})
    ),
    "address of 6,000 octets": Shape(
        lambda b: framed(b).replace(b" HTTP", b"?" + b"a" * 6000 + b" HTTP", 1),
        frozenset({WAITRESS}),
    ),
    "two chunks": Shape(
        lambda b: HEAD + CHUNKED + b"\r\n" + chunk(b[:99]) + chunk(b[99:]) + LAST, EVERY
    ),
    "a chunk with an extension": Shape(
        lambda b: HEAD + CHUNKED + b"\r\n" + chunk(b).replace(b"\r\n", b";a=b\r\n", 1) + LAST, EVERY
    ),
    "a length behind the last chunk": Shape(
        lambda b: chunked(b)[:-2] + b"Content-Length: 5\r\n\r\n", EVERY
    ),
    "length and coding with underscores": Shape(
        lambda b: framed(b, b"Content_Length: 5\r\n", b"Transfer_Encoding: chunked\r\n"), EVERY
    ),
    "names that only a proxy gives": Shape(
        lambda b: framed(b, b"SCRIPT_NAME: /x\r\n", b"X-Forwarded-Ssl: on\r\n"), EVERY
    ),
    "type in capitals": Shape(
        lambda b: framed(b).replace(b"application/ipp", b"APPLICATION/IPP"), EVERY
    ),
    "a request behind it": Shape(lambda b: framed(b) + b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", EVERY),
}

SHAPES = {name: Shape(make) for name, make in (CUT | CROOKED).items()} | ODD
