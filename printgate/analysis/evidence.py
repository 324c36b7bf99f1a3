"""Is it a draft, is it final, is it secret? By place, not by mere mention.

A final notice may say "the 讨论稿 was discussed"; a draft says of itself what it is, and it does so
in a few places: the title (which often ends in 讨论稿 or in a bracket with it), a line of its own
near the top of the first page, a header, or a watermark: short lines, not sentences. So a marker
counts when it is nearly all that its line says, or when it closes or brackets the title line. A
发文字号 such as 办发〔2026〕12号 on a line of its own is given to a paper only when it is signed;
it shows a paper to be final and outweighs a marker that merely ends a title.

A secrecy mark (GB/T 9704 §7.2.2) is 绝密, 机密 or 秘密 with a star and a term, or alone on a line
in the upper left of the first page.

All patterns are run on text without white space and with CJK radicals folded into ideographs, since
browsers write 征求意⻅稿 with the radical U+2EC5.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from printgate.analysis.radicals import fold

_CHINESE = (
    "讨论稿",
    "征求意见稿",
    "送审稿",
    "修改稿",
    "草案",
    "草稿",
    "初稿",
    "审议稿",
    "修订稿",
    "代拟稿",
    "未定稿",
    "校对稿",
)
_ORDINAL = "(?:第?[一二三四五六七八九十0-9]{1,3}(?:次|稿)?)?"
_MARKER = re.compile(f"(?:{'|'.join(_CHINESE)}|修改{_ORDINAL}稿|第?[一二三四五六七八九十]稿)")
_ENGLISH = re.compile(r"\b(draft(?: for (?:comments?|discussion|review))?)\b", re.IGNORECASE)
_ENGLISH_ALONE = re.compile(
    r"[\[(]?draft(?:forcomments?|fordiscussion|forreview)?[\])]?", re.IGNORECASE
)
_BRACKETED = re.compile(rf"[(（\[【〔《]([^()（）\[\]【】]{{0,12}}{_MARKER.pattern})[)）\]】〕》]")
_CLOSING = re.compile(rf"({_MARKER.pattern})$")
_SENTENCE = re.compile("[。；，,;:：]")
_NUMBER = re.compile(r"[一-鿿×A-Za-z]{1,12}[〔\[【(（](?:19|20)\d{2}[〕\]】)）][1-9]\d{0,5}号")
_ISSUED = re.compile(r"(?:19|20)\d{2}年\d{1,2}月\d{1,2}日印发$")
_SECRET_STAR = re.compile("(绝密|机密|秘密)[★☆*＊✩✪](?:\\d{1,3}(?:年|个月|月|天|日)|长期)?")
_SECRET_ALONE = re.compile("^(?:\\d{6})?(绝密|机密|秘密)(?:[·•.]?(?:特急|加急))?$")
_TITLE_LENGTH_MAX = 80
_SHORT_LINE_MAX = 16
_TOP = 0.55
_SECRET_TOP = 0.35


@dataclass(frozen=True)
class Line:
    """One line of text on a page; places are shares of the page, from its top left corner."""

    text: str
    page: int
    left: float
    top: float
    height: float
    """Height of its characters in points."""


@dataclass(frozen=True)
class Findings:
    """What the lines show; every empty string is "nothing of the kind"."""

    draft_marker: str = ""
    draft_place: str = ""
    final_number: str = ""
    secrecy_mark: str = ""


def findings(lines: Iterable[Line]) -> Findings:
    """Return what the lines of the first pages show."""
    squeezed = [(line, squeeze(line.text)) for line in lines]
    final = _final(squeezed)
    marker, place = _draft(squeezed, final=bool(final))
    return Findings(marker, place, final, _secret(squeezed))


def draft_in_title(title: str) -> str:
    """Return the marker by which a job's or document's name says that it is a draft, or ""."""
    words = squeeze(title)
    found = _MARKER.search(words) or _ENGLISH.search(title)
    return found[0] if found else ""


def secrecy_in_title(title: str) -> str:
    """Return the secrecy mark in a job's name, or ""."""
    words = squeeze(title)
    found = _SECRET_STAR.search(words) or re.search("[(（【\\[](绝密|机密|秘密)[)）】\\]]", words)
    return found[0] if found else ""


def squeeze(text: str) -> str:
    """Return text as the patterns want it: radicals folded, no white space, nothing invisible."""
    return "".join(c for c in fold(text) if c.isprintable() and not c.isspace())


def _draft(squeezed: list[tuple[Line, str]], *, final: bool) -> tuple[str, str]:
    body = _body_height(squeezed)
    for line, words in squeezed:
        alone = _alone(words)
        if alone:
            return alone, "line"
        if line.page > 0 or line.top > _TOP or final:
            continue
        bracketed = _BRACKETED.search(words)
        large = line.height > body * 1.1
        if bracketed and (large or words.endswith(bracketed[0])) and not _is_sentence(words):
            return bracketed[1], "title"
        closing = _CLOSING.search(words)
        if closing and large and len(words) <= _TITLE_LENGTH_MAX and not _is_sentence(words):
            return closing[1], "title"
    return "", ""


def _alone(words: str) -> str:
    """Return the marker of a line that says hardly anything else: a header, a watermark."""
    if len(words) > _SHORT_LINE_MAX or _is_sentence(words.strip("()（）[]【】")):
        return ""
    found = _MARKER.search(words)
    if found is not None:
        rest = words.replace(found[0], "").strip("()（）[]【】〔〕《》—-–·★☆*")
        return found[0] if len(rest) <= 4 else ""
    return "DRAFT" if _ENGLISH_ALONE.fullmatch(words) else ""


def _is_sentence(words: str) -> bool:
    return bool(_SENTENCE.search(words))


def _final(squeezed: list[tuple[Line, str]]) -> str:
    for line, words in squeezed:
        number = _NUMBER.search(words)
        # Alone, or beside the 签发人 of an upward document: not quoted in a sentence.
        if number and line.page == 0 and line.top < _TOP:
            rest = words.replace(number[0], "")
            if not rest or rest.startswith("签发人"):
                return number[0]
    return next((words for _, words in squeezed if _ISSUED.search(words) and len(words) < 60), "")


def _secret(squeezed: list[tuple[Line, str]]) -> str:
    for line, words in squeezed:
        starred = _SECRET_STAR.search(words)
        if starred:
            return starred[0]
        if line.page == 0 and line.top < _SECRET_TOP and line.left < 0.5:
            alone = _SECRET_ALONE.match(words)
            if alone:
                return alone[1]
    return ""


def _body_height(squeezed: list[tuple[Line, str]]) -> float:
    """Return the height that most characters have: what "larger than the text" is measured by."""
    counts: dict[float, int] = {}
    for line, words in squeezed:
        height = round(line.height * 2) / 2
        counts[height] = counts.get(height, 0) + len(words)
    return max(counts, key=lambda height: counts[height], default=0.0)
