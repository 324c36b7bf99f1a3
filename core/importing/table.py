"""Tables that a spreadsheet program wrote, read without trusting them, and written back.

A file of comma-separated values (RFC 4180) says nothing about itself: not its encoding, not its
separator, not what a column is. So these are found out, from what such programs do here. Excel
writes GB18030 under Chinese Windows, "CSV UTF-8" with a byte order mark, and "Unicode text" as
UTF-16 with tabs; other countries' programs separate by semicolons. The first line names the
columns, in Chinese or English, in any order; one that we don't know is passed over and told.

What is wrong is a Fault: the line and the column as the file has them, and a sentence that says
what to do. Reading goes on after a fault, so that a person sees all of them at once; it stops when
there are too many, or when the rest can't be told apart any more (quotation marks that do not
pair).

What a spreadsheet shows as text it may yet take for a formula when it begins with =, +, - or @
(OWASP: CSV injection). `write` puts an apostrophe before such cells, and `read` takes one away, so
that a file that goes out and comes back says the same. A line that begins with # is a remark.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from core.text import Text, Translate, clean_line, counted

OCTETS_MAX = 2 * 2**20
ROWS_MAX = 5_000
COLUMNS_MAX = 50
CELL_LENGTH_MAX = 1_000
FAULTS_MAX = 100

_DELIMITERS = ",;\t"
_SEP = re.compile(r"sep=(.)\r?\n?", re.IGNORECASE)
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_TAKEN_FOR_FORMULA = "=+\\-@#\t\r＝＋－＠"
_ESCAPED = re.compile(f"'+[{_TAKEN_FOR_FORMULA}]")
_TO_ESCAPE = re.compile(f"'*[{_TAKEN_FOR_FORMULA}]")
_ASIDE = re.compile(r"\(.*?\)|[\s_*-]")
_SECRETS = frozenset({"密码", "口令", "初始密码", "password", "passwd", "pwd", "secret"})
_YES = frozenset({"yes", "y", "true", "1", "是", "有", "√", "✓", "✔"})
_NO = frozenset({"", "no", "n", "false", "0", "否", "无", "×"})


@dataclass(frozen=True)
class Column:
    """A column that a file may have: its stable name, what people call it, an example."""

    name: str
    label: Text
    aliases: tuple[str, ...]
    """Names that are understood beside `name`, in every language that files are written in."""
    example: str
    required: bool = True


@dataclass(frozen=True)
class Fault:
    """Something that keeps a file from being imported."""

    line: int
    column: str
    """The column's name as the file has it; "" when the whole line is meant."""
    text: Text


@dataclass(frozen=True)
class Row:
    """A line of a table: where it begins in the file, and its cells by the columns' names."""

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True)
class Table:
    """What could be read of a file."""

    headers: Mapping[str, str]
    """The columns that are there: their name, and what the file calls them."""
    rows: tuple[Row, ...] = ()
    faults: tuple[Fault, ...] = ()
    ignored: tuple[str, ...] = ()
    """Columns that nobody asked for."""
    encoding: str = ""
    delimiter: str = ""


class _Unreadable(Exception):
    def __init__(self, line: int, text: Text, column: str = "") -> None:
        super().__init__(str(text))
        self.fault = Fault(line, column, text)


def read(octets: bytes, columns: Sequence[Column]) -> Table:
    """Read a file that should have these columns; never raises for what is in it."""
    try:
        text, encoding = _decode(octets)
        text, above, told = _without_sep(text)
        delimiter = told or _delimiter(text, columns)
        records = _filled(_records(text, delimiter, above))
        line, names = next(records, (1, []))
        headers, ignored = _headers(line, names, columns)
    except _Unreadable as error:
        return Table({}, faults=(error.fault,))
    rows, faults = _rows(records, names, headers)
    known = {name: _shown(names[place]) for place, name in headers.items()}
    return Table(known, tuple(rows), tuple(faults), ignored, encoding, delimiter)


