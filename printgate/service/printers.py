"""The printers that the gateway offers, what is known of them, and paper that went past it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core import audit
from core.errors import Conflict, InvalidInput
from core.ids import new_uuid
from core.people import SYSTEM, Actor
from core.text import Text, clean_line
from printgate.backend.port import BackendJob, DeviceAttributes, Queue, Supply
from printgate.energy import MILLIWATTS_MAX, Label, not_watts
from printgate.models import ForeignJobRow, PrinterRow, SupplyRow
from printgate.queries import Printer, printer

_TEXT_LENGTH_MAX = 127
# A name that every client can type into an address, and that CUPS takes for a queue.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


def add_printer(
    session: Session,
    name: str,
    queue: Queue,
    *,
    default: bool = False,
    actor: Actor,
    now: datetime,
) -> Printer:
    """Offer a queue of CUPS under a name; Conflict when the name is taken.

    InvalidInput for a name that is no name of a queue.
    """
    check_name(session, name)
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


@dataclass(frozen=True)
class PrinterFields:
    """What an administrator sets of a printer."""

    name: str
    info: str
    location: str
    coverage: float
    """Share of a page that is assumed to be marked, above 0 and at most 1."""
    label: Label


def change_printer(
    session: Session, name: str, given: PrinterFields, *, actor: Actor, now: datetime
) -> Printer:
    """Rename or describe a printer. Its jobs follow it to its new name, its clients do not.

    Entries of the ledger keep the name that the printer had when they were made.
    """
    row = _row(session, name)
    if given.name != name:
        check_name(session, given.name)
    if not 0 < given.coverage <= 1:
        raise InvalidInput(Text("Coverage is above 0 and at most 100 per cent."))
    watts = (given.label.printing, given.label.ready, given.label.sleep)
    for each in watts:
        if each is not None and not 0 <= each <= MILLIWATTS_MAX:
            raise InvalidInput(not_watts(f"{each / 1000:g}"))
    row.milliwatts_printing, row.milliwatts_ready, row.milliwatts_sleep = watts
    row.name, row.coverage = given.name, given.coverage
    row.info = clean_line(given.info, _TEXT_LENGTH_MAX) or given.name
    row.location = clean_line(given.location, _TEXT_LENGTH_MAX)
    details = {
        "name": given.name,
        "was": name,
        "coverage": given.coverage,
        "milliwatts": list(watts),
    }
    audit.record(session, actor, "printer.change", row.id, details, now)
    return printer(session, given.name)


def make_default(session: Session, name: str, *, actor: Actor, now: datetime) -> None:
    """Make a printer the one for jobs that name none; Conflict if it is retired."""
    row = _row(session, name)
    if row.retired_at is not None:
        raise Conflict(Text("A retired printer can't be the default."))
    session.execute(update(PrinterRow).values(is_default=False))
    row.is_default = True
    audit.record(session, actor, "printer.make-default", row.id, {"name": name}, now)


def retire(session: Session, name: str, *, actor: Actor, now: datetime) -> None:
    """Let a printer take no new jobs; those it has go on. Retiring it again changes nothing."""
    row = _row(session, name)
    if row.retired_at is None:
        row.retired_at, row.is_default, row.state_changed_at = now, False, now
        audit.record(session, actor, "printer.retire", row.id, {"name": name}, now)


def offer_again(session: Session, name: str, *, actor: Actor, now: datetime) -> None:
    """Take a retired printer back into use; doing so again changes nothing."""
    row = _row(session, name)
    if row.retired_at is not None:
        row.retired_at, row.state_changed_at = None, now
        audit.record(session, actor, "printer.offer-again", row.id, {"name": name}, now)


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


def _row(session: Session, name: str) -> PrinterRow:
    return session.get_one(PrinterRow, printer(session, name).id)


def check_name(session: Session, name: str) -> None:
    """Raise InvalidInput or Conflict if no printer can be called this from now on."""
    if not _NAME.fullmatch(name):
        raise InvalidInput(
            Text("A printer's name has 1 to 63 letters of the alphabet, digits, dashes or dots.")
        )
    if session.scalar(select(PrinterRow.id).where(PrinterRow.name == name)):
        raise Conflict(Text("There is already a printer called {name}.", {"name": name}))


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
