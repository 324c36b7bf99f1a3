"""Tables as values: made once from figures, then shown on a page, in a workbook or as a PDF.

What a reader takes along cannot differ from what the page says, for both are the same table.
"""

from collections.abc import Sequence
from dataclasses import dataclass

Value = str | int | float


@dataclass(frozen=True)
class Column:
    """The head of a column; `wide` is its share of a sheet's width beside the others'."""

    title: str
    number: bool = False
    wide: float = 1


@dataclass(frozen=True)
class Cell:
    """What stands at a place: as a reader is told it, as it is counted with, and what it is of."""

    said: str
    value: Value
    path: str = ""
    """Leads to what it is the sum of; nobody is led on where it is empty."""


@dataclass(frozen=True)
class Table:
    """A table with its heading; `total` is the line below it, `note` what must be known of it."""

    id: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    total: Sequence[Cell] = ()
    note: str = ""
    nothing: str = ""
    """What is said instead where there are no rows."""


def told(words: str, path: str = "") -> Cell:
    """Return a cell of words."""
    return Cell(words, words, path)


def number(value: int, path: str = "") -> Cell:
    """Return a cell of a whole number."""
    return Cell(f"{value:,}".replace("-", "−"), value, path)
