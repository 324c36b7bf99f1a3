"""What a file of offices would do to the offices that there are.

An office is known by its code, which never changes; its name and its two settings may. There is at
most one office for guests: a file that leaves two is at fault, whether it names both or only the
new one. A file may hand that part from one office to another, since it says what shall be.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from core.importing.plan import (
    Change,
    Findings,
    Item,
    Plan,
    Step,
    Value,
    absent,
    differences,
    said_yes_or_no,
)
from core.importing.table import Column, Row, Table, normalised, yes_or_no
from core.people import Office, valid_code
from core.text import Text

CODE = Column(
    "code",
    Text("Code"),
    ("office code", "代码", "编码", "单位代码", "单位编码", "部门代码", "部门编码"),
    "general",
)
NAME = Column(
    "name", Text("Name"), ("office name", "名称", "单位名称", "部门名称", "单位", "部门"), "办公室"
)
TITLES = Column(
    "titles",
    Text("Head sees titles"),
    ("titles visible", "负责人可见标题", "标题可见"),
    "no",
    required=False,
)
GUESTS = Column("guests", Text("For guests"), ("guest", "来宾", "来宾单位"), "no", required=False)
COLUMNS = (CODE, NAME, TITLES, GUESTS)

_LABELS = {column.name: column.label for column in COLUMNS}


@dataclass(frozen=True)
class OfficeLine:
    """What an office shall be; `office_id` is None for one that is added."""

    office_id: str | None
    code: str
    name: str
    titles_visible: bool
    guest: bool


def plan(table: Table, offices: Sequence[Office]) -> Plan[OfficeLine]:
    """Return what the file would do."""
    findings, there = Findings(table), {office.code: office for office in offices}
    seen: dict[str, int] = {}
    items = []
    guests = {office.code for office in offices if office.guest}
    newly: list[tuple[Row, str]] = []
    for row in table.rows:
        line = _line(row, findings, there, seen)
        if line is None:
            continue
        was = there.get(line.code)
        if line.guest and line.code not in guests:
            newly.append((row, line.code))
        guests = guests | {line.code} if line.guest else guests - {line.code}
        items.append(_item(row, line, was))
    if len(guests) > 1:
        for row, _ in newly:
            findings.add(row, GUESTS.name, _two_for_guests())
    return Plan(tuple(items), findings.all(), absent(seen, there))


def written(offices: Sequence[Office]) -> Iterator[Mapping[str, str]]:
    """Yield the lines of a file that says what there is."""
    for office in offices:
        yield {
            CODE.name: office.code,
            NAME.name: office.name,
            TITLES.name: "yes" if office.titles_visible else "no",
            GUESTS.name: "yes" if office.guest else "no",
        }


def _line(
    row: Row, findings: Findings, there: Mapping[str, Office], seen: dict[str, int]
) -> OfficeLine | None:
    code = normalised(row.cells[CODE.name])
    name = findings.name(row, NAME.name, Text("Please enter a name."))
    if not valid_code(code):
        findings.add(row, CODE.name, Text("A code has 1 to 64 small letters, digits and dashes."))
        return None
    was = there.get(code)
    titles = flag(row, TITLES, findings, was.titles_visible if was else False)
    guest = flag(row, GUESTS, findings, was.guest if was else False)
    if not findings.first_time(row, CODE.name, code, seen) or not name:
        return None
    if titles is None or guest is None:
        return None
    return OfficeLine(was.id if was else None, code, name, titles, guest)


def flag(row: Row, column: Column, findings: Findings, otherwise: bool) -> bool | None:
    """Return what a cell says: `otherwise` if there is no such column, None at a fault."""
    if column.name not in row.cells:
        return otherwise
    said = yes_or_no(row.cells[column.name])
    if said is None:
        findings.add(row, column.name, Text("Please write yes or no here (是 or 否)."))
    return said


def _item(row: Row, line: OfficeLine, was: Office | None) -> Item[OfficeLine]:
    new = _fields(line.name, line.titles_visible, line.guest)
    if was is None:
        changes = tuple(Change(_LABELS[key], "", value) for key, value in new.items())
        return Item(row.line, line.code, line.name, Step.ADD, changes, line)
    changes = differences(_LABELS, _fields(was.name, was.titles_visible, was.guest), new)
    state = (was.id, was.code, was.name, str(was.titles_visible), str(was.guest))
    return Item(
        row.line, line.code, line.name, Step.CHANGE if changes else Step.KEEP, changes, line, state
    )


def _fields(name: str, titles_visible: bool, guest: bool) -> dict[str, Value]:
    return {
        NAME.name: name,
        TITLES.name: said_yes_or_no(titles_visible),
        GUESTS.name: said_yes_or_no(guest),
    }


def _two_for_guests() -> Text:
    return Text(
        "There would be two offices for guests. Please write “no” for one of them; the one that "
        "is there now needs a line for that."
    )
