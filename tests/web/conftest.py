"""The pages on a database of their own, with a real sandbox for the pictures of pages."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pikepdf
import pytest
from flask import Flask
from flask.testing import FlaskClient

from core.clock import FrozenClock
from core.db import Database
from core.identity.importing import PEOPLE
from core.ids import new_uuid
from core.importing import service as importing
from core.importing.service import Asking
from core.metrics import Figure, Metrics
from core.people import SYSTEM, Actor, Person
from core.sandbox import Sandbox
from deploy.seed_supplies import Keepers, seed_supplies
from docflow import rendering
from docflow import service as docflow
from printgate import analysis, gateway
from printgate.backend.port import DeviceAttributes, Queue, Supply
from printgate.callers import Caller
from printgate.figures import figures
from printgate.holding import Hold, typed_key
from printgate.parts import Parts
from printgate.permits import Measure
from printgate.policy import Facts
from printgate.service import arrive, decide, holding, permits, printers
from printgate.service.arrive import NewJob
from printgate.spool import Spooled
from printgate.ticket import JobTicket
from quotas import service as quotas
from quotas.periods import Period
from quotas.supplies.service import counting, orders
from quotas.supplies.service.orders import Request
from quotas.units import Unit
from tests.conftest import NOON, Cast, judged
from tests.pretended import pretended
from web.app import create_app
from web.services import WebServices

PASSWORD = "correct horse"
TOKEN = "token of the collector"


@dataclass(frozen=True)
class Site:
    """The pages, the parts behind them, and the things of the cast."""

    app: Flask
    parts: Parts
    cast: Cast
    document: str
    job: int
    refused: int
    order: int
    stocktaking: int
    upload: str
    """A file of people that Ada has sent."""
    permit: int
    """A permit that Alice has asked for."""

    def browser(self, login: str | None = None, language: str = "zh-CN") -> "Browser":
        browser = Browser(self.app.test_client(), language)
        if login is not None:
            answer = browser.post("/sign-in", login=login, password=PASSWORD)
            assert answer.status_code == 302
        return browser


class Browser:
    """A test client that takes the token of a form from the page before it."""

    def __init__(self, client: FlaskClient, language: str) -> None:
        self.client, self._language = client, language

    def get(self, path: str):
        headers = {"Accept-Language": self._language}
        return self.client.get(path, headers=headers, buffered=True)

    def post(self, path: str, token: str | None = None, **fields):
        if token is None:
            page = self.get("/sign-in").get_data(as_text=True)
            token = page.split('name="csrf_token" value="')[1].split('"')[0]
        return self.client.post(
            path,
            data={"csrf_token": token, **fields},
            headers={"Accept-Language": self._language},
        )


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox((*analysis.SANDBOXED, *rendering.SANDBOXED)) as opened:
        yield opened


@pytest.fixture
def site(
    tmp_path: Path, database: Database, clock: FrozenClock, cast: Cast, sandbox: Sandbox
) -> Site:
    parts = pretended(tmp_path, database, clock, sandbox)
    document, job, refused = furnish(parts, cast, tmp_path)
    images = rendering.PageImages(sandbox, tmp_path / "pages")
    metrics = Metrics(lambda: figures_now(parts))
    services = WebServices(
        database, clock, "key", parts.blobs, images, parts, parts.terms.zone, metrics, TOKEN
    )
    app = create_app(services, blueprints=(gateway.blueprint(parts),))
    return Site(
        app, parts, cast, document, job, refused, *stock_up(parts, cast),
        send_file(parts, cast), ask_permit(parts, cast),
    )  # fmt: skip


def ask_permit(parts: Parts, cast: Cast) -> int:
    """Let Alice ask for a permit for two jobs."""
    with parts.database.transaction() as session:
        return permits.ask(
            session, new_uuid(), measure=Measure.JOBS, count=2, last_day=date(2026, 11, 30),
            reason="正本需要用印", actor=Actor.of(cast.alice), now=NOON, zone=parts.terms.zone,
        ).id  # fmt: skip


def send_file(parts: Parts, cast: Cast) -> str:
    """Let Ada send a file that would add somebody and change Bob."""
    content = "login,name,office\nnew,新人,legal\nbob,张伟强,general\n".encode()
    asking = Asking(Actor.of(cast.ada), NOON, parts.terms.zone)
    with parts.database.transaction() as session:
        return importing.keep(session, PEOPLE, "people.csv", content, asking)


def figures_now(parts: Parts) -> list[Figure]:
    with parts.database.snapshot() as session:
        return list(figures(session, parts.clock.now()))


def furnish(parts: Parts, cast: Cast, folder: Path) -> tuple[str, int, int]:
    """Add printers, sheets, a document of Alice that Bob reads, a job and a refused job."""
    paper = pikepdf.new()
    for _ in range(2):
        paper.add_blank_page(page_size=(595, 842))
    paper.save(folder / "paper.pdf")
    digest, document = parts.blobs.put_file(folder / "paper.pdf"), new_uuid()
    supplies = (Supply("toner", "黑色碳粉", 70, 100), Supply("paper", "纸盒一", 150, 250))
    with parts.database.transaction() as session:
        for name, two_sided in (("office-a", True), ("office-b", False)):
            queue = Queue(name, f"ipp://{name}/", name, "三楼", "idle", (), accepting=True)
            made = printers.add_printer(session, name, queue, actor=SYSTEM, now=NOON)
            device = DeviceAttributes(b"", two_sided, "idle", ("media-low-warning",), supplies)
            printers.printer_seen(session, made.id, queue, device, now=NOON)
        quotas.grant(
            session, "grant", cast.office.id, Unit.SHEETS, Period(2026, 11), 20,
            actor=SYSTEM, now=NOON,
        )  # fmt: skip
        docflow.submit_draft(
            session, document_id=document, title="节约用纸办法（讨论稿）", owner_id=cast.alice.id,
            origin="printgate:1", digest=digest, octets=10, pages=2, now=NOON,
            actor=Actor.of(cast.alice),
        )  # fmt: skip
        docflow.name_readers(session, document, [cast.bob.id], actor=Actor.of(cast.alice), now=NOON)
    good = send(parts, cast.alice, cast, "通知", Facts(pages=3))
    bad = send(parts, cast.alice, cast, "汇编", Facts(pages=300))
    return document, good, bad


def stock_up(parts: Parts, cast: Cast) -> tuple[int, int]:
    """Add supplies as the demo has them; return an undecided order and an open stocktaking."""
    ada, dora = Actor.of(cast.ada), Actor.of(cast.dora)
    offices = {"general": cast.office, "legal": cast.other, "finance": cast.guests}
    chief = Actor("主任", None, cast.other.id, heads=frozenset({cast.other.id}))
    with parts.database.transaction() as session:
        made = seed_supplies(session, offices, Keepers(ada, dora, chief), NOON)
        asked = Request(
            new_uuid(), cast.office.id, made.stores["common"], made.articles["a3"], 3, "会议用"
        )
        order = orders.request(session, asked, actor=dora, now=NOON).id
        opened = counting.open_stocktaking(
            session, new_uuid(), made.stores["shelf"], actor=dora, now=NOON
        )
    return order, opened.id


def send(
    parts: Parts, person: Person, cast: Cast, title: str, facts: Facts, pin: str | None = None,
    ticket: JobTicket = JobTicket(),  # noqa: B008  # frozen
) -> int:  # fmt: skip
    """Send a job for a person and decide it; return its id. A PIN holds it, "" asks for a hold."""
    from printgate import queries

    uuid = new_uuid()
    with parts.database.transaction() as session:
        printer = queries.printer(session, "office-a")
        caller = Caller(person.login, person, cast.office)
        hold = Hold.NONE if pin is None else Hold.PIN if pin else Hold.ASKED
        key = holding.pin_hash(typed_key(pin)) if pin else ""
        new = NewJob(uuid, printer, caller, title, ticket, "", hold, key)
        arrive.create_job(session, new, wait=parts.terms.multiple_operation, now=NOON)
        arrive.document_received(
            session, uuid, Spooled(Path("x"), 10, "d" * 64), "application/pdf", now=NOON
        )
        verdict = judged(session, uuid, facts, parts.rules)
        return decide.decide_job(
            session,
            uuid,
            verdict,
            ask_expires=parts.terms.ask_expires,
            workdays=parts.terms.workdays,
            now=NOON,
        ).id
