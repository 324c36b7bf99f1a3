"""Pages written down as their lines: what an office's papers look like to the rules of evidence."""

from dataclasses import dataclass, replace

from printgate.analysis.evidence import Line

_WIDTH, _HEIGHT = 595.0, 842.0
_MARGIN = 79.0
_BODY, _TITLE = 16.0, 22.0
_SECOND_CELL = 60.0
"""The gap between two cells in points."""


@dataclass(frozen=True)
class Piece:
    """A line before it has a place: `align` is one of c, l, r; `top` is set for a margin's line."""

    text: str
    align: str
    size: float = _BODY
    top: float | None = None
    slanted: bool = False


def title(text: str, size: float = _TITLE) -> Piece:
    return Piece(text, "c", size)


def centre(text: str, size: float = _BODY) -> Piece:
    return Piece(text, "c", size)


def left(text: str, size: float = _BODY) -> Piece:
    return Piece(text, "l", size)


def right(text: str, size: float = _BODY) -> Piece:
    return Piece(text, "r", size)


def header(text: str, align: str = "r", size: float = 10.0) -> Piece:
    return Piece(text, align, size, 0.045)


def footer(text: str, align: str = "c", size: float = 10.0) -> Piece:
    return Piece(text, align, size, 0.945)


def low(text: str, align: str = "l", size: float = 14.0, top: float = 0.86) -> Piece:
    return Piece(text, align, size, top)


def across(text: str, size: float = 80.0) -> Piece:
    return Piece(text, "c", size, 0.45, slanted=True)


def huge(text: str) -> Piece:
    """Return a watermark that is not slanted."""
    return Piece(text, "c", 80.0, 0.45)


def sheet(*pieces: Piece, page: int = 0) -> list[Line]:
    """Return the lines of a page, one below the other; | in a text parts two cells."""
    top, lines = 0.12, []
    for piece in pieces:
        line = _line(piece, page, top if piece.top is None else piece.top)
        lines.append(line)
        if piece.top is None:
            top += 1.7 * piece.size / _HEIGHT
    return sorted(lines, key=lambda line: (line.slanted, line.top))


def moved(lines: list[Line], page: int) -> list[Line]:
    """Return the same lines on another page."""
    return [replace(line, page=page) for line in lines]


def _line(piece: Piece, page: int, top: float) -> Line:
    cells = tuple(piece.text.split("|"))
    text = "".join(cells)
    width = sum(piece.size * (1.0 if c >= "\u2e80" else 0.55) for c in text)
    width = min(width + _SECOND_CELL * (len(cells) - 1), _WIDTH - 2 * _MARGIN)
    starts = {"l": _MARGIN, "c": (_WIDTH - width) / 2, "r": _WIDTH - _MARGIN - width}
    begin = starts[piece.align]
    return Line(
        text,
        page,
        begin / _WIDTH,
        (begin + width) / _WIDTH,
        top,
        piece.size,
        cells,
        slanted=piece.slanted,
    )


ADDRESSED = left("各区人大常委会：")
BODY = (
    left("　　为进一步贯彻过紧日子的要求，经主任会议研究，现就有关事"),
    left("项通知如下。各单位要切实提高认识，落实责任，厉行节约，反对"),
    left("浪费。文件一律双面印制，能够网上传阅的不再印发纸质材料。"),
)
ARTICLES = (
    left("第一条　为了厉行节约，根据有关法律法规，制定本办法。"),
    left("第二条　本办法适用于机关各单位的办公用纸管理。"),
    *BODY,
)
SIGNED = (right("×市人大常委会办公室"), right("2026年11月23日"))
ISSUED = (
    low("抄送：市委办公室，市政府办公室。", top=0.85),
    low("×市人大常委会办公室|2026年11月23日印发", top=0.88),
)
RED_HEAD = title("×市人民代表大会常务委员会办公室文件", 30)
