"""What a file of people would do to the people that there are.

A person is known by the sign-in name, in whatever form it is written (core/people.py). Passwords
never stand in a file: who is added has none, and can't sign in until an administrator gives one;
printing needs none. The right to administer is not in a file either: it is given by hand.

"Head" is about the office that the line names. Who moves to another office no longer heads the one
they leave, when the file speaks of heads; whatever else they head stays. A file never makes a
second head of an office: most often that is a slip of a copied line. Two that there are may stay.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from core.identity.office_file import flag
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
    too_long,
)
from core.importing.table import Column, Row, Table, normalised
from core.people import Actor, Office, Person, normalise_login, valid_email
from core.text import Text, clean_line

LOGIN = Column(
    "login",
    Text("Sign-in name"),
    ("username", "user", "account", "登录名", "用户名", "账号", "帐号", "登录账号"),
    "zhangsan",
)
NAME = Column("name", Text("Name of the person"), ("姓名", "名字", "full name", "人员"), "张三")
OFFICE = Column(
    "office",
    Text("Office code"),
    ("单位代码", "单位编码", "部门代码", "部门编码", "单位", "部门"),
    "general",
)
EMAIL = Column(
    "mail",
    Text("Mail"),
    ("email", "邮箱", "邮件", "电子邮箱", "电子邮件", "邮箱地址"),
    "zhangsan@example.org",
    required=False,
)
HEAD = Column(
    "head",
    Text("Heads this office"),
    ("是该单位负责人", "负责的单位", "负责人", "单位负责人", "部门负责人", "主管", "是否负责人"),
    "no",
    required=False,
)
ACTIVE = Column(
    "active", Text("Active"), ("在用", "启用", "是否启用", "有效"), "yes", required=False
)
COLUMNS = (LOGIN, NAME, OFFICE, EMAIL, HEAD, ACTIVE)

_LABELS = {column.name: column.label for column in COLUMNS} | {HEAD.name: Text("Heads")}
_LOGIN_LENGTH_MAX = 255


@dataclass(frozen=True)
class PersonLine:
    """What a person shall be; `person_id` is None for one who is added."""

    person_id: str | None
    login: str
    name: str
    office_id: str
    email: str
    heads: frozenset[str]
    active: bool


@dataclass(frozen=True)
class House:
    """The offices and the people that there are, and who asks."""

    offices: Sequence[Office]
    people: Sequence[Person]
    actor: Actor

    def codes(self) -> dict[str, str]:
        """Return the offices' codes by their ids."""
        return {office.id: office.code for office in self.offices}


def plan(table: Table, house: House) -> Plan[PersonLine]:
    """Return what the file would do."""
    findings = Findings(table)
    offices = {office.code: office for office in house.offices}
    there = {person.login: person for person in house.people}
    seen: dict[str, int] = {}
    items, lines = [], []
    for row in table.rows:
        line = _line(row, findings, offices, there, seen)
        if line is None:
            continue
        was = there.get(line.login)
        if was is not None and was.id == house.actor.person_id and not line.active:
            findings.add(
                row, ACTIVE.name, Text("You can't make yourself inactive. Please write yes.")
            )
        lines.append((row, line))
        items.append(_item(row, line, was, house.codes()))
    _one_head_each(lines, house, findings)
    return Plan(tuple(items), findings.all(), absent(seen, there))


def written(house: House) -> Iterator[Mapping[str, str]]:
    """Yield the lines of a file that says who there is."""
    codes = house.codes()
    for person in house.people:
        yield {
            LOGIN.name: person.login,
            NAME.name: person.name,
            OFFICE.name: codes[person.office_id],
            EMAIL.name: person.email,
            HEAD.name: "yes" if person.office_id in person.heads else "no",
            ACTIVE.name: "yes" if person.active else "no",
        }


