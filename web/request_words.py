"""The words for requests for more sheets: one table each."""

from core.text import Text
from quotas.inbox import View
from quotas.requests import State

VIEWS: dict[View, Text] = {
    View.OPEN: Text("To decide"),
    View.MINE: Text("My requests"),
    View.DECIDED: Text("Already decided"),
}

EMPTY: dict[View, Text] = {
    View.OPEN: Text("Nothing waits for you. Who needs more sheets asks on this page."),
    View.MINE: Text(
        "You have not asked for anything. When your sheets run short, ask for more: "
        "somebody else decides, and you are told."
    ),
    View.DECIDED: Text("Nobody's request has been decided on yet."),
}
"""What a list says that has nothing in it."""

STATES: dict[State, Text] = {
    State.ASKED: Text("waits for a decision"),
    State.GRANTED: Text("granted"),
    State.REFUSED: Text("turned down"),
    State.WITHDRAWN: Text("taken back"),
}

TONES: dict[State, str] = {State.ASKED: "due", State.GRANTED: "good", State.REFUSED: "bad"}
