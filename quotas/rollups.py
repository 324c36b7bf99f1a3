"""Rollups: what was spent, summed up by day, person, printer and kind, so that pages are quick.

The ledger is the truth and the rollups are made from it, in order: they hold every entry up to a
number, `RolledRow.seq`, and none above. What a page shows is the rollups and, from the ledger
itself, the few entries after that number, read in one snapshot. So a figure equals the ledger at
every moment, however far behind the rollups are; if they are lost, they are made again.

How far may they go? On SQLite there is one writer: whatever is committed is followed by higher
numbers only. PostgreSQL hands a number out when an entry is written, and commits when it likes:
entry 7 may become visible after entry 8, and would be missed by whoever has gone on to 8. So it is
done as CREATE INDEX CONCURRENTLY does it. First the newest number that can be seen is read; any
lower number that is still to come belongs to a transaction which had the lock on the table that
every INSERT takes before it gets its number, and which keeps that lock to its end. Then those who
hold that lock are noted, and awaited. When the last of them is gone, every entry up to the number
is there for good or will never be. Nobody is stopped meanwhile. (It rests on numbers being handed
out in order: the sequence caches none.)

The day of an entry is the office's local day, but never one outside the entry's period: what came
out on the first of a month for a job of the month before counts on that month's last day. So the
days of a period add up to the period. A project's one period has all days.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Executable, delete, func, select, text
from sqlalchemy.orm import Session

from core.db import dialect_of, insert_new, insert_or, locked
from core.local_days import local_day
from core.text import clean_line
from quotas.models import AccountRow, EntryRow, RolledRow, RollupRow
from quotas.periods import WHOLE, Period
from quotas.units import Unit

BATCH = 20_000
"""Entries rolled up in one transaction, which on SQLite keeps all other writers waiting."""

_ID = 1
_KEY = ("account_id", "day", "period", "person_id", "printer", "label")
_WRITERS = text(
    "SELECT virtualtransaction FROM pg_locks WHERE locktype = 'relation' AND granted "
    "AND relation = CAST('entries' AS regclass) AND mode = 'RowExclusiveLock' "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


@dataclass(frozen=True)
class Cell:
    """What was spent of an account on a day by one person at one printer for one kind of job."""

    account_id: str
    day: date
    period: str
    person_id: str
    """Empty for guests."""
    printer: str
    label: str
    spent: int
    jobs: int

    @property
    def key(self) -> tuple[str, date, str, str, str, str]:
        """What there is one cell of."""
        return (
            self.account_id,
            self.day,
            self.period,
            self.person_id,
            self.printer,
            self.label,
        )


@dataclass(frozen=True)
class Disagreement:
    """A period of an account whose rollups are not the sums of its entries."""

    office_id: str
    unit: Unit
    period: str
    rolled: int
    entered: int
    cells: int
    """How many days, people, printers or kinds it concerns."""


def newest(session: Session) -> int:
    """Return the number of the newest entry that can be seen; 0 if there is none."""
    return session.scalar(select(func.max(EntryRow.seq))) or 0


def writers(session: Session) -> frozenset[str]:
    """Return the transactions that may still commit an entry whose number was handed out before."""
    if dialect_of(session) == "sqlite":
        return frozenset()
    return frozenset(session.scalars(_WRITERS))


def roll(session: Session, upto: int, zone: ZoneInfo, *, batch: int = BATCH) -> bool:
    """Take the next entries into the rollups, none above `upto`; tell whether more are left.

    Below `upto` no entry may be missing that is still to come: see `newest` and `writers`.
    """
    state = _state(session, zone)
    if state.zone != zone.key:
        _forget(session, state, zone)
    if state.seq >= upto:
        return False
    after = EntryRow.seq > state.seq
    query = select(EntryRow.seq).where(after, EntryRow.seq <= upto).order_by(EntryRow.seq)
    end = session.scalar(query.offset(batch - 1).limit(1)) or upto
    found = cells(session, zone, after, EntryRow.seq <= end)
    if found:
        session.execute(_add(dialect_of(session)), [vars(cell) for cell in found])
    state.seq = end
    return end < upto


def rebuild(session: Session, zone: ZoneInfo) -> None:
    """Forget the rollups; they are made again from the first entry on, and figures stay right."""
    _forget(session, _state(session, zone), zone)


def rolled_up_to(session: Session) -> int:
    """Return the number of the last entry that the rollups hold."""
    return session.scalar(select(RolledRow.seq)) or 0


def cells(session: Session, zone: ZoneInfo, *where: ColumnElement[bool]) -> list[Cell]:
    """Return what these entries have spent, summed up."""
    of_all = (func.count(), func.min(EntryRow.at), func.max(EntryRow.at))
    count, first, last = session.execute(select(*of_all).where(EntryRow.spent != 0, *where)).one()
    if not count:
        return []
    keys = (
        EntryRow.account_id,
        _day(session, zone, (first, last)),
        EntryRow.period,
        func.coalesce(EntryRow.person_id, ""),
        EntryRow.printer,
        EntryRow.label,
    )
    query = (
        select(*keys, func.sum(EntryRow.spent), func.count())
        .where(EntryRow.spent != 0, *where)
        .group_by(*keys)
    )
    return _in_their_periods(Cell(*row[:6], int(row[6]), row[7]) for row in session.execute(query))


def disagreements(session: Session) -> list[Disagreement]:
    """Return every period of an account whose rollups are not the sums of its entries."""
    state = session.get(RolledRow, _ID)
    if state is None:
        return []
    zone, found = ZoneInfo(state.zone), []
    for account in session.scalars(select(AccountRow)):
        for period in _periods(session, account.id):
            rolled = _rolled(session, account.id, period)
            entered = _summed(
                cells(
                    session,
                    zone,
                    EntryRow.account_id == account.id,
                    EntryRow.period == period,
                    EntryRow.seq <= state.seq,
                )
            )
            if rolled != entered:
                found.append(_disagreement(account, period, rolled, entered))
    return found


_Sums = dict[tuple[str, date, str, str, str, str], tuple[int, int]]


def _disagreement(account: AccountRow, period: str, rolled: _Sums, entered: _Sums) -> Disagreement:
    wrong = {key for key in rolled | entered if rolled.get(key) != entered.get(key)}
    return Disagreement(
        account.office_id,
        Unit(account.unit),
        clean_line(period, 7),
        sum(spent for spent, _ in rolled.values()),
        sum(spent for spent, _ in entered.values()),
        len(wrong),
    )


def _periods(session: Session, account_id: str) -> list[str]:
    of_entries = select(EntryRow.period).where(EntryRow.account_id == account_id).distinct()
    of_rollups = select(RollupRow.period).where(RollupRow.account_id == account_id).distinct()
    return sorted(set(session.scalars(of_entries)) | set(session.scalars(of_rollups)))


def _rolled(session: Session, account_id: str, period: str) -> _Sums:
    columns = [getattr(RollupRow, name) for name in (*_KEY, "spent", "jobs")]
    query = select(*columns).where(RollupRow.account_id == account_id, RollupRow.period == period)
    return _summed(Cell(*row) for row in session.execute(query))


def _summed(found: Iterable[Cell]) -> _Sums:
    return {cell.key: (cell.spent, cell.jobs) for cell in found}


def _day(
    session: Session, zone: ZoneInfo, within: tuple[datetime, datetime]
) -> ColumnElement[date]:
    return local_day(EntryRow.__table__.c.at, zone, dialect_of(session), within)


def _in_their_periods(found: Iterable[Cell]) -> list[Cell]:
    """Return cells none of which has a day outside its period; those that then agree are one."""
    sums: dict[tuple[str, date, str, str, str, str], list[int]] = {}
    for cell in found:
        first, last = _ends(cell.period)
        day = min(max(cell.day, first), last)
        total = sums.setdefault((cell.account_id, day, *cell.key[2:]), [0, 0])
        total[0] += cell.spent
        total[1] += cell.jobs
    return [Cell(*key, *total) for key, total in sums.items()]


@cache
def _ends(key: str) -> tuple[date, date]:
    period = Period.of_key(key)
    if period == WHOLE:  # a project's one period has all days
        return date.min, date.max
    days = period.days()
    return days[0], days[-1]


@cache
def _add(dialect: str) -> Executable:
    new = insert_or(dialect, RollupRow)
    more = {name: RollupRow.__table__.c[name] + new.excluded[name] for name in ("spent", "jobs")}
    return new.on_conflict_do_update(index_elements=list(_KEY), set_=more)


def _state(session: Session, zone: ZoneInfo) -> RolledRow:
    """Return the row that says how far the rollups go: nobody else's until this is committed."""
    state = locked(session, RolledRow, _ID)
    if state is None:
        insert_new(session, RolledRow, id=_ID, seq=0, zone=zone.key)
        state = locked(session, RolledRow, _ID)
    assert state is not None
    return state


def _forget(session: Session, state: RolledRow, zone: ZoneInfo) -> None:
    session.execute(delete(RollupRow))
    state.seq, state.zone = 0, zone.key
