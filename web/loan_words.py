"""The words for loans between offices: one table each."""

from core.text import Text
from quotas.lending import State

STATES: dict[State, Text] = {
    State.ASKED: Text("waits for the other office"),
    State.LENT: Text("lent"),
    State.RETURNED: Text("given back"),
    State.REFUSED: Text("turned down"),
    State.WITHDRAWN: Text("taken back"),
}

TONES: dict[State, str] = {State.ASKED: "due", State.LENT: "due", State.REFUSED: "bad"}