def write(
    columns: Sequence[Column], rows: Iterable[Mapping[str, str]], translate: Translate
) -> bytes:
    """Return a file that spreadsheets open as it is meant, and that `read` understands."""
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow(column.label.render(translate) for column in columns)
    for row in rows:
        writer.writerow(_escaped(row.get(column.name, "")) for column in columns)
    return _UTF8_MARK + written.getvalue().encode()


def template(columns: Sequence[Column], translate: Translate) -> bytes:
    """Return a file to fill in; its example is a remark, so that nobody imports it by mistake."""
    example = {column.name: column.example for column in columns}
    example[columns[0].name] = f"#{columns[0].example}"
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow(column.label.render(translate) for column in columns)
    writer.writerow(example.values())
    return _UTF8_MARK + written.getvalue().encode()


def yes_or_no(cell: str) -> bool | None:
    """Return what a cell says; an empty one says no, None is neither."""
    said = unicodedata.normalize("NFKC", cell).strip().casefold()
    if said in _YES:
        return True
    return False if said in _NO else None


def normalised(cell: str) -> str:
    """Return a code or a number as it is compared: full-width forms are the same as plain ones."""
    return unicodedata.normalize("NFKC", cell).strip()


def _decode(octets: bytes) -> tuple[str, str]:
    if len(octets) > OCTETS_MAX:
        mebibytes = OCTETS_MAX // 2**20
        raise _Unreadable(
            1, Text("The file has more than {n} MiB. Please import it in parts.", {"n": mebibytes})
        )
    if octets.startswith(_WORKBOOKS):
        raise _Unreadable(
            1, Text("This is a workbook. Please save the sheet as “CSV UTF-8” and choose that.")
        )
    encodings = ["utf-8", "gb18030"]
    if octets.startswith(_UTF8_MARK):
        encodings = ["utf-8-sig"]
    elif octets.startswith(_UTF16_MARKS):
        encodings = ["utf-16"]
    line = 1
    for encoding in encodings:
        try:
            text = octets.decode(encoding)
        except UnicodeDecodeError as error:
            line = max(line, error.object.count(b"\n", 0, error.start) + 1)
            continue
        zero = text.find("\0")
        if zero >= 0:
            raise _Unreadable(
                text.count("\n", 0, zero) + 1,
                Text("Here is a NUL: this is no text. Please save the file as “CSV UTF-8”."),
            )
        return text, encoding.removesuffix("-sig").upper()
    raise _Unreadable(
        line,
        Text("Here is what is neither UTF-8 nor GB18030. Please save the file as “CSV UTF-8”."),
    )


def _without_sep(text: str) -> tuple[str, int, str]:
    """Take away the line by which Excel tells itself the separator."""
    match = _SEP.match(text)
    if match is None or match[1] not in _DELIMITERS:
        return text, 0, ""
    return text[match.end() :], 1, match[1]


def _delimiter(text: str, columns: Sequence[Column]) -> str:
    """Return the separator under which the first line names the most columns."""
    known = _names(columns)

    def found(delimiter: str) -> int:
        try:
            _, cells = next(_filled(_records(text, delimiter, 0)), (1, []))
        except _Unreadable:
            return -1
        return sum(_folded(cell) in known for cell in cells)

    return max(_DELIMITERS, key=found)


