"""IPP messages as values: what stands in a message, in the order in which it stands there.

Every value keeps its tag, so that encoding what was decoded gives the same octets: two values of
one attribute may have different syntaxes, and an extension that we do not know passes through
untouched. Text is kept as a str with surrogate escapes where it was not UTF-8.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import NamedTuple

from printgate.ipp.tags import GroupTag, Tag


class Resolution(NamedTuple):
    """A resolution; units 3 is dots per inch, 4 dots per centimetre (RFC 8011 §5.1.16)."""

    cross_feed: int
    feed: int
    units: int = 3


class IntRange(NamedTuple):
    """rangeOfInteger, both ends included."""

    lower: int
    upper: int


class Localized(NamedTuple):
    """textWithLanguage or nameWithLanguage."""

    language: str
    text: str


@dataclass(frozen=True)
class DateTime:
    """A dateTime in its own eleven octets (RFC 2579 DateAndTime): even a wrong one round-trips."""

    octets: bytes

    @classmethod
    def of(cls, moment: datetime) -> "DateTime":
        """Return an aware datetime as dateTime, to a tenth of a second."""
        offset = moment.utcoffset() or timedelta(0)
        minutes = int(offset.total_seconds()) // 60
        east = abs(minutes)
        return cls(
            moment.year.to_bytes(2, "big")
            + bytes(
                (
                    moment.month,
                    moment.day,
                    moment.hour,
                    moment.minute,
                    moment.second,
                    moment.microsecond // 100_000,
                    ord("-" if minutes < 0 else "+"),
                    east // 60,
                    east % 60,
                )
            )
        )

    def moment(self) -> datetime | None:
        """Return the aware datetime, or None if the octets name no moment."""
        if len(self.octets) != 11:
            return None
        year = int.from_bytes(self.octets[:2], "big")
        month, day, hour, minute, second, tenths, sign, off_hours, off_minutes = self.octets[2:]
        offset = timedelta(hours=off_hours, minutes=off_minutes)
        try:
            zone = timezone(-offset if sign == ord("-") else offset)
            return datetime(year, month, day, hour, minute, second, tenths * 100_000, zone)
        except ValueError:
            return None


@dataclass(frozen=True)
class Collection:
    """A collection: named members, in their order; a member is an attribute of its own."""

    members: tuple["Attribute", ...] = ()

    def __getitem__(self, name: str) -> "Attribute":
        """Return the member of this name; KeyError if there is none."""
        for member in self.members:
            if member.name == name:
                return member
        raise KeyError(name)

    def get(self, name: str) -> "Attribute | None":
        """Return the member of this name, or None."""
        return next((member for member in self.members if member.name == name), None)


Content = (
    int | bool | str | bytes | DateTime | Resolution | IntRange | Localized | Collection | None
)


@dataclass(frozen=True)
class Value:
    """One value with its tag; the content of an out-of-band value is its (empty) octets."""

    tag: int
    content: Content

    def text(self) -> str:
        """Return a string value as str, whether or not it has a language; else ""."""
        if isinstance(self.content, Localized):
            return self.content.text
        return self.content if isinstance(self.content, str) else ""


@dataclass(frozen=True)
class Attribute:
    """A named attribute with one value or more (1setOf)."""

    name: str
    values: tuple[Value, ...]

    @property
    def first(self) -> Value:
        """The first value."""
        return self.values[0]


@dataclass(frozen=True)
class Group:
    """A group of attributes, in their order."""

    tag: int
    attributes: tuple[Attribute, ...] = ()

    def get(self, name: str) -> Attribute | None:
        """Return the attribute of this name, or None."""
        return next((each for each in self.attributes if each.name == name), None)

    def __iter__(self) -> Iterator[Attribute]:
        return iter(self.attributes)


@dataclass(frozen=True)
class Message:
    """A request or an answer: `code` is the operation or the status."""

    version: tuple[int, int]
    code: int
    request_id: int
    groups: tuple[Group, ...] = field(default=())

    def group(self, tag: GroupTag) -> Group:
        """Return the first group with this tag; an empty one if there is none."""
        return next((group for group in self.groups if group.tag == tag), Group(tag))

    def groups_of(self, tag: GroupTag) -> list[Group]:
        """Return all groups with this tag: one for each job in an answer to Get-Jobs."""
        return [group for group in self.groups if group.tag == tag]


def _attribute(name: str, tag: Tag, contents: tuple[Content, ...]) -> Attribute:
    return Attribute(name, tuple(Value(tag, content) for content in contents))


def integer(name: str, *values: int) -> Attribute:
    """Make an attribute of integer values."""
    return _attribute(name, Tag.INTEGER, values)


def enum(name: str, *values: int) -> Attribute:
    """Make an attribute of enum values."""
    return _attribute(name, Tag.ENUM, values)


def boolean(name: str, value: bool) -> Attribute:
    """Make a boolean attribute."""
    return _attribute(name, Tag.BOOLEAN, (value,))


def keyword(name: str, *values: str) -> Attribute:
    """Make an attribute of keywords."""
    return _attribute(name, Tag.KEYWORD, values)


def text(name: str, *values: str) -> Attribute:
    """Make an attribute of textWithoutLanguage values."""
    return _attribute(name, Tag.TEXT, values)


def name(name: str, *values: str) -> Attribute:
    """Make an attribute of nameWithoutLanguage values."""
    return _attribute(name, Tag.NAME, values)


def uri(name: str, *values: str) -> Attribute:
    """Make an attribute of URIs."""
    return _attribute(name, Tag.URI, values)


def uri_scheme(name: str, *values: str) -> Attribute:
    """Make an attribute of URI schemes."""
    return _attribute(name, Tag.URI_SCHEME, values)


def mime_type(name: str, *values: str) -> Attribute:
    """Make an attribute of MIME media types."""
    return _attribute(name, Tag.MIME_MEDIA_TYPE, values)


def charset(name: str, *values: str) -> Attribute:
    """Make an attribute of charsets."""
    return _attribute(name, Tag.CHARSET, values)


def language(name: str, *values: str) -> Attribute:
    """Make an attribute of natural languages."""
    return _attribute(name, Tag.NATURAL_LANGUAGE, values)


def int_range(name: str, *values: tuple[int, int]) -> Attribute:
    """Make an attribute of integer ranges."""
    return _attribute(name, Tag.RANGE_OF_INTEGER, tuple(IntRange(*value) for value in values))


def resolution(name: str, *values: tuple[int, int, int]) -> Attribute:
    """Make an attribute of resolutions."""
    return _attribute(name, Tag.RESOLUTION, tuple(Resolution(*value) for value in values))


def date_time(name: str, value: datetime) -> Attribute:
    """Make a dateTime attribute."""
    return _attribute(name, Tag.DATE_TIME, (DateTime.of(value),))


def octets(name: str, *values: bytes) -> Attribute:
    """Make an attribute of octetString values."""
    return _attribute(name, Tag.OCTET_STRING, values)


def collection(name: str, *values: Collection) -> Attribute:
    """Make an attribute of collections."""
    return _attribute(name, Tag.BEGIN_COLLECTION, values)


def no_value(name: str, tag: Tag = Tag.NO_VALUE) -> Attribute:
    """Make an attribute with an out-of-band value."""
    return _attribute(name, tag, (b"",))
