"""What the administrator of the scene has to look after: many people, printers, work that fails."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import delete
from sqlalchemy.orm import Session

from core import checkups
from core.checkups import Finding
from core.identity import service as identity
from core.identity.importing import OFFICES, PEOPLE
from core.ids import new_uuid
from core.importing import service as importing
from core.importing.service import Asking
from core.people import SYSTEM, Actor, Office, Person
from core.tasks import service as tasks
from core.tasks.models import TaskRow
from core.text import Text
from deploy.cupsd_proofs import conf_findings
from printgate.backend.port import Queue
from printgate.service import printers
from quotas import planning
from quotas import service as quotas
from quotas.drafts import Draft, digest
from quotas.importing import GRANTS
from quotas.periods import DEFAULT_ZONE, Period
from quotas.plans import Plan
from quotas.service import drafts
from quotas.service.drafts import Seen
from quotas.units import Unit
from tests.conftest import NOON

FREE_QUEUES = (
    Queue("office-e", "ipp://office-e/", "一楼大厅彩色打印机", "一楼", "idle", (), True),
    Queue("office-f", "ipp://office-f/", "档案室打印机", "四楼", "idle", (), True),
)
_RETIRED = Queue(
    "office-d", "ipp://office-d/", "旧黑白打印机", "地下库房", "idle", (), accepting=True
)
_OFFICES = (
    ("personnel", "选举任免联络工作委员会", 240),
    ("science", "教育科学文化卫生与社会建设工作委员会", 320),
    ("research", "研究室", 180),
)
_SURNAMES = "马朱胡林何高梁郑罗宋谢唐韩曹"
_GIVEN = ("建华", "丽娟", "明")
_FAILURES = (
    # work, subject, tries, what went wrong
    ("core.mail", "mail-1", 6, "ConnectionRefusedError: [Errno 111] Connection refused"),
    ("printgate.forward", "job-1", 3, "BackendUnavailable: the print system does not answer"),
)
FINDINGS = (
    Finding("ledger", False, Text("Every balance is the sum of its entries.")),
    Finding("audit", False, Text("The chain of records is whole.")),
    Finding(
        "past-the-gateway",
        True,
        Text("Anybody on this machine can print to {target}.", {"target": "127.0.0.1:631"}),
        Text("Let cupsd listen only on a socket in a folder that only Printgate may enter."),
        Text("cupsd listens where others can reach it."),
    ),
    *conf_findings({"preservejobhistory": "yes", "preservejobfiles": "no"}),
)

FILES = {
    "people_file": (
        PEOPLE,
        "登录名,姓名,单位代码,邮箱,负责人,备注\n"
        "hanmei,韩梅梅,general,hanmei@example.org,否,\n"
        "fengxue,冯雪,finance,,否,\nqianxuesen,钱学深,research,,否,新到\n",
    ),
    "grants_file": (GRANTS, "单位代码,月份,数量\ngeneral,2027-01,600\nlegal,2027-01,300\n"),
    "wrong_file": (OFFICES, "代码,名称\nBig Office,大办公室\nsmall,\nguest,来宾,多\n"),
}
"""Lists as somebody keeps them in a spreadsheet."""


def fill(session: Session, offices: dict[str, Office], people: dict[str, Person]) -> None:
    """Add what only the administrator's pages show."""
    _offices(session, offices)
    _people(session, offices)
    admin = Actor.of(people["admin"])
    hanmei = people["hanmei"]
    fields = identity.PersonFields(
        hanmei.name, hanmei.office_id, "hanmei@rd.example", False, True, hanmei.heads
    )
    identity.change_person(session, hanmei.id, fields, actor=admin, now=NOON)
    _corrections(session, offices["general"], admin)
    printers.add_printer(session, _RETIRED.name, _RETIRED, actor=admin, now=NOON)
    printers.retire(session, _RETIRED.name, actor=admin, now=NOON - timedelta(days=6))
    _drafts(session, [offices["general"], offices["research"]], admin)
    _work(session)
    checkups.keep(session, list(FINDINGS), now=NOON - timedelta(hours=10))


def files(session: Session, admin: Person, zone: ZoneInfo) -> dict[str, str]:
    """Add one file of each kind that waits for its import, by the names that cases use."""
    asking = Asking(Actor.of(admin), NOON, zone)
    return {
        name: importing.keep(session, kind, "名单.csv", content.encode(), asking)
        for name, (kind, content) in FILES.items()
    }


def _offices(session: Session, offices: dict[str, Office]) -> None:
    month = Period(2026, 11)
    for code, name, sheets in _OFFICES:
        made = identity.add_office(
            session, code=code, name=name, titles_visible=code == "research", actor=SYSTEM, now=NOON
        )
        offices[code] = made
        quotas.grant(
            session, f"{code}:{month.key}", made.id, Unit.SHEETS, month, sheets,
            actor=SYSTEM, now=NOON - timedelta(days=22),
        )  # fmt: skip


def _people(session: Session, offices: dict[str, Office]) -> None:
    codes = [code for code, _, _ in _OFFICES]
    number = 0
    for surname in _SURNAMES:
        for given in _GIVEN:
            number += 1
            person = identity.add_person(
                session,
                login=f"rd{number:03}",
                name=surname + given,
                office_id=offices[codes[number % 3]].id,
                email=f"rd{number:03}@rd.example" if number % 4 else "",
                heads_own_office=number <= len(codes),
                actor=SYSTEM,
                now=NOON,
            )
            if number % 13 == 0:
                gone = identity.PersonFields(
                    person.name, person.office_id, person.email, False, False, person.heads
                )
                identity.change_person(session, person.id, gone, actor=SYSTEM, now=NOON)


def _corrections(session: Session, office: Office, admin: Actor) -> None:
    month = Period(2026, 11)
    for days, sheets, reason in (
        (9, 120, "全体会议材料加印"),
        (2, -20, "多拨的纸张收回，转给财政经济委员会"),
    ):
        quotas.adjust(
            session, new_uuid(), office.id, Unit.SHEETS, month, sheets,
            reason=reason, actor=admin, now=NOON - timedelta(days=days),
        )  # fmt: skip


def _drafts(session: Session, planned: list[Office], admin: Actor) -> None:
    plan = Plan(10, 300, date(2026, 11, 16))
    quotas.set_plan(session, planned[-1].id, Unit.SHEETS, plan, actor=admin, now=NOON)
    seen = planning.outlooks(session, Unit.SHEETS, 2026, now=NOON, zone=DEFAULT_ZONE)
    by = Seen(Unit.SHEETS, 2026, digest(seen), admin, NOON, DEFAULT_ZONE)
    drafts.lay_down(session, [each.id for each in planned], Draft(plan, 50), by)


def _work(session: Session) -> None:
    # What the played month laid aside was done at once, as it would have been.
    session.execute(delete(TaskRow))
    for name, subject, tries, error in _FAILURES:
        at = NOON - timedelta(hours=3 * tries)
        tasks.enqueue(session, name, subject, now=at)
        for _ in range(tries):
            at += timedelta(hours=3)
            task = tasks.claim_due(session, now=at)
            assert task is not None
            tasks.fail(session, task, error, now=at)
    for number in range(3):
        tasks.enqueue(session, "core.mail", f"later-{number}", now=NOON, delay=timedelta(minutes=2))
    tasks.enqueue(session, "printgate.decide", "job-2", now=NOON)
