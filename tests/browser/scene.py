"""An office in the fourth week of a month: what pages look like when they have something to show.

The clock stands, so that pages and pictures are the same on every day; the printers are played.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from flask import Flask
from sqlalchemy.orm import Session

from core.clock import FrozenClock
from core.db import Database
from core.identity import queries as identity_queries
from core.identity import service as identity
from core.ids import new_uuid
from core.metrics import Metrics
from core.people import SYSTEM, Actor, Office, Person
from core.sandbox import Sandbox
from core.text import Text
from deploy.seed import ADMINISTRATOR, OFFICES
from docflow import rendering
from docflow import service as docflow
from docflow.lifecycle import Action
from printgate import gateway, queries
from printgate.backend.port import BackendJob, DeviceAttributes, Queue, Supply
from printgate.callers import Caller
from printgate.energy import Label
from printgate.holding import PIN_FAILURES_MAX
from printgate.lifecycle import Event, JobState
from printgate.metering import Usage
from printgate.models import JobRow
from printgate.parts import Parts
from printgate.policy import DraftAction, Facts, Rules
from printgate.queries import Job, Printer
from printgate.service import arrive, decide, finish, forward, holding, power, printers, tally
from printgate.service.arrive import NewJob
from printgate.service.decide import Kept
from printgate.service.printers import PrinterFields
from printgate.spool import Spooled
from printgate.ticket import JobTicket
from quotas import service as quotas
from quotas.periods import DEFAULT_ZONE, Period
from quotas.units import Unit
from quotas.workdays import load_workdays
from tests.browser import administered, permitted, requested, stocked, urgent
from tests.conftest import NOON, judged
from tests.pretended import pretended
from web.app import create_app
from web.services import WebServices

PASSWORD = "correct horse"
RULES = Rules()
ASK = replace(RULES, drafts=DraftAction.ASK)
MARKERS = ("讨论稿", "征求意见稿", "送审稿")
TITLES = (
    ("关于召开主任会议的通知", 2, 6),
    ("常委会会议日程", 3, 12),
    ("代表建议办理情况的报告", 14, 4),
    ("机关工作周报", 4, 8),
    ("会议签到表", 1, 2),
    ("执法检查方案", 9, 5),
)


@dataclass(frozen=True)
class Scene:
    """The pages and the things in them that have an address."""

    app: Flask
    parts: Parts
    people: dict[str, Person]
    jobs: dict[str, int]
    document: str
    office: str
    files: dict[str, str]
    """Files that wait for their import."""
    requests: dict[str, str]

    def path(self, pattern: str) -> str:
        """Return the address that a pattern with the names of the scene's things stands for."""
        person = self.people["hanmei"].id
        things = {"document": self.document, "office": self.office, "person": person}
        return pattern.format(**self.jobs, **self.files, **self.requests, **things)


@dataclass(frozen=True)
class Sending:
    """One job as it is sent: by whom, when, what, and under which rules."""

    login: str
    at: datetime
    title: str
    facts: Facts
    copies: int = 1
    printer: str = "office-a"
    rules: Rules = RULES


def build(folder: Path, database: Database, sandbox: Sandbox, paper: Path) -> Scene:
    """Fill an empty database with the office; `paper` is the PDF of its drafts."""
    clock = FrozenClock(NOON)
    parts = pretended(
        folder,
        database,
        clock,
        sandbox,
        queues=administered.FREE_QUEUES,
        rules=replace(RULES, emergency=urgent.POOL),
    )
    digest = parts.blobs.put_file(paper)
    with database.transaction() as session:
        offices, people = _people(session)
        _printers(session)
        office = Players(session, offices, people, Kept(digest, paper.stat().st_size))
        office.month()
        jobs = office.wang_fang()
        document = office.documents()
        jobs |= office.held()
        jobs |= stocked.fill(session, offices, people)
        asked = requested.fill(session, people)
        jobs |= urgent.fill(session, people, RULES, office.urgent)
        _uncontrolled(session)
        administered.fill(session, offices, people)
        files = administered.files(session, people["admin"], parts.terms.zone)
        jobs |= permitted.fill(session, parts, offices, people)
        session.flush()
        tally.tally(session, parts.terms.zone, limit=1000)
    images = rendering.PageImages(sandbox, folder / "pages")
    metrics = Metrics(list)
    services = WebServices(
        database,
        clock,
        "key",
        parts.blobs,
        images,
        parts,
        parts.terms.zone,
        metrics,
        workdays=load_workdays(),
    )
    app = create_app(services, blueprints=(gateway.blueprint(parts),))
    return Scene(app, parts, people, jobs, document, offices["general"].id, files, asked)


