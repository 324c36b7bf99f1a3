"""The energy that printers draw: time in each state times the watts from the device's label.

Energy is power over time. No printer of an office measures its own, but each says what it does
(IPP), and its maker states on the label, or in the data sheet, how many watts it draws while it
prints, while it is ready and while it sleeps (measured as IEC 62301 has it). So

    energy of a day = seconds in each state × watts of that state / 3600    (watt-hours)

is an estimate: good for comparing printers and for seeing what sleeping would save, no meter.

    state     what the printer says                                            watts
    printing  processing                                                       printing
    ready     idle                                                             ready
    stopped   stopped: it waits for a person, warm as one that is ready        ready
    asleep    a reason such as standby, suspend, hibernate, …-power-saver      sleep
    off       a reason shutdown or power-down, or it does not answer           none

What it draws while it is not printing is its standby energy. A printer that is cut off from the
network counts as off, for nobody can tell the two apart from here.

Between two looks a printer is taken to have stayed as it was at the first. Where the next look came
late (Printgate was down, or the clock was set) nothing is known of the time between: it is not
counted, and shown as unknown. An interval never crosses midnight, so each belongs to one day, and
of a printer's day the watt-hours are rounded once; every other figure is a sum of these.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from core.text import Text

GAP = timedelta(minutes=10)
"""The longest time between two looks of which is known what a printer did. The usual is seconds;
where many printers are off at night, each of which is waited for, a round takes minutes."""
MILLIWATTS_MAX = 20_000_000
_WATT_HOUR = 3_600_000
"""Milliwatts times seconds."""


class Power(StrEnum):
    """What a printer does, as far as its energy is concerned."""

    PRINTING = "printing"
    READY = "ready"
    STOPPED = "stopped"
    SLEEP = "sleep"
    OFF = "off"


STANDBY = (Power.READY, Power.STOPPED, Power.SLEEP)
"""States in which energy is drawn and nothing printed."""

ASLEEP = ("standby", "suspend", "hibernate")
"""Reasons of a printer that sleeps (PWG 5106.4); a part that does ends in -power-saver."""
_OFF = ("shutdown", "power-down")
_SEVERITY = re.compile("-(error|warning|report)$")
_STATES = {"processing": Power.PRINTING, "idle": Power.READY}


@dataclass(frozen=True)
class Label:
    """The watts on a device's label, in milliwatts; None where nobody has entered them."""

    printing: int | None = None
    ready: int | None = None
    sleep: int | None = None

    def milliwatts(self, power: Power) -> int | None:
        """Return what is drawn in a state."""
        match power:
            case Power.PRINTING:
                return self.printing
            case Power.READY | Power.STOPPED:
                return self.ready
            case Power.SLEEP:
                return self.sleep
            case Power.OFF:
                return 0


@dataclass(frozen=True)
class Open:
    """What a printer has been doing since some moment, up to the last look."""

    power: Power
    since: datetime
    seen_at: datetime


@dataclass(frozen=True)
class Interval:
    """What a printer did for a time within one day."""

    power: Power
    day: date
    since: datetime
    until: datetime

    @property
    def seconds(self) -> int:
        """Whole seconds; those of intervals that follow each other add up to the whole time."""
        return int(self.until.timestamp()) - int(self.since.timestamp())


@dataclass(frozen=True)
class Drawn:
    """Watt-hours that were drawn; None where the label lacks the watts of a state there was."""

    printing: int | None = 0
    standby: int | None = 0

    def plus(self, other: "Drawn") -> "Drawn":
        """Return both together."""
        return Drawn(_add(self.printing, other.printing), _add(self.standby, other.standby))


@dataclass(frozen=True)
class Known:
    """What is known of a printer: seconds in each state, day by day."""

    days: Mapping[date, Mapping[Power, int]] = field(default_factory=dict)

    def seconds(self, power: Power) -> int:
        """Return its seconds in a state."""
        return sum(each.get(power, 0) for each in self.days.values())

    def drawn(self, label: Label) -> Drawn:
        """Return what it drew: the sum of its days."""
        total = Drawn()
        for seconds in self.days.values():
            total = total.plus(of_day(seconds, label))
        return total


def not_watts(typed: str) -> Text:
    """Say that something is no number of watts."""
    return Text(
        "{typed} are no watts: please enter a number from 0 to 20,000, such as 850 or 0.9.",
        {"typed": typed},
    )


def power_of(state: str, reasons: tuple[str, ...]) -> Power:
    """Return what a printer does that answers with this printer-state and these reasons."""
    keywords = {_SEVERITY.sub("", each) for each in reasons}
    if state != "processing":
        if keywords & set(_OFF):
            return Power.OFF
        if keywords & set(ASLEEP) or any(each.endswith("-power-saver") for each in keywords):
            return Power.SLEEP
    return _STATES.get(state, Power.STOPPED)


def looked(
    was: Open | None, power: Power, now: datetime, zone: ZoneInfo
) -> tuple[list[Interval], Open]:
    """Return the intervals that a look at a printer ends, and what is open after it."""
    if was is None:
        return [], Open(power, now, now)
    late = now - was.seen_at
    if not timedelta(0) <= late <= GAP:
        # A clock that was set back must not count a time twice.
        begin = max(now, was.since)
        return _pieces(was.power, was.since, min(was.seen_at, now), zone), Open(power, begin, begin)
    ended = _pieces(was.power, was.since, now, zone)
    if power is not was.power:
        return ended, Open(power, now, now)
    midnight = _midnight(now, zone)
    if was.since >= midnight:
        return [], Open(power, was.since, now)
    return [each for each in ended if each.until <= midnight], Open(power, midnight, now)


def open_pieces(was: Open, zone: ZoneInfo) -> list[Interval]:
    """Return what is known of an open interval, day by day."""
    return _pieces(was.power, was.since, was.seen_at, zone)


def of_day(seconds: Mapping[Power, int], label: Label) -> Drawn:
    """Return what a printer drew on a day, in whole watt-hours."""
    return Drawn(
        _watt_hours(seconds, label, (Power.PRINTING,)), _watt_hours(seconds, label, STANDBY)
    )


def _watt_hours(
    seconds: Mapping[Power, int], label: Label, powers: tuple[Power, ...]
) -> int | None:
    total = 0
    for power in powers:
        long, milliwatts = seconds.get(power, 0), label.milliwatts(power)
        if long and milliwatts is None:
            return None
        total += long * (milliwatts or 0)
    return (total + _WATT_HOUR // 2) // _WATT_HOUR


def _add(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other


def _pieces(power: Power, since: datetime, until: datetime, zone: ZoneInfo) -> list[Interval]:
    """Return a time cut at midnights, without pieces shorter than a second."""
    return [each for each in _cut(power, since, until, zone) if each.seconds > 0]


def _cut(power: Power, since: datetime, until: datetime, zone: ZoneInfo) -> Iterator[Interval]:
    while since < until:
        day = since.astimezone(zone).date()
        end = min(until, _begin(day + timedelta(days=1), zone))
        yield Interval(power, day, since, end)
        since = end


def _midnight(moment: datetime, zone: ZoneInfo) -> datetime:
    return _begin(moment.astimezone(zone).date(), zone)


def _begin(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
