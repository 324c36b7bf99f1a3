"""Grants by plan, and what goes on from one period into the next.

A plan says how much an account gets in each period without anybody entering it: a fixed amount, or
what was used in the same period of last year, less so many per cent. Where last year knows of no
use (a new office, a first year) it is the amount that the plan names. An account that starts in the
midst of a period gets the share of the days that are left, the first day included. Parts of a unit
are never granted: every figure is rounded down, so that a saving that was promised is kept.

At the end of a period what is left lapses, but for as much as the account's cap lets go on. An
overrun does not go on: it stays in the books of its period.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from quotas.periods import Period


class Base(StrEnum):
    """What a plan reckons from."""

    LAST_YEAR = "last-year"
    """What was used in the same period of last year."""
    FIXED = "fixed"
    """The same amount in every period."""


@dataclass(frozen=True)
class Plan:
    """How much an account gets in each period."""

    percent_less: int
    """How much less than in the same period of last year: 0 to 100."""
    amount: int
    """What it gets by a fixed plan, and where nothing was used in the same period of last year."""
    starts_on: date
    """The first day for which it gets anything."""
    base: Base = Base.LAST_YEAR

    def grant(self, period: Period, used_last_year: int) -> int:
        """Return what the account gets for a period."""
        whole = self.amount
        if self.base is Base.LAST_YEAR and used_last_year > 0:
            whole = used_last_year * (100 - self.percent_less) // 100
        return prorated(whole, period, self.starts_on)


def prorated(amount: int, period: Period, starts_on: date) -> int:
    """Return the share of an amount for those days of a period that are not before `starts_on`."""
    days = period.days()
    counted = sum(day >= starts_on for day in days)
    return amount * counted // len(days)


def carried(left: int, carry_max: int) -> int:
    """Return how much of what is left goes on into the next period."""
    return max(0, min(left, carry_max))


def plan_entry(account_id: str, period: Period) -> str:
    """Return the id of the entry by which a plan grants a period: it can be there once."""
    return f"plan:{account_id}:{period.key}"
