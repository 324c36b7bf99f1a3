"""The doctor: looks for what is wrong, and says what it is, where it comes from, how to mend it.

For people as text in their language, for programs as JSON with stable codes.
"""

import json
from collections.abc import Iterator

from core.checkups import Finding
from core.settings import Settings
from core.text import Text, Translate
from deploy.bootstrap import opened_database
from deploy.checkup import look
from web.words import CHECKS

_SAID = {True: Text("BAD"), False: Text("ok")}


def examine(settings: Settings, *, strict: bool = False) -> list[Finding]:
    """Run every check, and with `strict` every proof."""
    with opened_database(settings) as database:
        return look(settings, database, strict=strict)


def as_text(findings: list[Finding], translate: Translate) -> str:
    """Return the findings as lines for a terminal."""
    said = {bad: text.render(translate) for bad, text in _SAID.items()}
    width = max(map(len, said.values()))
    lines = []
    for each in findings:
        what = Text("{check}: {text}", {"check": CHECKS[each.check], "text": each.what})
        lines.append(f"{said[each.bad]:{width}} {what.render(translate)}")
        for text in _why_and_how(each):
            lines.append(f"     {text.render(translate)}")
    return "\n".join(lines)


def _why_and_how(finding: Finding) -> Iterator[Text]:
    if finding.cause is not None:
        yield Text("Cause: {text}", {"text": finding.cause})
    if finding.mend is not None:
        yield Text("Mend: {text}", {"text": finding.mend})


def as_json(findings: list[Finding]) -> str:
    """Return the findings as JSON: stable codes, and the sentences in English."""
    return json.dumps(
        [
            {
                "check": each.check,
                "bad": each.bad,
                "what": str(each.what),
                "mend": str(each.mend or ""),
                "cause": str(each.cause or ""),
            }
            for each in findings
        ],
        indent=2,
    )
