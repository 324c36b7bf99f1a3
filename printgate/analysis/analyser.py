"""The parent's side of the analysis: asks the sandbox, and turns every outcome into facts.

There is always an answer: a document that hangs, crashes or lies is "unreadable" with a code and a
sentence, and the rules decide what becomes of the job. Nought pages is never an answer.
"""

import logging
from dataclasses import dataclass
from pathlib import Path

from core.sandbox import Sandbox, SandboxCrashed, SandboxError, SandboxTimeout
from core.text import Text
from printgate.analysis.evidence import draft_in_title, secrecy_in_title

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
    unreadable: str | None = None
    timed_out: bool = False
    draft_marker: str = ""
    draft_place: str = ""
    final_number: str = ""
    """A 发文字号 that shows the paper to be final."""
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

        `job_name` is evidence too: what its sender calls a draft is one.
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
        except SandboxCrashed:
            return DocumentFacts(unreadable="document-too-complex")
        except SandboxError as error:
            log.info("a document was not read: %s", error)
            known = error.code if error.code in UNREADABLE else "document-unreadable"
            return DocumentFacts(unreadable=known)
        facts = DocumentFacts(**found)
        secret = facts.secrecy_mark or secrecy_in_title(job_name)
        marker, place = facts.draft_marker, facts.draft_place
        if not marker and not facts.final_number:
            marker, place = draft_in_title(job_name), "job-name"
        return DocumentFacts(
            format=facts.format,
            pages=facts.pages,
            draft_marker=marker,
            draft_place=place if marker else "",
            final_number=facts.final_number,
            secrecy_mark=secret,
        )
