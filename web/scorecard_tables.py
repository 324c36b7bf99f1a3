"""The scorecard as tables: for the page's figures, files and the report on paper.

Pure functions from figures to cells, in the reader's language.
"""

from collections.abc import Mapping, Sequence

from core.text import Text, counted
from quotas.units import TONER_UNITS_PER_PAGE
from web.charts import Bar
from web.language import day, month, sentence, words
from web.pdf import Bars
from web.scorecard import DEFINED, DEFINITIONS, Code, Unit
from web.tables import Cell, Column, Table, Value, told
from web.words import PART_COLUMNS

Figures = Mapping[Code, int | None]

UNITS = {
    Unit.SHEETS: Text("sheets"),
    Unit.JOBS: Text("jobs"),
    Unit.DOCUMENTS: Text("documents"),
    Unit.STANDARD_PAGES: Text("standard pages"),
    Unit.KILOWATT_HOURS: Text("kilowatt-hours"),
    Unit.SHARE: Text("per cent"),
}
_SCALES = {Unit.SHARE: 10, Unit.STANDARD_PAGES: TONER_UNITS_PER_PAGE, Unit.KILOWATT_HOURS: 1000}


def said(code: Code, value: int | None) -> str:
    """Return a figure as it is written, without its unit."""
    unit = DEFINED[code].unit
    if value is None:
        return "—"
    if unit is Unit.SHARE:
        return f"{value / 10:,.1f} %"
    if unit is Unit.KILOWATT_HOURS:
        return f"{value / 1000:,.3f}"
    return f"{value / TONER_UNITS_PER_PAGE:,.1f}" if unit is Unit.STANDARD_PAGES else f"{value:,}"


def counts(code: Code, value: int | None) -> Value:
    """Return a figure as a spreadsheet counts with it; empty where there is nothing to say."""
    if value is None:
        return ""
    unit = DEFINED[code].unit
    scale = _SCALES.get(unit, 1)
    return value if scale == 1 else value / scale


def unit_of(unit: Unit, n: int) -> Text | None:
    """Return the unit of a figure of the scorecard; a share carries its own sign."""
    match unit:
        case Unit.SHEETS:
            return counted("sheet", "sheets", n)
        case Unit.JOBS:
            return counted("job", "jobs", n)
        case Unit.DOCUMENTS:
            return counted("document", "documents", n)
        case Unit.STANDARD_PAGES:
            return Text("standard pages")
        case Unit.KILOWATT_HOURS:
            return Text("kilowatt-hours")
        case Unit.SHARE:
            return None


def with_unit(code: Code, value: int | None) -> str:
    """Return a figure as it is written, with its unit."""
    unit = None if value is None else unit_of(DEFINED[code].unit, value)
    return f"{said(code, value)} {words(unit)}" if unit else said(code, value)


def sheet(
    name: str, whole: Figures, parts: Sequence[tuple[str, Figures]]
) -> tuple[list[str], list[list[Value]]]:
    """Return the head and the rows of a file: a line for each figure, a column for each part."""
    head = [
        sentence("Figure"),
        sentence("Unit"),
        name,
        *(part for part, _ in parts),
        sentence("Definition"),
        sentence("Version"),
        sentence("Since"),
    ]
    rows: list[list[Value]] = [
        [
            words(each.title),
            words(UNITS[each.unit]),
            *(counts(code, found[code]) for found in (whole, *(found for _, found in parts))),
            words(each.meaning),
            each.version,
            each.since.isoformat(),
        ]
        for code, each in DEFINITIONS.items()
    ]
    return head, rows


def of_figures(whole: Figures) -> Table:
    """Return every figure with its definition and the version of that."""
    columns = (
        Column(sentence("Figure"), wide=3.2),
        Column(sentence("Its value"), number=True, wide=2.4),
        Column(sentence("Definition"), wide=7),
    )
    rows = [
        (
            told(words(each.title)),
            Cell(with_unit(code, whole[code]), counts(code, whole[code])),
            told(f"{words(each.meaning)} ({_version(code)})"),
        )
        for code, each in DEFINITIONS.items()
    ]
    note = sentence(
        "Figures of jobs are of those that are over and counted; a job counts within seconds "
        "after its end, on the day it ended."
    )
    return Table("figures", sentence("Figures"), columns, rows, note=note)


def of_parts(first: str, whole: Figures, parts: Sequence[tuple[str, Figures]]) -> Table:
    """Return what the sums are made of: a line for each part, called by their `first` column."""
    columns = (
        Column(first, wide=2),
        *(Column(words(DEFINITIONS[code].title), number=True) for code in PART_COLUMNS),
    )

    def line(name: str, found: Figures) -> list[Cell]:
        return [
            told(name),
            *(Cell(said(code, found[code]), counts(code, found[code])) for code in PART_COLUMNS),
        ]

    rows = [line(name, found) for name, found in parts]
    title = sentence("What the sums are made of")
    return Table("parts", title, columns, rows, line(sentence("Sum"), whole))


def by_month(sheets: Mapping[str, int]) -> Bars:
    """Return the sheets of months as bars."""
    bars = [Bar(month(key), used, "") for key, used in sheets.items()]
    return Bars(sentence("Sheets by month"), sentence("sheets"), bars)


def _version(code: Code) -> str:
    each = DEFINITIONS[code]
    return sentence("version {version}, since {day}", version=each.version, day=day(each.since))