def _line(
    row: Row,
    findings: Findings,
    offices: Mapping[str, Office],
    there: Mapping[str, Person],
    seen: dict[str, int],
) -> PersonLine | None:
    login = _login(row, findings)
    name = findings.name(row, NAME.name, Text("Please enter a name."))
    if not login or not findings.first_time(row, LOGIN.name, login, seen):
        return None
    was = there.get(login)
    office = offices.get(normalised(row.cells[OFFICE.name]))
    if office is None:
        findings.add(row, OFFICE.name, no_such_office(row.cells[OFFICE.name]))
    email = _email(row, findings, was)
    head = flag(row, HEAD, findings, False)
    active = flag(row, ACTIVE, findings, was.active if was else True)
    if office is None or email is None or head is None or active is None or not name:
        return None
    line = PersonLine(was.id if was else None, login, name, office.id, email, frozenset(), active)
    heads = was.heads if was else frozenset()
    return replace(
        line, heads=_heads(heads, was, office.id, head) if HEAD.name in row.cells else heads
    )


def _login(row: Row, findings: Findings) -> str:
    given = findings.name(row, LOGIN.name, Text("A person needs a sign-in name."))
    login = normalise_login(given)
    # What is compared can be longer than what was written: ß is ss.
    if len(login) > _LOGIN_LENGTH_MAX:
        findings.add(row, LOGIN.name, too_long(_LOGIN_LENGTH_MAX))
        return ""
    return login


def no_such_office(code: str) -> Text:
    """Return what is said of a code that no office has."""
    return Text(
        "No office has the code “{code}”. Please correct it, or import the office first.",
        {"code": clean_line(code, 64)},
    )


def _email(row: Row, findings: Findings, was: Person | None) -> str | None:
    if EMAIL.name not in row.cells:
        return was.email if was else ""
    email = normalised(row.cells[EMAIL.name])
    if email and not valid_email(email):
        findings.add(
            row,
            EMAIL.name,
            Text("{email} is not a mail address.", {"email": clean_line(email, 100)}),
        )
        return None
    return email


def _heads(
    heads: frozenset[str],
    was: Person | None,
    office_id: str,
    head: bool,
) -> frozenset[str]:
    left = {was.office_id, office_id} if was else {office_id}
    return (heads - left) | ({office_id} if head else set())


def _one_head_each(
    lines: Sequence[tuple[Row, PersonLine]], house: House, findings: Findings
) -> None:
    """Note every line that makes a second head of an office."""
    names: dict[str, list[str]] = defaultdict(list)
    newly: list[tuple[Row, str]] = []
    named = {line.login for _, line in lines}
    before = {person.login: person.heads for person in house.people}
    for person in house.people:
        if person.active and person.login not in named:
            for office_id in person.heads:
                names[office_id].append(person.name)
    for row, line in lines:
        for office_id in line.heads if line.active else ():
            names[office_id].append(line.name)
        newly += [(row, each) for each in line.heads - before.get(line.login, frozenset())]
    called = {office.id: office.name for office in house.offices}
    for row, office_id in newly:
        if len(names[office_id]) > 1:
            text = Text(
                "{office} would have more than one head: {names}. Please write “yes” for one; a "
                "deputy is named on the person's page.",
                {"office": called[office_id], "names": ", ".join(names[office_id][:5])},
            )
            findings.add(row, HEAD.name, text)


def _item(
    row: Row, line: PersonLine, was: Person | None, codes: Mapping[str, str]
) -> Item[PersonLine]:
    new = _fields(line, codes)
    if was is None:
        changes = tuple(Change(_LABELS[key], "", value) for key, value in new.items())
        return Item(row.line, line.login, line.name, Step.ADD, changes, line)
    old = _fields(was, codes)
    changes = differences(_LABELS, old, new)
    state = (
        was.id,
        was.name,
        was.office_id,
        was.email,
        str(was.admin),
        str(was.active),
        *sorted(was.heads),
    )
    return Item(
        row.line, line.login, line.name, Step.CHANGE if changes else Step.KEEP, changes, line, state
    )


def _fields(of: Person | PersonLine, codes: Mapping[str, str]) -> dict[str, Value]:
    return {
        NAME.name: of.name,
        OFFICE.name: codes[of.office_id],
        EMAIL.name: of.email,
        HEAD.name: ", ".join(sorted(codes[each] for each in of.heads)),
        ACTIVE.name: said_yes_or_no(of.active),
    }
