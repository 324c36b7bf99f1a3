"""The composition root: settings → opened adapters → services → the app.

The scheme of a URL picks an adapter here and nowhere else.
"""

import os
import secrets
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask

import docflow.rendering
import printgate.analysis
import quotas.tasks
from core import checkups, failpoints, mail
from core.blobs import blobs_for
from core.clock import Clock, SystemClock
from core.db import Database
from core.importing import service as importing
from core.leases import Keeper
from core.metrics import Figure, Metrics
from core.sandbox import Sandbox
from core.settings import Settings
from core.tasks import service as task_table
from core.tasks.celery_runner import Hints
from core.tasks.service import Task
from core.tasks.thread_runner import ThreadRunner
from deploy import checkup, health
from deploy.migrations import upgrade
from printgate import gateway, reconcile, tasks
from printgate.backend.cups import CupsBackend
from printgate.backend.device import IppDevices
from printgate.figures import figures
from printgate.parts import Parts, Terms
from printgate.rules_file import SHIPPED, load_rules
from printgate.spool import Spool
from quotas.workdays import SHIPPED as HOLIDAYS
from quotas.workdays import Workdays, load_workdays
from web.app import create_app
from web.observing import observe
from web.services import WebServices

ROUNDS = "rounds"
"""The lease on what comes round by the clock, where several processes have a runner."""


@dataclass(frozen=True)
class Opened:
    """Everything opened for one process."""

    settings: Settings
    parts: Parts
    app: Flask
    runner: ThreadRunner


@contextmanager
def opened_database(settings: Settings) -> Iterator[Database]:
    """Open the database with its tables as this version needs them."""
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    upgrade(settings.opened_database_url)
    database = Database(settings.opened_database_url)
    try:
        yield database
    finally:
        database.close()


MakeApp = Callable[[Settings, Parts, Sandbox], Flask]


@contextmanager
def opened(
    settings: Settings, clock: Clock | None = None, make_app: MakeApp | None = None
) -> Iterator[Opened]:
    """Open all parts, and close them again in the other order.

    The app has the gateway and the pages, or only what `make_app` puts into it.
    """
    clock, make_app = clock or SystemClock(), make_app or whole_app
    _arm(settings.failpoint)
    with (
        opened_database(settings) as database,
        _sandbox(settings) as sandbox,
        CupsBackend(settings.printing_url) as backend,
        _hints(settings, database),
    ):
        parts = Parts(
            database=database,
            clock=clock,
            blobs=blobs_for(settings.opened_blobs_url),
            spool=Spool(settings.spool, settings.document_octets_max),
            analyser=printgate.analysis.Analyser(sandbox),
            backend=backend,
            devices=IppDevices(),
            rules=load_rules(Path(settings.rules_file) if settings.rules_file else SHIPPED),
            terms=_terms(settings),
        )
        app = make_app(settings, parts, sandbox)
        yield Opened(settings, parts, app, _runner(settings, parts))


def _arm(failpoint: str) -> None:
    if failpoint:
        point, _, times = failpoint.partition(":")
        failpoints.arm(point, int(times or 1))


def _sandbox(settings: Settings) -> Sandbox:
    return Sandbox(
        functions=(*printgate.analysis.SANDBOXED, *docflow.rendering.SANDBOXED),
        workers=settings.analysis_workers,
    )


def _terms(settings: Settings) -> Terms:
    return Terms(
        unknown_person=settings.unknown_person,
        analysis_budget_seconds=settings.analysis_budget_seconds,
        analysis_limit_seconds=settings.analysis_limit_seconds,
        multiple_operation=timedelta(seconds=settings.multiple_operation_seconds),
        jobs_without_document_max=settings.jobs_without_document_max,
        ask_expires=timedelta(hours=settings.ask_expires_hours),
        hold_expires=timedelta(hours=settings.hold_expires_hours),
        pages_url=settings.pages_url,
        workdays=_workdays(settings),
    )


def alone(settings: Settings) -> bool:
    """Tell whether one process does all the background work; ValueError for an unknown scheme."""
    scheme = urlsplit(settings.tasks_url).scheme
    if scheme not in ("thread", "redis"):
        raise ValueError("tasks_url must be thread:// or redis://HOST:PORT/N")
    return scheme == "thread"


