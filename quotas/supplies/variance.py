"""Variance: the sheets that an office was issued, less those it printed, and what it can mean.

    difference = sheets issued − sheets given back − sheets printed (the ledger's "spent")

Issues come in whole reams and printing in sheets, so a month alone seldom comes out even: what was
issued on the 30th is printed in the next. The running difference from the first month shown is what
counts; it should stay between zero and what can lie in the office's cupboards and trays. Neither
sign proves anything: it says where to look. Months before the book of issues was begun would only
say that it was not kept, so who asks leaves them out.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

EVEN_WITHIN = 500
"""Sheets: a ream more or less is what lies in the trays."""


class Meaning(StrEnum):
    """What a running difference can mean."""

    NOTHING = "nothing"
    """Nothing issued, nothing printed."""
    EVEN = "even"
    MORE_ISSUED = "more-issued"
    MORE_PRINTED = "more-printed"


@dataclass(frozen=True)
class Month:
    """What an office was issued and printed in a month, in sheets of A4 equivalent."""

    period: str
    issued: int
    printed: int

    @property
    def difference(self) -> int:
        """Issued less printed."""
        return self.issued - self.printed


@dataclass(frozen=True)
class Variance:
    """A month, and the difference since the first month that is looked at."""

    month: Month
    running: int
    meaning: Meaning


def meaning_of(running: int, *, moved: bool, even_within: int = EVEN_WITHIN) -> Meaning:
    """Return what a running difference means; `moved` if anything was issued or printed so far."""
    if not moved:
        return Meaning.NOTHING
    if abs(running) <= even_within:
        return Meaning.EVEN
    return Meaning.MORE_ISSUED if running > 0 else Meaning.MORE_PRINTED


def variances(months: Iterable[Month]) -> list[Variance]:
    """Return the variance of each month, which come in order."""
    found, running, moved = [], 0, False
    for month in months:
        running += month.difference
        moved = moved or bool(month.issued or month.printed)
        found.append(Variance(month, running, meaning_of(running, moved=moved)))
    return found
