"""What a look at the system found, as values: for people as text, for programs as JSON."""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

from core.db import Database
from core.settings import Settings


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; a bad one says where it comes from and how to mend it."""

    check: str
    bad: bool
    what: str
    mend: str = ""
    cause: str = ""


Check = Callable[[Settings, Database], Iterator[Finding]]


def report(findings: list[Finding], *, as_json: bool = False) -> str:
    """Return the findings as text or as JSON."""
    if as_json:
        return json.dumps([asdict(finding) for finding in findings], indent=2)
    lines = []
    for finding in findings:
        lines.append(f"{'BAD ' if finding.bad else 'ok  '} {finding.check}: {finding.what}")
        if finding.cause:
            lines.append(f"     cause: {finding.cause}")
        if finding.mend:
            lines.append(f"     mend: {finding.mend}")
    return "\n".join(lines)
