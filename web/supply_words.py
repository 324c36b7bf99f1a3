"""The words for stock, orders, stocktakings and variance: one table each."""

from core.text import Text
from quotas.supplies.lifecycle import CountState, Event, State
from quotas.supplies.stock import Kind, Material
from quotas.supplies.variance import Meaning

MATERIALS: dict[Material, Text] = {
    Material.PAPER: Text("paper"),
    Material.RECYCLED_PAPER: Text("recycled paper"),
    Material.TONER: Text("toner"),
}

KINDS: dict[Kind, Text] = {
    Kind.RECEIPT: Text("received"),
    Kind.ISSUE: Text("issued"),
    Kind.RETURN: Text("given back"),
    Kind.CORRECTION: Text("corrected"),
    Kind.SCRAP: Text("scrapped"),
}

ORDER_STATES: dict[State, Text] = {
    State.REQUESTED: Text("asked for"),
    State.APPROVED: Text("approved"),
    State.PURCHASED: Text("bought, on its way"),
    State.PARTLY_RECEIVED: Text("partly received"),
    State.RECEIVED: Text("received"),
    State.REJECTED: Text("turned down"),
    State.WITHDRAWN: Text("withdrawn"),
    State.CANCELED: Text("cancelled"),
    State.CLOSED: Text("closed: the rest was cancelled"),
}

ORDER_TONES: dict[State, str] = {
    State.REQUESTED: "due",
    State.APPROVED: "busy",
    State.PURCHASED: "busy",
    State.PARTLY_RECEIVED: "busy",
    State.RECEIVED: "good",
    State.REJECTED: "bad",
}

ORDER_EVENTS: dict[Event, Text] = {
    Event.REQUEST: Text("asked for"),
    Event.APPROVE: Text("approved"),
    Event.REJECT: Text("turned down"),
    Event.WITHDRAW: Text("withdrawn"),
    Event.PURCHASE: Text("bought"),
    Event.RECEIVE_PART: Text("partly received"),
    Event.RECEIVE_REST: Text("received in full"),
    Event.CANCEL: Text("cancelled"),
}

COUNT_STATES: dict[CountState, Text] = {
    CountState.OPEN: Text("under way"),
    CountState.CLOSED: Text("closed"),
    CountState.ABANDONED: Text("given up"),
}

COUNT_TONES: dict[CountState, str] = {CountState.OPEN: "due", CountState.CLOSED: "good"}

MEANINGS: dict[Meaning, Text] = {
    Meaning.NOTHING: Text("nothing yet"),
    Meaning.EVEN: Text("even"),
    Meaning.MORE_ISSUED: Text("more issued"),
    Meaning.MORE_PRINTED: Text("more printed"),
}

MEANING_TONES: dict[Meaning, str] = {
    Meaning.EVEN: "good",
    Meaning.MORE_ISSUED: "due",
    Meaning.MORE_PRINTED: "bad",
}

EXPLANATIONS: dict[Meaning, Text] = {
    Meaning.EVEN: Text(
        "Issued and printed differ by no more than a ream: that lies in trays and on desks."
    ),
    Meaning.MORE_ISSUED: Text(
        "More was issued than printed: paper still lies in the office, went into copiers or was "
        "written on, was spoiled by jams, was printed past Printgate, or was carried away. "
        "Look into the cupboards first."
    ),
    Meaning.MORE_PRINTED: Text(
        "More was printed than issued: paper of earlier months was used up, the office has paper "
        "from elsewhere, people printed on another office's paper, or an issue was not entered. "
        "Look for the missing entry first."
    ),
}
"""What a difference can mean, and where to look."""
