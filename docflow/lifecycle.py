"""The life of a document in this first cut: it circulates, and it is closed or withdrawn.

A document circulates from the moment it is submitted: its owner names readers, they read and give
opinions. Closing ends it with its opinions kept; withdrawing ends
it because it should not have been sent round. Both are ends: nothing changes a document after them,
but those who could read it still can.
"""

from enum import StrEnum


class State(StrEnum):
    """Where a document stands."""

    CIRCULATING = "circulating"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


class Action(StrEnum):
    """What can be done to a document."""

    NAME_READERS = "name-readers"
    GIVE_OPINION = "give-opinion"
    ASK_PRINT = "ask-print"
    CLOSE = "close"
    WITHDRAW = "withdraw"


TRANSITIONS: dict[State, dict[Action, State]] = {
    State.CIRCULATING: {
        Action.NAME_READERS: State.CIRCULATING,
        Action.GIVE_OPINION: State.CIRCULATING,
        Action.ASK_PRINT: State.CIRCULATING,
        Action.CLOSE: State.CLOSED,
        Action.WITHDRAW: State.WITHDRAWN,
    },
    State.CLOSED: {},
    State.WITHDRAWN: {},
}


def may(state: State, action: Action) -> bool:
    """Tell whether the action can be done to a document in this state."""
    return action in TRANSITIONS[state]
