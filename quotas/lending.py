"""Loans of sheets between offices: what follows what, and who says yes.

An office that runs short asks another one to lend it sheets until a day. Asking is the word of the
head who borrows, agreeing that of the head who lends; an administrator may stand for either, but
nobody for both. Agreeing moves the sheets from the one office's account to the other's, each in
the period that it is in.

    asked ── agree ──> lent ── give-back ──> returned
      ├──── refuse ──> refused
      └── withdraw ──> withdrawn

The lender can't call a loan back. The borrower may give back at any time, all or a part. When the
day is over the loan comes back by itself: what the borrower has left goes back at once, up to what
is owed, and the rest as soon as they have something again, in the next round of the clock. A debt
outlives periods: that borrowed sheets lapse with their period, or are printed, makes it no smaller.
It is given back into the period that the lender is in then.

    lent = returned + owed, always
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from core.people import Actor

DAYS_MAX = 366
"""How far ahead the last day may lie."""


class State(StrEnum):
    """Where a loan stands."""

    ASKED = "asked"
    LENT = "lent"
    RETURNED = "returned"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Event(StrEnum):
    """What can happen to a loan."""

    ASK = "ask"
    AGREE = "agree"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"
    GIVE_BACK = "give-back"


TRANSITIONS: dict[tuple[State, Event], State] = {
    (State.ASKED, Event.AGREE): State.LENT,
    (State.ASKED, Event.REFUSE): State.REFUSED,
    (State.ASKED, Event.WITHDRAW): State.WITHDRAWN,
    (State.LENT, Event.GIVE_BACK): State.RETURNED,
}
"""What follows what; a part that is given back leaves the loan as it is. `ASK` makes it."""


@dataclass(frozen=True)
class Loan:
    """A loan, and what became of it."""

    id: str
    lender_id: str
    borrower_id: str
    amount: int
    reason: str
    due_at: datetime
    """The end of the last day."""
    state: State
    asked_by: str
    asked_name: str
    asked_at: datetime
    returned: int = 0
    answer: str = ""
    decided_by: str | None = None
    decided_name: str = ""
    decided_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def owed(self) -> int:
        """What has still to come back."""
        return self.amount - self.returned if self.state is State.LENT else 0

    def overdue(self, now: datetime) -> bool:
        """Tell whether it should have come back by now."""
        return self.owed > 0 and self.due_at <= now

    def events_for(self, actor: Actor) -> frozenset[Event]:
        """Return what somebody can do with it now."""
        return frozenset(
            event
            for event in Event
            if (self.state, event) in TRANSITIONS and self.may(event, actor)
        )

    def may(self, event: Event, actor: Actor) -> bool:
        """Tell whether this is for an actor to do, whenever it can be done."""
        if event in (Event.AGREE, Event.REFUSE):
            return actor.may_see_office(self.lender_id) and actor.person_id != self.asked_by
        return actor.may_see_office(self.borrower_id)


def may_see(actor: Actor, lender_id: str, borrower_id: str) -> bool:
    """Tell whether a loan is open to somebody: the heads of both offices, the administrators."""
    return actor.may_see_office(lender_id) or actor.may_see_office(borrower_id)


def sound_day(last: date, today: date) -> bool:
    """Tell whether a loan may last until this day."""
    return today < last <= today + timedelta(days=DAYS_MAX)


def comes_back(owed: int, left: int) -> int:
    """Return what goes back of a loan that is due, where the borrower has so much left."""
    return max(0, min(owed, left))
