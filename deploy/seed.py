"""A small office to show and to test with: offices, people, quotas, printers."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from core.clock import SystemClock
from core.db import Database
from core.identity import queries as identity
from core.identity import service
from core.people import SYSTEM, Office
from core.settings import Settings
from deploy.bootstrap import opened_database
from printgate import queries as printing
from printgate.backend.cups import CupsBackend
from printgate.backend.device import IppDevices
from printgate.service import printers
from quotas import service as quotas
from quotas.periods import Period
from quotas.units import Unit

PASSWORD = "printgate-demo"  # noqa: S105  # shown to everybody by the demo


class NotEmpty(Exception):
    """The database has people already; a seed would mix with them."""


@dataclass(frozen=True)
class SeedOffice:
    """An office of the demo, with its sheets a month."""

    code: str
    name: str
    sheets: int
    people: tuple[tuple[str, str], ...]
    guest: bool = False


OFFICES = (
    SeedOffice(
        "general",
        "办公室",
        500,
        (
            ("lijianguo", "李建国"),
            ("wangfang", "王芳"),
            ("zhangwei", "张伟"),
            ("liuyang", "刘洋"),
            ("chenjing", "陈静"),
        ),
    ),
    SeedOffice(
        "legal",
        "法制工作委员会",
        300,
        (
            ("zhaomin", "赵敏"),
            ("sunlei", "孙磊"),
            ("zhouting", "周婷"),
            ("wuqiang", "吴强"),
        ),
    ),
    SeedOffice(
        "finance",
        "财政经济委员会",
        5,
        (("zhenghao", "郑浩"), ("fengxue", "冯雪"), ("hanmei", "韩梅")),
    ),
    SeedOffice("guest", "来宾", 50, (), guest=True),
)
"""The first person of each office heads it."""

ADMINISTRATOR = ("admin", "系统管理员")


def seed_office(database: Database, *, me: str = "") -> None:
    """Add the office; NotEmpty if there is anybody already. `me` is a sign-in name to add."""
    now = SystemClock().now()
    with database.transaction() as session:
        if identity.offices(session):
            raise NotEmpty("the database is not empty; the demo's office is for an empty one only")
        offices = [_add_office(session, each, now) for each in OFFICES]
        _add_person(session, ADMINISTRATOR, offices[0], now, admin=True)
        if me and identity.person_by_login(session, me) is None:
            _add_person(session, (me, me), offices[0], now)


def offer_printer(settings: Settings, name: str, queue: str, *, default: bool = False) -> str:
    """Offer a CUPS queue as a printer and ask it for what it can do; return what was done."""
    with opened_database(settings) as database, CupsBackend(settings.printing_url) as backend:
        return add_printer(database, backend, name, queue, default=default)


def add_printer(
    database: Database, backend: CupsBackend, name: str, queue: str, *, default: bool = False
) -> str:
    """Offer a CUPS queue as a printer and ask the printer itself for what it can do."""
    found = next((each for each in backend.queues() if each.name == queue), None)
    if found is None:
        return f"CUPS has no queue called {queue}"
    device = IppDevices().describe(found.device_uri)
    now = SystemClock().now()
    with database.transaction() as session:
        printers.add_printer(session, name, found, default=default, actor=SYSTEM, now=now)
        printer = printing.printer(session, name)
        printers.printer_seen(session, printer.id, found, device, now=now)
    return f"printer {name} is offered"


def _add_office(session: Session, office: SeedOffice, now: datetime) -> Office:
    added = service.add_office(
        session, code=office.code, name=office.name, guest=office.guest, actor=SYSTEM, now=now
    )
    quotas.grant(
        session,
        f"seed:{office.code}",
        added.id,
        Unit.SHEETS,
        Period.of_moment(now),
        office.sheets,
        actor=SYSTEM,
        now=now,
    )
    for index, person in enumerate(office.people):
        _add_person(session, person, added, now, head=index == 0)
    return added


def _add_person(
    session: Session,
    person: tuple[str, str],
    office: Office,
    now: datetime,
    *,
    head: bool = False,
    admin: bool = False,
) -> None:
    login, name = person
    service.add_person(
        session,
        login=login,
        name=name,
        office_id=office.id,
        password=PASSWORD,
        admin=admin,
        heads_own_office=head,
        actor=SYSTEM,
        now=now,
    )
