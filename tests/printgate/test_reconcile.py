"""What becomes of a job that CUPS has ended, by what the printer has counted."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from core.clock import FrozenClock
from core.db import Database
from core.ids import new_uuid
from core.people import SYSTEM
from core.sandbox import Sandbox
from printgate import analysis, energy_queries, queries, reconcile
from printgate.backend.fake import FakeBackend, FakeDevices
from printgate.backend.port import DeviceAttributes, DeviceCount, JobRequest, Queue
from printgate.callers import Caller
from printgate.energy import Power
from printgate.lifecycle import JobState, Stage
from printgate.models import JobRow
from printgate.parts import Parts
from printgate.service import arrive, printers
from printgate.service.arrive import NewJob
from printgate.ticket import JobTicket
from tests.conftest import NOON, Cast
from tests.pretended import pretended

DEVICE = "ipp://office-a/"
SIDES = 4


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(analysis.SANDBOXED) as opened:
        yield opened


@pytest.fixture
def parts(tmp_path: Path, database: Database, clock: FrozenClock, sandbox: Sandbox) -> Parts:
    made = pretended(tmp_path, database, clock, sandbox)
    with database.transaction() as session:
        queue = Queue("office-a", DEVICE, "office-a", "", "idle", (), accepting=True)
        printers.add_printer(session, "office-a", queue, actor=SYSTEM, now=NOON)
    return made


def released(parts: Parts, cast: Cast) -> str:
    """Bring a job of four sides to CUPS, where it prints; return its UUID."""
    uuid = new_uuid()
    backend_id = parts.backend.create_held(JobRequest(uuid, "office-a", "通知", "alice", {}))
    with parts.database.transaction() as session:
        printer = queries.printer(session, "office-a")
        new = NewJob(uuid, printer, Caller("alice", cast.alice, cast.office), "通知", JobTicket())
        arrive.create_job(session, new, wait=timedelta(minutes=5), now=NOON)
        row = session.get_one(JobRow, queries.job_by_uuid(session, uuid).id)
        row.stage, row.backend_job_id = Stage.RELEASED, backend_id
        row.pages, row.impressions = SIDES, SIDES
    parts.backend.release(backend_id)
    return uuid


@pytest.mark.parametrize(
    ("state", "counts", "stage", "sheets", "repeated"),
    [
        (JobState.COMPLETED, [SIDES], Stage.COMPLETED, SIDES, False),
        (JobState.COMPLETED, [SIDES, SIDES], Stage.COMPLETED, SIDES, True),
        (JobState.ABORTED, [1], Stage.ABORTED, 1, False),
        (JobState.ABORTED, [SIDES], Stage.COMPLETED, SIDES, False),
        (JobState.ABORTED, [1, SIDES], Stage.COMPLETED, SIDES, True),
        (JobState.ABORTED, [SIDES, SIDES], Stage.COMPLETED, SIDES, True),
    ],
)
def test_how_a_job_ends(parts: Parts, cast: Cast, state, counts, stage, sheets, repeated):
    uuid = released(parts, cast)
    assert isinstance(parts.backend, FakeBackend)
    assert isinstance(parts.devices, FakeDevices)
    (active,) = parts.backend.active_jobs()
    parts.backend.finish(active.id, state)
    parts.devices.counted[DEVICE] = [DeviceCount("通知", "alice", each, NOON) for each in counts]
    reconcile.watch_jobs(parts)
    with parts.database.snapshot() as session:
        job = queries.job_by_uuid(session, uuid)
    assert (job.stage, job.sheets_used) == (stage, sheets)
    assert any(reason.rule == "backend" for reason in job.reasons) is repeated


def test_what_others_printed_under_the_same_name_is_not_counted(parts: Parts, cast: Cast):
    uuid = released(parts, cast)
    assert isinstance(parts.backend, FakeBackend)
    assert isinstance(parts.devices, FakeDevices)
    (active,) = parts.backend.active_jobs()
    parts.backend.finish(active.id, JobState.ABORTED)
    parts.devices.counted[DEVICE] = [
        DeviceCount("通知", "bob", SIDES, NOON),
        DeviceCount("别的", "alice", SIDES, NOON),
        DeviceCount("通知", "alice", SIDES, NOON - timedelta(hours=1)),
        DeviceCount("通知", "alice", 2, NOON),
    ]
    reconcile.watch_jobs(parts)
    with parts.database.snapshot() as session:
        job = queries.job_by_uuid(session, uuid)
    assert (job.stage, job.impressions) == (Stage.ABORTED, 2)


def test_watching_notes_what_printers_do(parts: Parts, clock: FrozenClock):
    assert isinstance(parts.devices, FakeDevices)
    for state in ("idle", "idle", "processing", None, "idle"):
        parts.devices.attributes.pop(DEVICE, None)
        if state is not None:
            parts.devices.attributes[DEVICE] = DeviceAttributes(b"", True, state, (), ())
        reconcile.watch_printers(parts)
        clock.move(timedelta(seconds=5))
    day = NOON.astimezone(parts.terms.zone).date()
    with parts.database.snapshot() as session:
        (found,) = energy_queries.printers_energy(session, day, day, parts.terms.zone)
    assert found.known.days[day] == {Power.READY: 10, Power.PRINTING: 5, Power.OFF: 5}
