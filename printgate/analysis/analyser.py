"""The parent's side of the analysis: asks the sandbox, and turns every outcome into facts.

There is always an answer: a document that hangs, crashes or lies is "unreadable" with a code and a
sentence, and the rules decide what becomes of the job. Nought pages is never an answer.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core.sandbox import Sandbox, SandboxCrashed, SandboxError, SandboxTimeout, SandboxUnavailable
from core.text import Text
from printgate.analysis.evidence import draft_in_title, secrecy_in_title
from printgate.analysis.rewritten import PAGES_MAX

log = logging.getLogger(__name__)

FUNCTION = "printgate.analysis.child:analyse"
SANDBOXED = (FUNCTION,)

UNREADABLE: dict[str, Text] = {
    "document-encrypted": Text(
        "The document is protected by a password. Please print it without one."
    ),
    "document-unreadable": Text("The document is broken and can't be read."),
    "document-format-not-supported": Text(
        "Only PDF, JPEG and PWG raster documents are taken here."
    ),
    "document-format-mismatch": Text("The document is not of the format that it was sent as."),
    "document-too-complex": Text("The document is too large or too complex to be read safely."),
    "document-too-many-pages": Text("The document has more pages than can be read here."),
    "page-count-disputed": Text("It can't be told how many pages the document has."),
    "raster-type-not-supported": Text("This kind of raster image is not taken here."),
}
"""Why a document cannot be read: stable codes and what the sender is told."""


@dataclass(frozen=True)
class DocumentFacts:
    """What a document is; `unreadable` is a code of UNREADABLE or None."""

    format: str = ""
    pages: int = 0
    sizes: Sequence[Sequence[float]] = ()
    """Different page sizes in points, in order of appearance, a few at the most."""
    repaired: bool = False
    """Whether the file lied about its pages or was damaged; what is printed is sound."""
    no_text: bool = False
    """Nothing can be read in it, a scan perhaps: whether it is a draft is unknown, not "no"."""
    unreadable: str | None = None
    timed_out: bool = False
    draft_marker: str = ""
    draft_place: str = ""
    final_sign: str = ""
    """A 发文字号, or the line of the 版记, that shows the paper to be final."""
    secrecy_mark: str = ""

    @property
    def is_draft(self) -> bool:
        """Whether the place of a marker shows this to be a draft."""
        return bool(self.draft_marker)

    @property
    def is_marked(self) -> bool:
        """Whether the paper carries a secrecy mark."""
        return bool(self.secrecy_mark)

    @property
    def unreadable_text(self) -> Text | None:
        """Why it cannot be read, as a sentence."""
        return UNREADABLE[self.unreadable] if self.unreadable else None

    @classmethod
    def from_answer(cls, found: Any) -> "DocumentFacts | None":  # noqa: ANN401  # JSON
        """Return the child's answer as facts, or None: a file may have taken the child over."""
        try:
            facts = cls(**found)
        except TypeError:
            return None
        words = (facts.draft_marker, facts.draft_place, facts.final_sign, facts.secrecy_mark)
        counted = type(facts.pages) is int and 1 <= facts.pages <= PAGES_MAX
        sound = counted and facts.unreadable is None and not facts.timed_out
        return facts if sound and all(isinstance(word, str) for word in words) else None


class Analyser:
    """Reads documents in the sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def analyse(
        self,
        source: Path,
        output: Path,
        declared_format: str,
        *,
        job_name: str,
        timeout_seconds: float,
    ) -> DocumentFacts:
        """Read `source`, write the PDF that is to be printed to `output`, and say what it is.

        `job_name` is evidence too: what its sender calls a draft is one. Raises
        SandboxUnavailable when nobody has looked at the document: that says nothing about it.
        """
        try:
            found = self._sandbox.call(
                FUNCTION,
                str(source),
                str(output),
                declared_format,
                timeout_seconds=timeout_seconds,
            )
        except SandboxTimeout:
            return DocumentFacts(unreadable="document-too-complex", timed_out=True)
        except SandboxUnavailable:
            raise
        except SandboxCrashed:
            return DocumentFacts(unreadable="document-too-complex")
        except SandboxError as error:
            log.info("a document was not read: %s", error)
            known = error.code if error.code in UNREADABLE else "document-unreadable"
            return DocumentFacts(unreadable=known)
        facts = DocumentFacts.from_answer(found)
        if facts is None:
            log.warning("the sandbox gave an answer that makes no sense")
            return DocumentFacts(unreadable="document-unreadable")
        secret = facts.secrecy_mark or secrecy_in_title(job_name)
        marker, place = facts.draft_marker, facts.draft_place
        if not marker and not facts.final_sign:
            marker = draft_in_title(job_name)
            place = "job-name" if marker else ""
        return replace(facts, draft_marker=marker, draft_place=place, secrecy_mark=secret)
