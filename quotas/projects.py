"""The accounts of meetings and projects (会议专户): the code that a print job names one by.

A sender names the account with `job-account-id` (PWG 5100.7), so it has a code that can be typed
and said aloud: small letters, digits and dashes. Within an office no two projects that are open
have the same one; when a project is over, its code can be given to the next. What a sender types is
folded: capitals and blanks around it are no other code.

A job that names a project is booked there or not at all. If the sender's office has no such
project, if it is over, or if it has too little left, the job is refused and nothing is charged;
never is it booked to the office instead, for whoever names an account wants that one to pay. An
office is not told what codes others have: one that is another office's is as unknown as any.
"""

import re
from enum import StrEnum

CODE_LENGTH_MAX = 32

_CODE = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?", re.ASCII)


class Bar(StrEnum):
    """Why a project's account takes no job, as the rule is called on pages and in the trail."""

    UNKNOWN = "project"
    OVER = "project.over"
    SHORT = "project.short"


def folded(typed: str) -> str:
    """Return a code as it is compared, from what somebody typed."""
    return typed.strip().lower()


def valid_code(code: str) -> bool:
    """Tell whether this can be a project's code."""
    return len(code) <= CODE_LENGTH_MAX and _CODE.fullmatch(code) is not None
