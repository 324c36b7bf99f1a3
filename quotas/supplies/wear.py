"""How far a cartridge is used up: an estimate from the toner that was booked since it was put in.

The ledger has toner in standard pages, pages of which 5 % is covered, and that is the measure in
which a cartridge's yield is declared. So what was booked at the printer, in the cartridge's colour,
from the moment it was put in is a share of the yield, whatever was printed. It is an estimate three
times over: most coverage is assumed and not measured, what was printed past Printgate is not in it,
and a declared yield is one of the laboratory. A share above 100 % says that the assumption is too
high or the maker too modest, so it is not cut off.

Grams are said only where the office entered how much toner is in such a cartridge: the same share
of that.
"""

from dataclasses import dataclass

from quotas.toner import share_of_yield
from quotas.units import TONER_UNITS_PER_PAGE

GRAMS_MAX = 10_000
"""The most toner in a cartridge, in grams; large ones have some 1,500."""


@dataclass(frozen=True)
class Wear:
    """What a cartridge has given so far, estimated."""

    pages: int
    """Whole standard pages."""
    per_cent: int | None = None
    """The share of the declared yield; None where that is not known."""
    grams: int | None = None
    """Of what was in it; None where that is not known."""


def wear(booked: int, yield_pages: int, grams: int) -> Wear:
    """Return how far a cartridge is used, of so many toner units; 0 of the others is unknown."""
    pages = booked // TONER_UNITS_PER_PAGE
    if yield_pages <= 0:
        return Wear(pages)
    share = share_of_yield(booked, yield_pages)
    return Wear(pages, _rounded(share, 100), _rounded(share, grams) if grams else None)


def _rounded(millionths: int, whole: int) -> int:
    return (millionths * whole + 500_000) // 1_000_000
