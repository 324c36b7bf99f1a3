"""Is it a draft, is it final, is it secret? By place, not by mere mention.

A final notice may say "the 讨论稿 was discussed", and its title may name the draft that it sends
round; a draft says of itself what it is, and it does so in few places: at the end of its title, on
a line of its own about the title, in a header or footer, across the page. So a page is read as a
head (what stands before its first paragraph), a header and footer, and what is written slantwise;
paragraphs are never asked. In each place a marker counts only when hardly anything else is said
with it, or when it closes the title. What follows the marker decides: "…（讨论稿）" is a draft and
"…（讨论稿）修改情况的报告" is not one, nor is what stands in 《》 within a longer title.

A 发文字号 such as 办发〔2026〕12号 is given to a paper when it is signed, and so is the line of its
版记 that says when it was issued. They show a paper to be final: they outweigh a marker that only
ends a title, and whatever its later pages hold, which are what it sends round. A marker on a line
of its own, in the header or across the first page still says "not yet".

A secrecy mark (GB/T 9704 §7.2.2) is 绝密, 机密 or 秘密 with a star in the upper third of the page,
or alone in the upper left.

All patterns are run on text without white space and with CJK radicals folded into ideographs, since
browsers write 征求意⻅稿 with the radical U+2EC5.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from printgate.analysis.radicals import fold

_TRADITIONAL = str.maketrans("討論徵見審訂擬報機絕祕", "讨论征见审订拟报机绝秘")
_STRAY = re.compile("[\u00a1-\u00b6\u00b8-\u00d6\u00d8-\u024f]")
"""Western letters beyond ASCII (but · and ×): what converters make of Chinese brackets."""

_NAMES = (
    "讨论稿|征求意见稿|征询意见稿|意见征求稿|送审稿|报审稿|审议稿|审核稿|修改稿|修订稿|修正稿|代拟稿|未定稿"
    "|校对稿|会签稿|报批稿|表决稿|草案|草稿|初稿|拟稿"
)
_NUMERAL = "[一二三四五六七八九十]"
_MARKER = (
    f"(?:{_NAMES}|修改(?:第?{_NUMERAL}{{1,3}}次?)稿|第?(?:{_NUMERAL}{{1,3}}|(?<!\\d)\\d{{1,2}})稿)"
)
_ENGLISH = (
    "(?:(?:working|first|second|third|revised|preliminary|discussion|consultation|internal)?draft"
    "(?:for(?:public)?(?:comments?|discussion|review|consultation|approval))?)"
)
_COUNT = rf"(?:{_NUMERAL}{{1,3}}|\d{{1,2}})"
_VERSION = rf"(?:\(?(?:第?{_COUNT}[稿次版]|(?:v|ver|版本|no)\.?\d[\d.]*|\d{{1,2}})\)?)"

_HARMLESS = re.compile(
    r"(?:19|20)\d{2}年(?:\d{1,2}月)?(?:\d{1,2}日)?|(?:19|20)\d{2}[-./]\d{1,2}(?:[-./]\d{1,2})?"
    r"|(?<!\d)(?:19|20)\d{6}(?!\d)"
    r"|\d{1,2}:\d{2}(?::\d{2})?|[二一][〇○零九][〇○零一二三四五六七八九]{2}年[一二三四五六七八九十]{1,2}月"
    r"(?:[一二三四五六七八九十]{1,3}日)?|第?\d{1,4}页|共\d{1,4}页|page\d{1,4}(?:of\d{1,4})?"
    "|内部(?:资料|文件|材料)|会议(?:资料|文件|材料)|注意保存|妥善保管|(?:请勿|不得|严禁)外传"
    "|仅?供(?:内部)?(?:讨论|参考|审阅)(?:使用)?(?!稿)|会后(?:收回|退回)|特急|加急|confidential"
    "|internal(?:useonly)?(?!draft)|notfor(?:distribution|circulation)"
    "|donot(?:quote|cite|distribute|circulate)(?:orcite)?",
    re.IGNORECASE,
)
"""What may stand beside a marker without taking it up into a sentence."""
_PUNCTUATION = re.compile("[()\\[\\]【】〔〕《》<>—–\\-_~·•★☆*,、/|:.]")
_NUMBERED = re.compile(rf"\(?(?:{_NUMERAL}{{1,3}}|\d{{1,2}})[、.)]|第{_NUMERAL}{{1,3}}[章节条]")
_ALONE = re.compile(rf"(.{{0,4}}?)({_MARKER})(?:{_MARKER})*{_VERSION}?", re.IGNORECASE)
_ALONE_ENGLISH = re.compile(rf"({_ENGLISH})+{_VERSION}?", re.IGNORECASE)
_ENDING = re.compile(
    rf"(?:[(\[【〔].{{0,16}}?(?P<bracketed>{_MARKER}|{_ENGLISH})(?:[,、]?{_VERSION})?[)\]】〕]"
    rf"|(?P<bare>{_MARKER})){_VERSION}?$",
    re.IGNORECASE,
)
_NAMING = re.compile(
    "(?:关于|对|将|把|印发|提交|修改|审议|讨论|通过|起草|报送|征求|征集|根据|按照|的)$"
)
"""Before a bare marker these make it the thing that the title is about."""

_NUMBER = re.compile(r"[一-鿿×A-Za-z]{1,12}[〔\[【(](?:19|20)\d{2}[〕\]】)][1-9]\d{0,5}号")
_SIGNER = re.compile(r"签发人.*|\d{6}|特急|加急")
_ISSUED = re.compile(r"[^,。;:]{0,40}(?:19|20)\d{2}年\d{1,2}月\d{1,2}日印发")

_LEVEL = "绝密|机密|秘密"
_STARRED = re.compile(f"(?:{_LEVEL})[★☆*✩✪⭐]+(?:\\d{{1,3}}(?:年|个月|月|天|日)|长期)?")
_LEVEL_ALONE = re.compile(
    rf"(?:\d{{6}})?[(\[【]?(?:密级:?)?({_LEVEL})[)\]】]?(?:[·•.]?(?:特急|加急|特提|平急))?"
)
_LEVEL_FIELD = re.compile(f"密级:({_LEVEL})")
_LEVELS_ONLY = re.compile(f"({_LEVEL})(?:{_LEVEL})*")
_LEVEL_IN_TITLE = re.compile(f"[(\\[【〔<《]({_LEVEL})[)\\]】〕>》]|^({_LEVEL})(?:$|[-_—–:|.])")

_PARAGRAPH = re.compile("[。;!?]")
_CLAUSE = re.compile("[,:]")
_LARGE = 1.1
_HEADER, _FOOTER = 0.09, 0.91
_HEAD_ENDS = 0.6
_CENTRED = 0.08
_TITLE_MAX = 100
_HEADER_MAX = 60
_FIRST_PAGES = 3
_UPPER_THIRD, _LEFT = 0.34, 0.35
_WATERMARK_POINTS, _WATERMARK_REST = 18.0, 16
_HUGE_POINTS = 36.0
_ISSUED_LINES = 8


@dataclass(frozen=True)
class Line:
    """One line of text on a page; places are shares of the page, from its top left corner."""

    text: str
    page: int
    left: float
    right: float
    top: float
    height: float
    """Height of its characters in points."""
    cells: tuple[str, ...] = ()
    """Its pieces with wide gaps between them, from left to right."""
    slanted: bool = False
    """Written across the page, as a watermark is."""

    @property
    def centred(self) -> bool:
        """Whether its middle is the page's."""
        return abs((self.left + self.right) / 2 - 0.5) <= _CENTRED


