"""The emergency pool: paper for what can't wait, with the reason given afterwards.

An office whose account is short may draw a little more for a job that is urgent: what the job lacks
and no sheet more, and in each period no more in all than the rules say. Nobody is asked before;
that is what makes it useful late in the evening. So it is asked afterwards: whoever drew says why
within some days, and the head of the office accepts that or objects. Nobody judges their own use:
a head's is judged by another head or by an administrator. Who has not said in time why they drew
gets no more from the pool until they have; saying it late is better than never, and is shown.

    due ── justify ──> justified ── accept ──> accepted
                            └────── object ──> objected

A guest draws nothing, since nobody could be asked; nor does a project, or a person with an account
of their own: the pool stands behind the account of the office.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from core.people import Actor


class State(StrEnum):
    """Where a use of the pool stands."""

    DUE = "due"
    JUSTIFIED = "justified"
    ACCEPTED = "accepted"
    OBJECTED = "objected"


class Event(StrEnum):
    """What can happen to a use; `DRAW` makes it."""

    DRAW = "draw"
    JUSTIFY = "justify"
    ACCEPT = "accept"
    OBJECT = "object"


TRANSITIONS: dict[tuple[State, Event], State] = {
    (State.DUE, Event.JUSTIFY): State.JUSTIFIED,
    (State.JUSTIFIED, Event.ACCEPT): State.ACCEPTED,
    (State.JUSTIFIED, Event.OBJECT): State.OBJECTED,
}
"""What follows what; all else is refused."""


@dataclass(frozen=True)
class Pool:
    """The rules of the pool."""

    sheets_max: int
    """Sheets for each office and period at the most."""
    wait: timedelta
    """How long a job waits for its owner to say that it is urgent."""
    justify: timedelta
    """Within what time the reason has to be given."""


@dataclass(frozen=True)
class Use:
    """A use of the pool, and what was said of it."""

    id: str
    """The job's key."""
    office_id: str
    amount: int
    person_id: str
    person_name: str
    used_at: datetime
    due_at: datetime
    state: State
    reason: str = ""
    justified_at: datetime | None = None
    answer: str = ""
    decided_by: str | None = None
    decided_name: str = ""
    decided_at: datetime | None = None

    def overdue(self, now: datetime) -> bool:
        """Tell whether the reason should have been given by now."""
        return self.state is State.DUE and self.due_at <= now

    def late(self) -> bool:
        """Tell whether the reason was given too late."""
        return self.justified_at is not None and self.justified_at > self.due_at

    def events_for(self, actor: Actor) -> frozenset[Event]:
        """Return what somebody can do with it now."""
        return frozenset(
            event
            for event in Event
            if (self.state, event) in TRANSITIONS and self.may(event, actor)
        )

    def may(self, event: Event, actor: Actor) -> bool:
        """Tell whether this is for an actor to do, whenever it can be done."""
        mine = actor.person_id == self.person_id
        return mine if event is Event.JUSTIFY else not mine and actor.may_see_office(self.office_id)


def judges(
    heads: Iterable[str], administrators: Iterable[str], *, drawn_by: str
) -> tuple[str, ...]:
    """Return who is to judge a use: the heads, or the administrators where no other head is."""
    first = tuple(each for each in heads if each != drawn_by)
    return first or tuple(each for each in administrators if each != drawn_by)


def missing(left: int, needed: int) -> int:
    """Return what a job lacks where so much is left (less than nothing after an overrun)."""
    return max(0, needed - left)
