"""What a file of grants would enter into the ledger.

An entry is never changed, so a line can only be entered or be there already. What tells the two
apart is the entry's id: a line that has a number of its own is the entry with that number; one that
has none is the one grant that files make to that office in that unit and month. So the same file
grants once, however often it is imported. A line whose entry is there and says something else is at
fault: the difference is entered on the page of grants, with a reason.

Sheets are whole. Toner is written in standard pages, as cartridges declare their yield, with up to
six decimals, since that is what an account counts in. Months come as spreadsheets write them: Excel
makes Nov-26 of 2026-11.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from core.identity.people_file import no_such_office
from core.importing.plan import Change, Findings, Item, Plan, Step
from core.importing.table import Column, Row, Table, normalised
from core.people import Office
from core.text import Scalar, Text, clean_line
from quotas.ledger import Kind
from quotas.periods import Period
from quotas.units import TONER_UNITS_PER_PAGE, Unit

MONTHS_BACK, MONTHS_AHEAD = 11, 24
"""For which months before and after this one a file may grant."""
AMOUNT_MAX = 9_999_999
"""In sheets or standard pages: more is a slip of the hand."""

OFFICE = Column(
    "office",
    Text("Office code"),
    ("code", "单位代码", "单位编码", "部门代码", "部门编码", "单位", "部门"),
    "general",
)
MONTH = Column("month", Text("Month"), ("period", "月份", "年月"), "2027-01")
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
COLUMNS = (OFFICE, MONTH, AMOUNT, UNIT, NUMBER)

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
}
_PER_UNIT = {Unit.SHEETS: 1, Unit.TONER: TONER_UNITS_PER_PAGE}
_DECIMALS = {Unit.SHEETS: r"\d{1,15}", Unit.TONER: r"\d{1,15}(\.\d{1,6})?"}
_MONTH = re.compile(r"(\d{4})[-/.年]?(\d{1,2})月?([-/.]0?1|1日)?")
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
    """What the ledger says of the entries and months of a file."""

    offices: Sequence[Office]
    booked: Mapping[str, Booked]
    granted: Mapping[tuple[str, Unit, Period], int]
    this_month: Period


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
            _check_month(row, line.period, books.this_month, findings)
            before = granted.get(where, 0)
            granted[where] = before + line.amount
            change = Change(
                _granted(line.unit), shown(before, line.unit), shown(granted[where], line.unit)
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
            MONTH.name: each.period.key,
            AMOUNT.name: shown(each.granted, each.unit, ""),
            UNIT.name: each.unit.value,
            NUMBER.name: "" if each.id == made else each.id,
        }


def entry_of(office_id: str, unit: Unit, period: Period) -> str:
    """Return the id of the one grant that files without numbers make here."""
    return f"import:{office_id}:{unit}:{period.key}"


def shown(amount: int, unit: Unit, thousands: str = ",") -> str:
    """Return an amount as people write it: sheets, or standard pages of toner."""
    pages = Decimal(amount) / _PER_UNIT[unit]
    return f"{pages.normalize():{thousands}f}"


def _period(row: Row, findings: Findings) -> Period | None:
    written = normalised(row.cells[MONTH.name])
    excel = _EXCEL_MONTH.fullmatch(written)
    if excel is not None and excel[1].lower() in _NAMES:
        return Period(2000 + int(excel[2]), _NAMES.index(excel[1].lower()) + 1)
    match = _MONTH.fullmatch(written)
    if match is not None and 1 <= int(match[2]) <= 12 and 1000 <= int(match[1]) <= 9998:
        return Period(int(match[1]), int(match[2]))
    findings.add(row, MONTH.name, Text("Please write the month like 2027-01."))
    return None


def _check_month(row: Row, period: Period, now: Period, findings: Findings) -> None:
    distance = (period.year - now.year) * 12 + period.month - now.month
    if not -MONTHS_BACK <= distance <= MONTHS_AHEAD:
        text = Text(
            "Only the months from {first} to {last} can be granted for.",
            {"first": _moved(now, -MONTHS_BACK).key, "last": _moved(now, MONTHS_AHEAD).key},
        )
        findings.add(row, MONTH.name, text)


def _moved(period: Period, months: int) -> Period:
    count = period.year * 12 + period.month - 1 + months
    return Period(count // 12, count % 12 + 1)


def _unit(row: Row, findings: Findings) -> Unit | None:
    unit = _UNITS.get(normalised(row.cells.get(UNIT.name, "")).casefold())
    if unit is None:
        findings.add(
            row, UNIT.name, Text("Please write sheets (张), or toner (碳粉) in standard pages.")
        )
    return unit


def _amount(row: Row, findings: Findings, unit: Unit) -> int | None:
    written = normalised(row.cells[AMOUNT.name])
    if re.fullmatch(_DECIMALS[unit], written, re.ASCII):
        amount = Decimal(written)
        if 0 < amount <= AMOUNT_MAX:
            return int(amount * _PER_UNIT[unit])
    findings.add(row, AMOUNT.name, _wrong_amount(unit))
    return None


def _wrong_amount(unit: Unit) -> Text:
    most: dict[str, Scalar | Text] = {"n": AMOUNT_MAX}
    if unit is Unit.TONER:
        return Text("Please write a number above 0, at most {n}, without separators.", most)
    return Text("Please write a whole number from 1 to {n}, without separators.", most)


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
    return (known.office_id, known.unit, known.period, known.granted, known.kind) == (
        line.office_id,
        line.unit,
        line.period,
        line.amount,
        Kind.GRANT,
    )


def _differs(known: Booked) -> Text:
    if known.kind is not Kind.GRANT:
        return Text("Another kind of entry has this number. Please choose another.")
    return Text(
        "This is entered already and says {amount} for {month}; an entry is never changed. "
        "Correct it on the page “Grants”, or give this line a number of its own to grant more.",
        {"amount": shown(known.granted, known.unit), "month": known.period.key},
    )


def _granted(unit: Unit) -> Text:
    if unit is Unit.TONER:
        return Text("Granted for this month, in standard pages of toner")
    return Text("Granted for this month, in sheets")
