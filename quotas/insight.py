"""What was used, by whom, where, for what and when: rollups and what they lack, read as one.

Every figure here equals the ledger at the moment of the snapshot (rollups.py says why) and is the
sum of what another dimension of the same question shows. `Usage` reads what the rollups lack once,
for all questions of a page.

Each thing that was used is entered in one account: the office's own, a person's or a project's. A
question about days counts them all, unless it is about the office's own and its people's only; one
about a period counts what was booked in it, wherever its days lie in other periods, so it equals
the balance of that period. Projects have a period of their own.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from quotas import rollups
from quotas.accounts import AccountKind
from quotas.ledger import Balance
from quotas.models import AccountRow, BalanceRow, EntryRow, RollupRow
from quotas.periods import Period, Span
from quotas.rollups import Cell
from quotas.units import Unit


class By(StrEnum):
    """What usage is told apart by."""

    OFFICE = "office"
    PERSON = "person"
    PRINTER = "printer"
    KIND = "kind"
    DAY = "day"
    PERIOD = "period"
    """The key of the period that it was booked in."""
    PROJECT = "project"
    """The project's id; empty for what no project used."""


@dataclass(frozen=True)
class Question:
    """Which usage is meant: of a unit, on days from `first` to `last`; what is empty is any."""

    unit: Unit
    first: date
    last: date
    office_id: str = ""
    person_id: str | None = None
    """Empty for guests, None for anybody."""
    printer: str | None = None
    label: str | None = None
    period: Period | None = None
    """Only what was booked in this period."""
    own: bool = False
    """Only what the office itself and its people used, and no project."""


@dataclass(frozen=True)
class Spent:
    """So much, in so many jobs."""

    spent: int = 0
    jobs: int = 0

    def plus(self, other: "Spent") -> "Spent":
        """Return both together."""
        return Spent(self.spent + other.spent, self.jobs + other.jobs)


_COLUMNS = {
    By.OFFICE: AccountRow.office_id,
    By.PERSON: RollupRow.person_id,
    By.PRINTER: RollupRow.printer,
    By.KIND: RollupRow.label,
    By.DAY: RollupRow.day,
    By.PERIOD: RollupRow.period,
    By.PROJECT: case((AccountRow.kind == AccountKind.PROJECT, AccountRow.holder), else_=""),
}


class Usage:
    """Answers questions about usage from one snapshot."""

    def __init__(self, session: Session, zone: ZoneInfo) -> None:
        self._session, self._zone = session, zone
        after = EntryRow.seq > rollups.rolled_up_to(session)
        self._lacking = rollups.cells(session, zone, after)
        self._accounts = {
            row.id: (row.office_id, row.unit, row.holder if _of_project(row) else "")
            for row in session.scalars(select(AccountRow))
            if self._lacking
        }

    def total(self, question: Question) -> Spent:
        """Return how much it is in all."""
        return _together(self.by(By.DAY, question).values())

    def by(self, dimension: By, question: Question) -> dict[str, Spent]:
        """Return how much it is of each, most first; days as ISO dates. Guests are ""."""
        column = _COLUMNS[dimension]
        query = (
            select(column, func.sum(RollupRow.spent), func.sum(RollupRow.jobs))
            .join(AccountRow, AccountRow.id == RollupRow.account_id)
            .where(*_conditions(question))
            .group_by(column)
        )
        found = {
            _name(key): Spent(int(spent), int(jobs))
            for key, spent, jobs in self._session.execute(query)
        }
        for cell in self._lacking:
            if self._fits(cell, question):
                name = self._value(cell, dimension)
                more = Spent(cell.spent, cell.jobs)
                found[name] = found.get(name, Spent()).plus(more)
        return dict(sorted(found.items(), key=lambda each: (-each[1].spent, each[0])))

    def by_day(self, question: Question) -> dict[date, int]:
        """Return what was spent on each day, also on those without any, in order."""
        days = {date.fromordinal(n): 0 for n in _ordinals(question)}
        for day, each in self.by(By.DAY, question).items():
            days[date.fromisoformat(day)] = each.spent
        return days

    def earlier(self, question: Question, moment: datetime) -> int:
        """Return how much of a question's first day was spent before a moment of that day.

        Read from the ledger: rollups know whole days only. It is for what is booked when it
        happens (toner), whose period has that day.
        """
        begin = datetime.combine(question.first, time.min, self._zone)
        spans = (Period.of_moment(moment, self._zone, span).key for span in Span)
        query = (
            select(func.coalesce(func.sum(EntryRow.spent), 0))
            .join(AccountRow, AccountRow.id == EntryRow.account_id)
            .where(
                AccountRow.unit == question.unit,
                EntryRow.period.in_(list(spans)),
                EntryRow.at >= begin,
                EntryRow.at < moment,
            )
        )
        if question.printer is not None:
            query = query.where(EntryRow.printer == question.printer)
        return int(self._session.scalar(query) or 0)

    def _fits(self, cell: Cell, question: Question) -> bool:
        office_id, unit, project = self._accounts[cell.account_id]
        return (
            unit == question.unit
            and question.first <= cell.day <= question.last
            and question.office_id in ("", office_id)
            and question.person_id in (None, cell.person_id)
            and question.printer in (None, cell.printer)
            and question.label in (None, cell.label)
            and (question.period is None or question.period.key == cell.period)
            and not (question.own and project)
        )

    def _value(self, cell: Cell, dimension: By) -> str:
        match dimension:
            case By.OFFICE:
                return self._accounts[cell.account_id][0]
            case By.PERSON:
                return cell.person_id
            case By.PRINTER:
                return cell.printer
            case By.KIND:
                return cell.label
            case By.DAY:
                return cell.day.isoformat()
            case By.PERIOD:
                return cell.period
            case By.PROJECT:
                return self._accounts[cell.account_id][2]


