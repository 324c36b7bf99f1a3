"""What a file of grants would enter into the ledger.

An entry is never changed, so a line can only be entered or be there already. What tells the two
apart is the entry's id: a line that has a number of its own is the entry with that number; one that
has none is the one grant that files make to that office in that unit and period. So the same file
grants once, however often it is imported. A line whose entry is there and says something else is at
fault: the difference is entered on the page of grants, with a reason.

A file grants to the offices' own accounts; those of people and projects are filled from there. The
period has to be as long as those that the account is kept in: a month, a quarter or a year. What is
entered already stays right when an account's periods have become longer or shorter since.

Sheets are whole. Toner is written in standard pages, as cartridges declare their yield, with up to
six decimals, since that is what an account counts in. Months come as spreadsheets write them: Excel
makes Nov-26 of 2026-11.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from core.identity.people_file import no_such_office
from core.importing.plan import Change, Findings, Item, Plan, Step
from core.importing.table import Column, Row, Table, normalised
from core.people import Office
from core.text import Scalar, Text, clean_line
from quotas.ledger import Kind
from quotas.periods import Period, Span
from quotas.units import TONER_UNITS_PER_PAGE, Unit

MONTHS_BACK, MONTHS_AHEAD = 11, 24
"""For the periods of which months before and after this one a file may grant."""
AMOUNT_MAX = 9_999_999
"""In sheets or standard pages: more is a slip of the hand."""

OFFICE = Column(
    "office",
    Text("Office code"),
    ("code", "单位代码", "单位编码", "部门代码", "部门编码", "单位", "部门"),
    "general",
)
PERIOD = Column(
    "period", Text("Period"), ("month", "周期", "期间", "月份", "年月", "季度", "年度"), "2027-01"
)
AMOUNT = Column(
    "amount", Text("Amount"), ("sheets", "数量", "额度", "配额", "张数", "用纸额度"), "500"
)
UNIT = Column("unit", Text("Unit"), ("计量单位", "计数单位"), "sheets", required=False)
NUMBER = Column(
    "number",
    Text("Entry number"),
    ("entry", "reference", "登记号", "编号", "文号", "批次"),
    "",
    required=False,
)
COLUMNS = (OFFICE, PERIOD, AMOUNT, UNIT, NUMBER)

_UNITS = {
    "": Unit.SHEETS,
    "sheet": Unit.SHEETS,
    "sheets": Unit.SHEETS,
    "张": Unit.SHEETS,
    "纸": Unit.SHEETS,
    "纸张": Unit.SHEETS,
    "toner": Unit.TONER,
    "碳粉": Unit.TONER,
    "墨粉": Unit.TONER,
    "标准页": Unit.TONER,
    "黑色碳粉": Unit.TONER,
    "toner-cyan": Unit.CYAN,
    "cyan": Unit.CYAN,
    "cyan toner": Unit.CYAN,
    "青色碳粉": Unit.CYAN,
    "青色": Unit.CYAN,
    "toner-magenta": Unit.MAGENTA,
    "magenta": Unit.MAGENTA,
    "magenta toner": Unit.MAGENTA,
    "品红色碳粉": Unit.MAGENTA,
    "品红碳粉": Unit.MAGENTA,
    "品红": Unit.MAGENTA,
    "toner-yellow": Unit.YELLOW,
    "yellow": Unit.YELLOW,
    "yellow toner": Unit.YELLOW,
    "黄色碳粉": Unit.YELLOW,
    "黄色": Unit.YELLOW,
}
_WHOLE, _DECIMAL = r"\d{1,15}", r"\d{1,15}(\.\d{1,6})?"
_MONTH = re.compile(r"(\d{4})[-/.年]?(\d{1,2})月?([-/.]0?1|1日)?", re.ASCII)
_QUARTER = re.compile(r"(\d{4})[-/.年]?(?:[Qq]([1-4])|第?([1-4一二三四])季度?)", re.ASCII)
_YEAR = re.compile(r"(\d{4})年?度?", re.ASCII)
_CHINESE = {digit: n for n, digit in enumerate("一二三四", 1)}
_YEARS = range(1000, 9999)
_WRITTEN = {
    Span.MONTH: Text("This account is kept by months. Please write the month like 2027-01."),
    Span.QUARTER: Text("This account is kept by quarters. Please write the quarter like 2027-Q1."),
    Span.YEAR: Text("This account is kept by years. Please write the year like 2027."),
}
_GRANTED = {
    Unit.SHEETS: Text("Granted for this period, in sheets"),
    Unit.TONER: Text("Granted for this period, in standard pages of toner"),
    Unit.CYAN: Text("Granted for this period, in standard pages of cyan toner"),
    Unit.MAGENTA: Text("Granted for this period, in standard pages of magenta toner"),
    Unit.YELLOW: Text("Granted for this period, in standard pages of yellow toner"),
}
_EXCEL_MONTH = re.compile(r"([A-Za-z]{3})-(\d{2})")
_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NUMBER_LENGTH_MAX = 64


@dataclass(frozen=True)
class Booked:
    """An entry by its id: which account and period it is of, and what it granted."""

    id: str
    office_id: str
    unit: Unit
    period: Period
    kind: Kind
    granted: int
    holder: str = ""
    """Whose account it is within the office; "" is the office's own."""


