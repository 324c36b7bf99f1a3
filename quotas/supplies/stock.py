"""The arithmetic of stock: what each kind of movement does to what lies in a store.

Stock is counted in the units that are bought and handed out: reams of paper, cartridges of toner.
A level is the sum of its movements and nothing else; movements are only ever added, each with a
quantity that is added to the level:

    receipt     + n   bought, or there at the beginning
    issue       − n   handed to an office, which has it from then on
    return      + n   an office gives back what it was issued
    correction  ± n   a stocktaking found more or less than the book says, with a reason
    scrap       − n   spoiled, out of date, thrown away, with a reason

No level is below zero: nobody can hand out what does not lie there. If the shelf has more than the
book, the book is wrong, and a stocktaking says so.

Paper has sheets in a unit, in A4 equivalents as the ledger counts them: 500 in a ream of A4, 1,000
in a ream of A3. So what was issued can be set against what was printed.
"""

from collections.abc import Iterable
from enum import StrEnum

from quotas.supplies.lifecycle import QUANTITY_MAX

SHEETS_MAX = 10_000


class Kind(StrEnum):
    """The kinds of stock movement."""

    RECEIPT = "receipt"
    ISSUE = "issue"
    RETURN = "return"
    CORRECTION = "correction"
    SCRAP = "scrap"


class Material(StrEnum):
    """What an article is made of, as far as the books care."""

    PAPER = "paper"
    RECYCLED_PAPER = "recycled-paper"
    TONER = "toner"


PAPERS = frozenset({Material.PAPER, Material.RECYCLED_PAPER})
OF_AN_OFFICE = frozenset({Kind.ISSUE, Kind.RETURN})
"""Movements between a store and an office."""
NEEDS_REASON = frozenset({Kind.CORRECTION, Kind.SCRAP})
_SIGNS = {Kind.RECEIPT: 1, Kind.RETURN: 1, Kind.ISSUE: -1, Kind.SCRAP: -1}


def delta_of(kind: Kind, quantity: int) -> int:
    """Return what a movement adds to the level; a correction's quantity has its own sign."""
    return quantity * _SIGNS.get(kind, 1)


def valid_quantity(kind: Kind, quantity: object) -> bool:
    """Tell whether something is a number of units that a movement of this kind may carry."""
    if type(quantity) is not int or not 0 < abs(quantity) <= QUANTITY_MAX:
        return False
    return quantity > 0 or kind is Kind.CORRECTION


def fold(movements: Iterable[tuple[Kind, int]]) -> int:
    """Return the level that these movements make."""
    return sum(delta_of(kind, quantity) for kind, quantity in movements)


def issued(movements: Iterable[tuple[Kind, int]]) -> int:
    """Return what an office has been issued and has not given back."""
    return -sum(delta_of(kind, quantity) for kind, quantity in movements if kind in OF_AN_OFFICE)


def share_per_cent(part: int, whole: int) -> float | None:
    """Return a part in per cent of the whole, None if there is no whole."""
    return None if whole <= 0 else 100 * part / whole


def is_low(on_hand: int, low_at: int) -> bool:
    """Tell whether a level is to be marked; 0 means that nobody watches it."""
    return low_at > 0 and on_hand <= low_at
