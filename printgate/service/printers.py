"""The printers that the gateway offers, what is known of them, and paper that went past it."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core import audit
from core.errors import Conflict
from core.ids import new_uuid
from core.people import SYSTEM, Actor
from core.text import Text, clean_line
from printgate.backend.port import BackendJob, DeviceAttributes, Queue, Supply
from printgate.models import ForeignJobRow, PrinterRow, SupplyRow
from printgate.queries import Printer, printer

_TEXT_LENGTH_MAX = 127


def add_printer(
    session: Session,
    name: str,
    queue: Queue,
    *,
    default: bool = False,
    actor: Actor,
    now: datetime,
) -> Printer:
    """Offer a queue of CUPS under a name; Conflict when the name is taken."""
    if session.scalar(select(PrinterRow.id).where(PrinterRow.name == name)):
        raise Conflict(Text("There is already a printer called {name}.", {"name": name}))
    if default:
        session.execute(update(PrinterRow).values(is_default=False))
    row = PrinterRow(
        id=new_uuid(),
        name=name,
        info=clean_line(queue.info or name, _TEXT_LENGTH_MAX),
        location=clean_line(queue.location, _TEXT_LENGTH_MAX),
        is_default=default,
        queue=queue.name,
        device_uri=queue.device_uri,
        state_changed_at=now,
    )
    session.add(row)
    session.flush()
    audit.record(session, actor, "printer.add", row.id, {"name": name, "queue": queue.name}, now)
    return printer(session, name)


def printer_seen(
    session: Session,
    printer_id: str,
    queue: Queue | None,
    device: DeviceAttributes | None,
    *,
    now: datetime,
) -> None:
    """Note what CUPS and the printer itself say now; None means that they did not answer."""
    row = session.get_one(PrinterRow, printer_id)
    state, reasons = _state(queue, device)
    if (state, reasons) != (row.state, tuple(row.state_reasons)):
        row.state, row.state_reasons, row.state_changed_at = state, list(reasons), now
    row.reachable, row.polled_at = device is not None, now
    if queue is not None:
        row.device_uri = queue.device_uri
    if device is not None:
        row.attributes, row.two_sided = device.encoded, device.two_sided
        _note_supplies(session, row, device.supplies, now)


def note_foreign_jobs(session: Session, jobs: Iterable[BackendJob], *, now: datetime) -> int:
    """Book jobs in CUPS that are not ours as uncontrolled paper; return how many are new.

    Nobody's quota pays for them; the page of uncontrolled paper shows them and their sheets.
    """
    added = 0
    for job in jobs:
        row = session.scalar(
            select(ForeignJobRow).where(
                ForeignJobRow.queue == job.queue,
                ForeignJobRow.backend_job_id == job.id,
                ForeignJobRow.created_at == job.created_at,
            )
        )
        if row is None:
            row = ForeignJobRow(
                queue=job.queue,
                backend_job_id=job.id,
                created_at=job.created_at,
                user=clean_line(job.user, _TEXT_LENGTH_MAX),
                sheets=0,
                impressions=0,
                state=job.state,
                seen_at=now,
            )
            session.add(row)
            session.flush()
            subject = f"{job.queue}:{job.id}"
            audit.record(session, SYSTEM, "foreign-job.seen", subject, {"user": row.user}, now)
            added += 1
        row.state, row.impressions = job.state, job.impressions
        # One side a sheet is the least favourable reading, and nothing says otherwise.
        row.sheets = job.impressions
    return added


def _state(queue: Queue | None, device: DeviceAttributes | None) -> tuple[str, tuple[str, ...]]:
    if queue is None:
        return "stopped", ("connecting-to-device", "shutdown")
    if queue.state == "stopped":
        return "stopped", tuple(dict.fromkeys((*queue.state_reasons, "paused")))
    if device is None:
        return "stopped", ("offline-report",)
    reasons = tuple(dict.fromkeys((*device.state_reasons, *queue.state_reasons)))
    return (device.state, reasons)


def _note_supplies(
    session: Session, row: PrinterRow, supplies: Iterable[Supply], now: datetime
) -> None:
    for supply in supplies:
        name = clean_line(supply.name, _TEXT_LENGTH_MAX)
        newest = session.scalar(
            select(SupplyRow.level)
            .where(SupplyRow.printer_id == row.id, SupplyRow.name == name)
            .order_by(SupplyRow.id.desc())
            .limit(1)
        )
        if newest == supply.level:
            continue
        session.add(
            SupplyRow(
                printer_id=row.id,
                kind=supply.kind[:64],
                name=name,
                level=supply.level,
                level_max=supply.level_max,
                at=now,
            )
        )