@dataclass(frozen=True)
class Findings:
    """What the lines show; every empty string is "nothing of the kind"."""

    draft_marker: str = ""
    draft_place: str = ""
    """`title`, `line`, `header` or `watermark`."""
    final_sign: str = ""
    secrecy_mark: str = ""


@dataclass(frozen=True)
class _Row:
    line: Line
    words: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class _Page:
    """A page as its reader sees it; `head` is what stands before the first paragraph."""

    number: int
    head: tuple[_Row, ...]
    margins: tuple[_Row, ...]
    across: tuple[_Row, ...]
    attached: bool


def findings(lines: Iterable[Line]) -> Findings:
    """Return what the lines of the first pages, and of the last one, show."""
    rows = [row for row in map(_row, lines) if row.words]
    body = _body_height(rows)
    pages = tuple(_pages(rows, body))
    final = _final(rows, pages)
    marker, place = _draft(pages, body, final=bool(final))
    return Findings(marker, place, final, _secret(rows))


def draft_in_title(title: str) -> str:
    """Return the marker by which a job's name says that it is a draft, or ""."""
    name = re.sub(r"^Microsoft \w+ - |\.\w{1,5}$", "", title.strip())
    words = _HARMLESS.sub("", squeeze(name)).strip("-_—–·. ")
    started = re.match(rf"[\[(【]?({_MARKER})(?:[\])】]|[-_:—–]|$)", words)
    ended = started or re.search(rf"[-_—–]({_MARKER}){_VERSION}?$", words)
    if ended:
        return ended[1]
    found = _closing(re.sub("[-_—–.]*(?:终|定)?$", "", words))
    return found or _english_in_title(name)


