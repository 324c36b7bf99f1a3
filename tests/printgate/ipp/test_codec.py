"""One table of values and octets drives both directions of the codec."""

from datetime import UTC, datetime, timedelta, timezone
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from printgate.ipp.decode import Limits, decode, decode_bytes
from printgate.ipp.encode import encode
from printgate.ipp.errors import IppError
from printgate.ipp.tags import GroupTag, Status, Tag
from printgate.ipp.values import (
    Attribute,
    Collection,
    DateTime,
    Group,
    IntRange,
    Localized,
    Message,
    Resolution,
    Value,
    boolean,
    charset,
    collection,
    date_time,
    enum,
    int_range,
    integer,
    keyword,
    language,
    mime_type,
    name,
    no_value,
    octets,
    resolution,
    text,
    uri,
    uri_scheme,
)

HEAD = b"\x02\x00\x00\x0b\x00\x00\x00\x01"
NEW_YEAR = datetime(2027, 1, 1, 0, 0, 5, 300_000, tzinfo=timezone(timedelta(hours=8)))
NESTED = Collection(
    (
        collection("media-size", Collection((integer("x-dimension", 21000),))),
        keyword("media-source", "auto", "main"),
    )
)

VALUES: list[tuple[Attribute, bytes]] = [
    (integer("a", 5), b"\x21\x00\x01a\x00\x04\x00\x00\x00\x05"),
    (integer("a", -(2**31)), b"\x21\x00\x01a\x00\x04\x80\x00\x00\x00"),
    (enum("a", 4, 5), b"\x23\x00\x01a\x00\x04\x00\x00\x00\x04\x23\x00\x00\x00\x04\x00\x00\x00\x05"),
    (boolean("a", True), b"\x22\x00\x01a\x00\x01\x01"),
    (boolean("a", False), b"\x22\x00\x01a\x00\x01\x00"),
    (octets("a", b"\x00\xff"), b"\x30\x00\x01a\x00\x02\x00\xff"),
    (date_time("a", NEW_YEAR), b"\x31\x00\x01a\x00\x0b\x07\xeb\x01\x01\x00\x00\x05\x03+\x08\x00"),
    (resolution("a", (600, 300, 3)), b"\x32\x00\x01a\x00\x09\x00\x00\x02\x58\x00\x00\x01\x2c\x03"),
    (int_range("a", (1, 9)), b"\x33\x00\x01a\x00\x08\x00\x00\x00\x01\x00\x00\x00\x09"),
    (
        Attribute("a", (Value(Tag.TEXT_WITH_LANGUAGE, Localized("zh", "好")),)),
        b"\x35\x00\x01a\x00\x09\x00\x02zh\x00\x03\xe5\xa5\xbd",
    ),
    (
        Attribute("a", (Value(Tag.NAME_WITH_LANGUAGE, Localized("", "")),)),
        b"\x36\x00\x01a\x00\x04\x00\x00\x00\x00",
    ),
    (text("a", "好"), b"\x41\x00\x01a\x00\x03\xe5\xa5\xbd"),
    (name("a", ""), b"\x42\x00\x01a\x00\x00"),
    (name("a", "\udcff"), b"\x42\x00\x01a\x00\x01\xff"),
    (keyword("a", "one-sided"), b"\x44\x00\x01a\x00\x09one-sided"),
    (uri("a", "ipp://x"), b"\x45\x00\x01a\x00\x07ipp://x"),
    (uri_scheme("a", "ipp"), b"\x46\x00\x01a\x00\x03ipp"),
    (charset("a", "utf-8"), b"\x47\x00\x01a\x00\x05utf-8"),
    (language("a", "en"), b"\x48\x00\x01a\x00\x02en"),
    (mime_type("a", "image/jpeg"), b"\x49\x00\x01a\x00\x0aimage/jpeg"),
    (no_value("a"), b"\x13\x00\x01a\x00\x00"),
    (no_value("a", Tag.UNKNOWN), b"\x12\x00\x01a\x00\x00"),
    (no_value("a", Tag.UNSUPPORTED), b"\x10\x00\x01a\x00\x00"),
    (no_value("a", Tag.NOT_SETTABLE), b"\x15\x00\x01a\x00\x00"),
    (no_value("a", Tag.DELETE_ATTRIBUTE), b"\x16\x00\x01a\x00\x00"),
    (no_value("a", Tag.ADMIN_DEFINE), b"\x17\x00\x01a\x00\x00"),
    (
        Attribute("a", (Value(Tag.EXTENSION, b"\x00\x00\x00\x99xyz"),)),
        b"\x7f\x00\x01a\x00\x07\x00\x00\x00\x99xyz",
    ),
    (
        Attribute("a", (Value(Tag.KEYWORD, "auto"), Value(Tag.NAME, "mine"))),
        b"\x44\x00\x01a\x00\x04auto\x42\x00\x00\x00\x04mine",
    ),
    (collection("a", Collection()), b"\x34\x00\x01a\x00\x00\x37\x00\x00\x00\x00"),
    (
        collection("a", NESTED),
        b"\x34\x00\x01a\x00\x00"
        b"\x4a\x00\x00\x00\x0amedia-size\x34\x00\x00\x00\x00"
        b"\x4a\x00\x00\x00\x0bx-dimension\x21\x00\x00\x00\x04\x00\x00\x52\x08"
        b"\x37\x00\x00\x00\x00"
        b"\x4a\x00\x00\x00\x0cmedia-source\x44\x00\x00\x00\x04auto\x44\x00\x00\x00\x04main"
        b"\x37\x00\x00\x00\x00",
    ),
]

