"""How many sheets a job saved, each kind by one method against one baseline.

The baseline is what the sender asked for, never the worst that could be imagined:

    two-sided   The sender asked for one side, the office's rule printed both: the sheets of the job
                one-sided, less those that came out. Who asked for two-sided saved nothing through
                the rule; nor did who asked for nothing, for the printer's default is two-sided.
    n-up        The sender asked for several pages on a side: the sheets of the job with one page
                on a side, less its sheets with n, both with the sides that were asked for.

First the n-up is taken off, then the two-sided, so no sheet is saved twice: the sheets saved and
the sheets that came out add up to those of the job with one page on a side, on the sides that were
asked for. Of a job that broke off only the part that came out counts, rounded down. A job that was
refused or cancelled saved nothing: whoever needed the paper printed it in another way.

A draft that circulates instead of being printed is a saving of the document flow: each recipient
who opened it would have had a copy, two-sided as the office prints, less what was printed of it
after all. Recipients who never opened it count nothing.
"""

from dataclasses import dataclass

from printgate.metering import ONE_SIDED, estimate, pages_selected
from printgate.ticket import JobTicket

TWO_SIDED = "two-sided-long-edge"


@dataclass(frozen=True)
class Saving:
    """Of one job: the sheets that were printed on both sides, and those that were not printed."""

    two_sided_sheets: int = 0
    by_two_sided: int = 0
    by_number_up: int = 0


def saving(asked: JobTicket, printed: JobTicket, pages: int, sheets: int) -> Saving:
    """Return what a job of a document of `pages` saved, of which `sheets` came out.

    Sheets are A4 equivalents, as everywhere.
    """
    as_printed = _sheets(printed, pages, printed.sides or ONE_SIDED, printed.number_up)
    if sheets <= 0 or as_printed <= 0:
        return Saving()
    both = (printed.sides or ONE_SIDED) != ONE_SIDED
    forced = both and asked.sides == ONE_SIDED
    before = ONE_SIDED if forced else printed.sides or ONE_SIDED
    without_rule = _sheets(printed, pages, before, printed.number_up)
    one_up = _sheets(printed, pages, before, 1)
    out = min(sheets, as_printed)
    return Saving(
        sheets if both else 0,
        (without_rule - as_printed) * out // as_printed,
        (one_up - without_rule) * out // as_printed,
    )


def saved_by_circulating(pages: int, opened: int, printed: int) -> int:
    """Return the sheets that a draft saved: `opened` copies, less the sheets printed after all."""
    return max(0, opened * estimate(pages, sides=TWO_SIDED).sheets - printed)


def _sheets(ticket: JobTicket, pages: int, sides: str, number_up: int) -> int:
    return estimate(
        pages_selected(pages, ticket.page_ranges),
        copies=ticket.copies,
        sides=sides,
        number_up=number_up,
        media=ticket.media or "",
    ).sheets
