"""Taking units of an account where the one statement that does so for most jobs took none.

That statement (`statements.TAKE`) takes nothing where too little is left, the account is closed, or
limits apply. Why it was, is looked up here; only then does a job run more statements than one.

Where limits apply the account is locked, so that nobody closes it or changes its limits meanwhile.
Then its balance is taken by a conditional UPDATE, which lets everybody else wait who wants some of
it. Whoever waits sees, when their turn comes, the reservations of all who went before: what a
person has taken is summed up only then, and a job that exceeds a limit gives back what it took.
"""

from dataclasses import dataclass
from datetime import datetime, time
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from core.db import locked
from core.text import Text, counted
from quotas import statements
from quotas.accounts import Account, AccountKind
from quotas.errors import (
    JobTooLarge,
    NoSuchAccount,
    NoSuchProject,
    PersonLimitReached,
    ProjectOver,
    ProjectShort,
    QuotaExceeded,
    UnfairShare,
)
from quotas.ledger import Balance, Delta
from quotas.limit_queries import limits_of
from quotas.limits import Excess, Late, Limit, Limits, excess
from quotas.models import AccountRow, BalanceRow, LimitsRow, PersonLimitRow
from quotas.periods import Period, Span
from quotas.queries import account_of
from quotas.service import books
from quotas.service.accounts import OFFICE
from quotas.units import Unit
from quotas.workdays import Workdays

HARD = Limits()


@dataclass(frozen=True)
class Asked:
    """What a reservation is asked for."""

    office_id: str
    unit: Unit
    amount: int
    holder: str | None
    person_id: str | None
    now: datetime
    zone: ZoneInfo
    workdays: Workdays
    project: str = ""
    """The code of the project that is to pay, "" if none is named."""

    def places(self) -> dict[str, object]:
        """Return where `statements.TAKE` is to look, and in which periods."""
        local = self.now.astimezone(self.zone)
        month = Period(local.year, local.month)
        named = self.holder is not None
        return {
            "of_office": self.office_id,
            "of_unit": self.unit,
            **(
                {"of_code": self.project}
                if self.project
                else {
                    "of_holder": self.holder if named else OFFICE,
                    "or_holder": self.holder if named else self.person_id or OFFICE,
                }
            ),
            "of_now": self.now,
            "of_month": month.key,
            "of_quarter": month.within(Span.QUARTER).key,
            "of_year": month.within(Span.YEAR).key,
        }


class Place(NamedTuple):
    """From where units were taken."""

    account_id: str
    period: str


def take(session: Session, asked: Asked) -> tuple[Place, int]:
    """Hold units of the account that is asked for, or raise QuotaExceeded and hold none.

    Return from where, and how many of them a soft account did not have.
    """
    account = _account(session, asked)
    if account is None:
        raise _too_little(None, asked, 0)
    if not account.limited:
        left = _left(session, account, asked)
        if left < asked.amount:
            raise _too_little(account, asked, left)
    row = locked(session, AccountRow, account.id)
    assert row is not None
    account = account_of(row)
    if account.closed(asked.now):
        raise _closed(asked)
    return _within_limits(session, account, asked)


def _within_limits(session: Session, account: Account, asked: Asked) -> tuple[Place, int]:
    limits = _limits(session, account, asked)
    found = excess(limits.without_persons(), asked.amount, 0)
    if found is not None:
        raise _exceeds(found, limits, asked.amount)
    period = account.period_at(asked.now, asked.zone)
    take = {"of_account": account.id, "of_period": period.key, "more_held": asked.amount}
    left = session.scalar(statements.TAKE_FROM, {**take, "soft_percent": limits.soft_percent})
    if left is None:
        raise _too_little(account, asked, _left(session, account, asked, limits), limits)
    place = Place(account.id, period.key)
    found = _person_excess(session, limits, asked, place, left + asked.amount)
    if found is not None:
        books.add(session, place.account_id, place.period, Delta(held=-asked.amount))
        raise _exceeds(found, limits, asked.amount)
    return place, min(asked.amount, max(0, -left))


