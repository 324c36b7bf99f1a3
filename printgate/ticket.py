"""The job ticket: what a sender asked for on paper, as values.

The names are those of the Job Template attributes (RFC 8011 §5.2, PWG 5100.7, PWG 5100.13). A
ticket leaves out what was not asked for (None), so that the printer's own defaults keep working,
and knows which attributes it carries on to CUPS. The page-ranges, number-up and copies of a ticket
are applied once, by the queue behind the gateway; nothing here touches the document.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True)
class JobTicket:
    """Job Template attributes of one job; enums as integers, ranges as (lower, upper)."""

    copies: int = 1
    sides: str | None = None
    media: str | None = None
    media_source: str | None = None
    media_type: str | None = None
    number_up: int = 1
    page_ranges: tuple[tuple[int, int], ...] = ()
    orientation_requested: int | None = None
    print_color_mode: str | None = None
    print_quality: int | None = None
    print_scaling: str | None = None
    output_bin: str | None = None
    multiple_document_handling: str | None = None
    job_account_id: str | None = None
    """The code of the project's account that is to pay; CUPS is not told of it."""

    def to_json(self) -> dict[str, Any]:
        """Return what a JSON column keeps: only what differs from the default."""
        return {
            each.name: value
            for each in fields(self)
            if (value := getattr(self, each.name)) != each.default
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "JobTicket":
        """Rebuild what `to_json` made."""
        values = dict(stored)
        if "page_ranges" in values:
            values["page_ranges"] = tuple((low, high) for low, high in values["page_ranges"])
        return cls(**values)

    def cups_options(self) -> dict[str, str]:
        """Return the ticket as CUPS option strings, ready for a queue (cupsEncodeOptions)."""
        given = asdict(self)
        options = {
            name.replace("_", "-"): str(given[name]) for name in _PLAIN if given[name] is not None
        }
        if self.media is not None:
            options["media"] = ",".join(
                part for part in (self.media, self.media_source, self.media_type) if part
            )
        if self.page_ranges:
            options["page-ranges"] = ",".join(f"{low}-{high}" for low, high in self.page_ranges)
        return options


_PLAIN = (
    "copies",
    "sides",
    "number_up",
    "orientation_requested",
    "print_color_mode",
    "print_quality",
    "print_scaling",
    "output_bin",
    "multiple_document_handling",
)
