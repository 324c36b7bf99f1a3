"""PDF: counted by walking the page tree, rewritten, and only the rewritten file is printed.

A PDF can say that it has one page and have fifty (/Count is only a claim), and programs disagree on
which to believe. So the tree is walked, the file is written anew from what was walked, and a second
engine must count the same in the new file: then what is charged is what any printer will print.
What a printer has no use for and an attacker has (scripts, launches, attachments) is left out.
"""

from collections.abc import Iterator
from pathlib import Path

import pikepdf
import pypdf
import pypdfium2
from pypdf.errors import PyPdfError

from core.sandbox import Refused
from printgate.analysis.evidence import Line

PAGES_MAX = 5000
_TEXT_PAGES = 2
_LINES_MAX = 400
_SIDE_MAX_POINTS = 14_400


def rewrite(source: Path, output: Path) -> int:
    """Write the PDF that is to be printed and return its pages; Refused with a code if it can't."""
    try:
        pages = _rewrite(source, output)
    except pikepdf.PasswordError:
        raise Refused("document-encrypted") from None
    except (pikepdf.PdfError, pikepdf.DependencyError, ValueError, RecursionError, KeyError) as e:
        raise Refused(_why_not(source), str(e)) from None
    seen = _second_count(output)
    if seen != pages:
        raise Refused("page-count-disputed", f"{pages} and {seen}")
    return pages


def _rewrite(source: Path, output: Path) -> int:
    with pikepdf.open(source) as document:
        pages = 0
        for page in document.pages:
            pages += 1
            if pages > PAGES_MAX:
                raise Refused("document-too-many-pages")
            _check_size(page)
        _clean(document)
        document.save(output, encryption=False, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    return pages


def _check_size(page: pikepdf.Page) -> None:
    sides = [float(number) for number in page.mediabox]
    width, height = abs(sides[2] - sides[0]), abs(sides[3] - sides[1])
    if not (0 < width <= _SIDE_MAX_POINTS and 0 < height <= _SIDE_MAX_POINTS):
        raise Refused("document-too-complex", f"a page of {width} x {height} points")


def _clean(document: pikepdf.Pdf) -> None:
    root = document.Root
    for name in ("/OpenAction", "/AA"):
        if name in root:
            del root[name]
    names = root.get("/Names")
    if isinstance(names, pikepdf.Dictionary):
        for name in ("/JavaScript", "/EmbeddedFiles"):
            if name in names:
                del names[name]
    for page in document.pages:
        if "/AA" in page:
            del page["/AA"]


def _second_count(output: Path) -> int:
    try:
        with pypdfium2.PdfDocument(output) as document:
            return len(document)
    except pypdfium2.PdfiumError:
        return _arbiter(output)


def _arbiter(path: Path) -> int:
    try:
        return len(pypdf.PdfReader(path).pages)
    except (PyPdfError, ValueError, RecursionError, KeyError, TypeError):
        return 0


def _why_not(source: Path) -> str:
    """Tell a file that needs a password, or whose pages others can count, from a broken one."""
    try:
        reader = pypdf.PdfReader(source)
        if reader.is_encrypted:
            return "document-encrypted"
        return "page-count-disputed" if len(reader.pages) else "document-unreadable"
    except (PyPdfError, ValueError, RecursionError, KeyError, TypeError, OSError):
        return "document-unreadable"


def first_lines(path: Path) -> list[Line]:
    """Return the lines of text of the first pages, from top to bottom, with where they stand."""
    try:
        with pypdfium2.PdfDocument(path) as document:
            lines: list[Line] = []
            for index in range(min(_TEXT_PAGES, len(document))):
                lines += _lines(document[index], index)
            return lines[:_LINES_MAX]
    except pypdfium2.PdfiumError:
        return []


def _lines(page: pypdfium2.PdfPage, index: int) -> Iterator[Line]:
    width, height = page.get_size()
    text = page.get_textpage()
    rows: dict[int, list[tuple[float, float, float, str]]] = {}
    for number in range(min(text.count_rects(), 4 * _LINES_MAX)):
        left, bottom, right, top = text.get_rect(number)
        words = text.get_text_bounded(left, bottom, right, top)
        if words.strip():
            # Pieces whose middles lie within four points of each other stand on one line.
            middle = round((top + bottom) / 2 / 4)
            row = next((key for key in (middle, middle - 1, middle + 1) if key in rows), middle)
            rows.setdefault(row, []).append((left, top, top - bottom, words))
    for row in sorted(rows, reverse=True):
        pieces = sorted(rows[row])
        yield Line(
            text="".join(piece[3] for piece in pieces),
            page=index,
            left=max(0.0, pieces[0][0] / width),
            top=1 - max(piece[1] for piece in pieces) / height,
            height=max(piece[2] for piece in pieces),
        )
