"""The units that accounts are kept in: always whole numbers, so that sums are exact.

Paper is counted in sheets of A4 equivalent. Toner is counted, ink by ink, in millionths of a
standard page, a page of which 5 % is covered: the measure in which the yield of a cartridge is
declared (ISO/IEC 19752, 19798), so that 1,000,000 units are one page of the declared yield.
"""

from enum import StrEnum

AMOUNT_MAX = 10**15
TONER_UNITS_PER_PAGE = 1_000_000


class Unit(StrEnum):
    """What an account counts; `TONER` is the black one, which every printer has."""

    SHEETS = "sheets"
    TONER = "toner"
    CYAN = "toner-cyan"
    MAGENTA = "toner-magenta"
    YELLOW = "toner-yellow"


def valid_amount(amount: object) -> bool:
    """Tell whether something is a whole number of units that an entry may carry."""
    return type(amount) is int and 0 < amount <= AMOUNT_MAX


def toner_pages(amount: int) -> float:
    """Return toner units as standard pages."""
    return amount / TONER_UNITS_PER_PAGE
