"""The energy of printers as tables: hours in each state and kilowatt-hours, with their sums.

Hours are written to the second and kilowatt-hours to the watt-hour, so what is shown adds up.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from printgate.energy import Drawn, Power, of_day
from printgate.energy_queries import PrinterEnergy
from quotas.periods import Period
from web.energy_words import POWERS
from web.language import day, sentence, words
from web.tables import Cell, Column, Table, told


@dataclass(frozen=True)
class Elapsed:
    """How much of some days is over, for who looks at a printer now."""

    now: datetime
    zone: ZoneInfo

    def seconds(self, first: date, last: date, retired_at: datetime | None) -> int:
        """Return the seconds of these days that are over; a retired printer's end then."""
        begin = datetime(first.year, first.month, first.day, tzinfo=self.zone)
        after = last + timedelta(days=1)
        end = min(self.now, datetime(after.year, after.month, after.day, tzinfo=self.zone))
        if retired_at is not None:
            end = min(end, retired_at)
        return max(0, int(end.timestamp()) - int(begin.timestamp()))


def of_printers(found: Sequence[PrinterEnergy], span: Period, elapsed: Elapsed) -> Table:
    """Return a line for each printer; its name leads to its days."""
    days = span.days()
    rows = []
    for each in found:
        path = f"/office/energy?{urlencode({'span': span.key, 'printer': each.name})}#days"
        seconds = {power: each.known.seconds(power) for power in Power}
        over = elapsed.seconds(days[0], days[-1], each.retired_at)
        drawn = each.drawn if each.known.days else Drawn(None, None)
        rows.append([told(each.name, path), *_cells(seconds, over, drawn)])
    note = sentence(
        "Unknown is the time in which Printgate did not look at a printer: it is not counted. A "
        "printer without a figure lacks the watts of a state that it was in."
    )
    nothing = sentence("No printer has been set up here yet.")
    columns = _columns(sentence("Printer"))
    return Table(
        "printers", sentence("Printers"), columns, rows, _total(rows), note=note, nothing=nothing
    )


def of_days(found: PrinterEnergy, elapsed: Elapsed) -> Table:
    """Return a line for each day of which something is known of a printer."""
    rows = []
    for each, seconds in sorted(found.known.days.items()):
        over = elapsed.seconds(each, each, found.retired_at)
        rows.append([told(day(each)), *_cells(seconds, over, of_day(seconds, found.label))])
    return Table(
        "days",
        sentence("Days of {printer}", printer=found.name),
        _columns(sentence("Day")),
        rows,
        _total(rows),
        nothing=sentence("Nothing is known of this printer in this time."),
    )


def _columns(first: str) -> list[Column]:
    states = [Column(words(text), number=True) for text in POWERS.values()]
    return [
        Column(first, wide=2),
        *states,
        Column(sentence("unknown"), number=True),
        Column(sentence("Printing, kWh"), number=True),
        Column(sentence("Standby, kWh"), number=True),
    ]


def _cells(seconds: Mapping[Power, int], over: int, drawn: Drawn) -> Iterator[Cell]:
    for power in POWERS:
        yield _hours(seconds.get(power, 0))
    yield _hours(max(0, over - sum(seconds.values())))
    yield _kilowatt_hours(drawn.printing)
    yield _kilowatt_hours(drawn.standby)


def _hours(seconds: int) -> Cell:
    said = f"{seconds // 3600:,}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return Cell(said, seconds)


def _kilowatt_hours(watt_hours: int | None) -> Cell:
    return Cell("—", 0) if watt_hours is None else Cell(f"{watt_hours / 1000:,.3f}", watt_hours)


def _total(rows: Iterable[Sequence[Cell]]) -> list[Cell]:
    columns = list(zip(*rows, strict=True))
    if not columns:
        return []
    sums = [sum(int(cell.value) for cell in column) for column in columns[1:]]
    *hours, printing, standby = sums
    return [
        told(sentence("Sum")),
        *map(_hours, hours),
        _kilowatt_hours(printing),
        _kilowatt_hours(standby),
    ]
