"""Fairness at a period's end: whoever comes first must not take what others still need.

When few sheets are left and the period is nearly over, one large job can leave an office without
paper until the next grant. An office may therefore say that in the last N working days of a period
one person takes at most p per cent of what the office has left, or k sheets where that is more.

What is left falls with every job, so p per cent of it, asked for job by job, would be no limit: by
ten jobs of half of the rest one person takes all but a thousandth. So what a person has taken since
the first of these days counts, and is added to what is left before the share is taken: with L left
and T taken a job of n goes through if T + n ≤ max(k, ⌊p · (L + T) / 100⌋). Where nobody else
prints, L + T stays what it was when the days began, and one person takes p per cent of that, in one
job or in many. What others take lessens the share of all alike. What was taken before these days
does not count, and neither do days: the rule begins on a day and holds to the period's end.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from quotas.workdays import Workdays

DAYS_MAX = 31


@dataclass(frozen=True)
class Fairness:
    """In how many working days at the end one person takes how much of what is left."""

    days: int
    percent: int
    least: int
    """Sheets that everybody may take, however little is left; 0: none."""

    def most(self, left: int, taken: int) -> int:
        """Return how much one person may have taken in these days, where so much is left."""
        return max(self.least, self.percent * (left + taken) // 100)

    def begins(self, days: Sequence[date], workdays: Workdays) -> date:
        """Return the day from which on it holds in a period of these days.

        It is the first of the period where that has no more working days than these.
        """
        worked = [day for day in days if workdays.works(day)]
        return worked[-self.days] if self.days < len(worked) else days[0]
