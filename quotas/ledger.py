"""The ledger's arithmetic: double entry, what each kind of entry does, how a reservation lives.

Units never appear or vanish: every entry moves them from one pot to another. An account has three
pots in each period: what is left, what is held for jobs on their way, and what is spent. Outside
of it are two more: the issue, from which grants come, and the transit, through which units go from
one account or period to another. What an entry adds to one pot it takes from another, so its
postings sum to zero:

    grant, adjust    issue → left        (an adjustment may be negative, and has a reason)
    emergency        issue → left        (what a job lacked: emergency.py)
    transfer, carry  transit → left      (negative for the account or period that gives)
    reserve          left → held         renew    moves nothing: a reservation lives longer
    settle           held → left what was reserved, left → spent what came out
    release, expire  held → left
    book             left → spent, without a reservation: what nobody asked for but what was used

A transfer is two entries with one transfer id, entered together: what one gives the other gets, so
the transit is empty after each, and the sum over all accounts of a transfer is zero. So is that of
a carry-over, where one account gives to itself, from one period to the next.

A balance keeps three figures: `granted` is what has come in from outside (so the issue and the
transit together stand at minus that), `held` and `spent`. What is left is granted - held - spent.
Entries are only ever added; a balance is the sum of its entries and nothing else.

A reservation is reserved once, and ends once: settled, released or expired. Settling may use less
than was reserved (the rest is free again) or more: a printer that used more paper has used it. Then
`left` falls below what it was promised to be, perhaps below zero, and the next reservation is
refused; the overrun is recorded, never hidden.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The kinds of ledger entry."""

    GRANT = "grant"
    EMERGENCY = "emergency"
    ADJUST = "adjust"
    TRANSFER = "transfer"
    CARRY = "carry"
    RESERVE = "reserve"
    RENEW = "renew"
    SETTLE = "settle"
    RELEASE = "release"
    EXPIRE = "expire"
    BOOK = "book"


class State(StrEnum):
    """The life of a reservation."""

    RESERVED = "reserved"
    SETTLED = "settled"
    RELEASED = "released"
    EXPIRED = "expired"


class Pot(StrEnum):
    """Where units can be: outside of an account (issue, transit) or in it."""

    ISSUE = "issue"
    TRANSIT = "transit"
    LEFT = "left"
    HELD = "held"
    SPENT = "spent"


class Figure(StrEnum):
    """Which figure of an entry is moved."""

    AMOUNT = "amount"
    USED = "used"


MOVES: dict[Kind, tuple[tuple[Figure, Pot, Pot], ...]] = {
    Kind.GRANT: ((Figure.AMOUNT, Pot.ISSUE, Pot.LEFT),),
    Kind.EMERGENCY: ((Figure.AMOUNT, Pot.ISSUE, Pot.LEFT),),
    Kind.ADJUST: ((Figure.AMOUNT, Pot.ISSUE, Pot.LEFT),),
    Kind.TRANSFER: ((Figure.AMOUNT, Pot.TRANSIT, Pot.LEFT),),
    Kind.CARRY: ((Figure.AMOUNT, Pot.TRANSIT, Pot.LEFT),),
    Kind.RESERVE: ((Figure.AMOUNT, Pot.LEFT, Pot.HELD),),
    Kind.RENEW: (),
    Kind.SETTLE: (
        (Figure.AMOUNT, Pot.HELD, Pot.LEFT),
        (Figure.USED, Pot.LEFT, Pot.SPENT),
    ),
    Kind.RELEASE: ((Figure.AMOUNT, Pot.HELD, Pot.LEFT),),
    Kind.EXPIRE: ((Figure.AMOUNT, Pot.HELD, Pot.LEFT),),
    Kind.BOOK: ((Figure.AMOUNT, Pot.LEFT, Pot.SPENT),),
}
"""From which pot to which each kind of entry moves units."""

ENDS = {
    Kind.SETTLE: State.SETTLED,
    Kind.RELEASE: State.RELEASED,
    Kind.EXPIRE: State.EXPIRED,
}
"""Which entry ends a reservation in which state."""


@dataclass(frozen=True)
class Delta:
    """What an entry adds to a balance."""

    granted: int = 0
    held: int = 0
    spent: int = 0


@dataclass(frozen=True)
class Balance:
    """Granted, held and spent units of one account in one period."""

    granted: int = 0
    held: int = 0
    spent: int = 0

    @property
    def left(self) -> int:
        """What may still be reserved; negative after an overrun."""
        return self.granted - self.held - self.spent

    def plus(self, delta: Delta) -> "Balance":
        """Return the balance after an entry."""
        return Balance(
            self.granted + delta.granted, self.held + delta.held, self.spent + delta.spent
        )


def postings(kind: Kind, amount: int, used: int = 0) -> Counter[Pot]:
    """Return what an entry of this kind adds to each pot; all together that is nothing.

    `amount` is the entry's amount: for settle, release and expire what had been reserved; `used`
    is what came out of a settled reservation.
    """
    posted: Counter[Pot] = Counter()
    figures = {Figure.AMOUNT: amount, Figure.USED: used}
    for figure, source, target in MOVES[kind]:
        posted[source] -= figures[figure]
        posted[target] += figures[figure]
    return posted


def delta_of(kind: Kind, amount: int, used: int = 0) -> Delta:
    """Return what an entry of this kind adds to the figures of a balance (see `postings`)."""
    posted = postings(kind, amount, used)
    granted = -posted[Pot.ISSUE] - posted[Pot.TRANSIT]
    return Delta(granted, posted[Pot.HELD], posted[Pot.SPENT])


def fold(deltas: Iterable[Delta]) -> Balance:
    """Return the balance that these entries make."""
    balance = Balance()
    for delta in deltas:
        balance = balance.plus(delta)
    return balance