def _records(text: str, delimiter: str, above: int) -> Iterator[tuple[int, list[str]]]:
    """Yield each record with the line on which it begins."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        begins = above + reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise _Unreadable(begins, _broken(error)) from None
        yield begins, [cell.strip() for cell in cells]


def _broken(error: csv.Error) -> Text:
    if "limit" in str(error):
        return _too_long()
    return Text(
        "A cell that begins here has quotation marks that do not pair, so nothing after it could "
        "be read. Please write each quotation mark inside a cell twice."
    )


def _filled(records: Iterator[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
    """Pass over empty lines and remarks."""
    for line, cells in records:
        if any(cells) and not cells[0].startswith("#"):
            yield line, [_plain(cell) for cell in cells]


def _headers(
    line: int, names: Sequence[str], columns: Sequence[Column]
) -> tuple[dict[int, str], tuple[str, ...]]:
    if not any(names):
        raise _Unreadable(1, Text("The file is empty. Its first line has to name the columns."))
    if len(names) > COLUMNS_MAX:
        raise _Unreadable(
            line, Text("A file may have {n} columns. Please delete some.", {"n": COLUMNS_MAX})
        )
    known = _names(columns)
    headers: dict[int, str] = {}
    for place, written in enumerate(names):
        name = known.get(_folded(written))
        wrong = _wrong_header(_folded(written), name, headers)
        if wrong is not None:
            raise _Unreadable(line, wrong, _shown(written))
        if name is not None:
            headers[place] = name
    for column in columns:
        if column.required and column.name not in headers.values():
            raise _Unreadable(
                line,
                Text(
                    "There is no column “{column}”. The first line has to name it.",
                    {"column": column.label},
                ),
            )
    ignored = (_shown(name) for place, name in enumerate(names) if name and place not in headers)
    return headers, tuple(ignored)


def _wrong_header(folded: str, name: str | None, headers: Mapping[int, str]) -> Text | None:
    if folded in _SECRETS:
        return Text(
            "Passwords do not belong into a file. Please delete this column; an administrator "
            "gives each person a password on the person's page."
        )
    if name is not None and name in headers.values():
        return Text("This column is there twice. Please delete one of them.")
    return None


def _rows(
    records: Iterator[tuple[int, list[str]]], names: Sequence[str], headers: Mapping[int, str]
) -> tuple[list[Row], list[Fault]]:
    rows: list[Row] = []
    faults: list[Fault] = []
    try:
        for line, cells in records:
            if len(rows) == ROWS_MAX:
                raise _Unreadable(
                    line,
                    counted(
                        "A file may have {n} line. Please import it in parts.",
                        "A file may have {n} lines. Please import it in parts.",
                        ROWS_MAX,
                    ),
                )
            wrong = _misshapen(line, cells, names)
            faults += wrong
            if len(faults) >= FAULTS_MAX:
                break
            if not wrong:
                rows.append(Row(line, {name: cells[place] for place, name in headers.items()}))
    except _Unreadable as error:
        faults.append(error.fault)
    return rows, faults


def _misshapen(line: int, cells: list[str], names: Sequence[str]) -> list[Fault]:
    while len(cells) > len(names) and not cells[-1]:
        cells.pop()
    if len(cells) != len(names):
        text = Text(
            "This line has {n} cells, the first one has {columns}. Perhaps a separator stands "
            "inside a cell: such a cell is written in quotation marks.",
            {"n": len(cells), "columns": len(names)},
        )
        return [Fault(line, "", text)]
    return [
        Fault(line, _shown(name), _too_long())
        for name, cell in zip(names, cells, strict=True)
        if len(cell) > CELL_LENGTH_MAX
    ]


def _too_long() -> Text:
    return Text("A cell may have {n} characters. Please shorten it.", {"n": f"{CELL_LENGTH_MAX:,}"})


def _names(columns: Sequence[Column]) -> dict[str, str]:
    return {
        _folded(written): column.name
        for column in columns
        for written in (column.name, column.label.msgid, *column.aliases)
    }


def _folded(header: str) -> str:
    return _ASIDE.sub("", unicodedata.normalize("NFKC", header).casefold())


def _shown(header: str) -> str:
    return clean_line(header, 40)


def _plain(cell: str) -> str:
    return cell[1:] if _ESCAPED.match(cell) else cell


def _escaped(cell: str) -> str:
    return f"'{cell}" if _TO_ESCAPE.match(cell) else cell
