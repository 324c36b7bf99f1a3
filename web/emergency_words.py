"""The words for the emergency pool: one table each."""

from core.text import Text
from quotas.emergency import State

STATES: dict[State, Text] = {
    State.DUE: Text("reason to be given"),
    State.JUSTIFIED: Text("reason given, to be judged"),
    State.ACCEPTED: Text("accepted"),
    State.OBJECTED: Text("objected to"),
}

TONES: dict[State, str] = {
    State.DUE: "due",
    State.JUSTIFIED: "due",
    State.ACCEPTED: "good",
    State.OBJECTED: "bad",
}
