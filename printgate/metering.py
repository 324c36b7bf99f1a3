"""How much paper a job takes: before it prints, from its pages; afterwards, from the printer.

An impression is a marked side, a sheet a piece of paper. With n-up printing several pages share an
impression; two-sided, two impressions share a sheet, and every copy begins on a fresh sheet:

    impressions = copies × ⌈pages ÷ n-up⌉
    sheets      = copies × ⌈⌈pages ÷ n-up⌉ ÷ 2⌉      (two-sided; else sheets = impressions)

Sheets are counted in A4 equivalents, so an A3 sheet counts two. Afterwards we trust only the count
of impressions, and compute sheets from it ourselves: CUPS halves two-sided impressions rounding
down and loses copies, and printers mix the two up. A count is clamped to what the job could have
taken at most, for a printer that reports nonsense must not empty an office's account.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

ONE_SIDED = "one-sided"
A4_AREA = Fraction(210) * 297
_SIZE = re.compile(r"_(\d+(?:\.\d+)?)x(\d+(?:\.\d+)?)(mm|in)$")


@dataclass(frozen=True)
class Usage:
    """What a job takes or took: sheets in A4 equivalents, impressions in marked sides."""

    sheets: int
    impressions: int
    estimated: bool = True


def pages_selected(pages: int, ranges: Sequence[tuple[int, int]]) -> int:
    """Return how many of `pages` the page-ranges (RFC 8011 §5.2.7, ascending) choose."""
    if not ranges:
        return pages
    return sum(max(0, min(upper, pages) - lower + 1) for lower, upper in ranges)


def estimate(
    pages: int, *, copies: int = 1, sides: str = ONE_SIDED, number_up: int = 1, media: str = ""
) -> Usage:
    """Return what a job of `pages` selected pages will take."""
    per_copy = _ceil(pages, number_up)
    sheets = copies * _sheets(per_copy, sides)
    return Usage(sheets * a4_equivalents(media), copies * per_copy)


def measured(
    impressions: int,
    pages: int,
    *,
    copies: int = 1,
    sides: str = ONE_SIDED,
    number_up: int = 1,
    media: str = "",
) -> Usage:
    """Return what came out, from the printer's count of impressions, clamped to the job."""
    per_copy = max(1, _ceil(pages, number_up))
    clamped = max(0, min(impressions, copies * per_copy))
    whole, rest = divmod(clamped, per_copy)
    sheets = whole * _sheets(per_copy, sides) + _sheets(rest, sides)
    return Usage(sheets * a4_equivalents(media), clamped, estimated=clamped != impressions)


def a4_equivalents(media: str) -> int:
    """Return how many A4 sheets one sheet of a PWG 5101.1 media name counts; unknown sizes one."""
    match = _SIZE.search(media)
    if match is None:
        return 1
    unit = Fraction("25.4") if match[3] == "in" else Fraction(1)
    area = Fraction(match[1]) * unit * Fraction(match[2]) * unit
    return max(1, round(area / A4_AREA))


def _sheets(impressions: int, sides: str) -> int:
    return impressions if sides == ONE_SIDED else _ceil(impressions, 2)


def _ceil(count: int, divisor: int) -> int:
    return -(-count // divisor)
