"""What a file of grants would enter: a table of lines and what becomes of them."""

from typing import Any

import pytest

from core.importing.plan import Findings, Plan, Step
from core.importing.table import read
from core.people import Office
from quotas import grant_file
from quotas.grant_file import COLUMNS, Booked, Books, entry_of
from quotas.ledger import Kind
from quotas.periods import Period
from quotas.units import Unit

OFFICES = [Office("o1", "general", "办公室"), Office("o2", "legal", "法工委")]
MONTH = Period(2026, 11)
THERE = entry_of("o1", Unit.SHEETS, MONTH)
BOOKED = {
    each.id: each
    for each in (
        Booked(THERE, "o1", Unit.SHEETS, MONTH, Kind.GRANT, 500),
        Booked("文2026-1", "o1", Unit.SHEETS, MONTH, Kind.GRANT, 50),
        Booked("adjusted", "o1", Unit.SHEETS, MONTH, Kind.ADJUST, 7),
    )
}


def plan(lines: str, header: str = "office,month,amount,unit,number") -> Plan[Any]:
    table = read(f"{header}\n{lines}\n".encode(), COLUMNS)
    findings = Findings(table)
    said = grant_file.lines(table, OFFICES, findings)
    books = Books(OFFICES, BOOKED, {("o1", Unit.SHEETS, MONTH): 557}, MONTH)
    return grant_file.plan(said, books, findings)


@pytest.mark.parametrize(
    ("month", "amount", "unit", "period", "entered"),
    [
        ("2026-12", "500", "", Period(2026, 12), 500),
        ("2026/12", "５００", "张", Period(2026, 12), 500),
        ("2026年1月", "1", "Sheets", Period(2026, 1), 1),
        ("202701", "1", "纸", Period(2027, 1), 1),
        ("2027-01-01", "1", "", Period(2027, 1), 1),
        ("2027/1/1", "1", "", Period(2027, 1), 1),
        ("Jan-27", "1", "", Period(2027, 1), 1),
        ("2026-12", "9999999", "", Period(2026, 12), 9_999_999),
        ("2026-12", "12.5", "碳粉", Period(2026, 12), 12_500_000),
        ("2026-12", "0.000001", "toner", Period(2026, 12), 1),
    ],
)
def test_a_line_is_entered(month: str, amount: str, unit: str, period: Period, entered: int):
    made = plan(f"general,{month},{amount},{unit},")
    assert made.faults == ()
    (item,) = made.only(Step.ADD)
    assert (item.target.period, item.target.amount) == (period, entered)
    assert item.target.entry_id == entry_of("o1", item.target.unit, period)


def test_what_is_there_is_left_and_a_number_grants_more():
    made = plan("general,2026-11,500,,\ngeneral,2026-11,50,,文2026-1\ngeneral,2026-11,80,,二批")
    assert made.faults == ()
    assert [item.step for item in made.items] == [Step.KEEP, Step.KEEP, Step.ADD]
    (change,) = made.items[2].changes
    assert (change.old, change.new) == ("557", "637")
    # An old month is no fault where there is nothing to enter.
    twice = plan("legal,2026-12,5,,a\nlegal,2026-12,6,,b")
    assert [(c.old, c.new) for item in twice.items for c in item.changes] == [
        ("0", "5"), ("5", "11")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ("nowhere,2026-12,5,,", "office"),
        ("general,2026-13,5,,", "month"),
        ("general,26-12,5,,", "month"),
        ("general,,5,,", "month"),
        ("general,Foo-26,5,,", "month"),
        ("general,2026-12-31,5,,", "month"),
        ("general,2025-11,5,,", "month"),
        ("general,2028-12,5,,", "month"),
        ("general,9999-12,5,,", "month"),
        ("general,0000-12,5,,", "month"),
        ("general,2026-12,0,,", "amount"),
        ("general,2026-12,-5,,", "amount"),
        ("general,2026-12,1.5,,", "amount"),
        ('general,2026-12,"1,000",,', "amount"),
        ("general,2026-12,1e9,,", "amount"),
        ("general,2026-12,10000000,,", "amount"),
        (f"general,2026-12,{'9' * 400},,", "amount"),
        ("general,2026-12,٣,,", "amount"),
        ("general,2026-12,NaN,toner,", "amount"),
        ("general,2026-12,0.0000001,toner,", "amount"),
        ("general,2026-12,10000000,toner,", "amount"),
        ("general,2026-12,,,", "amount"),
        ("general,2026-12,5,reams,", "unit"),
        (f"general,2026-12,5,,{'x' * 65}", "number"),
        ("general,2026-12,5,,adjusted", "amount"),
        ("general,2026-11,501,,", "amount"),
        ("legal,2026-11,50,,文2026-1", "amount"),
        ("general,2026-12,50,,文2026-1", "amount"),
    ],
)
def test_what_cannot_be_entered(line: str, column: str):
    made = plan(line)
    assert [(each.line, each.column) for each in made.faults] == [(2, column)]


def test_the_same_twice_in_a_file():
    made = plan(
        "general,2026-12,5,,\ngeneral,2026/12,5,张,\nlegal,2026-12,5,,x\nlegal,2027-01,5,,x"
    )
    assert [(each.line, each.column) for each in made.faults] == [(3, "number"), (5, "number")]
    plain = plan("general,2026-12,5\ngeneral,2026-12,5", "office,month,amount")
    assert [(each.line, each.column) for each in plain.faults] == [(3, "office")]


def test_what_is_written_is_what_is_there():
    grants = [each for each in BOOKED.values() if each.kind is Kind.GRANT]
    grants.append(Booked("t", "o2", Unit.TONER, Period(2024, 1), Kind.GRANT, 1_500_000))
    lines = list(grant_file.written(OFFICES, grants))
    assert lines[0]["number"] == ""
    assert lines[2]["amount"] == "1.5"
    BOOKED["t"] = grants[-1]
    try:
        made = plan("\n".join(",".join(line.values()) for line in lines))
    finally:
        del BOOKED["t"]
    assert made.faults == ()
    assert [item.step for item in made.items] == [Step.KEEP] * 3
