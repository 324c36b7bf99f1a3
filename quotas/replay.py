"""The dry run: what other grants would have refused of what really was asked for.

The ledger knows every reservation of a span that is over and how it ended; who was refused is known
from the jobs. All this happens once more, in its order, against accounts that begin each period
with what a plan would have granted. An account that has less left than a job needs refuses it, as
the real one does; what it refuses it neither holds nor spends later.

What is taken to be so, where nobody can know:

* The plan was in force before the span began, and nothing but the plan gave the offices sheets:
  grants and corrections by hand of that time are left out, for they answered to other grants.
* Transfers to and from the accounts of people and projects happened, as far as something was left.
* Into the first period there went what really went there, up to the plan's cap.
* A job that is refused is not sent again, and nobody prints less because little is left.
* A job that was refused then for want of sheets, and now is not, takes what it needed, at once.
* What limits or a project's account refused stays refused: a plan does not move them.
* Accounts are kept in the periods in which they are kept now.

An account that no plan is for has what it really had. Replayed so, every account refuses exactly
what it really refused: a test holds random histories against this.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from quotas.ledger import Kind
from quotas.periods import Period, Span
from quotas.plans import carried


class Line(NamedTuple):
    """An entry of the ledger, as far as it matters here."""

    at: datetime
    kind: str
    account_id: str
    period: str
    granted: int
    held: int
    spent: int
    reservation_id: str | None
    person_id: str | None
    transfer_id: str | None


@dataclass(frozen=True)
class Turned:
    """A job that the account turned away at the time: it had too little left."""

    id: str
    at: datetime
    account_id: str
    person_id: str | None
    needed: int


@dataclass(frozen=True)
class Opening:
    """A period begins, with what a plan grants for it."""

    at: datetime
    account_id: str
    period: Period
    granted: int
    first: bool
    """Whether it is the first that is looked at: none before it gives anything to it."""


Event = Line | Turned | Opening
Place = tuple[str, str]
"""An account and the key of a period."""


@dataclass(frozen=True)
class Stretch:
    """Entries that follow each other, summed up, so that a long ledger need not be read through."""

    last_at: datetime
    sums: Mapping[Place, tuple[int, int]]
    """By how much an account's rest changes in all, and how far it can fall meanwhile at most."""
    plain: bool
    """Whether they are reservations, their ends and bookings only."""
    lines: Callable[[], Iterable[Line]]


@dataclass(frozen=True)
class Kept:
    """How an account is kept; `carry_max` where a plan is to be tried on it, else None."""

    span: Span
    carry_max: int | None = None


@dataclass(frozen=True)
class Refused:
    """A job that would have been refused."""

    id: str
    at: datetime
    account_id: str
    period: str
    person_id: str | None
    sheets: int
    really: bool
    """Whether it was refused at the time, too."""


class Replay:
    """Accounts as they would have stood."""

    def __init__(self, accounts: Mapping[str, Kept], zone: ZoneInfo) -> None:
        self._accounts, self._zone = accounts, zone
        self._left: dict[Place, int] = {}
        self._first: dict[str, str] = {}
        self._refused: set[str] = set()
        """Reservations that were not made here and whose end is still to come."""
        self._elsewhere: dict[str, Place] = {}
        """Open reservations that were made in a period of another span than the account's."""
        self._moving: dict[str, int] = {}
        """What left an account by a transfer and has not arrived."""
        self.ran_dry: dict[Place, datetime] = {}
        """When an account first had nothing left in a period, or too little for a job."""

    def run(self, events: Iterable[Event]) -> Iterator[Refused]:
        """Let all this happen; yield what is refused, when it is."""
        for event in events:
            refused = None
            match event:
                case Line():
                    if event.kind == Kind.RESERVE:
                        refused = self._reserve(event)
                    else:
                        self._enter(event)
                case Turned():
                    refused = self._ask_again(event)
                case Opening():
                    self._open(event)
            if refused is not None:
                yield refused

    def passes(self, stretch: Stretch) -> bool:
        """Tell whether nothing of a stretch can be refused, and then let all of it happen at once.

        An account that has more left than it can lose refuses nothing and does not run dry.
        """
        if not stretch.plain or self._refused or self._elsewhere:
            return False
        for place, (_, falls) in stretch.sums.items():
            if falls >= self._left.get(place, 0) or self._foreign(*place):
                return False
        for place, (change, _) in stretch.sums.items():
            self._left[place] += change
        return True

    def _foreign(self, account_id: str, period: str) -> bool:
        """Tell whether a period is of another span than an account on which a plan is tried."""
        account = self._accounts[account_id]
        return account.carry_max is not None and _span(period) is not account.span

    def _reserve(self, line: Line) -> Refused | None:
        place = self._place(line)
        if self._take(place, line.held, line.at):
            return None
        assert line.reservation_id is not None
        self._refused.add(line.reservation_id)
        return Refused(
            line.reservation_id, line.at, *place, line.person_id, line.held, really=False
        )

    def _ask_again(self, job: Turned) -> Refused | None:
        period = Period.of_moment(job.at, self._zone, self._accounts[job.account_id].span)
        place = (job.account_id, period.key)
        if self._take(place, job.needed, job.at):
            return None
        return Refused(job.id, job.at, *place, job.person_id, job.needed, really=True)

    def _open(self, opening: Opening) -> None:
        account_id, period = opening.account_id, opening.period
        units = opening.granted
        if opening.first:
            self._first[account_id] = period.key
        else:
            left = self._left.get((account_id, period.previous().key), 0)
            units += carried(left, self._accounts[account_id].carry_max or 0)
        place = (account_id, period.key)
        self._left[place] = self._left.get(place, 0) + units

    def _enter(self, line: Line) -> None:
        match line.kind:
            case Kind.SETTLE | Kind.RELEASE | Kind.EXPIRE:
                self._end(line)
            case Kind.BOOK:
                self._add(self._place(line), -line.spent, line.at)
            case Kind.TRANSFER:
                self._move(line)
            case Kind.CARRY if self._accounts[line.account_id].carry_max is not None:
                self._carry_into_the_first(line)
            case Kind.CARRY:
                self._move(line)
            case Kind.GRANT | Kind.EMERGENCY | Kind.ADJUST:
                if self._accounts[line.account_id].carry_max is None:
                    self._add(self._place(line), line.granted, line.at)
            case _:
                pass  # a renewal moves nothing

    def _end(self, line: Line) -> None:
        assert line.reservation_id is not None
        if line.reservation_id in self._refused:
            self._refused.remove(line.reservation_id)
            return
        place = self._elsewhere.pop(line.reservation_id, None) or self._place(line)
        self._add(place, -line.held - line.spent, line.at)

    def _carry_into_the_first(self, line: Line) -> None:
        cap = self._accounts[line.account_id].carry_max
        into_the_first = line.period == self._first.get(line.account_id)
        if cap is not None and line.granted > 0 and into_the_first:
            self._add((line.account_id, line.period), min(line.granted, cap), line.at)

    def _move(self, line: Line) -> None:
        """Move what the one has left, and no more to the other: it gives before that gets."""
        place = self._place(line)
        assert line.transfer_id is not None
        if line.granted < 0:
            units = min(-line.granted, max(0, self._left.get(place, 0)))
            self._moving[line.transfer_id] = units
            self._add(place, -units, line.at)
        else:
            units = self._moving.pop(line.transfer_id, line.granted)
            self._add(place, units, line.at)

    def _place(self, line: Line) -> Place:
        if not self._foreign(line.account_id, line.period):
            return line.account_id, line.period
        span = self._accounts[line.account_id].span
        place = (line.account_id, Period.of_moment(line.at, self._zone, span).key)
        if line.kind == Kind.RESERVE and line.reservation_id is not None:
            self._elsewhere[line.reservation_id] = place
        return place

    def _take(self, place: Place, needed: int, at: datetime) -> bool:
        left = self._left.get(place, 0)
        if left < needed:
            self.ran_dry.setdefault(place, at)
            return False
        self._left[place] = left - needed
        if left == needed:
            self.ran_dry.setdefault(place, at)
        return True

    def _add(self, place: Place, units: int, at: datetime) -> None:
        left = self._left.get(place, 0) + units
        self._left[place] = left
        if left <= 0 and units < 0:
            self.ran_dry.setdefault(place, at)


