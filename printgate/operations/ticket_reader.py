"""From Job Template attributes to a ticket, and what of them is not supported.

What a printer does not know is left out of the ticket and sent back in the answer (RFC 8011
§4.1.7), or the whole request is refused when the client insists (ipp-attribute-fidelity).
"""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from core.text import Text
from printgate.holding import HOLD_UNTIL
from printgate.ipp.answer import unsupported_name
from printgate.ipp.decode import decode_bytes
from printgate.ipp.errors import IppError, bad_request
from printgate.ipp.rules import JOB_SYNTAXES, check_syntax
from printgate.ipp.tags import GroupTag, Status
from printgate.ipp.values import Attribute, Collection, Group, IntRange
from printgate.ticket import JobTicket
from quotas.projects import folded

# Known and nothing that goes on to CUPS: the value that means "nothing special" is accepted, and
# the holds that hold_reader.py reads.
_NEUTRAL: dict[str, tuple[object, ...]] = {
    "job-sheets": ("none",),
    "job-hold-until": HOLD_UNTIL,
    "finishings": (3,),
    "print-content-optimize": ("auto",),
    "print-rendering-intent": ("auto",),
    "job-priority": tuple(range(1, 101)),
}
_KEYWORDS = {
    "sides": "sides",
    "print-color-mode": "print_color_mode",
    "print-scaling": "print_scaling",
    "output-bin": "output_bin",
    "multiple-document-handling": "multiple_document_handling",
}
_NUMBERS = {
    "copies": "copies",
    "number-up": "number_up",
    "orientation-requested": "orientation_requested",
    "print-quality": "print_quality",
}
COPIES_MAX = 999
_SIZE = re.compile(r"_(\d+(?:\.\d+)?)x(\d+(?:\.\d+)?)(mm|in)$")


def read_ticket(
    attributes: Iterable[Attribute], printer: Group, *, fidelity: bool
) -> tuple[JobTicket, tuple[Attribute, ...]]:
    """Return the ticket and the attributes that are not supported.

    `printer` are the attributes that the gateway advertises for the printer. Raises IppError
    attributes-or-values-not-supported when `fidelity` is set and something is not supported.
    """
    values: dict[str, Any] = {}
    refused: list[Attribute] = []
    for attribute in attributes:
        read = _READERS.get(attribute.name)
        if read is None:
            refused.append(unsupported_name(attribute))
        elif not read(attribute, printer, values):
            refused.append(attribute)
    if refused and fidelity:
        raise IppError(
            Status.ATTRIBUTES_OR_VALUES_NOT_SUPPORTED,
            Text(
                "This printer does not support {names}.",
                {"names": ", ".join(attribute.name for attribute in refused)},
            ),
            tuple(refused),
        )
    return JobTicket(**values), tuple(refused)


def supported(printer: Group, name: str) -> list[object]:
    """Return the values of a printer attribute."""
    found = printer.get(name)
    return [value.content for value in found.values] if found else []


@lru_cache(maxsize=256)
def printer_group(encoded: bytes) -> Group:
    """Return the attributes of a printer from their encoded form; empty if it never answered."""
    return decode_bytes(encoded)[0].group(GroupTag.PRINTER) if encoded else Group(GroupTag.PRINTER)


def _keyword(attribute: Attribute, printer: Group, values: dict[str, Any]) -> bool:
    word = attribute.first.text()
    if word not in supported(printer, f"{attribute.name}-supported"):
        return False
    values[_KEYWORDS[attribute.name]] = word
    return True


def _number(attribute: Attribute, printer: Group, values: dict[str, Any]) -> bool:
    number = attribute.first.content
    if not isinstance(number, int):
        return attribute.name == "orientation-requested"
    for known in supported(printer, f"{attribute.name}-supported"):
        if isinstance(known, IntRange) and known.lower <= number <= known.upper:
            break
        if known == number:
            break
    else:
        return False
    values[_NUMBERS[attribute.name]] = number
    return True


def _neutral(attribute: Attribute, _printer: Group, _values: dict[str, Any]) -> bool:
    neutral = _NEUTRAL[attribute.name]
    return all((value.text() or value.content) in neutral for value in attribute.values)


def _resolution(attribute: Attribute, printer: Group, _values: dict[str, Any]) -> bool:
    # The document is a PDF on its way to the printer: any resolution it has will do.
    return attribute.first.content in supported(printer, "printer-resolution-supported")


def _media(attribute: Attribute, printer: Group, values: dict[str, Any]) -> bool:
    word = attribute.first.text()
    if word not in supported(printer, "media-supported"):
        return False
    values["media"] = word
    return True


def _media_col(attribute: Attribute, printer: Group, values: dict[str, Any]) -> bool:
    column = attribute.first.content
    assert isinstance(column, Collection)
    for member in column.members:
        check_syntax(member, None)
    size = column.get("media-size")
    if size is not None and isinstance(size.first.content, Collection):
        media = _size_name(size.first.content, printer)
        if media is None:
            return False
        values["media"] = media
    for name in ("media-source", "media-type"):
        chosen = column.get(name)
        word = chosen.first.text() if chosen is not None else "auto"
        if word not in ("auto", ""):
            if word not in supported(printer, f"{name}-supported"):
                return False
            values[name.replace("-", "_")] = word
    return True


def _size_name(size: Collection, printer: Group) -> str | None:
    wanted = [
        member.first.content if (member := size.get(f"{axis}-dimension")) else None
        for axis in ("x", "y")
    ]
    for name in supported(printer, "media-supported"):
        match = _SIZE.search(name) if isinstance(name, str) else None
        if match is not None:
            unit = 2540 if match[3] == "in" else 100
            if [round(float(match[1]) * unit), round(float(match[2]) * unit)] == wanted:
                return str(name)
    return None


def _page_ranges(attribute: Attribute, _printer: Group, values: dict[str, Any]) -> bool:
    ranges = [value.content for value in attribute.values if isinstance(value.content, IntRange)]
    last = 0
    for lower, upper in ranges:
        if not last < lower <= upper:
            raise bad_request('"page-ranges" is not ascending.')
        last = upper
    values["page_ranges"] = tuple((lower, upper) for lower, upper in ranges)
    return True


def _account(attribute: Attribute, _printer: Group, values: dict[str, Any]) -> bool:
    # Whatever is named is kept: an account that there is not must refuse the job, for one that is
    # left out like other values would have the office pay.
    values["job_account_id"] = folded(attribute.first.text()) or None
    return True


_READERS: dict[str, Callable[[Attribute, Group, dict[str, Any]], bool]] = {
    **dict.fromkeys(_KEYWORDS, _keyword),
    **dict.fromkeys(_NUMBERS, _number),
    **dict.fromkeys(_NEUTRAL, _neutral),
    "printer-resolution": _resolution,
    "media": _media,
    "media-col": _media_col,
    "page-ranges": _page_ranges,
    "job-account-id": _account,
}
JOB_TEMPLATE = tuple(name for name in _READERS if name in JOB_SYNTAXES)
"""The Job Template attributes that do something here (job-creation-attributes-supported)."""
