"""Tables to take along: CSV, workbooks and PDFs of what a page shows. The home of openpyxl.

A CSV file begins with a mark that tells spreadsheets it is UTF-8. A text that a spreadsheet would
take for a formula (a reason that begins with = or @) is preceded by an apostrophe, so it stays a
text.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from flask import Response

from web import pdf
from web.language import language, local_time, sentence
from web.pdf import Bars, Document
from web.services import services
from web.tables import Table, Value

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_file(name: str, head: Sequence[str], rows: Iterable[Sequence[Value]]) -> Response:
    """Return a table as a CSV file to be kept under a name."""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(head)
    writer.writerows([harmless(value) for value in row] for row in rows)
    return download(
        f"{name}.csv", "text/csv; charset=utf-8", written.getvalue().encode("utf-8-sig")
    )


def download(name: str, kind: str, octets: bytes) -> Response:
    """Return a file that the browser keeps under a name."""
    answer = Response(octets, content_type=kind)
    answer.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    return answer


def harmless(value: Value) -> Value:
    """Return a cell that no spreadsheet computes; numbers stay numbers."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


@dataclass(frozen=True)
class Sheet:
    """One sheet of a workbook; its title is short and has none of the signs []:*?/\\."""

    title: str
    head: Sequence[str]
    rows: Iterable[Sequence[Value]]


def sheet_of(table: Table) -> Sheet:
    """Return a table as a sheet: its numbers as numbers, the sum below them."""
    rows = [*table.rows, *([table.total] if table.total else [])]
    head = [column.title for column in table.columns]
    return Sheet(table.title, head, [[cell.value for cell in row] for row in rows])


def workbook(name: str, sheets: Sequence[Sheet]) -> Response:
    """Return tables as a workbook (XLSX), one on each sheet, its first row standing still."""
    # Large, and seldom needed: a process that makes no workbook does not load it.
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    book = Workbook(write_only=True)
    bold = Font(bold=True)
    for each in sheets:
        sheet = book.create_sheet(each.title)
        sheet.freeze_panes = "A2"
        cells = []
        for words in each.head:
            cell = WriteOnlyCell(sheet, value=harmless(words))
            cell.font = bold
            cells.append(cell)
        sheet.append(cells)
        for row in each.rows:
            sheet.append([harmless(value) for value in row])
    written = io.BytesIO()
    book.save(written)
    return download(f"{name}.xlsx", _XLSX, written.getvalue())


def report(name: str, title: str, parts: Sequence[Table | Bars]) -> Response:
    """Return a report as a PDF in the reader's language, which says when it was made."""
    now = services().clock.now()
    made = sentence("Made on {time} from the books of Printgate.", time=local_time(now))

    def foot(page: int, pages: int) -> str:
        return sentence("{title} · page {page} of {pages}", title=title, page=page, pages=pages)

    octets = pdf.pdf(Document(title, [made], parts, language(), now, foot))
    return download(f"{name}.pdf", "application/pdf", octets)
