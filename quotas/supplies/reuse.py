"""Used paper: whether a sheet that is printed on one side may be printed on the other.

A tray may be opted in to hold used one-sided paper (单面废纸). On the back of each such sheet
stands something already, so the paper is for what nobody keeps: a draft that is printed although
drafts circulate. Never for a confidential or personal paper, whose sheet would carry it into other
hands with something harmless on the front; and never for what is not a draft.

Used paper jams more often, and a jam costs more than the sheet saves. So its jams are watched: once
enough jobs have gone through a tray, a rate above the limit switches it off, by itself and until
somebody opts in again. The rate is jams per thousand jobs since the tray was opted in; below
`JOBS_MIN` jobs there is no rate, for one jam in three jobs says nothing, except that as many jams
as would be too many in `JOBS_MIN` jobs are too many in fewer.
"""

from dataclasses import dataclass
from enum import StrEnum

JOBS_MIN = 50
LIMIT_PER_MILLE_MAX = 1000
COUNT_MAX = 10**6


@dataclass(frozen=True)
class Paper:
    """What is to be printed, as far as the choice of paper depends on it."""

    draft: bool
    confidential: bool
    personal: bool


class Why(StrEnum):
    """Why fresh paper is taken."""

    SWITCHED_OFF = "switched-off"
    NO_DRAFT = "no-draft"
    CONFIDENTIAL = "confidential"
    PERSONAL = "personal"


def fresh_paper_because(paper: Paper, *, switched_on: bool) -> Why | None:
    """Return why this may not be printed on used paper, None if it may."""
    reasons = (
        (paper.confidential, Why.CONFIDENTIAL),
        (paper.personal, Why.PERSONAL),
        (not paper.draft, Why.NO_DRAFT),
        (not switched_on, Why.SWITCHED_OFF),
    )
    return next((why for holds, why in reasons if holds), None)


@dataclass(frozen=True)
class Counts:
    """Jobs and jams of a tray since it was opted in."""

    jobs: int
    jams: int


def valid_counts(counts: Counts) -> bool:
    """Tell whether counts make sense: whole numbers, none below zero, something counted."""
    given = (counts.jobs, counts.jams)
    return all(type(each) is int and 0 <= each <= COUNT_MAX for each in given) and any(given)


def too_many_jams(counts: Counts, limit_per_mille: int) -> bool:
    """Tell whether a tray is to be switched off."""
    return 1000 * counts.jams > limit_per_mille * max(counts.jobs, JOBS_MIN)