def secrecy_in_title(title: str) -> str:
    """Return the secrecy mark in a job's or document's name, or ""."""
    words = squeeze(re.sub(r"^Microsoft \w+ - ", "", title.strip()))
    starred = _STARRED.search(words)
    if starred:
        return starred[0]
    named = _LEVEL_IN_TITLE.search(words)
    return (named[1] or named[2]) if named else ""


def squeeze(text: str) -> str:
    """Return text as the patterns want it: radicals folded, no white space, nothing invisible."""
    folded = _STRAY.sub("", fold(text).translate(_TRADITIONAL))
    return "".join(c for c in folded if c.isprintable() and not c.isspace())


def _row(line: Line) -> _Row:
    cells = tuple(filter(None, map(squeeze, line.cells)))
    words = squeeze(line.text)
    return _Row(line, words, cells or (words,))


def _body_height(rows: Sequence[_Row]) -> float:
    """Return the height that most characters have: what "larger than the text" is measured by."""
    counts: dict[float, int] = {}
    for row in rows:
        if not row.line.slanted:
            height = round(row.line.height * 2) / 2
            counts[height] = counts.get(height, 0) + len(row.words)
    return max(counts, key=lambda height: counts[height], default=0.0)


def _pages(rows: Sequence[_Row], body: float) -> Iterator[_Page]:
    attached = False
    for number, group in groupby(rows, key=lambda row: row.line.page):
        page = list(group)
        upright = [row for row in page if not row.line.slanted]
        # A paper that is itself somebody's 附件 is judged for itself.
        attached = attached or (number > 0 and any(map(_attachment, upright[:3])))
        yield _Page(
            number,
            tuple(_head(upright, body)),
            tuple(row for row in upright if not _HEADER < row.line.top < _FOOTER),
            tuple(row for row in page if row.line.slanted or _is_huge(row, body)),
            attached,
        )


def _is_huge(row: _Row, body: float) -> bool:
    return row.line.height >= max(_HUGE_POINTS, 2.5 * body)


def _attachment(row: _Row) -> bool:
    return re.match(rf"附[件表](?:\d|{_NUMERAL}|:|$)", row.words) is not None


def _head(upright: Iterable[_Row], body: float) -> Iterator[_Row]:
    for row in upright:
        if row.line.top > _HEAD_ENDS or _is_paragraph(row, body):
            return
        yield row


def _is_paragraph(row: _Row, body: float) -> bool:
    if _PARAGRAPH.search(row.words) or _NUMBERED.match(row.words):
        return True
    small = row.line.height <= body * _LARGE
    in_header = row.line.top < _HEADER and not row.words.endswith(":")
    if small and not in_header and _CLAUSE.search(_PUNCTUATED_DATE.sub("", row.words)):
        return _alone(row) == ""
    return False


_PUNCTUATED_DATE = re.compile(r"签发人:|密级:|\d{1,2}:\d{2}")


def _draft(pages: Sequence[_Page], body: float, *, final: bool) -> tuple[str, str]:
    # What a final paper carries on its later pages is not what it says of itself.
    for page in pages[:1] if final else pages:
        for place, found in (
            ("header", _margin(page, body, final=final)),
            ("line", _own_line(page)),
            ("title", "" if final or page.attached else _title(page, body)),
            ("watermark", _watermark(page, body)),
        ):
            if found:
                return found, place
    return "", ""


def _own_line(page: _Page) -> str:
    if page.attached or page.number >= _FIRST_PAGES:
        return ""
    unclosed = 0
    for row in page.head:
        # Beyond the first page a short line at the left may be a table's or a paragraph's rest.
        may = row.line.centred or (page.number == 0 and not _cut_off(row.words))
        found = _alone(row) if may and unclosed <= 0 else ""
        if found:
            return found
        # A long title may break within the 《》 of what it names.
        unclosed += row.words.count("《") - row.words.count("》")
    return ""


def _alone(row: _Row) -> str:
    """Return the marker of a line that says hardly anything else."""
    found = ""
    for cell in row.cells:
        marker = _alone_in(cell)
        if not marker and _bare(cell):
            return _alone_in(row.words) if len(row.cells) > 1 and _spaced(row) else ""
        found = found or marker
    return found


def _spaced(row: _Row) -> bool:
    """Tell a word with wide gaps between its letters from the cells of a table."""
    return all(len(cell) <= 1 for cell in row.cells)


def _alone_in(words: str) -> str:
    if _NUMBERED.match(words) or words.endswith(":") or _PARAGRAPH.search(words):
        return ""
    rest = _bare(words)
    chinese = _ALONE.fullmatch(rest)
    if chinese:
        return "" if _NAMING.search(chinese[1]) else chinese[2]
    return "DRAFT" if _ALONE_ENGLISH.fullmatch(rest) else ""


