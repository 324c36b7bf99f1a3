"""The words for jobs on a project's account: one table each."""

from core.text import Text
from quotas.projects import Bar

RULES: dict[str, Text] = {
    Bar.UNKNOWN: Text("Account of a project"),
    Bar.OVER: Text("Account of a project: over"),
    Bar.SHORT: Text("Account of a project: too little left"),
}

_OTHERWISE = Text(
    "Please print it again with the code of an open account, or without one at the expense of "
    "your office. The page “Printers” lists the codes."
)

STEPS_AFTER_REFUSAL: dict[str, Text] = {
    Bar.UNKNOWN: _OTHERWISE,
    Bar.OVER: _OTHERWISE,
    Bar.SHORT: Text(
        "Please print fewer pages or copies, or ask the administrator to transfer sheets to this "
        "account."
    ),
}
