"""What one job and one person may take of an office's account, beside what the account has left.

An office may say how many sheets a job takes at the most, how many one person takes from the
office's account in a period, and how much of what is left at its end (fairness.py); a person may be
named who has another limit than all others, and then is bound by nothing else that concerns
persons. All this is asked when sheets are reserved, never afterwards: what came out is charged,
whatever it is.

What a person has taken in a period is what is reserved for their jobs of that period and what came
out of those that are settled. It is no figure of its own, which could go wrong, but the sum over
their reservations: what a job frees is free for them again, an overrun counts, and a renewal moves
nothing. A guest is nobody in particular: only the limit of a job binds them. Whoever has an account
of their own takes nothing from the office's; a project has sheets of its own and no limits.

An account is hard: a job that needs more than is left is refused. An office may have its accounts
soft, by so many per cent of what was granted: up to there a job beyond what is left is let through,
what it overruns the account by is recorded and told to its sender and to who answers for the
account, and nothing else changes. Beyond that a soft account is hard, too.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from quotas.fairness import Fairness


class Limit(StrEnum):
    """Which limit refuses a job, as the rule is called on pages and in the audit trail."""

    JOB = "quota.job"
    PERSON = "quota.person"
    SHARE = "quota.share"


OVER = "quota.over"
"""The rule that lets a job through which a hard account would refuse."""


@dataclass(frozen=True)
class Limits:
    """An office's limits, in sheets; None where there is none."""

    job_max: int | None = None
    person_max: int | None = None
    fair: Fairness | None = None
    soft_percent: int = 0
    """How far jobs may go above what was granted; 0: the account is hard."""

    def for_person(self, named: int | None) -> "Limits":
        """Return the limits of a person, where `named` is the one that was set for them alone."""
        return self if named is None else replace(self, person_max=named, fair=None)

    def without_persons(self) -> "Limits":
        """Return what binds whoever takes nothing of the office's account, or is nobody."""
        return replace(self, person_max=None, fair=None)

    def above(self, granted: int) -> int:
        """Return how many units jobs may take above what was granted."""
        return granted * self.soft_percent // 100


@dataclass(frozen=True)
class Late:
    """How it stands in the last days: what the office has left, what the sender took in them."""

    left: int
    taken: int


@dataclass(frozen=True)
class Excess:
    """That a job needs more than a limit lets through: `left` is what it would let through."""

    limit: Limit
    most: int
    left: int


def excess(limits: Limits, amount: int, taken: int, late: Late | None = None) -> Excess | None:
    """Return which limit a job exceeds, None if none; `taken` is what its sender has taken.

    `late` is given in the last days of a period only. What is left for a person falls below zero
    where more came out than was reserved.
    """
    if limits.job_max is not None and amount > limits.job_max:
        return Excess(Limit.JOB, limits.job_max, limits.job_max)
    if limits.person_max is not None and taken + amount > limits.person_max:
        return Excess(Limit.PERSON, limits.person_max, limits.person_max - taken)
    if limits.fair is not None and late is not None:
        most = limits.fair.most(late.left, late.taken)
        if late.taken + amount > most:
            return Excess(Limit.SHARE, most, most - late.taken)
    return None
