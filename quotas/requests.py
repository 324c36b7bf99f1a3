"""Requests for more sheets: what follows what, who decides, and where the sheets come from.

Somebody who runs short asks, with a reason and an amount, for the account that their jobs are
charged to: their own, or their office's. A second person decides. A head of office hands out what
the office has: they may move sheets from its account to a person's, all that was asked for or
less. They can't make sheets, so more for the office itself is granted by an administrator, who
grants anew in either case; refusing, which costs nothing, is in the head's power too.

    account of    the head                        the administrator
    a person      transfer from the office        grant
    the office    may refuse                      grant

Nobody decides on their own request, whoever they are; who asked may take it back until somebody
has decided. All that a request can become is final: who needs more after that asks anew.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.people import Actor
from quotas.accounts import AccountKind


class State(StrEnum):
    """Where a request stands."""

    ASKED = "asked"
    GRANTED = "granted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Event(StrEnum):
    """What can happen to a request."""

    ASK = "ask"
    GRANT = "grant"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"


TRANSITIONS: dict[tuple[State, Event], State] = {
    (State.ASKED, Event.GRANT): State.GRANTED,
    (State.ASKED, Event.REFUSE): State.REFUSED,
    (State.ASKED, Event.WITHDRAW): State.WITHDRAWN,
}
"""What follows what; all else is refused. `ASK` makes a request."""


def after(state: State, event: Event) -> State | None:
    """Return the state after an event, or None if it can't happen in this one."""
    return TRANSITIONS.get((state, event))


class Party(StrEnum):
    """Who somebody is to a request."""

    REQUESTER = "requester"
    HEAD = "head"
    ADMIN = "admin"


class Source(StrEnum):
    """Where the sheets come from that are granted."""

    GRANT = "grant"
    TRANSFER = "transfer"
    """From the account of the office."""


SOURCES: dict[tuple[AccountKind, Party], Source] = {
    (AccountKind.PERSON, Party.ADMIN): Source.GRANT,
    (AccountKind.PERSON, Party.HEAD): Source.TRANSFER,
    (AccountKind.OFFICE, Party.ADMIN): Source.GRANT,
}
"""Whose power reaches how far: what is not here, nobody grants."""


@dataclass(frozen=True)
class SheetRequest:
    """A request, and what became of it."""

    id: str
    account_id: str
    office_id: str
    kind: AccountKind
    amount: int
    reason: str
    state: State
    asked_by: str
    asked_name: str
    asked_at: datetime
    granted: int | None = None
    answer: str = ""
    decided_by: str | None = None
    decided_name: str = ""
    decided_at: datetime | None = None

    def events_for(self, actor: Actor) -> frozenset[Event]:
        """Return what somebody can do with it now."""
        who = parties(actor, self.office_id, self.asked_by)
        return frozenset(
            event for event in Event if after(self.state, event) and may(event, self.kind, who)
        )

    def source_for(self, actor: Actor) -> Source | None:
        """Return where the sheets would come from if somebody granted it."""
        return source(self.kind, parties(actor, self.office_id, self.asked_by))


def may_ask(actor: Actor, office_id: str) -> bool:
    """Tell whether somebody may ask for an office: their own, or one that they head."""
    return actor.person_id is not None and office_id in {actor.office_id, *actor.heads}


def parties(actor: Actor, office_id: str, asked_by: str) -> frozenset[Party]:
    """Return what somebody is to a request for an account of an office."""
    found = set()
    if actor.person_id == asked_by:
        found.add(Party.REQUESTER)
    if office_id in actor.heads:
        found.add(Party.HEAD)
    if actor.admin:
        found.add(Party.ADMIN)
    return frozenset(found)


def source(kind: AccountKind, who: frozenset[Party]) -> Source | None:
    """Return where sheets come from when somebody who is this grants them; None: they may not.

    Who is both head and administrator grants as administrator: the office keeps what it has.
    """
    if Party.REQUESTER in who:
        return None
    held = (SOURCES.get((kind, party)) for party in (Party.ADMIN, Party.HEAD) if party in who)
    return next((each for each in held if each is not None), None)


def may(event: Event, kind: AccountKind, who: frozenset[Party]) -> bool:
    """Tell whether somebody who is this to a request may let an event happen."""
    match event:
        case Event.GRANT:
            return source(kind, who) is not None
        case Event.REFUSE:
            return Party.REQUESTER not in who and bool({Party.HEAD, Party.ADMIN} & who)
        case Event.WITHDRAW:
            return Party.REQUESTER in who
        case Event.ASK:
            return False


def may_see(actor: Actor, office_id: str, asked_by: str) -> bool:
    """Tell whether a request is open to somebody: who asked, the heads, the administrators."""
    return bool(parties(actor, office_id, asked_by))


def to_tell(
    kind: AccountKind, heads: Iterable[str], administrators: Iterable[str], *, asked_by: str
) -> tuple[str, ...]:
    """Return who learns of a request: those who can decide on it.

    What a person asks for is the head's to decide; the administrators are only asked where there
    is no head but the one who asks.
    """
    first = [each for each in heads if each != asked_by]
    last = [each for each in administrators if each != asked_by]
    if kind is AccountKind.PERSON and first:
        return tuple(first)
    return tuple(dict.fromkeys([*first, *last]))
