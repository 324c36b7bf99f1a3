"""Toner: from how much of a page is covered to standard pages, ink by ink.

The yield of a cartridge is declared in standard pages, pages of which 5 % is covered (ISO/IEC 19752
for black, 19798 for colours: 5 % of each ink). So a page takes coverage ÷ 5 % of a standard page of
each ink, and what a job took is a share of the cartridge that its maker declares. All figures are
whole: coverage in millionths of the page's area, toner in millionths of a standard page, so that

    toner = impressions × coverage × 1,000,000 ÷ 50,000 = impressions × coverage × 20

exactly. Coverage that was measured is worth more than an assumption, and both come through here:
whoever knows better hands in another `Coverage`, and the entries say which it was.

Grams are no measure of ours: how much toner a standard page takes differs from device to device.
An office that knows it of its device (milligrams a page) can have them said.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from quotas.units import TONER_UNITS_PER_PAGE, Unit

COVERAGE_MAX = 1_000_000
"""The whole page, in millionths."""
STANDARD_COVERAGE = 50_000
"""The coverage of a standard page, in millionths: 5 %."""


class Ink(StrEnum):
    """What a page can be covered with."""

    BLACK = "black"
    CYAN = "cyan"
    MAGENTA = "magenta"
    YELLOW = "yellow"


UNITS = {
    Ink.BLACK: Unit.TONER,
    Ink.CYAN: Unit.CYAN,
    Ink.MAGENTA: Unit.MAGENTA,
    Ink.YELLOW: Unit.YELLOW,
}
"""In which unit each ink is counted."""


@dataclass(frozen=True)
class Coverage:
    """How much of an impression each ink covers, in millionths; on average over a job."""

    black: int = 0
    cyan: int = 0
    magenta: int = 0
    yellow: int = 0
    measured: bool = False

    def __post_init__(self) -> None:
        """Refuse what no page can be; ValueError names the ink."""
        for ink in Ink:
            share = getattr(self, ink)
            if type(share) is not int or not 0 <= share <= COVERAGE_MAX:
                raise ValueError(f"{ink} covers {share!r}: it must be 0 to {COVERAGE_MAX}")


@dataclass(frozen=True)
class TonerUse:
    """How much of one ink a job took."""

    ink: Ink
    amount: int
    """Millionths of a standard page."""
    estimated: bool

    @property
    def unit(self) -> Unit:
        """The unit in which it is booked."""
        return UNITS[self.ink]


def assumed(coverage: float) -> Coverage:
    """Return a printer's default coverage (0.05 is 5 %, in black) as an estimate."""
    return Coverage(black=min(COVERAGE_MAX, max(0, round(coverage * COVERAGE_MAX))))


def uses(impressions: int, coverage: Coverage) -> Iterator[TonerUse]:
    """Yield what so many impressions took of each ink that they took any of."""
    for ink in Ink:
        share = getattr(coverage, ink)
        amount = impressions * share * TONER_UNITS_PER_PAGE // STANDARD_COVERAGE
        if amount > 0:
            yield TonerUse(ink, amount, estimated=not coverage.measured)


def share_of_yield(amount: int, yield_pages: int) -> int:
    """Return what part of a cartridge of this declared yield was used, in millionths of it."""
    if yield_pages <= 0:
        raise ValueError("a cartridge yields at least one page")
    return amount * 1_000_000 // (yield_pages * TONER_UNITS_PER_PAGE)


def milligrams(amount: int, milligrams_a_page: int) -> int:
    """Return toner by weight, from what the office says a standard page takes on its device."""
    return amount * milligrams_a_page // TONER_UNITS_PER_PAGE