MESSAGES: list[tuple[Message, bytes]] = [
    (Message((2, 0), 0x0B, 1), HEAD + b"\x03"),
    *(
        (
            Message((2, 0), 0x0B, 1, (Group(GroupTag.OPERATION, (attribute,)),)),
            HEAD + b"\x01" + wire + b"\x03",
        )
        for attribute, wire in VALUES
    ),
    (
        Message(
            (2, 0), 0x0B, 1,
            (
                Group(GroupTag.OPERATION),
                Group(GroupTag.JOB, (integer("a", 1), integer("a", 2))),
                Group(GroupTag.JOB, (integer("b", 3),)),
            ),
        ),
        HEAD + b"\x01\x02\x21\x00\x01a\x00\x04\x00\x00\x00\x01\x21\x00\x01a\x00\x04\x00\x00\x00\x02"
        b"\x02\x21\x00\x01b\x00\x04\x00\x00\x00\x03\x03",
    ),
]  # fmt: skip


class OneByOne:
    """A stream that gives one octet at a time but, like a body, never fewer than asked."""

    def __init__(self, octets: bytes) -> None:
        self._stream = BytesIO(octets)

    def read(self, count: int) -> bytes:
        return b"".join(self._stream.read(1) for _ in range(count))

    def rest(self) -> bytes:
        return self._stream.read()


@pytest.mark.parametrize(("message", "wire"), MESSAGES)
def test_encode(message: Message, wire: bytes):
    assert encode(message) == wire


@pytest.mark.parametrize(("message", "wire"), MESSAGES)
def test_decode_whole_octet_by_octet_and_with_a_document_behind(message: Message, wire: bytes):
    assert decode_bytes(wire) == (message, b"")
    assert decode_bytes(wire + b"%PDF-1.7\x03\x01") == (message, b"%PDF-1.7\x03\x01")
    slow = OneByOne(wire + b"document")
    assert decode(slow.read) == message
    assert slow.rest() == b"document"


@pytest.mark.parametrize(("message", "wire"), MESSAGES)
def test_cut_short_at_every_octet_is_a_bad_request(message: Message, wire: bytes):
    for length in range(len(wire)):
        with pytest.raises(IppError) as caught:
            decode_bytes(wire[:length])
        assert caught.value.status is Status.BAD_REQUEST


