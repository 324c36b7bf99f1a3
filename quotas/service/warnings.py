"""Telling people that an account runs out, once for each level: who enters its row is first.

This is done by the round, not where a job is settled, which has no time for it.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core import audit, notices
from core.db import insert_new
from core.identity import queries as identity
from core.people import SYSTEM
from core.text import Scalar, Text, counted
from quotas.accounts import Account, AccountKind
from quotas.ledger import Balance
from quotas.models import AccountRow, BalanceRow, WarningRow
from quotas.periods import DEFAULT_ZONE, Period, Span
from quotas.queries import account_of
from quotas.units import Unit
from quotas.warnings import LEVELS, due


def due_accounts(
    session: Session, *, now: datetime, zone: ZoneInfo = DEFAULT_ZONE
) -> tuple[str, ...]:
    """Return the accounts of sheets whose current period calls for a warning."""
    current = {span: Period.of_moment(now, zone, span) for span in Span}
    warned = (
        select(func.coalesce(func.max(WarningRow.level), 0))
        .where(WarningRow.account_id == AccountRow.id, WarningRow.period == BalanceRow.period)
        .scalar_subquery()
    )
    rows = session.execute(
        select(AccountRow, BalanceRow, warned)
        .join(BalanceRow, BalanceRow.account_id == AccountRow.id)
        .where(
            AccountRow.unit == Unit.SHEETS,
            AccountRow.closed_at.is_(None),
            BalanceRow.period.in_([period.key for period in current.values()]),
            BalanceRow.spent > 0,
            100 * BalanceRow.spent >= min(LEVELS) * BalanceRow.granted,
        )
        .order_by(AccountRow.id)
    )
    return tuple(
        account.id
        for account, balance, level in rows
        if balance.period == current[Span(account.span)].key
        and not account_of(account).closed(now)
        and due(_balance(balance), level)
    )


def warn(session: Session, account_id: str, *, now: datetime, zone: ZoneInfo = DEFAULT_ZONE) -> int:
    """Tell who answers for an account that it runs out; return the level told, 0 if none is new."""
    account = account_of(session.get_one(AccountRow, account_id))
    period = account.period_at(now, zone)
    row = session.get(BalanceRow, (account_id, period.key), populate_existing=True)
    of_period = (WarningRow.account_id == account_id, WarningRow.period == period.key)
    warned = session.scalar(select(func.max(WarningRow.level)).where(*of_period)) or 0
    level = due(_balance(row), warned) if row is not None else 0
    if row is None or not level:
        return 0
    key = {"account_id": account_id, "period": period.key, "level": level}
    if not insert_new(session, WarningRow, **key, warned_at=now):
        return 0
    text = _text(session, account, level, _balance(row))
    for person_id in _people(session, account):
        notices.notify(session, person_id, text, f"/office?office={account.office_id}", now=now)
    details = {"account": account_id, "period": period.key, "level": level}
    audit.record(session, SYSTEM, "quota.warn", account.office_id, details, now)
    return level


def _people(session: Session, account: Account) -> tuple[str, ...]:
    """Return whose account it is, and the heads of the office, or else the administrators."""
    heads = identity.heads_of(session, account.office_id) or identity.administrators(session)
    own = (account.holder,) if account.kind is AccountKind.PERSON else ()
    return tuple(dict.fromkeys([*own, *(each.id for each in heads)]))


def _text(session: Session, account: Account, level: int, balance: Balance) -> Text:
    whose: dict[str, Scalar | Text] = {"name": _name(session, account)}
    if level == max(LEVELS):
        return Text("{name}: all sheets that were granted for this period are used up.", whose)
    return counted(
        "{name}: {percent} % of the sheets of this period are used; {n} sheet is left.",
        "{name}: {percent} % of the sheets of this period are used; {n} sheets are left.",
        max(0, balance.left),
        percent=level,
        **whose,
    )


def _name(session: Session, account: Account) -> str:
    if account.kind is AccountKind.PERSON:
        return identity.person(session, account.holder).name
    return account.name or identity.office(session, account.office_id).name


def _balance(row: BalanceRow) -> Balance:
    return Balance(row.granted, row.held, row.spent)
