"""Where a dry run meets the ledger: the entries of an office are streamed past its draft."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from itertools import groupby
from operator import itemgetter
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from core.db import table
from quotas import planning, queries
from quotas.accounts import AccountKind
from quotas.drafts import Draft
from quotas.models import AccountRow, BalanceRow, EntryRow
from quotas.periods import Period, Span
from quotas.plans import Plan
from quotas.replay import (
    Kept,
    Line,
    Opening,
    Outcome,
    Replay,
    Stretch,
    Turned,
    in_order,
    outcome,
)
from quotas.units import Unit

_AT_A_TIME = 2000
STRETCH = 20_000
"""How many numbers of the ledger are summed up together: of all offices, so few are of one."""

_ENTRY = table(EntryRow).c
_PLACE = (_ENTRY.account_id, _ENTRY.period)
_TAKES = _ENTRY.held + _ENTRY.spent
_SUMS = (
    func.max(case((_ENTRY.granted != 0, 1), else_=0)),
    func.sum(-_TAKES),
    func.sum(case((_TAKES > 0, _TAKES), else_=0)),
)


@dataclass(frozen=True)
class Asked:
    """A job that was refused for want of sheets, as whoever keeps the jobs tells it."""

    id: str
    at: datetime
    office_id: str
    person_id: str | None
    needed: int


@dataclass(frozen=True)
class Trial:
    """What a draft, or else the plan in force, would have meant for an office."""

    office_id: str
    draft: Draft
    outcome: Outcome
    granted: int
    """What the plan would have given the office in the periods that the span has a part of."""
    really_granted: int
    """What the office and its people were given in them, what was carried into them included."""
    dry: Mapping[str, date]
    """On which day the office's own account would have run dry, by the key of the period."""

    @property
    def planned(self) -> bool:
        """Whether there is a plan to try."""
        return self.draft.plan is not None