@pytest.mark.parametrize(
    ("wire", "word"),
    [
        (b"\x21\x00\x01a\x00\x04\x00\x00\x00\x05", "outside of any group"),
        (b"\x00", "outside of any group"),
        (b"\x01\x21\x00\x00\x00\x04\x00\x00\x00\x05", "no attribute"),
        (b"\x01\x21\x00\x01a\x00\x03\x00\x00\x05", "is 3 instead of 4 in octets"),
        (b"\x01\x22\x00\x01a\x00\x01\x02", "boolean is 2"),
        (b"\x01\x22\x00\x01a\x00\x00", "is 0 instead of 1 in octets"),
        (b"\x01\x31\x00\x01a\x00\x0a0123456789", "is 10 instead of 11 in octets"),
        (
            b"\x01\x32\x00\x01a\x00\x08\x00\x00\x00\x01\x00\x00\x00\x09",
            "8 instead of 9 in octets",
        ),
        (b"\x01\x35\x00\x01a\x00\x04\x00\x09zh", "shorter"),
        (b"\x01\x35\x00\x01a\x00\x01\x00", "shorter"),
        (b"\x01\x35\x00\x01a\x00\x07\x00\x02zh\x00\x00x", "longer"),
        (b"\x01\x37\x00\x01a\x00\x00", "outside of any collection"),
        (b"\x01\x4a\x00\x01a\x00\x00", "outside of any collection"),
        (b"\x01\x34\x00\x01a\x00\x01x", "beginning of a collection"),
        (b"\x01\x34\x00\x01a\x00\x00\x21\x00\x00\x00\x04\x00\x00\x00\x05", "no member"),
        (b"\x01\x34\x00\x01a\x00\x00\x4a\x00\x01xx", "outside its value"),
        (b"\x01\x34\x00\x01a\x00\x00\x4a\x00\x00\x00\x01b\x37\x00\x00\x00\x00", 'member "b"'),
        (b"\x01\x34\x00\x01a\x00\x00\x37\x00\x00\x00\x01x", "end of a collection"),
        (b"\x01\x34\x00\x01a\x00\x00\x03", "has no end"),
    ],
)
def test_what_breaks_the_wire_format(wire: bytes, word: str):
    with pytest.raises(IppError, match=word) as caught:
        decode_bytes(HEAD + wire + b"\x03")
    assert caught.value.status is Status.BAD_REQUEST


def deep(levels: int) -> bytes:
    inner = b"\x34\x00\x00\x00\x00\x4a\x00\x00\x00\x01b" * levels
    return HEAD + b"\x01\x34\x00\x01a\x00\x00\x4a\x00\x00\x00\x01b" + inner


@pytest.mark.parametrize(
    ("wire", "status"),
    [
        (deep(1000), Status.BAD_REQUEST),
        (HEAD + b"\x01" + b"\x21\x00\x01a\x00\x04\x00\x00\x00\x05" * 100_000, None),
        (
            HEAD + b"\x01\x21\x00\x01a\x00\x04\x00\x00\x00\x05" + b"\x13\x00\x00\x00\x00" * 20_000,
            None,
        ),
        (HEAD + b"\x01" + b"\x41\x00\x01a\xff\xff" + b"x" * 65535, Status.BAD_REQUEST),
        (HEAD + b"\x01" + (b"\x41\x00\x01a\xff\xff" + b"x" * 65535) * 20, None),
        (b"\x01\x01\x00\x02\x00\x00\x00\x01" + bytes(range(256)) * 200, Status.BAD_REQUEST),
    ],
)
def test_too_much_is_refused(wire: bytes, status: Status | None):
    with pytest.raises(IppError) as caught:
        decode_bytes(wire)
    assert caught.value.status is (status or Status.REQUEST_ENTITY_TOO_LARGE)


def test_limits_can_be_set():
    wire = encode(Message((2, 0), 2, 1, (Group(1, (collection("a", NESTED),)),)))
    assert decode_bytes(wire, Limits(depth=2, attributes=10))
    for limits in (Limits(depth=1), Limits(attributes=5), Limits(octets=20)):
        with pytest.raises(IppError):
            decode_bytes(wire, limits)


@pytest.mark.parametrize(
    "attribute",
    [
        integer("a", 2**31),
        text("a", "x" * 65536),
        Attribute("n" * 65536, (Value(Tag.INTEGER, 1),)),
        Attribute("a", (Value(Tag.INTEGER, None),)),
        int_range("a", (0, 2**40)),
    ],
)
def test_what_the_wire_cannot_carry_is_our_mistake(attribute: Attribute):
    with pytest.raises(ValueError, match=r"cannot be sent|do not fit"):
        encode(Message((2, 0), 0, 1, (Group(1, (attribute,)),)))