@dataclass(frozen=True)
class GrantLine:
    """A grant to be entered."""

    entry_id: str
    office_id: str
    unit: Unit
    period: Period
    amount: int


@dataclass(frozen=True)
class Books:
    """What the ledger says of the entries and periods of a file."""

    offices: Sequence[Office]
    booked: Mapping[str, Booked]
    granted: Mapping[tuple[str, Unit, Period], int]
    this_month: Period
    spans: Mapping[tuple[str, Unit], Span] = field(default_factory=dict)
    """In which periods the offices' accounts are kept; one that is not there yet is in months."""
    closed: Collection[tuple[str, Unit]] = ()


def lines(
    table: Table, offices: Sequence[Office], findings: Findings
) -> list[tuple[Row, GrantLine]]:
    """Return what the lines of a file say, as far as they say it rightly."""
    by_code = {office.code: office for office in offices}
    seen: dict[str, int] = {}
    found = []
    for row in table.rows:
        office = by_code.get(normalised(row.cells[OFFICE.name]))
        if office is None:
            findings.add(row, OFFICE.name, no_such_office(row.cells[OFFICE.name]))
        period, unit = _period(row, findings), _unit(row, findings)
        amount = _amount(row, findings, unit) if unit else None
        if office is None or period is None or unit is None or amount is None:
            continue
        entry_id = _entry_id(row, findings, office.id, unit, period)
        column = NUMBER.name if NUMBER.name in row.cells else OFFICE.name
        if entry_id and findings.first_time(row, column, entry_id, seen):
            found.append((row, GrantLine(entry_id, office.id, unit, period, amount)))
    return found


def plan(
    said: Sequence[tuple[Row, GrantLine]], books: Books, findings: Findings
) -> Plan[GrantLine]:
    """Return what these lines would enter."""
    called = {office.id: office for office in books.offices}
    granted, items = dict(books.granted), []
    for row, line in said:
        known, where = books.booked.get(line.entry_id), (line.office_id, line.unit, line.period)
        office = called[line.office_id]
        key = f"{office.code} {line.period.key}"
        if known is None:
            _check_account(row, line, books, findings)
            before = granted.get(where, 0)
            granted[where] = before + line.amount
            change = Change(
                _GRANTED[line.unit], shown(before, line.unit), shown(granted[where], line.unit)
            )
            items.append(
                Item(row.line, key, office.name, Step.ADD, (change,), line, (str(before),))
            )
        elif _same(known, line):
            items.append(Item(row.line, key, office.name, Step.KEEP, (), line, (known.id,)))
        else:
            findings.add(row, AMOUNT.name, _differs(known))
    return Plan(tuple(items), findings.all())


def written(offices: Sequence[Office], grants: Sequence[Booked]) -> Iterator[Mapping[str, str]]:
    """Yield the lines of a file that says what was granted."""
    codes = {office.id: office.code for office in offices}
    for each in grants:
        made = entry_of(each.office_id, each.unit, each.period)
        yield {
            OFFICE.name: codes[each.office_id],
            PERIOD.name: each.period.key,
            AMOUNT.name: shown(each.granted, each.unit, ""),
            UNIT.name: each.unit.value,
            NUMBER.name: "" if each.id == made else each.id,
        }


def entry_of(office_id: str, unit: Unit, period: Period) -> str:
    """Return the id of the one grant that files without numbers make here."""
    return f"file:{office_id}:{unit}:{period.key}"


def shown(amount: int, unit: Unit, thousands: str = ",") -> str:
    """Return an amount as people write it: sheets, or standard pages of toner."""
    pages = Decimal(amount) / _per(unit)
    return f"{pages.normalize():{thousands}f}"