class Past:
    """A span that is looked back on: a month, quarter or year."""

    def __init__(
        self, session: Session, unit: Unit, span: Period, zone: ZoneInfo, stretch: int = STRETCH
    ) -> None:
        self._session, self._unit, self._span, self._zone = session, unit, span, zone
        self._stretch = stretch
        self._used: dict[str, dict[str, int]] = {}
        before = Period(span.year - 1, 1, Span.YEAR)
        for (office_id, key), spent in queries.used(session, unit, before).items():
            self._used.setdefault(office_id, {})[key] = spent
        self._drafts = planning.drafts(session, unit)
        self._in_force = planning.in_force(session, unit)

    @property
    def begin(self) -> datetime:
        """From when on jobs that were refused matter: accounts may be kept by the year."""
        return self._span.within(Span.YEAR).bounds(self._zone)[0]

    @property
    def end(self) -> datetime:
        """The first moment after the span."""
        return self._span.bounds(self._zone)[1]

    def trial(self, office_id: str, asked: Iterable[Asked]) -> Trial:
        """Return what an office's draft, or else its plan in force, would have meant.

        Without either it refuses what it refused, as `tried` would find; no entry is read for that.
        """
        draft = self._draft(office_id)
        return self.tried(office_id, draft, asked, read=draft.plan is not None)

    def tried(
        self, office_id: str, draft: Draft, asked: Iterable[Asked], *, read: bool = True
    ) -> Trial:
        """Return what a draft would have meant; without a plan, all is as it really was.

        Unless the entries are read, nothing but what was asked for is refused.
        """
        rows = {row.id: row for row in self._accounts(office_id)}
        own = next((row for row in rows.values() if not row.holder), None)
        if own is None:
            return Trial(office_id, draft, outcome((), (), self._days, self._zone), 0, 0, {})
        turned = [_turned(each, own, rows.values()) for each in asked]
        periods = self._periods(Span(own.span))
        openings = list(self._openings(own.id, office_id, draft.plan, periods))
        accounts = {row.id: Kept(Span(row.span)) for row in rows.values()}
        if draft.plan is not None:
            accounts[own.id] = Kept(Span(own.span), draft.carry_max)
        run = Replay(accounts, self._zone)
        stretches = self._stretches(list(rows), periods) if read else ()
        refused = run.run(in_order(stretches, turned, openings, run.passes))
        found = outcome(refused, turned, self._days, self._zone)
        dry = {
            key: at.astimezone(self._zone).date()
            for (account_id, key), at in run.ran_dry.items()
            if account_id == own.id
        }
        return Trial(
            office_id,
            draft,
            found,
            sum(each.granted for each in openings),
            self._given(list(rows), periods),
            {key: day for key, day in dry.items() if self._days[0] <= day <= self._days[1]},
        )

    def _accounts(self, office_id: str) -> list[AccountRow]:
        return list(
            self._session.scalars(
                select(AccountRow).where(
                    AccountRow.office_id == office_id,
                    AccountRow.unit == self._unit,
                    AccountRow.kind != AccountKind.PROJECT,
                )
            )
        )

    @property
    def _days(self) -> tuple[date, date]:
        days = self._span.days()
        return days[0], days[-1]

    def _draft(self, office_id: str) -> Draft:
        """Return the draft, or what is in force, as if it had been so from the beginning."""
        draft = self._drafts.get(office_id) or self._in_force.get(office_id, Draft(None, 0))
        if draft.plan is None:
            return draft
        return replace(draft, plan=replace(draft.plan, starts_on=date.min))

    def _periods(self, span: Span) -> list[Period]:
        """Return the periods of an account that the span has a part of."""
        period, found = Period(self._days[0].year, self._days[0].month).within(span), []
        while period.days()[0] <= self._days[1]:
            found.append(period)
            period = period.next()
        return found

    def _openings(
        self, account_id: str, office_id: str, plan: Plan | None, periods: list[Period]
    ) -> Iterator[Opening]:
        if plan is None:
            return
        used = self._used.get(office_id, {})
        for period in periods:
            before = sum(used.get(part.key, 0) for part in period.year_before().parts())
            yield Opening(
                period.bounds(self._zone)[0],
                account_id,
                period,
                plan.grant(period, before),
                first=period == periods[0],
            )

    def _stretches(self, account_ids: list[str], periods: list[Period]) -> Iterator[Stretch]:
        """Yield the entries of these accounts and periods, summed up, as the ledger has them."""
        where = (
            _ENTRY.account_id.in_(account_ids),
            _ENTRY.period.in_(_keys(periods)),
            _ENTRY.at < self.end,
        )
        number = _ENTRY.seq // self._stretch
        query = (
            select(number, *_PLACE, func.max(_ENTRY.at), *_SUMS)
            .where(*where)
            .group_by(number, *_PLACE)
            .order_by(number)
        )
        for nth, rows in groupby(self._session.execute(query), key=itemgetter(0)):
            found = list(rows)
            yield Stretch(
                max(row[3] for row in found),
                {(row[1], row[2]): (int(row[5]), int(row[6])) for row in found},
                not any(row[4] for row in found),
                partial(self._lines, *where, *self._within(nth)),
            )

    def _within(self, nth: int) -> tuple[ColumnElement[bool], ...]:
        first = nth * self._stretch
        return _ENTRY.seq >= first, _ENTRY.seq < first + self._stretch

    def _lines(self, *where: ColumnElement[bool]) -> Iterator[Line]:
        """Yield entries in the order of the ledger.

        The sum keeps the database from reading the whole ledger in this order, to be spared the
        sorting of one office's entries.
        """
        query = (
            select(*(_ENTRY[name] for name in Line._fields))
            .where(*where)
            .order_by(_ENTRY.seq + 0)
            .execution_options(yield_per=_AT_A_TIME)
        )
        yield from map(Line._make, self._session.execute(query))

    def _given(self, account_ids: list[str], periods: Iterable[Period]) -> int:
        keys = {part.key for period in periods for part in period.parts()}
        given = self._session.scalar(
            select(func.sum(BalanceRow.granted)).where(
                BalanceRow.account_id.in_(account_ids), BalanceRow.period.in_(keys)
            )
        )
        return int(given or 0)


def _keys(periods: Iterable[Period]) -> set[str]:
    """Return the keys of these periods and of all that lie in them or around them."""
    found = set()
    for period in periods:
        found |= {part.key for part in period.parts()}
        found |= {period.within(span).key for span in (Span.QUARTER, Span.YEAR)}
    return found


def _turned(asked: Asked, own: AccountRow, accounts: Iterable[AccountRow]) -> Turned:
    """Return a job that was refused, with the account that it was asked of."""
    account_id = next(
        (
            row.id
            for row in accounts
            if row.holder
            and row.holder == asked.person_id
            and row.opened_at <= asked.at
            and (row.closed_at is None or row.closed_at > asked.at)
        ),
        own.id,
    )
    return Turned(asked.id, asked.at, account_id, asked.person_id, asked.needed)
