"""What files of offices and people would do: tables of lines and what becomes of them."""

from typing import Any

import pytest

from core.identity import office_file, people_file
from core.identity.people_file import House
from core.importing.plan import Plan, Step
from core.importing.table import FAULTS_MAX, read
from core.people import SYSTEM, Actor, Office, Person

GENERAL = Office("o1", "general", "办公室", titles_visible=True)
LEGAL = Office("o2", "legal", "法工委")
GUESTS = Office("o3", "guest", "来宾", guest=True)
OFFICES = [GENERAL, LEGAL, GUESTS]
ALICE = Person("p1", "alice", "王芳", "o1", "alice@example.org")
DORA = Person("p2", "dora", "李建国", "o1", heads=frozenset({"o1", "o2"}))
OLD = Person("p3", "old", "退休", "o2", active=False, heads=frozenset({"o2"}))
PEOPLE = [ALICE, DORA, OLD]


def offices(content: str) -> Plan[Any]:
    return office_file.plan(read(content.encode(), office_file.COLUMNS), OFFICES)


def people(content: str, actor: Actor = SYSTEM) -> Plan[Any]:
    house = House(OFFICES, PEOPLE, actor)
    return people_file.plan(read(content.encode(), people_file.COLUMNS), house)


def steps(plan: Plan[Any]) -> list[tuple[int, str, Step]]:
    assert plan.faults == ()
    return [(item.line, item.key, item.step) for item in plan.items]


def faults(plan: Plan[Any]) -> list[tuple[int, str]]:
    return [(each.line, each.column) for each in plan.faults]


def changes(plan: Plan[Any]) -> list[tuple[str, str, str]]:
    (item,) = plan.only(Step.CHANGE)
    return [(str(each.label), str(each.old), str(each.new)) for each in item.changes]


def test_offices_are_added_changed_or_left():
    plan = offices("code,name,guests\ngeneral,办公厅,否\nlegal,法工委,no\nnew,研究室,\n")
    assert steps(plan) == [
        (2, "general", Step.CHANGE), (3, "legal", Step.KEEP), (4, "new", Step.ADD)
    ]  # fmt: skip
    # The column of titles is not there, so it stays as it is.
    assert changes(plan) == [("Name", "办公室", "办公厅")]
    assert plan.items[0].target.titles_visible
    assert plan.absent == 1
    assert plan.ready
    assert not offices("code,name\nlegal,法工委\n").ready


@pytest.mark.parametrize(
    ("lines", "wrong"),
    [
        ("General,x,", [(2, "code")]),
        ("a b,x,\n,y,", [(2, "code"), (3, "code")]),
        ("new, ,", [(2, "name")]),
        (f"new,{'x' * 256},", [(2, "name")]),
        ("new,x,maybe", [(2, "guests")]),
        ("new,x,\nother,y,\nnew,z,", [(4, "code")]),
        ("new,x,yes", [(2, "guests")]),
        ("new,x,yes\nguest,来宾,yes", [(2, "guests")]),
        ("new,x,yes\nother,y,yes\nguest,来宾,no", [(2, "guests"), (3, "guests")]),
    ],
)
def test_offices_that_cannot_be(lines: str, wrong: list[tuple[int, str]]):
    plan = offices(f"code,name,guests\n{lines}\n")
    assert faults(plan) == wrong
    assert not plan.ready


def test_one_file_hands_the_guests_from_one_office_to_another():
    plan = offices("code,name,guests\nlegal,法工委,yes\nguest,来宾,no\n")
    assert [step for _, _, step in steps(plan)] == [Step.CHANGE, Step.CHANGE]


def test_people_are_added_changed_or_left():
    plan = people(
        "登录名,姓名,单位代码,邮箱\n"
        "Alice ,王芳,legal,\n"
        "ＤＯＲＡ,李建国,general,\n"
        "sun.lei,孙磊,legal,sun@example.org\n"
    )
    assert steps(plan) == [
        (2, "alice", Step.CHANGE), (3, "dora", Step.KEEP), (4, "sun.lei", Step.ADD)
    ]  # fmt: skip
    assert changes(plan) == [
        ("Office code", "general", "legal"), ("Mail", "alice@example.org", "")
    ]  # fmt: skip
    assert plan.absent == 1
    assert plan.items[1].target.heads == {"o1", "o2"}
    assert plan.items[2].target.heads == frozenset()


