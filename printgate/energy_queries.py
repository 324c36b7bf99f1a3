"""Reads of what printers did, day by day, and of the watts on their labels."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from printgate.energy import Drawn, Interval, Known, Label, Open, Power, open_pieces
from printgate.models import PrinterRow, PrinterStateRow


@dataclass(frozen=True)
class PrinterEnergy:
    """What is known of a printer in some days."""

    name: str
    label: Label
    known: Known
    retired_at: datetime | None

    @property
    def drawn(self) -> Drawn:
        """What it drew, as far as its states are known."""
        return self.known.drawn(self.label)


def printers_energy(
    session: Session, first: date, last: date, zone: ZoneInfo
) -> list[PrinterEnergy]:
    """Return what is known of the printers in these days, by name.

    One that is retired is left out of days of which nothing is known of it.
    """
    query = (
        select(
            PrinterStateRow.printer_id,
            PrinterStateRow.day,
            PrinterStateRow.power,
            func.sum(PrinterStateRow.seconds),
        )
        .where(PrinterStateRow.day.between(first, last))
        .group_by(PrinterStateRow.printer_id, PrinterStateRow.day, PrinterStateRow.power)
    )
    found: dict[str, dict[date, dict[Power, int]]] = {}
    for printer_id, day, power, seconds in session.execute(query):
        found.setdefault(printer_id, {}).setdefault(day, {})[Power(power)] = int(seconds)
    rows = list(session.scalars(select(PrinterRow).order_by(PrinterRow.name)))
    for row in rows:
        _add_open(found.setdefault(row.id, {}), _open_pieces(row, zone), first, last)
    return [
        PrinterEnergy(row.name, label_of(row), Known(found[row.id]), row.retired_at)
        for row in rows
        if found[row.id] or row.retired_at is None
    ]


def printer_label(session: Session, printer_id: str) -> Label:
    """Return the watts on a printer's label."""
    return label_of(session.get_one(PrinterRow, printer_id))


def label_of(row: PrinterRow) -> Label:
    """Return the label of a printer's row."""
    return Label(row.milliwatts_printing, row.milliwatts_ready, row.milliwatts_sleep)


def open_of(row: PrinterRow) -> Open | None:
    """Return what a printer has been doing; None if it was never looked at."""
    if row.power is None or row.power_since is None or row.power_seen_at is None:
        return None
    return Open(Power(row.power), row.power_since, row.power_seen_at)


def _open_pieces(row: PrinterRow, zone: ZoneInfo) -> list[Interval]:
    was = open_of(row)
    return [] if was is None else open_pieces(was, zone)


def _add_open(
    days: dict[date, dict[Power, int]], pieces: Iterable[Interval], first: date, last: date
) -> None:
    for each in pieces:
        if first <= each.day <= last:
            seconds = days.setdefault(each.day, {})
            seconds[each.power] = seconds.get(each.power, 0) + each.seconds


def standby_of(found: Iterable[PrinterEnergy]) -> int | None:
    """Return the standby energy of printers in watt-hours; None where it is known of none.

    A printer of whose states or watts nothing is known adds nothing.
    """
    known = [
        drawn.standby
        for each in found
        if each.known.days and (drawn := each.drawn).standby is not None
    ]
    return sum(known) if known else None
