"""The request rules of RFC 8011 §4.1.

They are checked in the order that RFC 3196 §3.1.2 gives a printer:

version → operation → request-id → groups and their order → charset and language → the target →
the syntax of each operation and job template attribute.

Each rule is a function of the message; the first that fails raises IppError with the status that
the RFC gives it and a sentence that names the attribute. What a printer supports is not known here:
that an asked value is not supported is told by the operations, not by these rules.
"""

from collections.abc import Container
from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import unquote, urlsplit

from core.text import Text
from printgate.ipp.errors import IppError, bad_request
from printgate.ipp.tags import GroupTag, Operation, Status, Tag
from printgate.ipp.values import Attribute, Group, Message

MAJOR_VERSIONS = (1, 2)
ANSWERED_VERSION = (2, 0)
CHARSETS = ("utf-8", "us-ascii")

_NAMES = (Tag.NAME, Tag.NAME_WITH_LANGUAGE)
_TEXTS = (Tag.TEXT, Tag.TEXT_WITH_LANGUAGE)
_KEYWORD_OR_NAME = (Tag.KEYWORD, *_NAMES)

_LENGTHS = {
    Tag.NAME: 255,
    Tag.NAME_WITH_LANGUAGE: 255,
    Tag.TEXT: 1023,
    Tag.TEXT_WITH_LANGUAGE: 1023,
    Tag.KEYWORD: 255,
    Tag.URI: 1023,
    Tag.URI_SCHEME: 63,
    Tag.CHARSET: 63,
    Tag.NATURAL_LANGUAGE: 63,
    Tag.MIME_MEDIA_TYPE: 255,
}
"""The longest value of each syntax in octets (RFC 8011 §5.1)."""


@dataclass(frozen=True)
class Syntax:
    """The syntax that RFC 8011 gives an attribute."""

    tags: tuple[int, ...]
    several: bool = False
    lowest: int | None = None


SYNTAXES: dict[str, Syntax] = {
    "printer-uri": Syntax((Tag.URI,)),
    "job-uri": Syntax((Tag.URI,)),
    "job-id": Syntax((Tag.INTEGER,), lowest=1),
    "requesting-user-name": Syntax(_NAMES),
    "requesting-user-uri": Syntax((Tag.URI,)),
    "job-name": Syntax(_NAMES),
    "document-name": Syntax(_NAMES),
    "document-format": Syntax((Tag.MIME_MEDIA_TYPE,)),
    "document-natural-language": Syntax((Tag.NATURAL_LANGUAGE,)),
    "compression": Syntax((Tag.KEYWORD,)),
    "ipp-attribute-fidelity": Syntax((Tag.BOOLEAN,)),
    "last-document": Syntax((Tag.BOOLEAN,)),
    "my-jobs": Syntax((Tag.BOOLEAN,)),
    "limit": Syntax((Tag.INTEGER,), lowest=1),
    "first-job-id": Syntax((Tag.INTEGER,), lowest=1),
    "which-jobs": Syntax((Tag.KEYWORD,)),
    "requested-attributes": Syntax((Tag.KEYWORD,), several=True),
    "job-ids": Syntax((Tag.INTEGER,), several=True, lowest=1),
    "message": Syntax(_TEXTS),
    "job-hold-until": Syntax(_KEYWORD_OR_NAME),
    "job-password": Syntax((Tag.OCTET_STRING,)),
    "job-password-encryption": Syntax(_KEYWORD_OR_NAME),
    "identify-actions": Syntax((Tag.KEYWORD,), several=True),
    "job-k-octets": Syntax((Tag.INTEGER,), lowest=0),
    "job-impressions": Syntax((Tag.INTEGER,), lowest=0),
    "job-media-sheets": Syntax((Tag.INTEGER,), lowest=0),
}
"""Operation attributes whose syntax is checked (RFC 8011 §4, PWG 5100.11, PWG 5100.13)."""

SECRET = frozenset({"job-password"})
"""What is never sent back, however wrong it is."""

JOB_SYNTAXES: dict[str, Syntax] = {
    "copies": Syntax((Tag.INTEGER,), lowest=1),
    "sides": Syntax((Tag.KEYWORD,)),
    "media": Syntax(_KEYWORD_OR_NAME),
    "media-col": Syntax((Tag.BEGIN_COLLECTION,)),
    "number-up": Syntax((Tag.INTEGER,), lowest=1),
    "page-ranges": Syntax((Tag.RANGE_OF_INTEGER,), several=True),
    "orientation-requested": Syntax((Tag.ENUM, Tag.NO_VALUE)),
    "print-quality": Syntax((Tag.ENUM,)),
    "print-color-mode": Syntax((Tag.KEYWORD,)),
    "print-scaling": Syntax((Tag.KEYWORD,)),
    "printer-resolution": Syntax((Tag.RESOLUTION,)),
    "output-bin": Syntax(_KEYWORD_OR_NAME),
    "multiple-document-handling": Syntax((Tag.KEYWORD,)),
    "job-account-id": Syntax(_NAMES),
    "job-priority": Syntax((Tag.INTEGER,), lowest=1),
    "job-hold-until": Syntax(_KEYWORD_OR_NAME),
    "job-sheets": Syntax(_KEYWORD_OR_NAME),
    "finishings": Syntax((Tag.ENUM,), several=True),
    "print-content-optimize": Syntax((Tag.KEYWORD,)),
    "print-rendering-intent": Syntax((Tag.KEYWORD,)),
}
"""Job Template attributes whose syntax is checked (RFC 8011 §5.2, PWG 5100.7, PWG 5100.13)."""


