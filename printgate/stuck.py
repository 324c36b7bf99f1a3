"""Jobs that do not move: why that is so, and what a person can do about it.

A job is stuck when it has not ended, waits for nobody's answer or release, and has stood in its
stage for ten minutes. What helps follows from the stage alone. Before a job was let go in CUPS it
may be tried again or cancelled, and nothing has been printed. After that it can only be cancelled
there; and when CUPS never says how it ended, or has lost it, a person looks into the tray and says
how many sheets came out. Nothing here is ever printed a second time.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from core.text import Text
from printgate.lifecycle import Stage

STUCK_AFTER = timedelta(minutes=10)


class Way(StrEnum):
    """What an administrator can do with a stuck job."""

    RETRY = "retry"
    CANCEL = "cancel"
    SETTLE = "settle"


@dataclass(frozen=True)
class Trouble:
    """Why a job in a stage stands still, and the ways out."""

    cause: Text
    ways: tuple[Way, ...]


TROUBLES: dict[Stage, Trouble] = {
    Stage.RECEIVING: Trouble(
        Text("Its document never came, and the work that ends such jobs stands still."),
        (Way.CANCEL,),
    ),
    Stage.DECIDING: Trouble(
        Text("Its document has not been read: background work stands still, or fails."),
        (Way.RETRY, Way.CANCEL),
    ),
    Stage.ACCEPTED: Trouble(
        Text("The print system did not take it yet. Nothing has been printed."),
        (Way.RETRY, Way.CANCEL),
    ),
    Stage.FORWARDED: Trouble(
        Text("The print system has not got the whole document yet. Nothing has been printed."),
        (Way.RETRY, Way.CANCEL),
    ),
    Stage.RELEASED: Trouble(
        Text("It is at the printer, which does not finish it. See to the printer, or cancel."),
        (Way.RETRY, Way.CANCEL),
    ),
    Stage.CANCELING: Trouble(
        Text("It was cancelled, but the print system does not say how it ended."),
        (Way.RETRY, Way.SETTLE),
    ),
    Stage.UNKNOWN: Trouble(
        Text("The print system lost it. Somebody must look whether it came out."), (Way.SETTLE,)
    ),
}