def _person_excess(
    session: Session, limits: Limits, asked: Asked, place: Place, left: int
) -> Excess | None:
    """Return which limit of persons a job exceeds, where so much was left before it."""
    period, late, taken = Period.of_key(place.period), None, 0
    if limits.person_max is not None:
        taken = _taken(session, asked, place, period.bounds(asked.zone)[0])
    if limits.fair is not None:
        begins = limits.fair.begins(period.days(), asked.workdays)
        since = datetime.combine(begins, time.min, asked.zone)
        if asked.now >= since:
            late = Late(left, _taken(session, asked, place, since))
    return excess(limits, asked.amount, taken, late)


def _taken(session: Session, asked: Asked, place: Place, since: datetime) -> int:
    by = {
        "of_account": place.account_id,
        "of_period": place.period,
        "of_person": asked.person_id,
        "of_since": since,
    }
    return int(session.scalar(statements.TAKEN_BY, by) or 0)


def _account(session: Session, asked: Asked) -> Account | None:
    """Return the account that is asked for; AccountClosed where all are, NoSuchAccount if none."""
    named = asked.holder is not None
    holders = [asked.holder] if named else [OFFICE, asked.person_id or OFFICE]
    rows = session.scalars(
        select(AccountRow)
        .where(
            AccountRow.office_id == asked.office_id,
            AccountRow.unit == asked.unit,
            AccountRow.code == asked.project if asked.project else AccountRow.holder.in_(holders),
        )
        .order_by(AccountRow.holder.desc())
        .execution_options(populate_existing=True)
    ).all()
    accounts = [account_of(row) for row in rows]
    if asked.project and not accounts:
        raise NoSuchProject(
            Text(
                "Your office has no account with the code {code}. Nothing was charged.",
                {"code": asked.project},
            ),
            needed=asked.amount,
            left=0,
        )
    if asked.holder and not accounts:
        raise NoSuchAccount(Text("The office has no such account."))
    account = next((each for each in accounts if not each.closed(asked.now)), None)
    if accounts and account is None:
        raise _closed(asked)
    return account


def _closed(asked: Asked) -> QuotaExceeded:
    if not asked.project:
        return books.closed(asked.amount)
    text = Text(
        "The account {code} is closed, or its project has ended. Nothing was charged.",
        {"code": asked.project},
    )
    return ProjectOver(text, needed=asked.amount, left=0)


def _limits(session: Session, account: Account, asked: Asked) -> Limits:
    """Return the limits that bind this sender at this account: the office's, or their own."""
    if not account.limited:
        return Limits()
    named = and_(
        PersonLimitRow.account_id == AccountRow.id, PersonLimitRow.person_id == asked.person_id
    )
    row, own = session.execute(
        select(LimitsRow, PersonLimitRow.sheets_max)
        .select_from(AccountRow)
        .outerjoin(LimitsRow, LimitsRow.account_id == AccountRow.id)
        .outerjoin(PersonLimitRow, named)
        .where(
            AccountRow.office_id == account.office_id,
            AccountRow.unit == account.unit,
            AccountRow.holder == OFFICE,
        )
        .execution_options(populate_existing=True)
    ).one()
    limits = limits_of(row)
    if account.kind is not AccountKind.OFFICE or asked.person_id is None:
        return limits.without_persons()
    return limits.for_person(own)


def _left(session: Session, account: Account, asked: Asked, limits: Limits = HARD) -> int:
    """Return what could still be taken of an account, above what was granted included."""
    period = account.period_at(asked.now, asked.zone)
    found = session.execute(
        select(BalanceRow.granted, BalanceRow.held, BalanceRow.spent).where(
            BalanceRow.account_id == account.id, BalanceRow.period == period.key
        )
    ).one_or_none()
    balance = Balance(*found) if found else Balance()
    return balance.left + limits.above(balance.granted)


