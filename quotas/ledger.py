"""The ledger's arithmetic: what each kind of entry does to a balance, and how a reservation lives.

A balance has three figures. `granted` is what the office may use in a period, `held` what is
reserved for jobs on their way, `spent` what came out. What is left is granted - held - spent.
Entries are only ever added; a balance is the sum of its entries and nothing else:

    grant    granted + n         reserve  held + n
    adjust   granted + n (n may be negative, with a reason)
    settle   held - reserved, spent + used
    release  held - reserved     expire   held - reserved
    book     spent + n, without a reservation: what nobody asked for but what was used

A reservation is reserved once, and ends once: settled, released or expired. Settling may use less
than was reserved (the rest is free again) or more: a printer that used more paper has used it. Then
`left` falls below what it was promised to be, perhaps below zero, and the next reservation is
refused; the overrun is recorded, never hidden.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The kinds of ledger entry."""

    GRANT = "grant"
    ADJUST = "adjust"
    RESERVE = "reserve"
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


def delta_of(kind: Kind, amount: int, used: int = 0) -> Delta:
    """Return what an entry of this kind does.

    `amount` is the entry's amount: for settle, release and expire what had been reserved; `used`
    is what came out of a settled reservation.
    """
    match kind:
        case Kind.GRANT | Kind.ADJUST:
            return Delta(granted=amount)
        case Kind.RESERVE:
            return Delta(held=amount)
        case Kind.SETTLE:
            return Delta(held=-amount, spent=used)
        case Kind.RELEASE | Kind.EXPIRE:
            return Delta(held=-amount)
        case Kind.BOOK:
            return Delta(spent=amount)


def fold(deltas: Iterable[Delta]) -> Balance:
    """Return the balance that these entries make."""
    balance = Balance()
    for delta in deltas:
        balance = balance.plus(delta)
    return balance