def _bare(words: str) -> str:
    return _PUNCTUATION.sub("", _HARMLESS.sub("", words)).strip()


def _cut_off(words: str) -> bool:
    """Tell what ends something that began on the line before it."""
    return sum(words.count(c) for c in ")]】〕》") > sum(words.count(c) for c in "([【〔《")


def _title(page: _Page, body: float) -> str:
    if page.number >= _FIRST_PAGES:
        return ""
    for height, group in groupby(page.head, key=lambda row: round(row.line.height)):
        rows = list(group)
        title = "".join(row.words for row in rows)
        evident = height > body * _LARGE or all(row.line.centred for row in rows)
        if evident and len(title) <= _TITLE_MAX:
            found = _closing(title)
            if found:
                return found
    return ""


def _closing(title: str) -> str:
    """Return the marker that closes a title, in brackets or bare."""
    whole = re.fullmatch("《([^《》]*)》", title)
    words = whole[1] if whole else title
    found = _ENDING.search(words)
    if found is None or words.rfind("《") > words.rfind("》"):
        return ""
    if found["bare"]:
        return "" if _NAMING.search(words[: found.start()]) else found["bare"]
    marker = found["bracketed"]
    return "DRAFT" if marker.isascii() else marker


def _english_in_title(name: str) -> str:
    words = re.sub(r"[\W_]+", " ", fold(name).lower()).strip()
    if re.search(r"\b(?:on|of|to|about|for|from) (?:the |a |this |your )?draft\b", words):
        return ""
    marked = re.search(r"^draft\b|\bdraft(?: for \w+)?(?: (?:v|ver|version|no)? ?\d+)*$", words)
    return "DRAFT" if marked or re.search(r"[\[(]\s*draft\b", name, re.IGNORECASE) else ""


def _margin(page: _Page, body: float, *, final: bool) -> str:
    for row in page.margins:
        if row.line.height > body * _LARGE or len(row.words) > _HEADER_MAX:
            continue
        if _PARAGRAPH.search(row.words) or _cut_off(row.words):
            continue
        found = _alone(row)
        if not found and not final:
            found = next(filter(None, map(_closing, row.cells)), "")
        if found:
            return found
    return ""


def _watermark(page: _Page, body: float) -> str:
    for row in page.across:
        if not row.line.slanted:
            if _alone(row):
                return _alone(row)
            continue
        # The letters of a chart's axis are small.
        if row.line.height < min(_WATERMARK_POINTS, max(body, 1.0) * _LARGE):
            continue
        chinese = re.search(_MARKER, row.words)
        rest = re.sub(rf"{_MARKER}|{_ENGLISH}", "", _bare(row.words), flags=re.IGNORECASE)
        if len(rest) > _WATERMARK_REST or _PARAGRAPH.search(row.words):
            continue
        if chinese:
            return chinese[0]
        if _ALONE_ENGLISH.fullmatch(_bare(row.words)):
            return "DRAFT"
    return ""


def _final(rows: Sequence[_Row], pages: Sequence[_Page]) -> str:
    for row in pages[0].head if pages and pages[0].number == 0 else ():
        for cell in row.cells:
            # Alone, or beside the 签发人 of an upward paper or a letter's 份号: not in a table.
            others = [each for each in row.cells if each != cell]
            if _NUMBER.fullmatch(cell) and all(_SIGNER.fullmatch(each) for each in others):
                return cell
        beside = re.match(f"({_NUMBER.pattern})签发人", row.words)
        if beside:
            return beside[1]
    upright = [row for row in rows if not row.line.slanted]
    last = [row for row in upright if row.line.page == upright[-1].line.page]
    issued = (row.words for row in last[-_ISSUED_LINES:] if _ISSUED.fullmatch(row.words))
    return next(issued, "")


def _secret(rows: Sequence[_Row]) -> str:
    for row in rows:
        if row.line.page >= _FIRST_PAGES:
            continue
        found = _secret_across(row) if row.line.slanted else _secret_above(row)
        if found:
            return found
    return ""


def _secret_across(row: _Row) -> str:
    starred, across = _STARRED.search(row.words), _LEVELS_ONLY.fullmatch(row.words)
    return starred[0] if starred else across[1] if across else ""


def _secret_above(row: _Row) -> str:
    if row.line.top > _UPPER_THIRD:
        return ""
    starred = _STARRED.search(row.words)
    if starred:
        return starred[0]
    field = next(filter(None, map(_LEVEL_FIELD.fullmatch, row.cells)), None)
    alone = _LEVEL_ALONE.fullmatch(row.words) if row.line.left < _LEFT else None
    named = field or alone
    return named[1] if named else ""