def test_times():
    assert DateTime.of(NEW_YEAR).moment() == NEW_YEAR
    west = datetime(2026, 6, 1, tzinfo=timezone(-timedelta(hours=3, minutes=30)))
    assert DateTime.of(west).moment() == west
    assert DateTime.of(datetime(2026, 1, 1, tzinfo=UTC)).octets[8:] == b"+\x00\x00"
    assert DateTime(b"\x07\xeb\x0d\x01\x00\x00\x05\x03+\x08\x00").moment() is None
    assert DateTime(b"").moment() is None


_TEXTS = st.binary(max_size=40).map(lambda octets: octets.decode("utf-8", "surrogateescape"))
_INT32 = st.integers(-(2**31), 2**31 - 1)
_STRING_TAGS = [0x41, 0x42, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x5F]
_RAW_TAGS = [0x10, 0x12, 0x13, 0x1F, 0x38, 0x60, 0x7F]
_PLAIN = st.one_of(
    st.builds(Value, st.sampled_from([Tag.INTEGER, Tag.ENUM]), _INT32),
    st.builds(Value, st.just(Tag.BOOLEAN), st.booleans()),
    st.builds(Value, st.just(Tag.OCTET_STRING), st.binary(max_size=40)),
    st.builds(Value, st.just(Tag.DATE_TIME), st.binary(min_size=11, max_size=11).map(DateTime)),
    st.builds(
        Value, st.just(Tag.RESOLUTION),
        st.builds(Resolution, _INT32, _INT32, st.integers(-128, 127)),
    ),
    st.builds(Value, st.just(Tag.RANGE_OF_INTEGER), st.builds(IntRange, _INT32, _INT32)),
    st.builds(
        Value, st.sampled_from([Tag.TEXT_WITH_LANGUAGE, Tag.NAME_WITH_LANGUAGE]),
        st.builds(Localized, _TEXTS, _TEXTS),
    ),
    st.builds(Value, st.sampled_from(_STRING_TAGS), _TEXTS),
    st.builds(Value, st.sampled_from(_RAW_TAGS), st.binary(max_size=9)),
)  # fmt: skip


def _attributes(values: st.SearchStrategy[Value]) -> st.SearchStrategy[Attribute]:
    return st.builds(
        Attribute,
        _TEXTS.filter(bool),
        st.lists(values, min_size=1, max_size=3).map(tuple),
    )


_VALUES = st.recursive(
    _PLAIN,
    lambda inner: st.builds(
        Value,
        st.just(Tag.BEGIN_COLLECTION),
        st.builds(Collection, st.lists(_attributes(inner), max_size=3).map(tuple)),
    ),
    max_leaves=8,
)
_MESSAGES = st.builds(
    Message,
    st.tuples(st.integers(0, 255), st.integers(0, 255)),
    st.integers(0, 0xFFFF),
    _INT32,
    st.lists(
        st.builds(
            Group,
            st.sampled_from([1, 2, 4, 5, 6, 0x0F]),
            st.lists(_attributes(_VALUES), max_size=4).map(tuple),
        ),
        max_size=4,
    ).map(tuple),
)


@settings(max_examples=300, deadline=None)
@given(_MESSAGES, st.binary(max_size=20))
def test_every_message_makes_the_round_trip(message: Message, document: bytes):
    wire = encode(message)
    found, rest = decode_bytes(wire + document)
    assert (found, rest) == (message, document)
    assert encode(found) == wire


_WIRES = [wire for _, wire in MESSAGES]


@settings(max_examples=1500, deadline=None)
@given(
    st.sampled_from(_WIRES),
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), min_size=1, max_size=6),
    st.binary(max_size=12),
)
def test_a_damaged_message_is_read_or_refused_and_nothing_else(wire, damage, tail):
    damaged = bytearray(wire + tail)
    for place, octet in damage:
        damaged[place % len(damaged)] = octet
    try:
        message, rest = decode_bytes(bytes(damaged))
    except IppError:
        return
    assert encode(message) + rest == bytes(damaged)
