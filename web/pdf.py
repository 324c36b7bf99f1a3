"""Reports on paper's format: tables and bars on A4 as a PDF, in the reader's language.

The home of fpdf2. A document is made from values alone: the same values give the same pages. Every
character is in the file as a character, so figures can be searched and copied; the part of the font
that is used goes into it. No font of ours is shipped: FONTS says which are known and where systems
keep them; the first that is there is taken, for both languages.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from core.errors import Unavailable
from core.text import Text
from web.charts import Bar
from web.tables import Cell, Table

if TYPE_CHECKING:
    from fpdf import FPDF


@dataclass(frozen=True)
class Font:
    """A font with Chinese characters: its file, and which of the fonts in it."""

    path: str
    number: int = 0


FONTS = (
    Font("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", 2),
    Font("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc"),
    Font("/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf"),
)
"""Of the packages fonts-noto-cjk, fonts-wqy-microhei and fonts-droid-fallback (Debian, Ubuntu)."""
FONT_PACKAGE = "fonts-noto-cjk"


class NoFont(Unavailable):
    """No font with Chinese characters is installed."""

    code: ClassVar[str] = "no-font"


@dataclass(frozen=True)
class Bars:
    """Lying bars, one below the other, each with its label and its value in `unit`."""

    title: str
    unit: str
    bars: Sequence[Bar]


@dataclass(frozen=True)
class Document:
    """What is put on paper: what it is called and of what, then its parts in their order."""

    title: str
    lines: Sequence[str]
    parts: Sequence[Table | Bars]
    language: str
    """A tag of BCP 47."""
    made_at: datetime
    foot: Callable[[int, int], str]
    """What stands below a page, by its number and the number of all."""


_MARGIN, _SIZE, _LINE = 18.0, 9.0, 4.6
_HEAD, _TITLE, _SMALL = 12.0, 18.0, 8.0
_RULE, _GROUND, _INK, _FAINT, _BAR = 190, 238, 20, 90, (47, 95, 143)
_BAR_ROW = 6.5


def font(fonts: Sequence[Font] = FONTS) -> Font:
    """Return the font to write with; NoFont where none is installed."""
    for each in fonts:
        if Path(each.path).is_file():
            return each
    raise NoFont(
        Text(
            "No PDF can be made: no font with Chinese characters is installed. "
            "The administrator installs the package {package}.",
            {"package": FONT_PACKAGE},
        )
    )


def pdf(document: Document) -> bytes:
    """Return a document as a PDF; NoFont where there is nothing to write with."""
    paper = _paper(document)
    paper.set_font_size(_TITLE)
    paper.multi_cell(0, 9, document.title, align="L", new_x="LMARGIN", new_y="NEXT")
    paper.set_font_size(_SIZE)
    paper.set_text_color(_FAINT)
    for line in document.lines:
        paper.multi_cell(0, _LINE + 0.6, line, align="L", new_x="LMARGIN", new_y="NEXT")
    paper.set_text_color(_INK)
    for part in document.parts:
        if isinstance(part, Bars):
            _draw_bars(paper, part)
        else:
            _draw_table(paper, part, document.language)
    _write_feet(paper, document.foot)
    return bytes(paper.output())


def _paper(document: Document) -> "FPDF":
    # Large, and seldom needed: a process that makes no PDF does not load it.
    from fpdf import FPDF

    chosen = font()
    paper = FPDF(format="A4")
    paper.add_font("text", fname=chosen.path, collection_font_number=chosen.number)
    paper.set_title(document.title)
    paper.set_lang(document.language)
    paper.set_creator("Printgate")
    paper.set_creation_date(document.made_at)
    paper.set_margins(_MARGIN, _MARGIN)
    paper.set_auto_page_break(True, margin=_MARGIN + 4)
    paper.add_page()
    paper.set_font("text", size=_SIZE)
    paper.set_text_color(_INK)
    paper.set_draw_color(_RULE)
    return paper


def _heading(paper: "FPDF", words: str, below: float) -> None:
    """Write the heading of a part, on a new page where `below` it no more than that fits."""
    if paper.will_page_break(12 + below):
        paper.add_page()
    paper.ln(5)
    paper.set_font_size(_HEAD)
    paper.multi_cell(0, 7, words, align="L", new_x="LMARGIN", new_y="NEXT")
    paper.set_font_size(_SIZE)


def _draw_table(paper: "FPDF", table: Table, language: str) -> None:
    from fpdf.enums import TableBordersLayout, WrapMode
    from fpdf.fonts import FontFace

    _heading(paper, table.title, 3 * _LINE)
    wide = [column.wide for column in table.columns]
    if table.rows:
        with paper.table(
            col_widths=[share / sum(wide) * 100 for share in wide],
            text_align=["RIGHT" if column.number else "LEFT" for column in table.columns],
            line_height=_LINE,
            padding=(0.9, 1.2),
            borders_layout=TableBordersLayout.HORIZONTAL_LINES,
            headings_style=FontFace(fill_color=_GROUND),
            # Chinese has no spaces to break a line at; a word of English stays whole.
            wrapmode=WrapMode.WORD if language.startswith("en") else WrapMode.CHAR,
        ) as drawn:
            drawn.row([column.title for column in table.columns])
            for row in table.rows:
                drawn.row(_said(row))
            if table.total:
                drawn.row(_said(table.total), style=FontFace(fill_color=_GROUND))
    for note in (table.note, "" if table.rows else table.nothing):
        if note:
            _small(paper, note)


def _said(row: Sequence[Cell]) -> list[str]:
    return [cell.said for cell in row]


def _small(paper: "FPDF", words: str) -> None:
    paper.ln(1)
    paper.set_font_size(_SMALL)
    paper.set_text_color(_FAINT)
    paper.multi_cell(0, _LINE, words, align="L", new_x="LMARGIN", new_y="NEXT")
    paper.set_text_color(_INK)
    paper.set_font_size(_SIZE)


def _draw_bars(paper: "FPDF", part: Bars) -> None:
    _heading(paper, part.title, len(part.bars) * _BAR_ROW)
    most = max((bar.value for bar in part.bars), default=0) or 1
    names, values = 0.24 * paper.epw, 0.2 * paper.epw
    room = paper.epw - names - values
    for bar in part.bars:
        top = paper.get_y()
        paper.cell(names, _BAR_ROW, bar.label)
        long = room * max(0, bar.value) / most
        if long:
            with paper.local_context(fill_color=_BAR):
                paper.rect(paper.l_margin + names, top + 1.4, long, _BAR_ROW - 2.8, style="F")
        paper.set_x(paper.l_margin + names + room)
        paper.cell(
            values, _BAR_ROW, f"{bar.value:,} {part.unit}", align="R", new_x="LMARGIN", new_y="NEXT"
        )


def _write_feet(paper: "FPDF", foot: Callable[[int, int], str]) -> None:
    pages = paper.page
    paper.set_auto_page_break(False)
    for number in range(1, pages + 1):
        paper.page = number
        paper.set_y(-_MARGIN + 3)
        # What was written last is on another page: only a change is written into this one.
        paper.set_font_size(_SIZE)
        paper.set_font_size(_SMALL)
        paper.set_text_color(_FAINT)
        paper.cell(0, _LINE, foot(number, pages), align="C")