def _people(session: Session) -> tuple[dict[str, Office], dict[str, Person]]:
    offices, people = {}, {}
    begin = NOON - timedelta(days=22)
    for each in OFFICES:
        office = identity.add_office(
            session, code=each.code, name=each.name, guest=each.guest, actor=SYSTEM, now=begin
        )
        offices[each.code] = office
        for month, sheets in ((Period(2026, 10), 400), (Period(2026, 11), each.sheets * 2)):
            entry = f"{each.code}:{month.key}"
            quotas.grant(
                session, entry, office.id, Unit.SHEETS, month, sheets, actor=SYSTEM, now=begin
            )
        for index, (login, name) in enumerate(each.people):
            people[login] = _person(session, login, name, office, head=index == 0)
    login, name = ADMINISTRATOR
    people[login] = _person(session, login, name, offices["general"], admin=True)
    return offices, people


def _person(
    session: Session, login: str, name: str, office: Office, *, head: bool = False, **more: bool
) -> Person:
    return identity.add_person(
        session,
        login=login,
        name=name,
        office_id=office.id,
        password=PASSWORD,
        heads_own_office=head,
        admin=more.get("admin", False),
        actor=SYSTEM,
        now=NOON,
    )


PRINTERS = (
    # name, what it is, where, both sides, state, reasons
    ("office-a", "黑白双面打印机", "三楼文印室", True, "idle", ()),
    ("office-b", "单面打印机", "二楼值班室", False, "stopped", ("media-jam-error",)),
    ("office-c", "彩色双面打印机", "五楼会议处", True, "processing", ("toner-low-report",)),
)


def _printers(session: Session) -> None:
    for name, info, where, two_sided, state, reasons in PRINTERS:
        queue = Queue(name, f"ipp://{name}/", info, where, "idle", (), accepting=True)
        made = printers.add_printer(
            session, name, queue, default=name == "office-a", actor=SYSTEM, now=NOON
        )
        for days in range(20, -1, -1):
            supplies = _supplies(name, days)
            last = days == 0
            device = DeviceAttributes(
                b"", two_sided, state if last else "idle", reasons if last else (), supplies
            )
            printers.printer_seen(session, made.id, queue, device, now=NOON - timedelta(days=days))
        _working(session, made, device)


def _working(session: Session, made: Printer, device: DeviceAttributes) -> None:
    """Let a printer work for two hours; one of them has the watts of its label."""
    if made.name == "office-a":
        fields = PrinterFields(
            made.name, made.info, made.location, made.coverage, Label(620_000, 55_000, 900)
        )
        printers.change_printer(session, made.name, fields, actor=SYSTEM, now=NOON)
    for minute in range(121):
        does = "processing" if minute % 40 < 5 else device.state
        power.note_power(
            session,
            made.id,
            replace(device, state=does),
            now=NOON - timedelta(minutes=120 - minute),
            zone=DEFAULT_ZONE,
        )


def _supplies(name: str, days: int) -> tuple[Supply, ...]:
    if name == "office-b":
        return ()
    used = 20 - days
    black = Supply("toner", "黑色碳粉", 88 - 3 * used if used < 17 else 99 - used, 100)
    paper = Supply("paper", "纸盒一", 250 - (used * 55) % 230, 250)
    if name == "office-a":
        return (black, paper, Supply("paper", "纸盒二", 480 if used < 9 else 360, 500))
    return (
        Supply("toner", "黑色碳粉", max(4, 60 - 3 * used), 100),
        Supply("toner", "青色碳粉", 74 - used, 100),
        Supply("paper", "手送纸盒", -2, -2),
    )


