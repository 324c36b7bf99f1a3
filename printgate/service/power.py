"""Noting what printers do: an interval is written down when it is over, and never changed."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from core.db import locked
from core.ids import new_uuid
from printgate import energy
from printgate.backend.port import DeviceAttributes
from printgate.energy import Power
from printgate.energy_queries import open_of
from printgate.models import PrinterRow, PrinterStateRow


def note_power(
    session: Session,
    printer_id: str,
    device: DeviceAttributes | None,
    *,
    now: datetime,
    zone: ZoneInfo,
) -> None:
    """Note what a printer does now; None means that it did not answer."""
    row = locked(session, PrinterRow, printer_id)
    if row is None:
        return
    power = Power.OFF if device is None else energy.power_of(device.state, device.state_reasons)
    ended, now_open = energy.looked(open_of(row), power, now, zone)
    for each in ended:
        session.add(
            PrinterStateRow(
                id=new_uuid(),
                printer_id=row.id,
                power=each.power,
                day=each.day,
                since=each.since,
                until=each.until,
                seconds=each.seconds,
            )
        )
    row.power, row.power_since = now_open.power, now_open.since
    row.power_seen_at = now_open.seen_at