def _period(row: Row, findings: Findings) -> Period | None:
    period = _written_period(normalised(row.cells[PERIOD.name]))
    if period is None:
        text = Text("Please write the month like 2027-01, the quarter like 2027-Q1, or the year.")
        findings.add(row, PERIOD.name, text)
    return period


def _written_period(written: str) -> Period | None:
    if (excel := _EXCEL_MONTH.fullmatch(written)) and excel[1].lower() in _NAMES:
        return Period(2000 + int(excel[2]), _NAMES.index(excel[1].lower()) + 1)
    if (quarter := _QUARTER.fullmatch(written)) and int(quarter[1]) in _YEARS:
        number = quarter[2] or quarter[3]
        first = (_CHINESE.get(number) or int(number)) * 3 - 2
        return Period(int(quarter[1]), first, Span.QUARTER)
    if (year := _YEAR.fullmatch(written)) and int(year[1]) in _YEARS:
        return Period(int(year[1]), 1, Span.YEAR)
    month = _MONTH.fullmatch(written)
    if month and 1 <= int(month[2]) <= 12 and int(month[1]) in _YEARS:
        return Period(int(month[1]), int(month[2]))
    return None


def _check_account(row: Row, line: GrantLine, books: Books, findings: Findings) -> None:
    """Find fault with what the account of a new line would not take."""
    account = (line.office_id, line.unit)
    span = books.spans.get(account, Span.MONTH)
    first = _moved(books.this_month, -MONTHS_BACK).within(span)
    last = _moved(books.this_month, MONTHS_AHEAD).within(span)
    if account in books.closed:
        findings.add(row, OFFICE.name, Text("This office's account is closed and takes no grant."))
    elif line.period.span is not span:
        findings.add(row, PERIOD.name, _WRITTEN[span])
    elif not first <= line.period <= last:
        text = Text(
            "Only from {first} to {last} can be granted for.",
            {"first": first.key, "last": last.key},
        )
        findings.add(row, PERIOD.name, text)


def _moved(period: Period, months: int) -> Period:
    count = period.year * 12 + period.month - 1 + months
    return Period(count // 12, count % 12 + 1)


def _per(unit: Unit) -> int:
    return 1 if unit is Unit.SHEETS else TONER_UNITS_PER_PAGE


def _unit(row: Row, findings: Findings) -> Unit | None:
    unit = _UNITS.get(normalised(row.cells.get(UNIT.name, "")).casefold())
    if unit is None:
        findings.add(
            row,
            UNIT.name,
            Text(
                "Please write sheets (张), or toner (碳粉), cyan (青色), magenta (品红) or yellow "
                "(黄色) in standard pages."
            ),
        )
    return unit


def _amount(row: Row, findings: Findings, unit: Unit) -> int | None:
    written = normalised(row.cells[AMOUNT.name])
    if re.fullmatch(_WHOLE if unit is Unit.SHEETS else _DECIMAL, written, re.ASCII):
        amount = Decimal(written)
        if 0 < amount <= AMOUNT_MAX:
            return int(amount * _per(unit))
    findings.add(row, AMOUNT.name, _wrong_amount(unit))
    return None


def _wrong_amount(unit: Unit) -> Text:
    most: dict[str, Scalar | Text] = {"n": AMOUNT_MAX}
    if unit is Unit.SHEETS:
        return Text("Please write a whole number from 1 to {n}, without separators.", most)
    return Text("Please write a number above 0, at most {n}, without separators.", most)


def _entry_id(
    row: Row, findings: Findings, office_id: str, unit: Unit, period: Period
) -> str | None:
    number = clean_line(normalised(row.cells.get(NUMBER.name, "")), _NUMBER_LENGTH_MAX + 1)
    if len(number) > _NUMBER_LENGTH_MAX:
        text = Text("A number may have {n} characters.", {"n": _NUMBER_LENGTH_MAX})
        findings.add(row, NUMBER.name, text)
        return None
    return number or entry_of(office_id, unit, period)


def _same(known: Booked, line: GrantLine) -> bool:
    there = (known.office_id, known.holder, known.unit, known.period, known.granted, known.kind)
    return there == (line.office_id, "", line.unit, line.period, line.amount, Kind.GRANT)


def _differs(known: Booked) -> Text:
    if known.kind is not Kind.GRANT:
        return Text("Another kind of entry has this number. Please choose another.")
    if known.holder:
        return Text("A grant to a person or a project has this number. Please choose another.")
    return Text(
        "This is entered already and says {amount} for {period}; an entry is never changed. "
        "Correct it on the page “Grants”, or give this line a number of its own to grant more.",
        {"amount": shown(known.granted, known.unit), "period": known.period.key},
    )