@cache
def _span(key: str) -> Span:
    return Period.of_key(key).span


def in_order(
    stretches: Iterable[Stretch],
    turned: Iterable[Turned],
    openings: Iterable[Opening],
    passes: Callable[[Stretch], bool],
) -> Iterator[Event]:
    """Yield all as it happened: entries in the order of the ledger, the others by their time.

    At one moment a period begins first, then come the entries, then what was turned away. A stretch
    in which nothing else happens is left out where it `passes`, which is asked when its turn comes.
    """
    others: list[tuple[datetime, int, Opening | Turned]] = [(each.at, 0, each) for each in openings]
    others += [(each.at, 2, each) for each in turned]
    others.sort(key=lambda each: each[:2])
    waiting = deque(others)
    for stretch in stretches:
        alone = not waiting or waiting[0][0] > stretch.last_at
        if alone and passes(stretch):
            continue
        for line in stretch.lines():
            while waiting and waiting[0][0] <= line.at and waiting[0][:2] < (line.at, 1):
                yield waiting.popleft()[2]
            yield line
    for _, _, other in waiting:
        yield other


@dataclass(frozen=True)
class Count:
    """So many jobs, and the sheets that they needed."""

    jobs: int = 0
    sheets: int = 0

    def plus(self, sheets: int) -> "Count":
        """Return the count with one more job."""
        return Count(self.jobs + 1, self.sheets + sheets)


@dataclass(frozen=True)
class Outcome:
    """What would have been refused on some days, beside what was."""

    would: Count
    really: Count
    again: Count
    """What was refused then and would have been refused all the same."""
    people: Mapping[str, Count]
    """Whose jobs would have been refused; guests are ""."""

    @property
    def newly(self) -> Count:
        """What went through then and would have been refused."""
        return Count(self.would.jobs - self.again.jobs, self.would.sheets - self.again.sheets)

    @property
    def spared(self) -> Count:
        """What was refused then and would have gone through."""
        return Count(self.really.jobs - self.again.jobs, self.really.sheets - self.again.sheets)


def outcome(
    refused: Iterable[Refused], turned: Iterable[Turned], days: tuple[date, date], zone: ZoneInfo
) -> Outcome:
    """Return what was refused from the first to the last of these days."""

    def counts(at: datetime) -> bool:
        return days[0] <= at.astimezone(zone).date() <= days[1]

    would, again, people = Count(), Count(), dict[str, Count]()
    for each in refused:
        if counts(each.at):
            would = would.plus(each.sheets)
            again = again.plus(each.sheets) if each.really else again
            name = each.person_id or ""
            people[name] = people.get(name, Count()).plus(each.sheets)
    really = Count()
    for job in turned:
        really = really.plus(job.needed) if counts(job.at) else really
    most_first = sorted(people.items(), key=lambda each: (-each[1].sheets, each[0]))
    return Outcome(would, really, again, dict(most_first))