def _uncontrolled(session: Session) -> None:
    job = BackendJob(
        77, "office-c", "", "", "root", JobState.COMPLETED, (), 6, NOON - timedelta(days=3), None
    )
    printers.note_foreign_jobs(session, [job], now=NOON)


class Players:
    """Sends and prints jobs as the people would."""

    def __init__(
        self,
        session: Session,
        offices: dict[str, Office],
        people: dict[str, Person],
        kept: Kept,
    ) -> None:
        self._session, self._offices, self._people, self._kept = session, offices, people, kept
        self._backend_job = 100

    @classmethod
    def of(cls, session: Session, people: dict[str, Person]) -> "Players":
        """Return the players of an office that is there already; drafts can't be sent."""
        offices = {office.code: office for office in identity_queries.offices(session)}
        return cls(session, offices, people, Kept("", 0))

    def month(self) -> None:
        """Print on every working day from the first to yesterday."""
        number = 0
        for days in range(22, 0, -1):
            day = NOON - timedelta(days=days)
            if day.weekday() >= 5:
                continue
            for turn, login in enumerate(("wangfang", "zhangwei", "liuyang", "zhaomin", "")):
                number += 1
                if (number * 7 + turn) % 4 == 0 or (not login and days % 5):
                    continue
                title, pages, copies = TITLES[(number + turn) % len(TITLES)]
                at = day - timedelta(hours=3) + timedelta(minutes=37 * turn)
                job = self.send(Sending(login, at, title, Facts(pages=pages), copies))
                self.print(job, at, estimated=number % 9 == 0)

    def send(self, sending: Sending) -> Job:
        """Send a job and have it decided."""
        session, at = self._session, sending.at
        person = self._people.get(sending.login)
        office_id = person.office_id if person else self._offices["guest"].id
        office = next(each for each in self._offices.values() if each.id == office_id)
        caller = Caller(sending.login or "visitor", person, office)
        printer = queries.printer(session, sending.printer)
        uuid = new_uuid()
        ticket = JobTicket(copies=sending.copies)
        new = NewJob(uuid, printer, caller, sending.title, ticket)
        arrive.create_job(session, new, wait=timedelta(minutes=5), now=at)
        spooled = Spooled(Path("x"), 10, "d" * 64)
        arrive.document_received(session, uuid, spooled, "application/pdf", now=at)
        verdict = judged(session, uuid, sending.facts, sending.rules, self._kept)
        return decide.decide_job(session, uuid, verdict, ask_expires=timedelta(hours=24), now=at)

    def urgent(self, sheets: int, rules: Rules) -> Job:
        """Send a job of so many sheets, under these rules."""
        at, facts = NOON - timedelta(minutes=50), Facts(pages=2)
        return self.send(Sending("wangfang", at, "紧急会议通知", facts, sheets, rules=rules))

    def release(self, job: Job, at: datetime) -> None:
        """Let a job go to its printer."""
        self._backend_job += 1
        forward.created_in_backend(self._session, job.uuid, self._backend_job, now=at)
        forward.about_to_release(self._session, job.uuid, self._backend_job, now=at)

    def print(
        self, job: Job, at: datetime, event: Event = Event.BACKEND_COMPLETED, **more: bool
    ) -> None:
        """Let a job come out, or end in another way at the printer."""
        self.release(job, at)
        came_out = event is Event.BACKEND_COMPLETED
        usage = Usage(
            job.sheets_reserved if came_out else 0,
            (job.impressions or 0) if came_out else 0,
            more.get("estimated", False),
        )
        finish.settle(self._session, job.uuid, event, usage, now=at + timedelta(minutes=1))

    def wang_fang(self) -> dict[str, int]:
        """Send one job for each thing that can become of one; return their numbers."""
        at = NOON - timedelta(hours=2)

        def send(title: str, pages: int, **more: object) -> Job:
            nonlocal at
            at += timedelta(minutes=9)
            facts = Facts(pages=pages, draft=_draft_by(title))
            return self.send(Sending("wangfang", at, title, facts, **more))  # type: ignore[arg-type]

        aborted = send("常委会公报（第八期）", 16)
        self.print(aborted, at, Event.BACKEND_ABORTED)
        unknown = send("议题参阅材料", 24)
        self.print(unknown, at, Event.BACKEND_LOST)
        canceled = send("立法计划", 8)
        actor = Actor.of(self._people["wangfang"])
        finish.cancel(self._session, canceled.uuid, actor=actor, now=at)
        circulated = send("节约用纸管理办法（讨论稿）", 2)
        refused = send("年度预算执行情况汇编", 420, copies=6)
        asked = send("预算监督办法（征求意见稿）", 6, rules=ASK)
        rerouted = send("会议签到表", 3, printer="office-b")
        self.print(rerouted, at)
        waiting = send("关于召开第三十次会议的通知", 3, copies=2, printer="office-c")
        self.release(waiting, at)
        forward.backend_progress(
            self._session, waiting.uuid, state_reasons=("media-empty-error",), processing_at=None
        )
        pending = send("常委会议程草案说明", 5)
        return {
            "aborted": aborted.id,
            "unknown": unknown.id,
            "canceled": canceled.id,
            "circulated": circulated.id,
            "refused": refused.id,
            "asked": asked.id,
            "rerouted": rerouted.id,
            "waiting": waiting.id,
            "pending": pending.id,
        }

    def held(self) -> dict[str, int]:
        """Let jobs of Liu Yang wait for their release; return their numbers."""
        at = NOON - timedelta(minutes=50)
        made = {}
        for name, title, pages, wrong in (
            ("held", "机关党委会议通知", 2, 0),
            ("locked", "干部考察材料汇总（内部资料，请勿外传）", 11, PIN_FAILURES_MAX),
        ):
            job = self.send(Sending("liuyang", at, title, Facts(pages=pages)))
            actor = Actor.of(self._people["liuyang"])
            holding.hold(self._session, job.uuid, actor=actor, now=at)
            self._session.get_one(JobRow, job.id).pin_failures = wrong
            made[name] = job.id
        return made

    def documents(self) -> str:
        """Circulate drafts; return the one of Wang Fang that has readers and opinions."""
        mine = self._draft("wangfang", "节约用纸管理办法（讨论稿）", 5)
        wang, zhang, zhao = (self._people[each] for each in ("wangfang", "zhangwei", "zhaomin"))
        docflow.name_readers(
            self._session,
            mine,
            [zhang.id, zhao.id, self._people["lijianguo"].id],
            actor=Actor.of(wang),
            now=NOON - timedelta(days=4),
        )
        for reader, text in ((zhang, "同意。建议第二条补充电子签章。"), (zhao, "无不同意见。")):
            actor, at = Actor.of(reader), NOON - timedelta(days=2)
            docflow.mark_opened(self._session, mine, actor=actor, now=at)
            docflow.give_opinion(self._session, mine, text, actor=actor, now=at)
        closed = self._draft("wangfang", "公文处理细则（征求意见稿）", 12)
        docflow.end(self._session, closed, Action.CLOSE, actor=Actor.of(wang), now=NOON)
        for days, title in ((3, "代表视察方案（讨论稿）"), (1, "主任会议纪要（送审稿）")):
            asked = self._draft("zhaomin", title, days)
            docflow.name_readers(
                self._session,
                asked,
                [wang.id],
                actor=Actor.of(zhao),
                now=NOON - timedelta(days=days),
            )
        return mine

    def _draft(self, login: str, title: str, days: int) -> str:
        owner, document = self._people[login], new_uuid()
        docflow.submit_draft(
            self._session,
            document_id=document,
            title=title,
            owner_id=owner.id,
            origin="printgate:1",
            digest=self._kept.digest,
            octets=self._kept.octets,
            pages=2,
            now=NOON - timedelta(days=days),
            actor=Actor.of(owner),
        )
        return document


def _draft_by(title: str) -> Text | None:
    """Return what analysis says of a paper with such a title."""
    marker = next((each for each in MARKERS if each in title), None)
    words = 'This is a draft ("{marker}"): drafts circulate here without paper.'
    return Text(words, {"marker": marker}) if marker else None
