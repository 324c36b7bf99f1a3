"""Permits of the scene: one that is used, one that waits for its head, one that was refused."""

from datetime import date, timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from core.ids import new_uuid
from core.people import Actor, Office, Person
from printgate import queries
from printgate.callers import Caller
from printgate.metering import ONE_SIDED
from printgate.parts import Parts
from printgate.permits import Act, Measure
from printgate.policy import Facts
from printgate.service import arrive, decide, permits
from printgate.service.arrive import NewJob
from printgate.spool import Spooled
from printgate.ticket import JobTicket
from tests.conftest import NOON, judged


def fill(
    session: Session, parts: Parts, offices: dict[str, Office], people: dict[str, Person]
) -> dict[str, int]:
    """Add the permits and a job on one side; return them by the names that cases use."""
    head = Actor.of(people["zhaomin"])

    def asked(login: str, count: int, measure: Measure, reason: str) -> int:
        return permits.ask(
            session, new_uuid(), measure=measure, count=count, last_day=date(2026, 12, 10),
            reason=reason, actor=Actor.of(people[login]), now=NOON - timedelta(hours=3),
            zone=parts.terms.zone,
        ).id  # fmt: skip

    used = asked("sunlei", 20, Measure.SHEETS, "代表建议答复函正本需要用印")
    permits.decide(session, used, Act.GRANT, actor=head, now=NOON - timedelta(hours=2))
    refused = asked("zhouting", 500, Measure.JOBS, "觉得单面打印看起来更方便")
    permits.decide(session, refused, Act.REFUSE, answer="普通材料请双面打印", actor=head, now=NOON)
    waiting = asked("wuqiang", 3, Measure.JOBS, "委任书正本需要用印后装框")
    permitted = _send(session, parts, people["sunlei"], offices["legal"])
    return {"permit": used, "asked_permit": waiting, "refused_permit": refused} | permitted


def _send(session: Session, parts: Parts, person: Person, office: Office) -> dict[str, int]:
    uuid, at = new_uuid(), NOON - timedelta(minutes=40)
    caller, target = Caller(person.login, person, office), queries.printer(session, "office-a")
    new = NewJob(uuid, target, caller, "代表建议答复函", JobTicket(sides=ONE_SIDED))
    arrive.create_job(session, new, wait=timedelta(minutes=5), now=at)
    spooled = Spooled(Path("x"), 10, "d" * 64)
    arrive.document_received(session, uuid, spooled, "application/pdf", now=at)
    verdict = judged(session, uuid, Facts(pages=2), parts.rules)
    job = decide.decide_job(session, uuid, verdict, ask_expires=timedelta(hours=1), now=at)
    assert job.permit_id is not None
    return {"permitted": job.id}
