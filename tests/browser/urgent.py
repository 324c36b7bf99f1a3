"""The emergency pool of the scene: a job that waits, and uses with and without their reasons."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from sqlalchemy.orm import Session

from core.ids import new_uuid
from core.people import Actor, Person
from printgate.policy import Rules
from printgate.queries import Job
from quotas import queries as quotas
from quotas.emergency import Pool
from quotas.periods import Period
from quotas.service import emergency
from quotas.units import Unit
from tests.conftest import NOON

POOL = Pool(60, timedelta(hours=24), timedelta(days=3))
MONTH = Period(2026, 11)
_USES = (
    # login, sheets, days ago
    ("liuyang", 4, 5),
    ("chenjing", 9, 2),
    ("zhangwei", 6, 1),
)


def fill(
    session: Session,
    people: dict[str, Person],
    rules: Rules,
    send: Callable[[int, Rules], Job],
) -> dict[str, int]:
    """Add the uses, and a job that waits, sent by `send` with so many sheets; return its number."""
    head, made = Actor.of(people["lijianguo"]), {}
    for login, sheets, days in _USES:
        person, made[login] = people[login], new_uuid()
        now = NOON - timedelta(days=days)
        needed = _left(session, person.office_id) + sheets
        emergency.draw(
            session, made[login], person.office_id, needed, POOL, actor=Actor.of(person), now=now
        )
    for login, reason in (("chenjing", "当晚会议临时增加议题"), ("zhangwei", "督查通知须当日送达")):
        by = Actor.of(people[login])
        emergency.justify(session, made[login], reason, actor=by, now=NOON)
    emergency.accept(session, made["chenjing"], "情况属实", actor=head, now=NOON)
    free = replace(rules, emergency=POOL, sheets_max=10**6, copies_max=10**6)
    waiting = send(_left(session, people["wangfang"].office_id) + 12, free)
    return {"short": waiting.id}


def _left(session: Session, office_id: str) -> int:
    return quotas.balance(session, office_id, Unit.SHEETS, MONTH, holder="").left
