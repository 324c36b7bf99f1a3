"""What a file of grants would enter: a table of lines and what becomes of them."""

from typing import Any

import pytest

from core.importing.plan import Findings, Plan, Step
from core.importing.table import read
from core.people import Office
from quotas import grant_file
from quotas.grant_file import COLUMNS, Booked, Books, entry_of
from quotas.ledger import Kind
from quotas.periods import Period, Span
from quotas.units import Unit

OFFICES = [
    Office("o1", "general", "办公室"),
    Office("o2", "legal", "法工委"),
    Office("o3", "research", "研究室"),
    Office("o4", "finance", "财经委"),
    Office("o5", "archive", "档案室"),
]
SPANS = {
    ("o1", Unit.SHEETS): Span.MONTH,
    ("o3", Unit.SHEETS): Span.QUARTER,
    ("o4", Unit.SHEETS): Span.YEAR,
    ("o5", Unit.SHEETS): Span.MONTH,
}
MONTH = Period(2026, 11)
THERE = entry_of("o1", Unit.SHEETS, MONTH)
BOOKED = {
    each.id: each
    for each in (
        Booked(THERE, "o1", Unit.SHEETS, MONTH, Kind.GRANT, 500),
        Booked("文2026-1", "o1", Unit.SHEETS, MONTH, Kind.GRANT, 50),
        Booked("adjusted", "o1", Unit.SHEETS, MONTH, Kind.ADJUST, 7),
        Booked("hers", "o1", Unit.SHEETS, MONTH, Kind.GRANT, 5, "p1"),
        # From when that account was still kept by months.
        Booked(entry_of("o3", Unit.SHEETS, MONTH), "o3", Unit.SHEETS, MONTH, Kind.GRANT, 90),
    )
}


def plan(lines: str, header: str = "office,month,amount,unit,number") -> Plan[Any]:
    table = read(f"{header}\n{lines}\n".encode(), COLUMNS)
    findings = Findings(table)
    said = grant_file.lines(table, OFFICES, findings)
    books = Books(
        OFFICES, BOOKED, {("o1", Unit.SHEETS, MONTH): 557}, MONTH, SPANS, {("o5", Unit.SHEETS)}
    )
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
        ("2026-12", "1.5", "青色碳粉", Period(2026, 12), 1_500_000),
        ("2026-12", "1.5", "toner-yellow", Period(2026, 12), 1_500_000),
        ("2026-12", "1.5", "Magenta", Period(2026, 12), 1_500_000),
    ],
)
def test_a_line_is_entered(month: str, amount: str, unit: str, period: Period, entered: int):
    made = plan(f"general,{month},{amount},{unit},")
    assert made.faults == ()
    (item,) = made.only(Step.ADD)
    assert (item.target.period, item.target.amount) == (period, entered)
    assert item.target.entry_id == entry_of("o1", item.target.unit, period)


@pytest.mark.parametrize(
    ("office", "written", "period"),
    [
        ("research", "2027-Q1", Period(2027, 1, Span.QUARTER)),
        ("research", "2027q4", Period(2027, 10, Span.QUARTER)),
        ("research", "2027年第2季度", Period(2027, 4, Span.QUARTER)),
        ("research", "2027年三季度", Period(2027, 7, Span.QUARTER)),
        ("research", "2025-Q4", Period(2025, 10, Span.QUARTER)),
        ("finance", "2026", Period(2026, 1, Span.YEAR)),
        ("finance", "2027年度", Period(2027, 1, Span.YEAR)),
        ("finance", "2028年", Period(2028, 1, Span.YEAR)),
    ],
)
def test_a_period_is_as_long_as_the_accounts(office: str, written: str, period: Period):
    made = plan(f"{office},{written},5,,")
    assert made.faults == ()
    (item,) = made.only(Step.ADD)
    assert item.target.period == period
    assert item.key == f"{office} {period.key}"


@pytest.mark.parametrize(
    ("office", "written", "told"),
    [
        ("general", "2026-Q4", "2027-01"),
        ("general", "2026", "2027-01"),
        ("research", "2026-12", "2027-Q1"),
        ("research", "2026", "2027-Q1"),
        ("finance", "2026-11", "like 2027."),
        ("finance", "2026-Q4", "like 2027."),
    ],
)
def test_a_period_of_another_length_is_told_the_right_one(office: str, written: str, told: str):
    (fault,) = plan(f"{office},{written},5,,").faults
    assert fault.column == "month"
    assert told in str(fault.text)


def test_what_was_entered_before_the_periods_changed_is_left():
    (item,) = plan("research,2026-11,90,,").items
    assert item.step is Step.KEEP


def test_no_id_is_longer_than_the_ledger_takes():
    office = "0" * 36
    for unit in Unit:
        for period in (MONTH, Period(2026, 10, Span.QUARTER), Period(2026, 1, Span.YEAR)):
            assert len(entry_of(office, unit, period)) <= 64


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
        ("general,2026-11,5,,hers", "amount"),
        ("archive,2026-12,5,,", "office"),
        ("research,2025-Q3,5,,", "month"),
        ("research,2029-Q1,5,,", "month"),
        ("research,2026-Q5,5,,", "month"),
        ("finance,2024,5,,", "month"),
        ("finance,9999,5,,", "month"),
        ("finance,٢٠٢٦,5,,", "month"),
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
    grants = [each for each in BOOKED.values() if each.kind is Kind.GRANT and not each.holder]
    grants.append(Booked("t", "o2", Unit.TONER, Period(2024, 1), Kind.GRANT, 1_500_000))
    lines = list(grant_file.written(OFFICES, grants))
    assert lines[0]["number"] == ""
    assert lines[-1]["amount"] == "1.5"
    BOOKED["t"] = grants[-1]
    try:
        made = plan("\n".join(",".join(line.values()) for line in lines))
    finally:
        del BOOKED["t"]
    assert made.faults == ()
    assert [item.step for item in made.items] == [Step.KEEP] * 4
