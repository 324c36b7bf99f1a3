"""Putting units into accounts, correcting that, and moving them from one account to another."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit
from core.db import locked
from core.errors import InvalidInput
from core.people import Actor
from core.text import Text
from quotas.accounts import ADJUST_MAX, Account
from quotas.errors import EntryDiffers, NoSuchAccount, QuotaExceeded, SecondPersonNeeded
from quotas.ledger import Kind, delta_of
from quotas.models import AccountRow, EntryRow
from quotas.periods import DEFAULT_ZONE, Period
from quotas.queries import account_of
from quotas.service import books
from quotas.service.accounts import OFFICE, open_account, pass_on
from quotas.units import Unit


def grant(
    session: Session,
    entry_id: str,
    office_id: str,
    unit: Unit,
    period: Period,
    amount: int,
    *,
    holder: str = OFFICE,
    actor: Actor,
    now: datetime,
) -> None:
    """Give an account units for a period; `entry_id` makes a repeat harmless.

    `holder` is a person's or a project's id; without one it is the office's own account.
    """
    books.check_amount(amount)
    account = _account(session, office_id, unit, holder, now)
    entry = _entry(entry_id, account, period, Kind.GRANT, amount, actor, now)
    if books.known(session, entry):
        return
    books.check_open(account, now, amount)
    books.check_period(account, period)
    if books.append(session, entry):
        details = _details(account, period, amount)
        audit.record(session, actor, "quota.grant", office_id, details, now)


def adjust(
    session: Session,
    entry_id: str,
    office_id: str,
    unit: Unit,
    period: Period,
    amount: int,
    *,
    reason: str,
    holder: str = OFFICE,
    limit: int = ADJUST_MAX,
    actor: Actor,
    now: datetime,
) -> None:
    """Add units to a grant or (a negative amount) take some away, with a reason.

    SecondPersonNeeded if it is more than the office, or else `limit`, allows one person: then it
    can only be proposed (`propose`, `correct`).
    """
    books.check_amount(abs(amount) if type(amount) is int else amount)
    account = _account(session, office_id, unit, holder, now)
    if abs(amount) > alone_max(account, limit):
        raise SecondPersonNeeded(
            Text("So large an adjustment is proposed first, and confirmed by a second person.")
        )
    enter_adjustment(session, entry_id, account, period, amount, reason, actor, now)


def alone_max(account: Account, limit: int) -> int:
    """Return how much one person may adjust alone."""
    return limit if account.adjust_max is None else account.adjust_max


def enter_adjustment(
    session: Session,
    entry_id: str,
    account: Account,
    period: Period,
    amount: int,
    reason: str,
    actor: Actor,
    now: datetime,
) -> None:
    """Enter an adjustment that may be entered; no more is taken back than was granted."""
    given = books.given_reason(reason)
    entry = _entry(entry_id, account, period, Kind.ADJUST, amount, actor, now, given)
    if books.known(session, entry):
        return
    books.check_open(account, now, amount)
    books.check_period(account, period)
    if books.balance_now(session, account.id, period).granted + amount < 0:
        raise InvalidInput(Text("No more can be taken back than was granted."))
    if books.append(session, entry):
        details = _details(account, period, amount)
        audit.record(session, actor, "quota.adjust", account.office_id, details, now)


def transfer(
    session: Session,
    transfer_id: str,
    source_id: str,
    target_id: str,
    amount: int,
    *,
    reason: str = "",
    actor: Actor,
    now: datetime,
    zone: ZoneInfo = DEFAULT_ZONE,
) -> None:
    """Move units from one account's current period to another's: both entries or none.

    `transfer_id` (at most 60 characters) makes a repeat harmless. QuotaExceeded if the source has
    less left: what is reserved does not move. Whether the actor may is the caller's to know.
    """
    books.check_amount(amount)
    if source_id == target_id:
        raise InvalidInput(Text("A transfer needs two different accounts."))
    # Whoever transfers between the same two waits here, the other way round too.
    accounts = {key: _by_id(session, key) for key in sorted((source_id, target_id))}
    source, target = accounts[source_id], accounts[target_id]
    if source.unit is not target.unit:
        raise InvalidInput(Text("The two accounts count different things."))
    if _transferred(session, transfer_id, source, target, amount):
        return
    for each in (source, target):
        books.check_open(each, now, amount)
    gives, gets = (source.id, source.period_at(now, zone)), (target.id, target.period_at(now, zone))
    given = {"reason": books.given_reason(reason)} if reason else {}
    if not pass_on(session, transfer_id, gives, gets, amount, actor, now, **given):
        left = books.balance_now(session, *gives).left
        text = Text("The account that gives has too little left.")
        raise QuotaExceeded(text, needed=amount, left=left)
    details = {"unit": source.unit, "from": source.id, "to": target.id, "amount": amount}
    audit.record(session, actor, "quota.transfer", source.office_id, details, now)


def _transferred(
    session: Session, transfer_id: str, source: Account, target: Account, amount: int
) -> bool:
    rows = session.scalars(select(EntryRow).where(EntryRow.transfer_id == transfer_id)).all()
    if not rows:
        return False
    says = {(row.account_id, row.granted) for row in rows}
    if says != {(source.id, -amount), (target.id, amount)}:
        raise EntryDiffers(Text("An entry with this id exists and says something else."))
    return True


def _account(session: Session, office_id: str, unit: Unit, holder: str, now: datetime) -> Account:
    if holder == OFFICE:
        open_account(session, office_id, unit, now=now)
    return account_of(books.existing(session, office_id, unit, holder, lock=True))


def _by_id(session: Session, account_id: str) -> Account:
    row = locked(session, AccountRow, account_id)
    if row is None:
        raise NoSuchAccount(Text("There is no such account."))
    return account_of(row)


def _entry(
    entry_id: str,
    account: Account,
    period: Period,
    kind: Kind,
    amount: int,
    actor: Actor,
    now: datetime,
    reason: str = "",
) -> books.Entry:
    delta = delta_of(kind, amount)
    return books.Entry(entry_id, account.id, period, kind, delta, actor, now, reason=reason)


def _details(account: Account, period: Period, amount: int) -> dict[str, object]:
    details: dict[str, object] = {"unit": account.unit, "period": period.key, "amount": amount}
    return {**details, "account": account.id} if account.holder else details
