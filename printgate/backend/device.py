"""The printers themselves, asked in IPP with our own codec: for facts and counts, never for paper.

pycups knows no collections and no octetStrings, so what a driverless printer says of its media and
supplies would be lost on the way. What a printer says is not trusted: it is read by the codec that
reads strangers, within its limits, and kept as octets.
"""

import http.client
import time
from datetime import UTC, datetime
from urllib.parse import urlsplit

from core.clock import monotonic_seconds
from printgate.backend.port import DeviceAttributes, DeviceCount, Supply, keywords
from printgate.ipp.decode import decode_bytes
from printgate.ipp.encode import encode
from printgate.ipp.errors import IppError
from printgate.ipp.tags import GroupTag, Operation
from printgate.ipp.values import (
    Attribute,
    Group,
    Message,
    charset,
    integer,
    keyword,
    language,
    name,
    uri,
)

_TIMEOUT_SECONDS = 4.0
_ANSWER_SECONDS = 8.0
_INT_MAX = 2**31 - 1
_ANSWER_OCTETS_MAX = 1024 * 1024
_STATES = {3: "idle", 4: "processing", 5: "stopped"}
_COUNTS_MAX = 300


class IppDevices:
    """Printers with an ipp:// address; others cannot be asked."""

    def describe(self, device_uri: str) -> DeviceAttributes | None:
        """Return what the printer says of itself, or None if it cannot be asked (not IPP, off)."""
        answer = _ask(
            device_uri,
            Operation.GET_PRINTER_ATTRIBUTES,
            keyword("requested-attributes", "all", "media-col-database"),
        )
        if answer is None:
            return None
        group = answer.group(GroupTag.PRINTER)
        return DeviceAttributes(
            encoded=encode(Message((2, 0), 0, 1, (group,))),
            two_sided=any(side != "one-sided" for side in _texts(group, "sides-supported")),
            state=_STATES.get(_number(group, "printer-state") or 3, "idle"),
            state_reasons=keywords(_texts(group, "printer-state-reasons")),
            supplies=tuple(_supplies(group)),
        )

    def counts(self, device_uri: str, user: str = "") -> list[DeviceCount]:
        """Return what the printer counted for the newest jobs that it has finished.

        Completed jobs come newest first (RFC 8011 §4.2.6.2). Asked as `user`: some printers tell
        nobody but its owner whose a job is.
        """
        answer = _ask(
            device_uri,
            Operation.GET_JOBS,
            *((name("requesting-user-name", user),) if user else ()),
            integer("limit", _COUNTS_MAX),
            keyword("which-jobs", "completed"),
            keyword(
                "requested-attributes",
                "job-name",
                "job-originating-user-name",
                "job-impressions-completed",
                "time-at-creation",
                "job-printer-up-time",
            ),
        )
        return [
            DeviceCount(
                "".join(_texts(group, "job-name")),
                "".join(_texts(group, "job-originating-user-name")),
                _number(group, "job-impressions-completed"),
                _created_at(group),
            )
            for group in (answer.groups_of(GroupTag.JOB) if answer is not None else ())
        ]

    def up_since(self, device_uri: str) -> datetime | None:
        """Return when the printer was switched on, by our clock; None if it does not say."""
        answer = _ask(
            device_uri,
            Operation.GET_PRINTER_ATTRIBUTES,
            keyword("requested-attributes", "printer-up-time"),
        )
        seconds = _number(answer.group(GroupTag.PRINTER), "printer-up-time") if answer else None
        return None if seconds is None else _ago(seconds)


def _ask(device_uri: str, operation: Operation, *attributes: Attribute) -> Message | None:
    parts = urlsplit(device_uri)
    if parts.scheme != "ipp" or not parts.hostname:
        return None
    request = Message(
        (2, 0),
        operation,
        1,
        (
            Group(
                GroupTag.OPERATION,
                (
                    charset("attributes-charset", "utf-8"),
                    language("attributes-natural-language", "en"),
                    uri("printer-uri", device_uri),
                    *attributes,
                ),
            ),
        ),
    )
    connection = http.client.HTTPConnection(
        parts.hostname, parts.port or 631, timeout=_TIMEOUT_SECONDS
    )
    try:
        headers = {"Content-Type": "application/ipp"}
        connection.request("POST", parts.path or "/", encode(request), headers)
        return decode_bytes(_answer(connection.getresponse()))[0]
    except (OSError, http.client.HTTPException, IppError):
        return None
    finally:
        connection.close()


def _answer(response: http.client.HTTPResponse) -> bytes:
    """Read an answer, but not for ever: one that trickles in is cut off, and is then no IPP."""
    deadline, octets = monotonic_seconds() + _ANSWER_SECONDS, b""
    while piece := response.read1(_ANSWER_OCTETS_MAX - len(octets)):
        octets += piece
        if monotonic_seconds() > deadline:
            break
    return octets


def _created_at(group: Group) -> datetime:
    """Return when a job came to the printer, by our clock, from its seconds of running."""
    created, now = _number(group, "time-at-creation"), _number(group, "job-printer-up-time")
    if created is None or now is None:
        return datetime.fromtimestamp(0, UTC)
    return _ago(now - created)


def _ago(seconds: int) -> datetime:
    return datetime.fromtimestamp(max(0.0, time.time() - seconds), UTC)  # noqa: TID251


def _supplies(group: Group) -> list[Supply]:
    names = _texts(group, "printer-supply-description") or _texts(group, "marker-names")
    supplies = []
    for index, fields in enumerate(_fields(group, "printer-supply")):
        label = names[index] if index < len(names) else f"supply {index + 1}"
        supplies.append(
            Supply(
                fields.get("type", "supply"),
                label,
                _int(fields.get("level")),
                _int(fields.get("maxcapacity")),
            )
        )
    for fields in _fields(group, "printer-input-tray"):
        supplies.append(
            Supply(
                "paper",
                fields.get("name", "tray"),
                _int(fields.get("level")),
                _int(fields.get("maxcapacity")),
            )
        )
    return supplies


def _fields(group: Group, attribute: str) -> list[dict[str, str]]:
    """Split the `key=value;` octetStrings of PWG 5100.13 §6.4 (printer-supply, -input-tray)."""
    found = group.get(attribute)
    rows = []
    for value in found.values if found else ():
        if isinstance(value.content, bytes):
            pairs = value.content.decode("utf-8", "replace").split(";")
            rows.append(
                {
                    key.strip(): word
                    for key, equals, word in (p.partition("=") for p in pairs)
                    if equals
                }
            )
    return rows


def _int(word: str | None) -> int:
    try:
        return max(-_INT_MAX, min(int(word or ""), _INT_MAX))
    except ValueError:
        return -2


def _texts(group: Group, attribute: str) -> list[str]:
    found = group.get(attribute)
    return [value.text() for value in found.values] if found else []


def _number(group: Group, attribute: str) -> int | None:
    found = group.get(attribute)
    number = found.first.content if found else None
    return number if isinstance(number, int) and not isinstance(number, bool) else None