@contextmanager
def _hints(settings: Settings, database: Database) -> Iterator[None]:
    """Tell the workers, wherever they are, of each task that this process leaves due."""
    if alone(settings):
        yield
        return
    hints = Hints(settings.tasks_url)
    database.on_wake(hints.wake)
    try:
        yield
    finally:
        hints.close()


def _runner(settings: Settings, parts: Parts) -> ThreadRunner:
    mailer = mail.mailer_for(settings.mail_url)

    def send_mail(task: Task) -> None:
        mail.send(task, mailer, sender=settings.mail_from, public_url=settings.pages_url)

    def discard_upload(task: Task) -> None:
        with parts.database.transaction() as session:
            importing.forget(session, task, now=parts.clock.now())

    stop = threading.Event()
    check_up = checkup.task(settings, parts, stopping=stop.is_set)
    return ThreadRunner(
        parts.database,
        parts.clock,
        {
            **tasks.handlers(parts),
            mail.TASK: send_mail,
            checkups.TASK: check_up,
            importing.DISCARD_TASK: discard_upload,
        },
        (
            *reconcile.rounds(parts),
            *quotas.tasks.rounds(parts.database, parts.clock, parts.terms.zone),
            checkup.nightly(parts),
        ),
        threads=settings.task_threads,
        keeper=None if alone(settings) else Keeper(parts.database, ROUNDS),
        stop=stop,
    )


def whole_app(settings: Settings, parts: Parts, sandbox: Sandbox) -> Flask:
    """Return the gateway and the pages in one: for a process that has a port to itself."""
    services = _web(settings, parts, sandbox)
    app = create_app(services, blueprints=(gateway.blueprint(parts),))
    gateway.answer_recent(app, parts, services.metrics)
    return app


def pages_app(settings: Settings, parts: Parts, sandbox: Sandbox) -> Flask:
    """Return the pages alone."""
    return create_app(_web(settings, parts, sandbox))


def gateway_app(_settings: Settings, parts: Parts, _sandbox: Sandbox) -> Flask:
    """Return the gateway alone: no pages, no sessions."""
    app, metrics = Flask("printgate"), Metrics(list)
    observe(app, metrics)
    app.register_blueprint(gateway.blueprint(parts))
    app.register_blueprint(health.blueprint(parts.database))
    gateway.answer_recent(app, parts, metrics)
    return app


def _web(settings: Settings, parts: Parts, sandbox: Sandbox) -> WebServices:
    return WebServices(
        database=parts.database,
        clock=parts.clock,
        secret_key=_secret_key(settings),
        blobs=parts.blobs,
        page_images=docflow.rendering.PageImages(sandbox, settings.data / "pages"),
        printing=parts,
        zone=parts.terms.zone,
        metrics=Metrics(lambda: _figures(parts)),
        metrics_token=settings.metrics_token,
        adjust_max=settings.second_person_above,
        workdays=parts.terms.workdays,
    )


def _workdays(settings: Settings) -> Workdays:
    return load_workdays(Path(settings.workdays_file) if settings.workdays_file else HOLIDAYS)


def _figures(parts: Parts) -> list[Figure]:
    now = parts.clock.now()
    with parts.database.snapshot() as session:
        due, failing = task_table.depth(session, now=now)
        return [
            Figure("tasks_due", "Background tasks that are due", due),
            Figure("tasks_failing", "Background tasks that failed and are tried again", failing),
            *figures(session, now),
        ]


def _secret_key(settings: Settings) -> str:
    """Return the key that signs forms' tokens: made at the first start, readable by us alone."""
    path = settings.data / "secret-key"
    if not path.exists():
        # Written aside first: of several processes that start at once, all must read the same key.
        descriptor, aside = tempfile.mkstemp(dir=settings.data)
        with os.fdopen(descriptor, "w", encoding="ascii") as writer:
            writer.write(secrets.token_urlsafe(32))
        with suppress(FileExistsError):
            path.hardlink_to(aside)
        Path(aside).unlink()
    return path.read_text(encoding="ascii")