def _exceeds(found: Excess, limits: Limits, needed: int) -> QuotaExceeded:
    figures = {"needed": needed, "missing": needed - found.left}
    if found.limit is Limit.JOB:
        text = counted(
            "A job of this office may take {n} sheet at the most; this one needs {needed}, "
            "{missing} more than that.",
            "A job of this office may take {n} sheets at the most; this one needs {needed}, "
            "{missing} more than that.",
            found.most,
            **figures,
        )
        return JobTooLarge(text, needed=needed, left=found.left)
    if found.limit is Limit.SHARE:
        assert limits.fair is not None
        text = counted(
            "In the last working days of a period one person may take {percent} % of what the "
            "office has left, and you have {n} sheet of that; this job needs {needed}, "
            "{missing} more than that.",
            "In the last working days of a period one person may take {percent} % of what the "
            "office has left, and you have {n} sheets of that; this job needs {needed}, "
            "{missing} more than that.",
            found.left,
            percent=limits.fair.percent,
            **figures,
        )
        return UnfairShare(text, needed=needed, left=found.left)
    text = counted(
        "One person may take {most} of the office's sheets in this period, and you have {n} sheet "
        "left of that; this job needs {needed}, {missing} more than that.",
        "One person may take {most} of the office's sheets in this period, and you have {n} sheets "
        "left of that; this job needs {needed}, {missing} more than that.",
        found.left,
        most=found.most,
        **figures,
    )
    return PersonLimitReached(text, needed=needed, left=found.left)


def _too_little(
    account: Account | None, asked: Asked, left: int, limits: Limits = HARD
) -> QuotaExceeded:
    if asked.project:
        text = counted(
            "The account {code} has {n} sheet left; this job needs {needed}, "
            "{missing} more than that.",
            "The account {code} has {n} sheets left; this job needs {needed}, "
            "{missing} more than that.",
            left,
            code=asked.project,
            needed=asked.amount,
            missing=asked.amount - left,
        )
        return ProjectShort(text, needed=asked.amount, left=left)
    text = (
        _too_little_above(limits.soft_percent, asked.amount, left)
        if limits.soft_percent
        else _too_little_text(account, asked.unit, asked.amount, left)
    )
    of_office = account is None or account.kind is AccountKind.OFFICE
    return QuotaExceeded(text, needed=asked.amount, left=left, of_office=of_office)


def _too_little_above(percent: int, needed: int, left: int) -> Text:
    return counted(
        "The account lets {n} more sheet through, {percent} % above what was granted included; "
        "this job needs {needed}, {missing} more than that.",
        "The account lets {n} more sheets through, {percent} % above what was granted included; "
        "this job needs {needed}, {missing} more than that.",
        left,
        percent=percent,
        needed=needed,
        missing=needed - left,
    )


def _too_little_text(account: Account | None, unit: Unit, needed: int, left: int) -> Text:
    if unit is not Unit.SHEETS:
        return Text("The office has too little toner left this month.")
    figures = {"needed": needed, "missing": needed - left}
    if account is None or (account.kind, account.span) == (AccountKind.OFFICE, Span.MONTH):
        return counted(
            "The office has {n} sheet left this month; this job needs {needed}, "
            "{missing} more than that.",
            "The office has {n} sheets left this month; this job needs {needed}, "
            "{missing} more than that.",
            left,
            **figures,
        )
    if account.kind is AccountKind.PERSON:
        return counted(
            "Your own account has {n} sheet left; this job needs {needed}, "
            "{missing} more than that.",
            "Your own account has {n} sheets left; this job needs {needed}, "
            "{missing} more than that.",
            left,
            **figures,
        )
    return counted(
        "The account has {n} sheet left in its period; this job needs {needed}, "
        "{missing} more than that.",
        "The account has {n} sheets left in its period; this job needs {needed}, "
        "{missing} more than that.",
        left,
        **figures,
    )