def balances(session: Session, unit: Unit, periods: Iterable[Period]) -> dict[str, Balance]:
    """Return each office's balance over these periods with its people's, by the office's id."""
    query = (
        select(
            AccountRow.office_id,
            func.sum(BalanceRow.granted),
            func.sum(BalanceRow.held),
            func.sum(BalanceRow.spent),
        )
        .join(AccountRow, AccountRow.id == BalanceRow.account_id)
        .where(
            AccountRow.unit == unit,
            BalanceRow.period.in_([period.key for period in periods]),
        )
        .group_by(AccountRow.office_id)
    )
    return {
        office_id: Balance(int(granted), int(held), int(spent))
        for office_id, granted, held, spent in session.execute(query)
    }


def granted_to_projects(
    session: Session, unit: Unit, since: datetime, before: datetime
) -> dict[str, int]:
    """Return what each office's projects got, less what they gave back, by the office's id."""
    query = (
        select(AccountRow.office_id, func.sum(EntryRow.granted))
        .join(EntryRow, EntryRow.account_id == AccountRow.id)
        .where(
            AccountRow.kind == AccountKind.PROJECT,
            AccountRow.unit == unit,
            EntryRow.at >= since,
            EntryRow.at < before,
        )
        .group_by(AccountRow.office_id)
    )
    return {office_id: int(granted) for office_id, granted in session.execute(query)}


def of_period(
    unit: Unit, period: Period, office_id: str = "", person_id: str | None = None
) -> Question:
    """Return the question about a period: its days add up to what its balances have spent."""
    days = period.days()
    return Question(unit, days[0], days[-1], office_id, person_id, period=period)


def _of_project(row: AccountRow) -> bool:
    return row.kind == AccountKind.PROJECT


def _conditions(question: Question) -> Iterator[ColumnElement[bool]]:
    accounts = select(AccountRow.id).where(AccountRow.unit == question.unit)
    if question.office_id:
        accounts = accounts.where(AccountRow.office_id == question.office_id)
    if question.own:
        accounts = accounts.where(AccountRow.kind != AccountKind.PROJECT)
    yield RollupRow.account_id.in_(accounts)
    yield RollupRow.day.between(question.first, question.last)
    for column, wanted in (
        (RollupRow.person_id, question.person_id),
        (RollupRow.printer, question.printer),
        (RollupRow.label, question.label),
        (RollupRow.period, question.period.key if question.period else None),
    ):
        if wanted is not None:
            yield column == wanted


def _ordinals(question: Question) -> range:
    return range(question.first.toordinal(), question.last.toordinal() + 1)


def _together(found: Iterable[Spent]) -> Spent:
    total = Spent()
    for each in found:
        total = total.plus(each)
    return total


def _name(key: object) -> str:
    return key.isoformat() if isinstance(key, date) else str(key)
