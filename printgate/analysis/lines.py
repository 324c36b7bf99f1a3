"""The lines of text on the first pages, each with its place: what the rules of evidence look at.

Characters are gathered one by one and put into lines by their baselines. A PDF's own order and
pieces are no help: browsers write every Chinese character as an object of its own, and a comma's
outline stands so low that by outlines it would be on another line than its sentence.
"""

import ctypes
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pypdfium2
import pypdfium2.raw as pdfium

from printgate.analysis.evidence import Line

_FIRST_PAGES = 3
_CHARACTERS_MAX = 4000
_UPRIGHT_DEGREES = 3
_GAP = 2.5
"""So many characters' width between two characters makes two cells of a line."""


@dataclass(frozen=True)
class _Character:
    text: str
    x: float
    y: float
    size: float
    angle: float


def first_lines(path: Path) -> tuple[list[Line], bool]:
    """Return the lines of the first pages and of the last, and whether these have no text at all.

    Lines go from top to bottom; places are as the page is shown, whatever its rotation.
    """
    lines: list[Line] = []
    with pypdfium2.PdfDocument(path) as document:
        count = len(document)
        for index in sorted({*range(min(_FIRST_PAGES, count)), count - 1}):
            page = document[index]
            lines += _page_lines(page, index)
            page.close()
    return lines, not lines


def _page_lines(page: pypdfium2.PdfPage, index: int) -> Iterator[Line]:
    width, height = page.get_size()
    characters = list(_characters(page))
    upright = [each for each in characters if abs(each.angle) <= _UPRIGHT_DEGREES]
    for row in _rows(upright):
        yield _line(row, index, width, height)
    yield from _slanted(characters, index, width, height)


def _characters(page: pypdfium2.PdfPage) -> Iterator[_Character]:
    text = page.get_textpage()
    x, y, matrix = ctypes.c_double(), ctypes.c_double(), pdfium.FS_MATRIX()
    show = _shown(page)
    last, size, angle = None, 0.0, 0.0
    for index in range(min(text.count_chars(), _CHARACTERS_MAX)):
        code = pdfium.FPDFText_GetUnicode(text, index)
        if code <= 0x20 or not pdfium.FPDFText_GetCharOrigin(text, index, x, y):
            continue
        thing = pdfium.FPDFText_GetTextObject(text, index)
        address = ctypes.cast(thing, ctypes.c_void_p).value
        # Size and slant belong to the object, and asking costs more than the rest together.
        if address != last or last is None:
            last = address
            pdfium.FPDFText_GetMatrix(text, index, matrix)
            size = pdfium.FPDFText_GetFontSize(text, index) * math.hypot(matrix.c, matrix.d)
            angle = math.degrees(math.atan2(matrix.b, matrix.a)) - 90 * show.quarters
            angle = (angle + 180) % 360 - 180
        place = show.place(x.value, y.value)
        yield _Character(_text(code), *place, max(size, 0.1), angle)
    text.close()


def _text(code: int) -> str:
    return chr(code) if code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF else "\ufffd"


@dataclass(frozen=True)
class _Shown:
    """How a page's own places become places on the page as it is shown."""

    left: float
    bottom: float
    width: float
    height: float
    quarters: int

    def place(self, x: float, y: float) -> tuple[float, float]:
        x, y = x - self.left, y - self.bottom
        turned = (
            (x, y),
            (y, self.width - x),
            (self.width - x, self.height - y),
            (self.height - y, x),
        )
        return turned[self.quarters]


def _shown(page: pypdfium2.PdfPage) -> _Shown:
    left, bottom, right, top = page.get_bbox()
    return _Shown(left, bottom, right - left, top - bottom, page.get_rotation() // 90 % 4)


def _rows(characters: Iterable[_Character]) -> Iterator[list[_Character]]:
    """Yield the characters of each line from left to right, the topmost line first."""
    rows: list[list[_Character]] = []
    for character in sorted(characters, key=lambda each: -each.y):
        for row in reversed(rows[-6:]):
            first = row[0]
            near = abs(first.y - character.y) <= 0.3 * min(first.size, character.size)
            # A large watermark that happens to stand on a line's baseline is not part of it.
            if near and 0.5 <= first.size / character.size <= 2:
                row.append(character)
                break
        else:
            rows.append([character])
    for row in rows:
        yield _once(sorted(row, key=lambda each: each.x))


def _once(row: list[_Character]) -> list[_Character]:
    """Leave out what is printed twice in one place to look bold."""
    kept = row[:1]
    for character in row[1:]:
        last = kept[-1]
        if character.text != last.text or character.x - last.x > 0.25 * character.size:
            kept.append(character)
    return kept


def _line(row: list[_Character], index: int, width: float, height: float) -> Line:
    sizes = sorted(each.size for each in row)
    size = sizes[len(sizes) // 2]
    cells, last = [row[0].text], row[0]
    for character in row[1:]:
        if character.x - _right(last) > _GAP * size:
            cells.append("")
        cells[-1] += character.text
        last = character
    return Line(
        text="".join(cells),
        page=index,
        left=row[0].x / width,
        right=_right(last) / width,
        top=1 - (row[0].y + size) / height,
        height=size,
        cells=tuple(cells),
    )


def _right(character: _Character) -> float:
    # Ideographs fill their square; the rest is about half as wide, which is near enough.
    return character.x + character.size * (1.0 if character.text >= "\u2e80" else 0.55)


def _slanted(
    characters: list[_Character], index: int, width: float, height: float
) -> Iterator[Line]:
    """Yield what is written across the page, one line for each slant and size: watermarks."""
    groups: dict[tuple[int, int], list[_Character]] = {}
    for character in characters:
        if abs(character.angle) > _UPRIGHT_DEGREES:
            key = (round(character.angle / 5), round(character.size))
            groups.setdefault(key, []).append(character)
    for group in groups.values():
        first = group[0]
        words = "".join(each.text for each in group)
        top = 1 - max(each.y for each in group) / height
        left, right = min(e.x for e in group) / width, max(e.x for e in group) / width
        yield Line(words, index, left, right, top, first.size, (words,), slanted=True)
