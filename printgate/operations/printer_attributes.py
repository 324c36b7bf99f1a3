"""What the gateway says of a printer.

The printer's own description where paper and ink are concerned, ours where the service is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from printgate.holding import HOLD_UNTIL, NO_HOLD, PIN_OCTETS_MAX, PIN_OCTETS_MIN, Encryption
from printgate.ipp.tags import PRINTER_STATES, GroupTag, Tag
from printgate.ipp.values import (
    Attribute,
    Collection,
    Group,
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
    resolution,
    text,
    uri,
    uri_scheme,
)
from printgate.operations.exchange import Exchange, pages_uri, printer_uri
from printgate.operations.ticket_reader import COPIES_MAX, JOB_TEMPLATE, printer_group
from printgate.parts import Parts
from printgate.policy import TWO_SIDED, Rules
from printgate.queries import Printer

FORMATS = ("application/octet-stream", "application/pdf", "image/jpeg", "image/pwg-raster")
LANGUAGES = ("en", "zh-cn")
CREATION = ("job-name", "job-password", "job-password-encryption")
"""Operation attributes of a job creation that do something here."""

_FROM_DEVICE = (
    "color-supported",
    "media-bottom-margin-supported",
    "media-col-database",
    "media-col-default",
    "media-col-ready",
    "media-col-supported",
    "media-default",
    "media-left-margin-supported",
    "media-ready",
    "media-right-margin-supported",
    "media-size-supported",
    "media-source-supported",
    "media-supported",
    "media-top-margin-supported",
    "media-type-supported",
    "orientation-requested-default",
    "orientation-requested-supported",
    "output-bin-default",
    "output-bin-supported",
    "pages-per-minute",
    "pages-per-minute-color",
    "print-color-mode-default",
    "print-color-mode-supported",
    "print-quality-default",
    "print-quality-supported",
    "print-scaling-default",
    "print-scaling-supported",
    "printer-device-id",
    "printer-input-tray",
    "printer-output-tray",
    "printer-make-and-model",
    "printer-resolution-default",
    "printer-resolution-supported",
    "printer-supply",
    "printer-supply-description",
    "marker-colors",
    "marker-high-levels",
    "marker-levels",
    "marker-low-levels",
    "marker-names",
    "marker-types",
    "pwg-raster-document-resolution-supported",
    "pwg-raster-document-type-supported",
    "sides-supported",
)
"""Attributes that are the printer's own word."""

_A4 = Collection((integer("x-dimension", 21000), integer("y-dimension", 29700)))

# What a printer that has never answered is taken to be: A4, black, one resolution.
_FALLBACKS: tuple[Attribute, ...] = (
    boolean("color-supported", False),
    keyword("media-default", "iso_a4_210x297mm"),
    keyword("media-supported", "iso_a4_210x297mm"),
    keyword("media-ready", "iso_a4_210x297mm"),
    collection("media-size-supported", _A4),
    collection("media-col-default", Collection((collection("media-size", _A4),))),
    collection("media-col-database", Collection((collection("media-size", _A4),))),
    collection("media-col-ready", Collection((collection("media-size", _A4),))),
    keyword("media-col-supported", "media-size"),
    keyword("media-source-supported", "auto"),
    keyword("media-type-supported", "stationery"),
    integer("media-bottom-margin-supported", 423),
    integer("media-left-margin-supported", 423),
    integer("media-right-margin-supported", 423),
    integer("media-top-margin-supported", 423),
    no_value("orientation-requested-default"),
    enum("orientation-requested-supported", 3, 4, 5, 6),
    keyword("output-bin-default", "face-down"),
    keyword("output-bin-supported", "face-down"),
    integer("pages-per-minute", 1),
    keyword("print-color-mode-default", "monochrome"),
    keyword("print-color-mode-supported", "monochrome"),
    enum("print-quality-default", 4),
    enum("print-quality-supported", 4),
    keyword("print-scaling-default", "auto"),
    keyword("print-scaling-supported", "auto"),
    text("printer-make-and-model", "Printgate"),
    text("printer-device-id", "MFG:Printgate;MDL:Printgate;CMD:PDF,JPEG,PWGRaster;"),
    resolution("printer-resolution-default", (300, 300, 3)),
    resolution("printer-resolution-supported", (300, 300, 3)),
    resolution("pwg-raster-document-resolution-supported", (300, 300, 3)),
    keyword("pwg-raster-document-type-supported", "sgray_8", "srgb_8", "black_1"),
    keyword("sides-supported", "one-sided"),
)

