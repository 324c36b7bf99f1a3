"""Octets to values (RFC 8010 §3).

The decoder pulls octets with `read(n)` and stops right behind the end-of-attributes tag, so the
document that may follow is still in the stream. It never recurses deeper than its limits, never
reads more than they allow, and raises nothing but IppError.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

from core.text import Text
from printgate.ipp.errors import IppError, bad_request
from printgate.ipp.tags import (
    DELIMITER_MAX,
    END_OF_ATTRIBUTES,
    OUT_OF_BAND,
    Status,
    Tag,
)
from printgate.ipp.values import (
    Attribute,
    Collection,
    Content,
    DateTime,
    Group,
    IntRange,
    Localized,
    Message,
    Resolution,
    Value,
)


@dataclass(frozen=True)
class Limits:
    """What a message may have at the most."""

    octets: int = 1024 * 1024
    attributes: int = 10_000
    depth: int = 16


DEFAULT_LIMITS = Limits()

Read = Callable[[int], bytes]


def decode(read: Read, limits: Limits = DEFAULT_LIMITS) -> Message:
    """Read one message; the stream is left where the document begins.

    `read(n)` returns n octets, or fewer only when the stream ends.
    Raises IppError: bad-request, or request-entity-too-large beyond the limits.
    """
    return _Decoder(read, limits).message()


def decode_bytes(octets: bytes, limits: Limits = DEFAULT_LIMITS) -> tuple[Message, bytes]:
    """Decode a message that is at hand; return it and what follows it."""
    stream = BytesIO(octets)
    return decode(stream.read, limits), stream.read()


class _Decoder:
    def __init__(self, read: Read, limits: Limits) -> None:
        self._read, self._limits = read, limits
        self._left = limits.octets
        self._attributes = 0

    def message(self) -> Message:
        major, minor, code, request_id = struct.unpack(">BBHi", self._take(8))
        groups: list[Group] = []
        tag = self._take(1)[0]
        while tag != END_OF_ATTRIBUTES:
            if tag > DELIMITER_MAX or tag == 0:
                raise bad_request("Tag {tag} stands outside of any group.", tag=tag)
            group, tag = self._group(tag)
            groups.append(group)
        return Message((major, minor), code, request_id, tuple(groups))

    def _group(self, group_tag: int) -> tuple[Group, int]:
        """Read the attributes of a group; return it and the delimiter behind it."""
        attributes: list[Attribute] = []
        values: list[Value] = []
        name = ""
        while True:
            tag = self._take(1)[0]
            if tag <= DELIMITER_MAX:
                if values:
                    attributes.append(Attribute(name, tuple(values)))
                return Group(group_tag, tuple(attributes)), tag
            given = self._string(self._take(self._length()))
            if given:
                if values:
                    attributes.append(Attribute(name, tuple(values)))
                name, values = given, []
            elif not values:
                raise bad_request("A value has no attribute to belong to.")
            values.append(self._value(tag, depth=0))

    def _value(self, tag: int, depth: int) -> Value:
        self._count()
        octets = self._take(self._length())
        if tag == Tag.BEGIN_COLLECTION:
            return Value(tag, self._collection(octets, depth + 1))
        if tag in (Tag.END_COLLECTION, Tag.MEMBER_NAME):
            raise bad_request("A collection's tag stands outside of any collection.")
        return Value(tag, self._content(tag, octets))

    def _collection(self, octets: bytes, depth: int) -> Collection:
        if octets:
            raise bad_request("The beginning of a collection has a value.")
        if depth > self._limits.depth:
            raise bad_request("Collections are nested deeper than {n}.", n=self._limits.depth)
        members: list[Attribute] = []
        values: list[Value] = []
        name: str | None = None
        while True:
            tag = self._member_tag()
            if tag in (Tag.MEMBER_NAME, Tag.END_COLLECTION):
                if name is not None:
                    members.append(_member(name, values))
                octets = self._take(self._length())
                if tag == Tag.END_COLLECTION:
                    return _ended(members, octets)
                self._count()
                name, values = self._string(octets), []
            elif name is None:
                raise bad_request("A value in a collection has no member to belong to.")
            else:
                values.append(self._value(tag, depth))

    def _member_tag(self) -> int:
        tag = self._take(1)[0]
        if tag <= DELIMITER_MAX:
            raise bad_request("A collection has no end.")
        if self._length():
            raise bad_request("A member of a collection has a name outside its value.")
        return tag

    def _content(self, tag: int, octets: bytes) -> Content:
        if tag in OUT_OF_BAND:
            return octets
        read = _CONTENTS.get(tag)
        if read is not None:
            return read(octets)
        return self._string(octets) if 0x40 <= tag <= 0x5F else octets

    def _string(self, octets: bytes) -> str:
        return octets.decode("utf-8", "surrogateescape")

    def _length(self) -> int:
        return int.from_bytes(self._take(2), "big")

    def _count(self) -> None:
        self._attributes += 1
        if self._attributes > self._limits.attributes:
            raise _too_large(self._limits.attributes, Text("values"))

    def _take(self, count: int) -> bytes:
        self._left -= count
        if self._left < 0:
            raise _too_large(self._limits.octets, Text("octets"))
        octets = self._read(count) if count else b""
        if len(octets) != count:
            raise bad_request("The message is cut short.")
        return octets


def _too_large(most: int, what: Text) -> IppError:
    text = Text("The attributes have more than {most} {what}.", {"most": most, "what": what})
    return IppError(Status.REQUEST_ENTITY_TOO_LARGE, text)


def _member(name: str, values: list[Value]) -> Attribute:
    if not values:
        raise bad_request('The member "{name}" of a collection has no value.', name=name)
    return Attribute(name, tuple(values))


def _ended(members: list[Attribute], octets: bytes) -> Collection:
    if octets:
        raise bad_request("The end of a collection has a value.")
    return Collection(tuple(members))


def _unpacked(pattern: str) -> Callable[[bytes], tuple[int, ...]]:
    shape = struct.Struct(pattern)

    def unpack(octets: bytes) -> tuple[int, ...]:
        if len(octets) != shape.size:
            raise bad_request(
                "The length of a value is {got} instead of {size} in octets.",
                got=len(octets),
                size=shape.size,
            )
        return shape.unpack(octets)

    return unpack


_INTEGER = _unpacked(">i")
_PAIR = _unpacked(">ii")
_RESOLUTION = _unpacked(">iib")
_OCTET = _unpacked(">B")


def _boolean(octets: bytes) -> bool:
    (value,) = _OCTET(octets)
    if value not in (0, 1):
        raise bad_request("A boolean is {value}.", value=value)
    return bool(value)


def _date_time(octets: bytes) -> DateTime:
    if len(octets) != 11:
        raise bad_request(
            "The length of a value is {got} instead of {size} in octets.", got=len(octets), size=11
        )
    return DateTime(octets)


def _localized(octets: bytes) -> Localized:
    language, rest = _counted(octets)
    text, rest = _counted(rest)
    if rest:
        raise bad_request("A text with a language is longer than it says.")
    return Localized(language, text)


def _counted(octets: bytes) -> tuple[str, bytes]:
    length = int.from_bytes(octets[:2], "big")
    if len(octets) < 2 + length:
        raise bad_request("A text with a language is shorter than it says.")
    text = octets[2 : 2 + length].decode("utf-8", "surrogateescape")
    return text, octets[2 + length :]


_CONTENTS: dict[int, Callable[[bytes], Content]] = {
    Tag.INTEGER: lambda octets: _INTEGER(octets)[0],
    Tag.ENUM: lambda octets: _INTEGER(octets)[0],
    Tag.BOOLEAN: _boolean,
    Tag.DATE_TIME: _date_time,
    Tag.RESOLUTION: lambda octets: Resolution(*_RESOLUTION(octets)),
    Tag.RANGE_OF_INTEGER: lambda octets: IntRange(*_PAIR(octets)),
    Tag.TEXT_WITH_LANGUAGE: _localized,
    Tag.NAME_WITH_LANGUAGE: _localized,
}
