"""Whose an account is: an office's, a person's within an office, or a project's.

Every account belongs to one office and counts one unit; its holder tells it from the office's other
accounts. The office's own account has no holder. A person has an account only where the office
wants it: then what they print is taken from it and from nowhere else, and without one it is taken
from the office's account. A project (a meeting, 会议专户) is filled by transfer or grant, and ends
on a day: from then on it takes no reservation, and what is left goes back to its office.

A closed account takes no reservation, no grant and no transfer. What its open reservations still
print is charged to it all the same, for that paper has been used; what they leave goes back.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from quotas.periods import DEFAULT_ZONE, Period, Span
from quotas.units import Unit

ADJUST_MAX = 5000
"""The largest adjustment that one person makes alone, unless a setting or the office says so."""


class AccountKind(StrEnum):
    """Whose an account is."""

    OFFICE = "office"
    PERSON = "person"
    PROJECT = "project"


@dataclass(frozen=True)
class Account:
    """An account and its terms."""

    id: str
    office_id: str
    unit: Unit
    kind: AccountKind
    holder: str
    """The person's or the project's id; "" for the office's own account."""
    name: str
    """What a project is called."""
    span: Span
    carry_max: int
    """How much of what is left at a period's end goes on into the next."""
    adjust_max: int | None
    """Above which amount an adjustment needs a second person; None: as the setting says."""
    ends_at: datetime | None
    closed_at: datetime | None
    code: str = ""
    """What a job names a project by; "" for what no job can name (projects.py)."""
    limited: bool = False
    """Whether limits of jobs and persons apply beside what is left (limits.py)."""

    def period_at(self, moment: datetime, zone: ZoneInfo = DEFAULT_ZONE) -> Period:
        """Return the period that this account is in."""
        return Period.of_moment(moment, zone, self.span)

    def closed(self, now: datetime) -> bool:
        """Tell whether nothing may be reserved, granted or transferred any more."""
        return self.closed_at is not None or (self.ends_at is not None and self.ends_at <= now)