GROUPS = {
    "job-template": frozenset(
        f"{each}-{suffix}"
        for each in (*JOB_TEMPLATE, "media-col")
        for suffix in ("default", "supported", "ready", "database")
    )
    - {"media-col-database"}
    | {"media-bottom-margin-supported", "media-left-margin-supported"}
    | {"media-right-margin-supported", "media-top-margin-supported"}
    | {"media-size-supported", "media-source-supported", "media-type-supported"},
}


@dataclass(frozen=True)
class _Standing:
    """All that the lasting attributes of a printer depend on."""

    id: str
    name: str
    info: str
    location: str
    two_sided: bool
    attributes: bytes
    rules: Rules
    document_seconds: int
    operations: tuple[int, ...]
    base_uri: str


def printer_attributes(parts: Parts, printer: Printer, exchange: Exchange, queued: int) -> Group:
    """Return everything that the gateway says of a printer to which so many jobs go."""
    now = parts.clock.now()
    lasting = lasting_attributes(parts, printer, exchange)
    return Group(GroupTag.PRINTER, (*lasting, *_state(printer, queued, now)))


def lasting_attributes(parts: Parts, printer: Printer, exchange: Exchange) -> Group:
    """Return what the gateway says of a printer beside its state: what it can do, what it is."""
    return _lasting(
        _Standing(
            printer.id,
            printer.name,
            printer.info,
            printer.location,
            printer.two_sided,
            printer.attributes,
            parts.rules,
            int(parts.terms.multiple_operation.total_seconds()),
            exchange.operations,
            exchange.base_uri,
        )
    )


@lru_cache(maxsize=256)
def _lasting(standing: _Standing) -> Group:
    # Asked for with every job and by every computer that looks at its printers: made once.
    own = {attribute.name: attribute for attribute in _FALLBACKS}
    device = printer_group(standing.attributes)
    own |= {each.name: each for each in device if each.name in _FROM_DEVICE}
    own |= {each.name: each for each in _template(standing)}
    own |= {each.name: each for each in _service(standing)}
    own |= {each.name: each for each in _identity(standing)}
    return Group(GroupTag.PRINTER, tuple(own.values()))


def requested_groups(group: Group) -> dict[str, frozenset[str]]:
    """Return the members of each group keyword of requested-attributes."""
    names = frozenset(attribute.name for attribute in group)
    description = names - GROUPS["job-template"] - {"media-col-database"}
    return {**GROUPS, "printer-description": description, "printer-defaults": frozenset()}


def _template(standing: _Standing) -> Iterator[Attribute]:
    yield integer("copies-default", 1)
    yield int_range("copies-supported", (1, COPIES_MAX))
    two_sided = standing.rules.two_sided and standing.two_sided
    yield keyword("sides-default", TWO_SIDED if two_sided else "one-sided")
    yield enum("finishings-default", 3)
    yield enum("finishings-supported", 3)
    yield integer("number-up-default", 1)
    yield integer("number-up-supported", 1, 2, 4, 6, 9, 16)
    yield keyword("job-hold-until-default", NO_HOLD)
    yield keyword("job-hold-until-supported", *HOLD_UNTIL)
    yield no_value("job-account-id-default")
    yield boolean("job-account-id-supported", True)
    yield integer("job-priority-default", 50)
    yield integer("job-priority-supported", 1)
    yield keyword("job-sheets-default", "none")
    yield keyword("job-sheets-supported", "none")
    yield boolean("page-ranges-supported", True)
    yield keyword("multiple-document-handling-default", "separate-documents-collated-copies")
    yield keyword(
        "multiple-document-handling-supported",
        "separate-documents-collated-copies",
        "separate-documents-uncollated-copies",
    )
    yield keyword("print-content-optimize-default", "auto")
    yield keyword("print-content-optimize-supported", "auto")
    yield keyword("print-rendering-intent-default", "auto")
    yield keyword("print-rendering-intent-supported", "auto")


