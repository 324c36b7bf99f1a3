"""Values to octets (RFC 8010 §3): the inverse of decode, to the octet."""

import struct
from collections.abc import Callable
from typing import Any

from printgate.ipp.tags import END_OF_ATTRIBUTES, Tag
from printgate.ipp.values import (
    Attribute,
    Collection,
    DateTime,
    IntRange,
    Localized,
    Message,
    Resolution,
    Value,
)

_FIELD_MAX = 0xFFFF


def encode(message: Message) -> bytes:
    """Return the message on the wire, up to and with the end-of-attributes tag.

    Raises ValueError for a value that the wire cannot carry (longer than 65,535 octets, integer
    beyond 32 bits): a mistake of ours, never of the other side.
    """
    pieces = [struct.pack(">BBHi", *message.version, message.code, message.request_id)]
    for group in message.groups:
        pieces.append(bytes((group.tag,)))
        pieces += map(_attribute, group.attributes)
    pieces.append(bytes((END_OF_ATTRIBUTES,)))
    return b"".join(pieces)


def _attribute(attribute: Attribute) -> bytes:
    # An attribute never changes, and what a printer is gets asked for all day: its octets are made
    # once and kept beside its fields, where equality and repr do not look.
    known: bytes | None = attribute.__dict__.get("octets")
    if known is None:
        pieces: list[bytes] = []
        name = _octets(attribute.name)
        for value in attribute.values:
            _tagged(pieces, value, name)
            name = b""
        known = attribute.__dict__["octets"] = b"".join(pieces)
    return known


def _tagged(pieces: list[bytes], value: Value, name: bytes = b"") -> None:
    pieces += (bytes((value.tag,)), _field(name))
    if isinstance(value.content, Collection):
        pieces.append(_field(b""))
        for member in value.content.members:
            pieces += (bytes((Tag.MEMBER_NAME,)), _field(b""), _field(_octets(member.name)))
            for each in member.values:
                _tagged(pieces, each)
        pieces += (bytes((Tag.END_COLLECTION,)), _field(b""), _field(b""))
    else:
        pieces.append(_field(_content(value)))


def _content(value: Value) -> bytes:
    content = value.content
    for kind, octets_of in _CONTENTS:
        if isinstance(content, kind):
            return octets_of(content)
    raise ValueError(f"{content!r} cannot be sent")


def _packed(shape: str, *numbers: int) -> bytes:
    try:
        return struct.pack(shape, *numbers)
    except struct.error as error:
        raise ValueError(f"{numbers} cannot be sent: {error}") from None


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _field(octets: bytes) -> bytes:
    if len(octets) > _FIELD_MAX:
        raise ValueError(f"{len(octets)} octets do not fit into one field")
    return len(octets).to_bytes(2, "big") + octets


# The order counts: a bool is an int, and the named tuples are tuples.
_CONTENTS: tuple[tuple[type, Callable[[Any], bytes]], ...] = (
    (bool, lambda content: b"\x01" if content else b"\x00"),
    (int, lambda content: _packed(">i", content)),
    (Resolution, lambda content: _packed(">iib", *content)),
    (IntRange, lambda content: _packed(">ii", *content)),
    (Localized, lambda content: _field(_octets(content.language)) + _field(_octets(content.text))),
    (DateTime, lambda content: content.octets),
    (str, _octets),
    (bytes, lambda content: content),
)
