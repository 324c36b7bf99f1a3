"""The words for stages, rules and states: one table each."""

from core.text import Text
from docflow.lifecycle import State
from printgate.lifecycle import Stage
from quotas.ledger import Kind

STAGES: dict[Stage, Text] = {
    Stage.RECEIVING: Text("arriving"),
    Stage.DECIDING: Text("being read"),
    Stage.ASKED: Text("waits for your decision"),
    Stage.ACCEPTED: Text("on its way to the printer"),
    Stage.FORWARDED: Text("on its way to the printer"),
    Stage.RELEASED: Text("at the printer"),
    Stage.CANCELING: Text("being cancelled"),
    Stage.COMPLETED: Text("printed"),
    Stage.CIRCULATED: Text("circulates without paper"),
    Stage.CANCELED: Text("cancelled"),
    Stage.EXPIRED: Text("expired"),
    Stage.REFUSED: Text("refused"),
    Stage.ABORTED: Text("broken off"),
    Stage.UNKNOWN: Text("unknown: please look into the tray"),
}

STAGE_TONES: dict[Stage, str] = {
    Stage.COMPLETED: "good",
    Stage.CIRCULATED: "good",
    Stage.REFUSED: "bad",
    Stage.ABORTED: "bad",
    Stage.UNKNOWN: "bad",
    Stage.EXPIRED: "bad",
    Stage.ASKED: "due",
}

RULES: dict[str, Text] = {
    "two-sided": Text("Two-sided"),
    "limits.pages": Text("Most pages"),
    "limits.copies": Text("Most copies"),
    "limits.sheets": Text("Most sheets"),
    "drafts": Text("Drafts circulate"),
    "drafts.override": Text("Draft printed after all"),
    "quota": Text("Quota"),
    "secrecy": Text("Secrecy"),
    "readable": Text("Readable document"),
    "storage": Text("Safekeeping"),
    "backend": Text("Print system"),
}

PRINTER_STATES = {
    "idle": Text("ready"),
    "processing": Text("printing"),
    "stopped": Text("stopped"),
}

STATE_REASONS: dict[str, Text] = {
    "connecting-to-device": Text("can't be reached"),
    "cover-open": Text("cover open"),
    "cups-waiting-for-job-completed": Text("printing"),
    "door-open": Text("door open"),
    "input-tray-missing": Text("tray missing"),
    "job-printing": Text("printing"),
    "job-queued": Text("waiting its turn"),
    "marker-supply-empty": Text("toner empty"),
    "marker-supply-low": Text("toner low"),
    "marker-waste-almost-full": Text("waste toner box almost full"),
    "marker-waste-full": Text("waste toner box full"),
    "media-empty": Text("out of paper"),
    "media-jam": Text("paper jam"),
    "media-low": Text("paper low"),
    "media-needed": Text("needs paper"),
    "offline-report": Text("switched off or unreachable"),
    "other": Text("needs a look"),
    "output-area-full": Text("output tray full"),
    "paused": Text("paused"),
    "printer-stopped": Text("the printer is stopped"),
    "shutdown": Text("switched off"),
    "spool-area-full": Text("no room for documents"),
    "toner-empty": Text("toner empty"),
    "toner-low": Text("toner low"),
}

DOCUMENT_STATES: dict[State, Text] = {
    State.CIRCULATING: Text("circulating"),
    State.CLOSED: Text("closed"),
    State.WITHDRAWN: Text("withdrawn"),
}

ENTRY_KINDS: dict[Kind, Text] = {
    Kind.GRANT: Text("grant"),
    Kind.ADJUST: Text("adjustment"),
    Kind.RESERVE: Text("reserved"),
    Kind.SETTLE: Text("settled"),
    Kind.RELEASE: Text("released"),
    Kind.EXPIRE: Text("expired"),
    Kind.BOOK: Text("booked"),
}

SIDES = {
    "one-sided": Text("one side"),
    "two-sided-long-edge": Text("two-sided, long edge"),
    "two-sided-short-edge": Text("two-sided, short edge"),
}

SUPPLIES = {
    "toner": Text("toner"),
    "wasteToner": Text("waste toner"),
    "ink": Text("ink"),
    "paper": Text("paper"),
}


def reason(keyword: str) -> Text:
    """Return the words for an IPP state reason; report and warning endings say no more."""
    plain = keyword
    for ending in ("-report", "-warning", "-error"):
        if keyword not in STATE_REASONS:
            plain = plain.removesuffix(ending)
    return STATE_REASONS.get(keyword) or STATE_REASONS.get(plain) or Text("needs a look")
