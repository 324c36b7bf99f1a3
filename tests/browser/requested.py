"""The requests of the scene: one for a person's account, one for the office, and decided ones."""

from datetime import date, timedelta

from sqlalchemy.orm import Session

from core.ids import new_uuid
from core.people import SYSTEM, Actor, Person
from quotas import service as quotas
from quotas.service import lending, requests
from quotas.units import Unit
from tests.conftest import NOON

_ASKED = (
    # name, login, sheets, reason
    ("granted", "chenjing", 60, "代表大会文件汇编，需双面印制三十份"),
    ("turned_down", "liuyang", 500, "个人学习资料"),
    ("for_office", "wangfang", 200, "常委会会议材料临时增加两个议题，每位组成人员一份"),
)


def fill(session: Session, people: dict[str, Person]) -> dict[str, str]:
    """Add the requests; return their ids by what they are."""
    head, admin = Actor.of(people["lijianguo"]), Actor.of(people["admin"])
    made = {"own": _own(session, people["zhangwei"])}
    for hours, (name, login, sheets, reason) in enumerate(_ASKED):
        person = people[login]
        asked = requests.ask(
            session, new_uuid(), person.office_id, sheets, reason=reason,
            actor=Actor.of(person), now=NOON - timedelta(days=2, hours=hours),
        )  # fmt: skip
        made[name] = asked.id
    now = NOON - timedelta(days=1)
    requests.grant(session, made["granted"], 40, answer="先批四十张", actor=admin, now=now)
    requests.refuse(session, made["turned_down"], answer="与工作无关", actor=head, now=now)
    loans = ("wangfang", "zhaomin"), ("zhaomin", "wangfang")
    for name, (lends, borrows) in zip(("running", "loan"), loans, strict=True):
        made[name] = lending.ask(
            session, new_uuid(), people[lends].office_id, people[borrows].office_id, 10,
            reason="代表建议办理答复材料，需要借用", last_day=date(2026, 12, 15),
            actor=admin, now=now,
        ).id  # fmt: skip
    lending.agree(session, made["running"], actor=head, now=now)
    return made


def _own(session: Session, person: Person) -> str:
    now = NOON - timedelta(hours=5)
    quotas.open_person_account(
        session, person.office_id, Unit.SHEETS, person.id, actor=SYSTEM, now=now
    )
    return requests.ask(
        session, new_uuid(), person.office_id, 25, reason="执法检查报告附件", own=True,
        actor=Actor.of(person), now=now,
    ).id  # fmt: skip