def _service(standing: _Standing) -> Iterator[Attribute]:
    yield charset("charset-configured", "utf-8")
    yield charset("charset-supported", "utf-8", "us-ascii")
    yield keyword("compression-supported", "none", "gzip")
    yield mime_type("document-format-default", "application/octet-stream")
    yield mime_type("document-format-supported", *FORMATS)
    yield language("generated-natural-language-supported", *LANGUAGES)
    yield language("natural-language-configured", "en")
    yield keyword("identify-actions-default", "display")
    yield keyword("identify-actions-supported", "display")
    yield keyword("ipp-features-supported", "ipp-everywhere")
    yield keyword("ipp-versions-supported", "1.0", "1.1", "2.0")
    yield keyword("job-creation-attributes-supported", *CREATION, *JOB_TEMPLATE)
    yield boolean("job-ids-supported", True)
    yield keyword("job-password-encryption-supported", *Encryption)
    yield int_range("job-password-length-supported", (PIN_OCTETS_MIN, PIN_OCTETS_MAX))
    yield integer("job-password-supported", PIN_OCTETS_MAX)
    yield integer("multiple-operation-time-out", standing.document_seconds)
    yield keyword("multiple-operation-time-out-action", "abort-job")
    yield boolean("multiple-document-jobs-supported", False)
    yield enum("operations-supported", *standing.operations)
    yield keyword("pdf-versions-supported", "iso-32000-1_2008", "iso-32000-2_2017")
    yield keyword("pdl-override-supported", "attempted")
    yield boolean("preferred-attributes-supported", False)
    yield keyword("printer-get-attributes-supported", "document-format")
    yield boolean("printer-is-shared", True)
    yield keyword("pwg-raster-document-sheet-back", "normal")
    yield uri_scheme("reference-uri-schemes-supported", "ipp")
    yield keyword("uri-authentication-supported", "requesting-user-name")
    yield keyword("uri-security-supported", "none")
    yield keyword("which-jobs-supported", *WHICH_JOBS)
    yield int_range("job-k-octets-supported", (0, 2**31 - 1))
    yield int_range("job-impressions-supported", (0, 2**31 - 1))
    yield int_range("job-media-sheets-supported", (0, 2**31 - 1))


WHICH_JOBS = ("completed", "not-completed", "all")


def _identity(printer: _Standing) -> Iterator[Attribute]:
    pages = pages_uri(printer.base_uri, "/printers")
    yield name("printer-name", printer.name)
    yield name("printer-dns-sd-name", printer.name)
    yield text("printer-info", printer.info or printer.name)
    yield text("printer-location", printer.location)
    yield uri("printer-more-info", pages)
    yield uri("printer-supply-info-uri", pages)
    yield uri("printer-icons", pages_uri(printer.base_uri, "/static/printer.png"))
    yield uri("printer-uri-supported", printer_uri(printer.base_uri, printer.name))
    yield uri("printer-uuid", f"urn:uuid:{printer.id}")
    yield no_value("printer-geo-location", Tag.UNKNOWN)
    yield name("printer-organization", "")
    yield name("printer-organizational-unit", "")
    # CUPS' own word for what kind of queue this is: a class it is not, a remote printer it is.
    yield enum("printer-type", 0x0002 | (0x0010 if printer.two_sided else 0))


def _state(printer: Printer, queued: int, now: datetime) -> Iterator[Attribute]:
    yield enum("printer-state", PRINTER_STATES[printer.state])
    yield keyword("printer-state-reasons", *(printer.state_reasons or ("none",)))
    yield text("printer-state-message", "")
    yield boolean("printer-is-accepting-jobs", printer.retired_at is None)
    yield date_time("printer-current-time", now)
    yield date_time("printer-state-change-date-time", printer.state_changed_at)
    yield date_time("printer-config-change-date-time", printer.state_changed_at)
    yield integer("printer-state-change-time", up_time(printer.state_changed_at))
    yield integer("printer-config-change-time", up_time(printer.state_changed_at))
    yield integer("printer-up-time", up_time(now))
    yield integer("queued-job-count", queued)


def up_time(moment: datetime) -> int:
    """Return a moment as printer-up-time: seconds of our own calendar, never going back to 1."""
    return max(1, int(moment.timestamp()))
