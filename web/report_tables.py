"""The report of an office (月报, 季报, 年报): its tables, from the figures of a span of days.

Pure functions from figures to tables, in the reader's language. Every figure is a row, or the sum
of the rows of a table; where it counts jobs, documents or entries, it leads to them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from core.people import Office
from core.text import Text
from printgate.permit_queries import PermitFigures
from printgate.queries import ForeignJob
from quotas.insight import Spent
from quotas.periods import Period, Span
from quotas.requests import SheetRequest
from quotas.supplies.variance import Variance
from web import request_words
from web.language import counted_sentence, local_time, month, sentence, words
from web.scorecard import DEFINED, DEFINITIONS, SAVINGS, Code, saved
from web.scorecard_tables import counts, with_unit
from web.tables import Cell, Column, Table, number, told
from web.words import ACCOUNT_KINDS

TITLES = {
    Span.MONTH: Text("Monthly report of {office}, {span}"),
    Span.QUARTER: Text("Quarterly report of {office}, {span}"),
    Span.YEAR: Text("Annual report of {office}, {span}"),
}
_PAPERLESS = (Code.CIRCULATED, Code.WITHOUT_PAPER, Code.AFTER_ALL)
_EXCEPTIONS = (Code.REFUSED, Code.AFTER_ALL, Code.REROUTED, Code.OVERRUN)


@dataclass(frozen=True)
class Line:
    """Whose or where sheets were; the way to the entries that add up to them, if there is one."""

    name: str
    spent: Spent
    path: str = ""


@dataclass(frozen=True)
class Report:
    """All that a report says."""

    office: Office
    span: Period
    figures: Mapping[Code, int | None]
    """Those of the scorecard, and of the exceptions that it has not."""
    last_year: int
    """Sheets used in the same span a year before."""
    entered: Sequence[tuple[str, int, str]]
    """In which periods and projects: name, sheets, way to the entries."""
    people: Sequence[Line]
    printers: Sequence[Line]
    kinds: Sequence[Line]
    permits: Sequence[PermitFigures]
    requests: Sequence[SheetRequest]
    foreign: Sequence[ForeignJob]
    variances: Sequence[Variance]


def title(found: Report) -> str:
    """Return what a report is called."""
    text = TITLES[found.span.span]
    return sentence(text.msgid, office=found.office.name, span=month(found.span.key))


def tables(found: Report) -> list[Table]:
    """Return the tables of a report, in their order."""
    apart = (
        ("people", sentence("Sheets by person"), sentence("Person"), found.people),
        ("printers", sentence("Sheets by printer"), sentence("Printer"), found.printers),
        ("kinds", sentence("Sheets by kind of document"), sentence("Kind"), found.kinds),
    )
    return [
        _overview(found),
        _entered(found),
        *(_told_apart(*each) for each in apart),
        _savings(found),
        _by_code("paperless", sentence("Drafts and documents"), found, _PAPERLESS),
        _permits(found),
        _requests(found),
        _exceptions(found),
        _foreign(found.foreign),
        _supplies(found),
    ]


def _overview(found: Report) -> Table:
    scorecard = urlencode({"office": found.office.id, "span": found.span.key})
    paths = {Code.PAPER: "#entered", Code.PLAN: f"/office/scorecard?{scorecard}#plan"}

    def of(code: Code) -> list[Cell]:
        each, value = DEFINITIONS[code], found.figures[code]
        cell = Cell(with_unit(code, value), counts(code, value), paths.get(code, ""))
        return [told(words(each.title)), cell, told(words(each.meaning))]

    together = saved(found.figures)
    rows = [
        of(Code.PAPER),
        of(Code.PLAN),
        of(Code.PLAN_SHARE),
        *_against_last_year(found),
        of(Code.TWO_SIDED_SHARE),
        [
            told(sentence("Saved")),
            Cell(_sheets(together), together, "#saved"),
            told(sentence("Sheets saved by all methods together.")),
        ],
    ]
    columns = (
        Column(sentence("Figure"), wide=2.6),
        Column(sentence("Its value"), number=True, wide=2),
        Column(sentence("What it is"), wide=6),
    )
    return Table("overview", sentence("At a glance"), columns, rows)


def _against_last_year(found: Report) -> Iterator[list[Cell]]:
    used, before = found.figures[Code.PAPER] or 0, found.last_year
    asked = urlencode({"office": found.office.id, "month": found.span.year_before().key})
    yield [
        told(sentence("Paper used a year ago")),
        Cell(_sheets(before), before, f"/office/report?{asked}" if before else ""),
        told(sentence("The same figure of the same time a year ago.")),
    ]
    yield [
        told(sentence("Change against a year ago")),
        Cell(_sheets(used - before).replace("-", "−"), used - before),
        told(sentence("Paper used, less that of a year ago.")),
    ]
    change = 100 * (used - before) / before if before else 0
    yield [
        told(sentence("Change in per cent")),
        Cell(f"{change:+.1f} %".replace("-", "−"), round(change, 1)) if before else Cell("—", ""),
        told(sentence("The change as a share of what was used a year ago.")),
    ]


def _sheets(n: int) -> str:
    return counted_sentence("{n} sheet", "{n} sheets", n)


def _entered(found: Report) -> Table:
    columns = (Column(sentence("Entered in"), wide=3), Column(sentence("Sheets"), number=True))
    rows = [(told(name, path), number(sheets, path)) for name, sheets, path in found.entered]
    return Table(
        "entered",
        sentence("Where the use was entered"),
        columns,
        rows,
        _sum(rows, 1),
        nothing=_nothing_printed(),
    )


def _told_apart(id_: str, title_: str, head: str, lines: Sequence[Line]) -> Table:
    columns = (
        Column(head, wide=3),
        Column(sentence("Jobs"), number=True),
        Column(sentence("Sheets"), number=True),
    )
    rows = [
        (told(each.name), number(each.spent.jobs), number(each.spent.spent, each.path))
        for each in lines
    ]
    return Table(id_, title_, columns, rows, _sum(rows, 1, 2), nothing=_nothing_printed())


def _savings(found: Report) -> Table:
    columns = (
        Column(sentence("Method"), wide=2.6),
        Column(sentence("Sheets saved"), number=True, wide=1.4),
        Column(sentence("What it is"), wide=6),
    )
    rows = [
        (
            told(words(DEFINITIONS[code].title)),
            number(found.figures[code] or 0, _behind(found, code)),
            told(words(DEFINITIONS[code].meaning)),
        )
        for code in SAVINGS
    ]
    return Table("saved", sentence("Sheets saved, by method"), columns, rows, _sum(rows, 1))


def _by_code(
    id_: str,
    title_: str,
    found: Report,
    codes: Iterable[Code],
    more: Sequence[Sequence[Cell]] = (),
) -> Table:
    """Return figures that have no sum, each with its unit."""
    columns = (
        Column(sentence("Figure"), wide=2.6),
        Column(sentence("Its value"), number=True, wide=1.8),
        Column(sentence("What it is"), wide=6),
    )
    rows = [
        (
            told(words(DEFINED[code].title)),
            Cell(
                with_unit(code, found.figures[code]),
                found.figures[code] or 0,
                _behind(found, code),
            ),
            told(words(DEFINED[code].meaning)),
        )
        for code in codes
    ]
    return Table(id_, title_, columns, [*rows, *more])


def _behind(found: Report, code: Code) -> str:
    """Return the way to the jobs or documents that a figure counts."""
    if not found.figures[code]:
        return ""
    asked = {"office": found.office.id, "span": found.span.key, "figure": str(code)}
    return f"/office/behind?{urlencode(asked)}"


def _exceptions(found: Report) -> Table:
    past = sum(each.sheets for each in found.foreign)
    uncontrolled = (
        told(sentence("Uncontrolled paper")),
        Cell(_sheets(past), past, "#foreign" if past else ""),
        told(sentence("Sheets of jobs that went past Printgate, listed below.")),
    )
    return _by_code("exceptions", sentence("Exceptions"), found, _EXCEPTIONS, [uncontrolled])


def _permits(found: Report) -> Table:
    columns = (
        Column(sentence("Permit"), wide=1.2),
        Column(sentence("Person"), wide=1.4),
        Column(sentence("Reason"), wide=4),
        Column(sentence("Jobs"), number=True),
        Column(sentence("Sheets"), number=True),
        Column(sentence("More than two-sided"), number=True, wide=1.6),
    )
    rows = [
        (
            told(f"{each.permit.id}", f"/permits/{each.permit.id}"),
            told(each.permit.person_name),
            told(each.permit.reason),
            number(each.jobs),
            number(each.sheets),
            number(each.more_sheets),
        )
        for each in found.permits
    ]
    return Table(
        "permits",
        sentence("Permits used"),
        columns,
        rows,
        _sum(rows, 3, 4, 5),
        sentence(
            "A job counts on the day of its decision, if its use of the permit stands; until it is "
            "over, with the sheets that are reserved for it."
        ),
        sentence("No permit was used in this period."),
    )


def _requests(found: Report) -> Table:
    columns = (
        Column(sentence("Decided at"), wide=2.2),
        Column(sentence("Who asked"), wide=1.4),
        Column(sentence("For the account of"), wide=1.6),
        Column(sentence("Reason"), wide=3),
        Column(sentence("Asked for"), number=True, wide=1.2),
        Column(sentence("Granted of it"), number=True, wide=1.2),
        Column(sentence("Decision"), wide=1.4),
        Column(sentence("By"), wide=1.4),
    )
    rows = [
        (
            told(local_time(each.decided_at), f"/requests/{each.id}"),
            told(each.asked_name),
            told(words(ACCOUNT_KINDS[each.kind])),
            told(each.reason),
            number(each.amount),
            number(each.granted or 0),
            told(words(request_words.STATES[each.state])),
            told(each.decided_name),
        )
        for each in found.requests
    ]
    return Table(
        "requests",
        sentence("Requests decided"),
        columns,
        rows,
        _sum(rows, 4, 5),
        nothing=sentence("No request was decided in this period."),
    )


def _foreign(jobs: Sequence[ForeignJob]) -> Table:
    columns = (
        Column(sentence("Time"), wide=2),
        Column(sentence("Sign-in name"), wide=2),
        Column(sentence("Queue"), wide=2),
        Column(sentence("Sheets"), number=True),
    )
    rows = [
        (told(local_time(each.created_at)), told(each.user), told(each.queue), number(each.sheets))
        for each in jobs
    ]
    return Table(
        "foreign",
        sentence("Uncontrolled paper"),
        columns,
        rows,
        _sum(rows, 3),
        sentence(
            "Jobs that went past Printgate under sign-in names of the office's people; such a name "
            "is a claim and no proof."
        ),
        sentence("Nothing went past Printgate under a sign-in name of the office's people."),
    )


def _supplies(found: Report) -> Table:
    columns = (
        Column(sentence("Month"), wide=2),
        Column(sentence("Issued"), number=True),
        Column(sentence("Printed"), number=True),
        Column(sentence("Difference"), number=True),
    )
    address = {"office": found.office.id}
    path = f"/supplies/variance?{urlencode(address)}"
    rows = [
        (
            told(month(each.month.period), path),
            number(each.month.issued),
            number(each.month.printed),
            number(each.month.difference),
        )
        for each in found.variances
    ]
    return Table(
        "supplies",
        sentence("Paper issued and printed"),
        columns,
        rows,
        _sum(rows, 1, 2, 3),
        sentence(
            "In sheets of A4. Paper is issued in reams and printed in sheets: one month alone "
            "seldom comes out even."
        ),
        sentence("No paper had been issued from stock yet."),
    )


def _sum(rows: Sequence[Sequence[Cell]], *columns: int) -> list[Cell]:
    """Return the line of sums; none where there are no rows."""
    if not rows:
        return []
    line = [told("") for _ in rows[0]]
    line[0] = told(sentence("Sum"))
    for place in columns:
        line[place] = number(sum(int(row[place].value) for row in rows))
    return line


def _nothing_printed() -> str:
    return sentence("Nothing was printed in this period.")
