"""The words for limits of jobs and persons: one table each."""

from core.text import Text
from quotas.limits import OVER, Limit

RULES: dict[str, Text] = {
    Limit.JOB: Text("Most sheets of one job"),
    Limit.PERSON: Text("Most sheets of one person"),
    Limit.SHARE: Text("Fair share at a period's end"),
    OVER: Text("Above what is left"),
}

STEPS_AFTER_REFUSAL: dict[str, Text] = {
    Limit.JOB: Text("Please print fewer pages or copies, or print it in parts."),
    Limit.PERSON: Text(
        "Please print fewer pages or copies, or ask the head of your office, "
        "who can set another limit for you."
    ),
    Limit.SHARE: Text(
        "Please print what can wait in the next period, or ask the head of your office, "
        "who can set a limit for you alone."
    ),
}
