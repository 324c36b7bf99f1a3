"""A small office to show and to test with: offices, people, quotas, documents, printers."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from core.blobs import Blobs
from core.clock import SystemClock
from core.db import Database
from core.errors import NotFound
from core.identity import queries as identity
from core.identity import service
from core.ids import new_uuid
from core.people import SYSTEM, Actor, Office
from core.text import Text
from deploy.seed_supplies import Keepers, seed_supplies
from docflow import service as docflow
from printgate import queries as printing
from printgate.backend.device import IppDevices
from printgate.backend.port import Backend
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
        _add_supplies(session, offices, now)
        if me and identity.person_by_login(session, me) is None:
            _add_person(session, (me, me), offices[0], now)


@dataclass(frozen=True)
class SeedDocument:
    """A document of the demo: whose it is, who reads it, and what they say."""

    title: str
    file: Path
    owner: str
    readers: tuple[str, ...]
    opinions: tuple[tuple[str, str], ...] = ()


def seed_documents(
    database: Database,
    blobs: Blobs,
    documents: Iterable[SeedDocument],
    pages_of: Callable[[Path], int],
) -> None:
    """Let documents circulate among the people of the office."""
    now = SystemClock().now()
    for each in documents:
        digest = blobs.put_file(each.file)
        with database.transaction() as session:
            _circulate(session, each, digest, pages_of(each.file), now)


def _circulate(
    session: Session, document: SeedDocument, digest: str, pages: int, now: datetime
) -> None:
    actors = {
        login: Actor.of(found)
        for login in (document.owner, *document.readers)
        if (found := identity.person_by_login(session, login)) is not None
    }
    owner = actors[document.owner]
    assert owner.person_id is not None
    made = docflow.submit_draft(
        session,
        document_id=new_uuid(),
        title=document.title,
        owner_id=owner.person_id,
        origin="seed",
        digest=digest,
        octets=document.file.stat().st_size,
        pages=pages,
        actor=owner,
        now=now,
    )
    readers = [str(actors[login].person_id) for login in document.readers]
    docflow.name_readers(session, made.id, readers, actor=owner, now=now)
    for login, opinion in document.opinions:
        docflow.mark_opened(session, made.id, actor=actors[login], now=now)
        docflow.give_opinion(session, made.id, opinion, actor=actors[login], now=now)


def add_printer(
    database: Database, backend: Backend, name: str, queue: str, *, default: bool = False
) -> None:
    """Offer a CUPS queue as a printer and ask the printer itself for what it can do.

    NotFound if CUPS has no such queue, Conflict if the name is taken, BackendUnavailable.
    """
    found = next((each for each in backend.queues() if each.name == queue), None)
    if found is None:
        raise NotFound(Text("The print system has no queue called {queue}.", {"queue": queue}))
    device = IppDevices().describe(found.device_uri)
    now = SystemClock().now()
    with database.transaction() as session:
        printers.add_printer(session, name, found, default=default, actor=SYSTEM, now=now)
        printer = printing.printer(session, name)
        printers.printer_seen(session, printer.id, found, device, now=now)


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


def _add_supplies(session: Session, offices: list[Office], now: datetime) -> None:
    def actor(login: str) -> Actor:
        found = identity.person_by_login(session, login)
        assert found is not None
        return Actor.of(found)

    heads = {each.code: actor(each.people[0][0]) for each in OFFICES if each.people}
    keepers = Keepers(actor(ADMINISTRATOR[0]), heads["general"], heads["legal"])
    seed_supplies(session, {each.code: each for each in offices}, keepers, now)


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
