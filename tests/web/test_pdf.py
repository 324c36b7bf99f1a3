"""Reports on paper's format: what they say can be read out again and equals the pages."""

import io
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pypdf import PdfReader

from tests.web.conftest import Site
from tests.web.test_office import score, year
from tests.web.test_pages import text
from web import pdf
from web.charts import Bar
from web.pdf import Bars, Document, Font, NoFont
from web.tables import Column, Table, number, told

MADE = datetime(2026, 11, 22, 4, tzinfo=UTC)
A4 = (595, 842)


def read(octets: bytes) -> list[str]:
    """Return the words of each page, without the spaces at which lines are broken."""
    pages = PdfReader(io.BytesIO(octets)).pages
    assert {(round(each.mediabox.width), round(each.mediabox.height)) for each in pages} == {A4}
    command = ["pdftotext", "-raw", "-enc", "UTF-8", "-", "-"]
    said = subprocess.run(command, input=octets, capture_output=True, check=True, timeout=60)
    assert said.stderr == b""
    words = said.stdout.decode().split("\f")[:-1]
    assert len(words) == len(pages)
    return [bare(page) for page in words]


def bare(words: str) -> str:
    return re.sub(r"\s+", "", words)


def document(*parts: Table | Bars, language: str = "zh-CN") -> Document:
    return Document(
        "月报", ["机关"], parts, language, MADE, lambda page, pages: f"第{page}页，共{pages}页"
    )


def table(rows: int) -> Table:
    columns = (Column("姓名", wide=3), Column("张数", number=True))
    return Table(
        "people", "各人用纸", columns, [(told(f"第{n}人"), number(1000 + n)) for n in range(rows)],
        (told("合计"), number(sum(1000 + n for n in range(rows)))), "注：单位为张。", "没有记录。",
    )  # fmt: skip


def test_a_long_table_goes_on_with_its_head_and_every_row_is_there_once():
    pages = read(pdf.pdf(document(table(120))))
    assert len(pages) == 4
    for n, page in enumerate(pages, start=1):
        assert page.count("姓名张数") == 1
        assert f"第{n}页，共4页" in page
    whole = "".join(pages)
    for n in range(120):
        assert whole.count(f"第{n}人{1000 + n:,}") == 1
    assert "合计127,140" in whole
    assert "注：单位为张。" in whole
    assert "没有记录" not in whole


def test_an_empty_table_says_so_and_bars_carry_their_values():
    bars = Bars("各月用纸量", "张", [Bar("2026年10月", 0, ""), Bar("2026年11月", 1234, "")])
    (page,) = read(pdf.pdf(document(table(0), bars)))
    assert "没有记录。" in page
    assert "2026年10月0张2026年11月1,234张" in page


def test_the_same_values_make_the_same_file():
    assert pdf.pdf(document(table(3))) == pdf.pdf(document(table(3)))


@pytest.mark.parametrize(
    "words", ["{page} {x}", "<b>粗</b> & **x**", "a" * 300, "第一行\n第二行", "𠮷 ü é — −", "()\\"]
)
def test_any_name_can_be_written(words: str):
    names = Table("x", words, (Column(words), Column("n", number=True)), [(told(words), number(1))])
    for language in ("zh-CN", "en"):
        assert bare(words) in "".join(read(pdf.pdf(document(names, language=language))))


def test_without_a_font_it_says_which_package_is_missing(tmp_path: Path):
    there = tmp_path / "font.ttc"
    with pytest.raises(NoFont, match="fonts-noto-cjk"):
        pdf.font((Font(str(there)),))
    there.touch()
    assert pdf.font((Font(str(there), 2),)) == Font(str(there), 2)


def test_a_page_without_a_font_is_an_answer(site: Site, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pdf.font, "__defaults__", ((),))
    answer = site.browser("dora").get("/office/scorecard.pdf")
    assert answer.status_code == 503
    assert "请管理员安装软件包 fonts-noto-cjk" in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    ("login", "query", "language"),
    [
        ("dora", "span=2026-11", "zh-CN"),
        ("dora", "span=2026", "en"),
        ("ada", "office=all&span=2026", "zh-CN"),
        ("ada", "office=all&span=1000", "en"),
        ("dora", "span=9998", "en"),
    ],
)
def test_the_scorecard_on_paper_says_what_the_page_says(
    site: Site, login: str, query: str, language: str
):
    year(site)
    browser = site.browser(login, language)
    page = text(browser.get(f"/office/scorecard?{query}"))
    answer = browser.get(f"/office/scorecard.pdf?{query}")
    assert answer.mimetype == "application/pdf"
    assert "attachment" in answer.headers["Content-Disposition"]
    paper = "".join(read(answer.data))
    rows = re.findall(
        r'<tr id="([\w-]+)"><td>([^<]+)</td>\s*<td[^>]*>(.*?)</td>\s*<td[^>]*>([^<]+)<', page
    )
    assert {code for code, *_ in rows} == set(score(page))
    for code, title, value, meaning in rows:
        told_of = bare(title + re.sub(r"<[^>]+>", "", value) + meaning)
        assert told_of.replace("&#39;", "'") in paper, code
    parts = re.findall(r'<tr><td><a href="/office/scorecard[^"]*">([^<]+)</a></td>(.*?)</tr>', page)
    for name, cells in parts:
        assert bare(name + "".join(re.findall(r">([^<]+)</td>", cells))) in paper, name
    if "2026" in query:
        paper_used = score(page)["paper"][0].split(" ")[0]
        month, unit = ("2026年11月", "张") if language == "zh-CN" else ("2026-11", "sheets")
        assert f"{month}{paper_used}{unit}" in paper
