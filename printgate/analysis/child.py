"""What runs in the sandbox: one document in, one PDF to print and its facts out."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.sandbox import Refused
from printgate.analysis import jpeg, pdf, pwg
from printgate.analysis.evidence import findings, secrecy_in_title
from printgate.analysis.lines import first_lines
from printgate.analysis.rewritten import Rewritten

_HEAD_OCTETS = 1024
_ANY = "application/octet-stream"

READERS: dict[str, Callable[[Path, Path], Rewritten]] = {
    "application/pdf": pdf.rewrite,
    "image/jpeg": jpeg.to_pdf,
    "image/pwg-raster": pwg.to_pdf,
}
"""Each format taken, and what makes the PDF that is printed of it and counts its pages."""


def analyse(source: str, output: str, declared_format: str) -> dict[str, Any]:
    """Write the PDF to print to `output` and return the facts; Refused with a code if it can't."""
    found = detect(Path(source))
    if found is None:
        raise Refused("document-format-not-supported")
    if declared_format not in (found, _ANY, ""):
        raise Refused("document-format-mismatch", f"{declared_format} is {found}")
    written = READERS[found](Path(source), Path(output))
    if written.pages < 1:
        raise Refused("page-count-disputed")
    lines, no_text = first_lines(Path(output))
    shown = findings(lines)
    return {
        "format": found,
        "pages": written.pages,
        "sizes": written.sizes,
        "repaired": written.repaired,
        "no_text": no_text,
        "draft_marker": shown.draft_marker,
        "draft_place": shown.draft_place,
        "final_sign": shown.final_sign,
        "secrecy_mark": shown.secrecy_mark or secrecy_in_title(written.title),
    }


def detect(path: Path) -> str | None:
    """Return the format that the first octets show, or None."""
    with path.open("rb") as source:
        head = source.read(_HEAD_OCTETS)
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"RaS2"):
        return "image/pwg-raster"
    # A PDF may have a printer's job language or other noise before its header.
    return "application/pdf" if b"%PDF-" in head else None
