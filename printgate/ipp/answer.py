"""Answers: a message made to fit its request, and the attributes a client asked for."""

from collections.abc import Iterable, Iterator, Mapping

from printgate.ipp.rules import ANSWERED_VERSION
from printgate.ipp.tags import GroupTag, Status, Tag
from printgate.ipp.values import Attribute, Group, Message, Value, charset, language, text

_STATUS_MESSAGE_MAX = 255


def answer(
    request: Message,
    status: Status,
    *,
    groups: Iterable[Group] = (),
    message: str = "",
    natural_language: str = "en",
    unsupported: Iterable[Attribute] = (),
) -> Message:
    """Return the answer to a request (RFC 8011 §4.1.6), charset and language first.

    It has the version of the request, or the one we speak where that is unknown to us; `message`
    is cut to what status-message may carry.
    """
    operation = [charset("attributes-charset", "utf-8")]
    operation.append(language("attributes-natural-language", natural_language))
    if message:
        operation.append(text("status-message", cut(message, _STATUS_MESSAGE_MAX)))
    refused = tuple(unsupported)
    version = request.version if request.version[0] in (1, 2) else ANSWERED_VERSION
    return Message(
        version,
        status,
        request.request_id,
        (
            Group(GroupTag.OPERATION, tuple(operation)),
            *((Group(GroupTag.UNSUPPORTED, refused),) if refused else ()),
            *groups,
        ),
    )


def requested(
    attributes: Iterable[Attribute],
    wanted: Attribute | None,
    groups: Mapping[str, frozenset[str]],
    default: frozenset[str] | None = None,
) -> Iterator[Attribute]:
    """Yield the attributes that "requested-attributes" asks for (RFC 8011 §4.2.5.1).

    `groups` are the group keywords and their members; "all" is everything but members of the group
    "media-col-database", which only comes when it is named. `default` is used when nothing was
    asked (None: all).
    """
    names: set[str] = set()
    everything = wanted is None and default is None
    for value in wanted.values if wanted else ():
        if value.text() == "all":
            everything = True
        names |= groups.get(value.text(), frozenset({value.text()}))
    if wanted is None and default is not None:
        names = set(default)
    for attribute in attributes:
        listed = everything and attribute.name != "media-col-database"
        if listed or attribute.name in names:
            yield attribute


def unsupported_name(attribute: Attribute) -> Attribute:
    """Return how an attribute that is not known is sent back (RFC 8011 §4.1.7)."""
    return Attribute(attribute.name, (Value(Tag.UNSUPPORTED, b""),))


def cut(words: str, octets_max: int) -> str:
    """Return as many characters of `words` as fit into so many octets of UTF-8."""
    octets = words.encode("utf-8", "replace")
    if len(octets) <= octets_max:
        return words
    return octets[:octets_max].decode("utf-8", "ignore")
