"""Tables from spreadsheets: encodings, separators, hostile content, and the way out and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.i18n import LANGUAGES, translator
from core.identity.importing import OFFICES, PEOPLE
from core.importing.table import (
    CELL_LENGTH_MAX,
    FAULTS_MAX,
    OCTETS_MAX,
    ROWS_MAX,
    Column,
    read,
    template,
    write,
    yes_or_no,
)
from core.text import Text, clean_line, in_english
from quotas.importing import GRANTS

CODE = Column("code", Text("Code"), ("代码", "单位代码"), "general")
NAME = Column("name", Text("Name"), ("名称",), "办公室")
MAIL = Column("mail", Text("Mail"), ("邮箱",), "", required=False)
COLUMNS = (CODE, NAME, MAIL)
LIST = "代码,名称\r\ngeneral,办公室\r\nlegal,法工委\r\n"
READ = [{"code": "general", "name": "办公室"}, {"code": "legal", "name": "法工委"}]


def cells(content: bytes) -> list[dict[str, str]]:
    table = read(content, COLUMNS)
    assert table.faults == ()
    return [dict(row.cells) for row in table.rows]


def fault(content: bytes | str) -> tuple[int, str, str]:
    """Return line, column and sentence of the one fault."""
    table = read(content.encode() if isinstance(content, str) else content, COLUMNS)
    (found,) = table.faults
    return found.line, found.column, str(found.text)


@pytest.mark.parametrize(
    ("encoding", "read_as"),
    [("utf-8", "UTF-8"), ("utf-8-sig", "UTF-8"), ("gb18030", "GB18030"), ("utf-16", "UTF-16")],
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("ending", ["\r\n", "\n", "\r"])
def test_what_spreadsheets_write_here_is_read(
    encoding: str, read_as: str, delimiter: str, ending: str
):
    content = LIST.replace(",", delimiter).replace("\r\n", ending).encode(encoding)
    assert cells(content) == READ
    table = read(content, COLUMNS)
    assert (table.encoding, table.delimiter) == (read_as, delimiter)
    assert [row.line for row in table.rows] == [2, 3]


def test_the_line_by_which_excel_tells_its_separator():
    assert cells(b"sep=;\r\ncode;name\r\na;b,c\r\n") == [{"code": "a", "name": "b,c"}]
    assert read(b"sep=;\r\ncode;name\r\na;b\r\n", COLUMNS).rows[0].line == 3


def test_columns_have_any_order_and_many_names():
    for header in (
        "name,CODE",
        " Name , Code*",
        "名称（必填）,单位_代码",
        "名称，".rstrip("，") + ",代码",
    ):
        assert cells(f"{header}\nx,y\n".encode()) == [{"code": "y", "name": "x"}]
    table = read("代码,电话,名称,备注\na,1,b,2\n".encode(), COLUMNS)
    assert table.ignored == ("电话", "备注")
    assert table.headers == {"code": "代码", "name": "名称"}
    assert dict(table.rows[0].cells) == {"code": "a", "name": "b"}


def test_quoted_cells_hold_separators_quotation_marks_and_line_ends():
    content = 'code,name\na,"one, ""two""\r\nthree"\nb,x\n'
    assert cells(content.encode()) == [
        {"code": "a", "name": 'one, "two"\r\nthree'},
        {"code": "b", "name": "x"},
    ]
    assert [row.line for row in read(content.encode(), COLUMNS).rows] == [2, 4]


def test_empty_lines_and_remarks_are_passed_over():
    content = "\n# remark, with a comma\ncode,name,\n,,\na,b,\n#c,d,\n\n"
    table = read(content.encode(), COLUMNS)
    assert [(row.line, dict(row.cells)) for row in table.rows] == [(5, {"code": "a", "name": "b"})]


@pytest.mark.parametrize(
    ("content", "line", "column", "words"),
    [
        ("", 1, "", "empty"),
        ("\n\n,,\n", 1, "", "empty"),
        (b"PK\x03\x04 a workbook", 1, "", "CSV UTF-8"),
        (b"\xd0\xcf\x11\xe0 an old one", 1, "", "CSV UTF-8"),
        (b"code,name\na,b\nc,\xff\xff\n", 3, "", "neither UTF-8 nor GB18030"),
        (b"\xef\xbb\xbfcode,name\na,\xb0\xec\n", 2, "", "neither UTF-8 nor GB18030"),
        (b"\xff\xfec", 1, "", "neither UTF-8 nor GB18030"),
        ("code,name\na,b\nc,\0\n", 3, "", "NUL"),
        (b"x" * (OCTETS_MAX + 1), 1, "", "2 MiB"),
        ("code,mail\na,b\n", 1, "", "“Name”"),
        ("\ncode,name,代码\na,b,c\n", 2, "代码", "twice"),
        ("code,name,密码\na,b,c\n", 1, "密码", "Passwords"),
        ("code,name,Pass_Word\na,b,c\n", 1, "Pass_Word", "Passwords"),
        ("code,name\na\n", 2, "", "1 cells"),
        ("code,name\na,b\nc,d,e\n", 3, "", "3 cells"),
        ('code,name\na,b\nc,"d\ne,f\n', 3, "", "quotation marks"),
        ('code,name\na,b"c"\nd,"e"f\n', 3, "", "quotation marks"),
        (f"code,name\na,{'x' * (CELL_LENGTH_MAX + 1)}\n", 2, "name", "1,000 characters"),
        (f"code,name\na,{'x' * 200_000}\n", 2, "", "1,000 characters"),
        ("code,name," + "x," * 60 + "\n", 1, "", "50 columns"),
        ("code,name\n" + "a,b\n" * (ROWS_MAX + 1), ROWS_MAX + 2, "", "5,000 lines"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told_with_line_and_column(
    content: bytes | str, line: int, column: str, words: str
):
    found = fault(content)
    assert found[:2] == (line, column)
    assert words in found[2]


def test_all_faults_are_told_but_no_more_than_anybody_reads():
    table = read(b"code,name\n" + b"a\n" * 5 + b"x,y\n", COLUMNS)
    assert [each.line for each in table.faults] == [2, 3, 4, 5, 6]
    assert len(table.rows) == 1
    assert len(read(b"code,name\n" + b"a\n" * 9_000, COLUMNS).faults) == FAULTS_MAX


@given(st.binary(max_size=300))
def test_no_octets_whatever_raise(content: bytes):
    for prefix in (b"", b"code,name\n", b"\xef\xbb\xbfcode;name\n", b"\xff\xfe"):
        table = read(prefix + content, COLUMNS)
        assert all(len(row.cells) == len(table.headers) for row in table.rows)


LINES = st.text(max_size=30).map(lambda text: clean_line(text, 255))
FORMULAS = st.sampled_from(
    ["=1+1", "+8613800138000", "-x", "@SUM(A1)", "'=x", "''+", "#a", "＝x", "'"]
)


@given(st.lists(st.tuples(LINES | FORMULAS, LINES | FORMULAS), max_size=5))
def test_what_goes_out_comes_back(values: list[tuple[str, str]]):
    rows = [{"code": code, "name": name} for code, name in values]
    table = read(write((CODE, NAME), rows, in_english), (CODE, NAME))
    assert table.faults == ()
    assert [dict(row.cells) for row in table.rows] == [row for row in rows if any(row.values())]


@pytest.mark.parametrize("value", ["=cmd|' /C calc'!A0", "+1", "-1", "@x", "＝1"])
def test_nothing_that_we_write_is_taken_for_a_formula(value: str):
    written = write((CODE, NAME), [{"code": "a", "name": value}], in_english).decode("utf-8-sig")
    assert written.splitlines()[1].split(",", 1)[1].lstrip('"').startswith("'")


@pytest.mark.parametrize("kind", [OFFICES, PEOPLE, GRANTS], ids=lambda kind: kind.name)
@pytest.mark.parametrize("language", LANGUAGES)
def test_templates_are_read_in_every_language_and_import_nothing(kind, language: str):
    table = read(template(kind.columns, translator(language)), kind.columns)
    assert table.faults == ()
    assert set(table.headers) == {column.name for column in kind.columns}
    assert table.rows == ()
    assert table.ignored == ()


def test_yes_and_no_in_both_languages():
    assert [yes_or_no(cell) for cell in ("是", "Yes", "１", "√")] == [True] * 4
    assert [yes_or_no(cell) for cell in ("否", "NO", "0", "")] == [False] * 4
    assert yes_or_no("maybe") is None
