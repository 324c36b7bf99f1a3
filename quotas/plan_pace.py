"""Use against the plan: what the plan gives for a period up to a day, and what was used by then.

A plan gives for a whole period, but people work on working days. Up to the end of a day it has
given the share of the worked days that are over, counted from the day on which the plan starts, or
of all days where none is worked; rounded down, as all that a plan gives. What was used is what came
out: what is reserved may still become free. After its last day a period has been given all of it.
"""

from dataclasses import dataclass
from datetime import date

from quotas.periods import Period
from quotas.workdays import Workdays


@dataclass(frozen=True)
class Given:
    """What a plan gives for a period, from which day on."""

    period: Period
    amount: int
    since: date

    def so_far(self, today: date, workdays: Workdays) -> int:
        """Return the share of it up to the end of a day."""
        days = [day for day in self.period.days() if day >= self.since]
        counted = [day for day in days if workdays.works(day)] or days
        if not counted:
            return 0
        return self.amount * sum(day <= today for day in counted) // len(counted)


@dataclass(frozen=True)
class Standing:
    """How an office stands against its plan."""

    given: Given
    so_far: int
    """What the plan has given up to today."""
    used: int

    @property
    def over(self) -> int:
        """How much more was used than that; negative where it is less."""
        return self.used - self.so_far


def standing(given: Given, used: int, today: date, workdays: Workdays) -> Standing:
    """Return how much of what the plan gives was used, at the end of a day."""
    return Standing(given, given.so_far(today, workdays), used)
