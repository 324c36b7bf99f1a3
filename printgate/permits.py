"""Permits: for a while, a person may print some jobs, or some sheets, on one side.

Printing is two-sided, and now and then a paper must not be: an original that is sealed, a form that
is pasted up. A rule's list of exemptions (rules.toml) says that of a person or printer for ever; a
permit says it for a reason, up to a count and a last day, and somebody who answers for the office's
paper has agreed. It is asked for, then granted or refused; who asked may withdraw it, who could
have refused it may revoke it, and nobody decides on their own.

A permit is used only by a job that asks for one side, and only where that makes a difference on
paper. The rules see an `Allowance`, which is what a look at the table said; whether there is enough
is decided by one conditional UPDATE in the transaction of the decision (service/permit_uses.py). A
job that comes too late is printed two-sided, as always. A use that put no paper into the world goes
back: the whole of it where jobs are counted, the sheets that did not come out where sheets are.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

LASTS_MAX = timedelta(days=366)


class Measure(StrEnum):
    """What a permit counts."""

    JOBS = "jobs"
    SHEETS = "sheets"


COUNT_MAX = {Measure.JOBS: 1_000, Measure.SHEETS: 20_000}
"""How much may be asked for at once: what is more is a rule, not an exemption."""


class State(StrEnum):
    """What was decided on a permit."""

    ASKED = "asked"
    GRANTED = "granted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    REVOKED = "revoked"


class Act(StrEnum):
    """What can be done with a permit."""

    GRANT = "grant"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"
    REVOKE = "revoke"


TRANSITIONS: dict[State, dict[Act, State]] = {
    State.ASKED: {
        Act.GRANT: State.GRANTED,
        Act.REFUSE: State.REFUSED,
        Act.WITHDRAW: State.WITHDRAWN,
    },
    State.GRANTED: {Act.WITHDRAW: State.WITHDRAWN, Act.REVOKE: State.REVOKED},
    State.REFUSED: {},
    State.WITHDRAWN: {},
    State.REVOKED: {},
}


class Standing(StrEnum):
    """What a permit is worth now."""

    ASKED = "asked"
    VALID = "valid"
    USED_UP = "used-up"
    OVER = "over"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    REVOKED = "revoked"


@dataclass(frozen=True)
class Allowance:
    """A valid permit as the rules see it."""

    number: int
    measure: Measure
    left: int
    why: str


def standing(state: State, left: int, ends_at: datetime, now: datetime) -> Standing:
    """Return what a permit is worth; one that was never decided on is over after its last day."""
    if state in (State.ASKED, State.GRANTED) and now >= ends_at:
        return Standing.OVER
    if state is State.GRANTED:
        return Standing.VALID if left > 0 else Standing.USED_UP
    return Standing(state.value)


def may(state: State, act: Act) -> bool:
    """Tell whether this can be done with a permit in this state."""
    return act in TRANSITIONS[state]


def needed(measure: Measure, sheets: int) -> int:
    """Return what a job of so many sheets takes from a permit."""
    return 1 if measure is Measure.JOBS else sheets


def kept(measure: Measure, amount: int, sheets: int) -> int:
    """Return what of a use of `amount` stands when so many sheets came out."""
    if measure is Measure.JOBS:
        return amount if sheets else 0
    return min(amount, sheets)
