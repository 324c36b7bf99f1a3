"""Mutated IPP messages: `python -m tests.faults.fuzz 200000` tries so many; the suite tries 2,000.

A mutation is made from its number alone, so a number that fails is all that is needed to see it
again: `python -m tests.faults.fuzz 1 NUMBER`.
"""

import contextlib
import io
import random
import sys
import time
from collections.abc import Callable

from flask.testing import FlaskClient

from printgate.ipp.decode import decode, decode_bytes
from printgate.ipp.encode import encode
from printgate.ipp.errors import IppError
from printgate.ipp.rules import validate
from printgate.ipp.tags import Operation, Status
from printgate.ipp.values import (
    Attribute,
    Collection,
    boolean,
    collection,
    date_time,
    enum,
    int_range,
    integer,
    keyword,
    mime_type,
    name,
    no_value,
    resolution,
    text,
    uri,
)
from printgate.operations import HANDLERS
from tests.conftest import NOON
from tests.e2e.rig import Client

SECONDS_MAX = 0.05
OCTETS_MAX = 64 * 1024
_SIZE = Collection((integer("x-dimension", 21000), integer("y-dimension", 29700)))
_JOB: tuple[Attribute, ...] = (
    integer("copies", 2),
    keyword("sides", "one-sided"),
    enum("print-quality", 4),
    int_range("page-ranges", (1, 2), (4, 9)),
    resolution("printer-resolution", (600, 600, 3)),
    collection("media-col", Collection((collection("media-size", _SIZE),))),
    keyword("print-color-mode", "monochrome"),
    enum("finishings", 3),
)
_PLAIN = (
    Operation.PRINT_JOB,
    Operation.VALIDATE_JOB,
    Operation.CREATE_JOB,
    Operation.SEND_DOCUMENT,
    Operation.CANCEL_JOB,
    Operation.GET_JOB_ATTRIBUTES,
    Operation.GET_JOBS,
    Operation.GET_PRINTER_ATTRIBUTES,
    Operation.CANCEL_MY_JOBS,
    Operation.CLOSE_JOB,
    Operation.IDENTIFY_PRINTER,
    Operation.CUPS_GET_DEFAULT,
    Operation.CUPS_GET_PRINTERS,
)


def seeds() -> list[bytes]:
    """Return some twenty messages as clients send them, each with a little document."""
    client = Client(8631)
    made = [client.message(each, job_id=1) for each in _PLAIN]
    made += [client.message(each, job=_JOB) for each in _PLAIN[:3]]
    made += [
        client.message(
            Operation.PRINT_JOB,
            name("job-name", "报告"),
            text("status-message", "x" * 200),
            mime_type("document-format", "application/pdf"),
            keyword("compression", "gzip"),
            boolean("ipp-attribute-fidelity", True),
        ),
        client.message(
            Operation.GET_JOBS,
            keyword("which-jobs", "completed"),
            keyword("requested-attributes", "all", "job-id"),
            integer("limit", 5),
            boolean("my-jobs", True),
        ),
        client.message(
            Operation.VALIDATE_JOB,
            uri("document-uri", "ipp://x/y"),
            no_value("job-k-octets"),
            date_time("job-hold-until-time", NOON),
        ),
        client.message(Operation.CANCEL_MY_JOBS, integer("job-ids", 1, 2, 3)),
    ]
    return [encode(each) + b"%PDF-1.7\n" for each in made]


SEEDS = seeds()
_NASTY = (
    b"\x00",
    b"\xff",
    b"\x7f\xff",
    b"\xff\xff",
    b"\x80\x00\x00\x00",
    b"\x34",
    b"\x37",
    b"\x4a",
)


def _flip(octets: bytearray, rng: random.Random) -> None:
    octets[rng.randrange(len(octets))] ^= 1 << rng.randrange(8)


def _replace(octets: bytearray, rng: random.Random) -> None:
    nasty = rng.choice(_NASTY)
    at = rng.randrange(len(octets))
    octets[at : at + len(nasty)] = nasty


def _cut(octets: bytearray, rng: random.Random) -> None:
    del octets[rng.randrange(len(octets)) :]


def _remove(octets: bytearray, rng: random.Random) -> None:
    at = rng.randrange(len(octets))
    del octets[at : at + rng.randrange(1, 9)]


def _double(octets: bytearray, rng: random.Random) -> None:
    begin = rng.randrange(len(octets))
    piece = octets[begin : begin + rng.randrange(1, 64)]
    octets[begin:begin] = piece * rng.choice((1, 1, 2, 50))


def _splice(octets: bytearray, rng: random.Random) -> None:
    other = rng.choice(SEEDS)
    octets[rng.randrange(len(octets)) :] = other[rng.randrange(len(other)) :]


def _insert(octets: bytearray, rng: random.Random) -> None:
    at = rng.randrange(len(octets))
    octets[at:at] = rng.randbytes(rng.randrange(1, 32))


_EDITS: tuple[Callable[[bytearray, random.Random], None], ...] = (
    _flip, _flip, _replace, _replace, _cut, _remove, _double, _splice, _insert,
)  # fmt: skip


def mutation(number: int) -> bytes:
    """Return the message with this number."""
    rng = random.Random(number)
    octets = bytearray(rng.choice(SEEDS))
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        if octets:
            rng.choice(_EDITS)(octets, rng)
    return bytes(octets[:OCTETS_MAX])


def try_codec(number: int) -> None:
    """Decode and check a mutation; anything but IppError, or too long a time, is a failure."""
    octets = mutation(number)
    # The best of three: what the garbage collector or another thread does is not the message's.
    for turn in range(3):
        started = time.process_time()
        with contextlib.suppress(IppError):
            validate(decode(io.BytesIO(octets).read), HANDLERS)
        if time.process_time() - started < SECONDS_MAX:
            return
        assert turn < 2, number


def try_gateway(client: FlaskClient, number: int) -> None:
    """Post a mutation; the answer must be IPP and no internal error."""
    answer = client.post(
        "/printers/office-a", data=mutation(number), content_type="application/ipp"
    )
    assert answer.status_code == 200, (number, answer.status_code)
    code = decode_bytes(answer.data)[0].code
    assert code in set(Status), (number, code)
    assert code not in (Status.INTERNAL_ERROR, Status.TEMPORARY_ERROR), number


def main() -> None:
    """Try as many mutations as the command line says, and name the ones that fail."""
    many = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    failed, started = 0, time.monotonic()
    for number in range(first, first + many):
        try:
            try_codec(number)
        except Exception as error:
            failed += 1
            print(f"{number}: {type(error).__name__}: {error}")  # noqa: T201  # a program's words
    seconds = time.monotonic() - started
    print(f"{many} messages in {seconds:.0f} s, {failed} failed")  # noqa: T201
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