def test_the_head_of_an_office_is_who_the_line_says():
    plan = people("login,name,office,head\nalice,王芳,general,是\ndora,李建国,general,否\n")
    assert plan.faults == ()
    assert plan.items[0].target.heads == {"o1"}
    assert plan.items[1].target.heads == {"o2"}
    # Who moves no longer heads the office that they leave, if the file speaks of heads.
    moved = people("login,name,office,head\ndora,李建国,guest,yes\n")
    assert moved.items[0].target.heads == {"o2", "o3"}
    assert changes(moved) == [
        ("Office code", "general", "guest"), ("Heads", "general, legal", "guest, legal")
    ]  # fmt: skip
    silent = people("login,name,office\ndora,李建国,guest\n")
    assert silent.items[0].target.heads == {"o1", "o2"}


@pytest.mark.parametrize(
    ("lines", "wrong"),
    [
        ("new,新人,nowhere,,,", [(2, "office")]),
        ("new,新人,,,,", [(2, "office")]),
        (" ,新人,general,,,", [(2, "login")]),
        (f"{'x' * 256},新人,general,,,", [(2, "login")]),
        (f"{'ß' * 200},新人,general,,,", [(2, "login")]),
        ("new,,general,,,", [(2, "name")]),
        ("new,新人,general,not a mail,,", [(2, "mail")]),
        ("new,新人,general,,maybe,", [(2, "head")]),
        ("new,新人,general,,,x", [(2, "active")]),
        ("new,x,general,,,\nNEW,y,legal,,,", [(3, "login")]),
        ("new,新人,general,,yes,yes", [(2, "head")]),
        ("a,甲,guest,,yes,yes\nb,乙,guest,,yes,yes", [(2, "head"), (3, "head")]),
        ("new,,nowhere,x,maybe,", [(2, "name"), (2, "office"), (2, "mail"), (2, "head")]),
    ],
)
def test_people_that_cannot_be(lines: str, wrong: list[tuple[int, str]]):
    plan = people(f"login,name,office,mail,head,active\n{lines}\n")
    assert faults(plan) == wrong


def test_a_head_who_is_inactive_is_no_second_one():
    assert people("login,name,office,head\nold,退休,legal,yes\n").faults == ()
    assert faults(people("login,name,office,head,active\nold,退休,legal,yes,yes\n")) == []


def test_nobody_makes_themselves_inactive():
    actor = Actor.of(ALICE)
    content = "login,name,office,active\nalice,王芳,general,no\n"
    assert faults(people(content, actor)) == [(2, "active")]
    assert faults(people(content)) == []


def test_faults_are_capped():
    lines = "".join(f"p{number},x,nowhere\n" for number in range(300))
    assert len(people(f"login,name,office\n{lines}").faults) == FAULTS_MAX


def test_the_digest_is_of_the_plan_and_of_what_it_was_made_against():
    content = "login,name,office\nalice,王芳芳,general\n"
    table = read(content.encode(), people_file.COLUMNS)

    def digest(person: Person) -> str:
        return people_file.plan(table, House(OFFICES, [person, DORA], SYSTEM)).digest

    assert digest(ALICE) == digest(ALICE) == people(content).digest
    others = [
        Person("p1", "alice", "王芳", "o1", "alice@example.org", admin=True),
        Person("p1", "alice", "王芳", "o1", "other@example.org"),
        Person("p1", "alice", "王", "o1", "alice@example.org"),
        Person("p1", "alice", "王芳", "o2", "alice@example.org"),
        Person("p9", "alice", "王芳", "o1", "alice@example.org"),
    ]
    assert len({digest(ALICE), *map(digest, others)}) == 6
    assert people("login,name,office\nalice,王芳,general\n").digest != digest(ALICE)


def test_what_is_written_is_what_is_there():
    house = House(OFFICES, PEOPLE, SYSTEM)
    lines = list(people_file.written(house))
    content = "\n".join([",".join(lines[0]), *(",".join(line.values()) for line in lines)])
    plan = people(content)
    assert [step for _, _, step in steps(plan)] == [Step.KEEP] * 3
    rows = list(office_file.written(OFFICES))
    content = "\n".join([",".join(rows[0]), *(",".join(row.values()) for row in rows)])
    assert [step for _, _, step in steps(offices(content))] == [Step.KEEP] * 3