def validate(message: Message, operations: Container[int]) -> Group:
    """Check a request; return its operation attributes. `operations` are those supported."""
    _check_version(message)
    _check_operation(message, operations)
    _check_request_id(message)
    group = _check_groups(message)
    _check_language(group)
    _check_target(message.code, group)
    for attribute in group:
        check_syntax(attribute, SYNTAXES.get(attribute.name))
    for attribute in message.group(GroupTag.JOB):
        check_syntax(attribute, JOB_SYNTAXES.get(attribute.name))
    return group


def check_syntax(attribute: Attribute, syntax: Syntax | None) -> None:
    """Raise IppError if the values of an attribute break its syntax or any length limit."""
    for value in attribute.values:
        longest = _LENGTHS.get(value.tag)  # type: ignore[call-overload]
        content = value.text()
        if longest is not None and len(content.encode("utf-8", "surrogateescape")) > longest:
            raise IppError(
                Status.REQUEST_VALUE_TOO_LONG,
                Text('The value of "{name}" is too long.', {"name": attribute.name}),
                () if attribute.name in SECRET else (attribute,),
            )
        if value.tag < 0x49 and not _is_unicode(content):
            raise bad_request('The value of "{name}" is not UTF-8.', name=attribute.name)
    if syntax is not None:
        _check_against(attribute, syntax)


def target_path(group: Group) -> tuple[str, int | None]:
    """Return the path of the target URI and the job id, from whichever pair names the target."""
    job_uri = group.get("job-uri")
    if job_uri is not None:
        path, _, number = _path(job_uri).rpartition("/")
        if not number.isascii() or not number.isdigit() or len(number) > 10:
            raise IppError(Status.NOT_FOUND, Text('"job-uri" names no job.'), (job_uri,))
        return path, int(number)
    printer_uri = group.get("printer-uri")
    job_id = group.get("job-id")
    content = job_id.first.content if job_id is not None else None
    return (
        _path(printer_uri) if printer_uri is not None else "/",
        content if isinstance(content, int) else None,
    )


def _check_version(message: Message) -> None:
    if message.version[0] not in MAJOR_VERSIONS:
        raise IppError(
            Status.VERSION_NOT_SUPPORTED,
            Text(
                "IPP version {major}.{minor} is not supported.",
                {"major": message.version[0], "minor": message.version[1]},
            ),
        )


def _check_operation(message: Message, operations: Container[int]) -> None:
    if message.code not in operations:
        raise IppError(
            Status.OPERATION_NOT_SUPPORTED,
            Text("Operation {number} is not supported.", {"number": f"{message.code:#06x}"}),
        )


def _check_request_id(message: Message) -> None:
    if message.request_id < 1:
        raise bad_request("The request id {n} is not above zero.", n=message.request_id)


def _check_groups(message: Message) -> Group:
    if not message.groups or message.groups[0].tag != GroupTag.OPERATION:
        raise bad_request("A request begins with the operation attributes.")
    tags = [group.tag for group in message.groups]
    if any(later < earlier for earlier, later in pairwise(tags)):
        raise bad_request("The groups of attributes are in the wrong order.")
    for group in message.groups:
        names = [attribute.name for attribute in group]
        if len(set(names)) != len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise bad_request('The attribute "{name}" is given twice.', name=twice)
    if tags.count(GroupTag.OPERATION) > 1:
        raise bad_request("The operation attributes are given twice.")
    return message.groups[0]


def _check_language(group: Group) -> None:
    names = [attribute.name for attribute in group.attributes[:2]]
    if names != ["attributes-charset", "attributes-natural-language"]:
        raise bad_request('A request begins with "attributes-charset" and its language.')
    charset, language = group.attributes[:2]
    if charset.first.tag != Tag.CHARSET or len(charset.values) != 1:
        raise bad_request('"attributes-charset" is not one charset.')
    if language.first.tag != Tag.NATURAL_LANGUAGE or len(language.values) != 1:
        raise bad_request('"attributes-natural-language" is not one language.')
    if charset.first.text().lower() not in CHARSETS:
        raise IppError(
            Status.CHARSET_NOT_SUPPORTED,
            Text("The charset {name} is not supported.", {"name": charset.first.text()[:63]}),
            (charset,),
        )


_NO_TARGET = frozenset({Operation.CUPS_GET_DEFAULT, Operation.CUPS_GET_PRINTERS})
_JOB_TARGET = frozenset(
    {
        Operation.SEND_DOCUMENT,
        Operation.CANCEL_JOB,
        Operation.GET_JOB_ATTRIBUTES,
        Operation.HOLD_JOB,
        Operation.RELEASE_JOB,
        Operation.CLOSE_JOB,
    }
)


def _check_target(code: int, group: Group) -> None:
    if code in _NO_TARGET:
        return
    has_printer, has_job = group.get("printer-uri"), group.get("job-uri")
    if code in _JOB_TARGET and has_job is None and (has_printer is None or not group.get("job-id")):
        raise bad_request('The job is not named: "job-uri", or "printer-uri" and "job-id".')
    if code not in _JOB_TARGET and has_printer is None:
        raise bad_request('The printer is not named: "printer-uri" is missing.')


def _check_against(attribute: Attribute, syntax: Syntax) -> None:
    if len(attribute.values) > 1 and not syntax.several:
        raise bad_request('"{name}" has more than one value.', name=attribute.name)
    for value in attribute.values:
        if value.tag not in syntax.tags:
            raise bad_request('"{name}" has the wrong syntax.', name=attribute.name)
        number = value.content
        if syntax.lowest is not None and isinstance(number, int) and number < syntax.lowest:
            raise bad_request('"{name}" is {value}: too small.', name=attribute.name, value=number)


def _path(attribute: Attribute) -> str:
    try:
        path = urlsplit(attribute.first.text()).path
    except ValueError:
        raise bad_request('"{name}" is no URI.', name=attribute.name) from None
    return unquote(path)


def _is_unicode(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
