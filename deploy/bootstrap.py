"""The composition root: settings → opened adapters → services → the app.

The scheme of a URL picks an adapter here and nowhere else.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from flask import Flask

import docflow.rendering
import printgate.analysis
from core import failpoints, mail
from core.blobs import blobs_for
from core.clock import Clock, SystemClock
from core.db import Database
from core.metrics import Figure, Metrics
from core.sandbox import Sandbox
from core.settings import Settings
from core.tasks import service as task_table
from core.tasks.service import Task
from core.tasks.thread_runner import ThreadRunner
from deploy.migrations import upgrade
from printgate import gateway, reconcile, tasks
from printgate.backend.cups import CupsBackend
from printgate.backend.device import IppDevices
from printgate.figures import figures
from printgate.parts import Parts, Terms
from printgate.rules_file import SHIPPED, load_rules
from printgate.spool import Spool
from web.app import create_app
from web.services import WebServices


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


@contextmanager
def opened(settings: Settings, clock: Clock | None = None) -> Iterator[Opened]:
    """Open all parts, and close them again in the other order."""
    clock = clock or SystemClock()
    _arm(settings.failpoint)
    with (
        opened_database(settings) as database,
        _sandbox(settings) as sandbox,
        CupsBackend(settings.printing_url) as backend,
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
        yield Opened(settings, parts, _app(settings, parts, sandbox), _runner(settings, parts))


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
    )


def _runner(settings: Settings, parts: Parts) -> ThreadRunner:
    if settings.tasks_url != "thread://":
        raise ValueError("tasks_url must be thread://")
    mailer = mail.mailer_for(settings.mail_url)

    def send_mail(task: Task) -> None:
        mail.send(task, mailer, sender=settings.mail_from, public_url=settings.pages_url)

    return ThreadRunner(
        parts.database,
        parts.clock,
        {**tasks.handlers(parts), mail.TASK: send_mail},
        reconcile.rounds(parts),
        threads=settings.task_threads,
    )


def _app(settings: Settings, parts: Parts, sandbox: Sandbox) -> Flask:
    services = WebServices(
        database=parts.database,
        clock=parts.clock,
        secret_key=_secret_key(settings),
        blobs=parts.blobs,
        page_images=docflow.rendering.PageImages(sandbox, settings.data / "pages"),
        printing=parts,
        zone=parts.terms.zone,
        metrics=Metrics(lambda: _figures(parts)),
        metrics_token=settings.metrics_token,
    )
    return create_app(services, blueprints=(gateway.blueprint(parts),))


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
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii")
    with os.fdopen(descriptor, "w", encoding="ascii") as writer:
        key = secrets.token_urlsafe(32)
        writer.write(key)
    return key
