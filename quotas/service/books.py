"""How entries are written: the one place where a balance changes, and only beside its entry.

Whoever moves units of two balances takes them in the order of their keys, so that two who do the
same the other way round never wait for each other.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from core import audit
from core.db import dialect_of, insert_new
from core.errors import InvalidInput
from core.people import Actor
from core.text import Text, clean_line
from quotas import statements
from quotas.accounts import Account
from quotas.chain import BOOK, content
from quotas.errors import AccountClosed, EntryDiffers, NoSuchAccount
from quotas.ledger import Balance, Delta, Kind
from quotas.models import AccountRow, BalanceRow, EntryRow
from quotas.periods import Period
from quotas.units import Unit, valid_amount


@dataclass(frozen=True)
class Entry:
    """One entry before it is written: what it does to a balance, and what it says beside that."""

    id: str
    account_id: str
    period: Period
    kind: Kind
    delta: Delta
    actor: Actor
    at: datetime
    person_id: str | None = None
    printer: str = ""
    label: str = ""
    estimated: bool = False
    reason: str = ""
    reservation_id: str | None = None
    transfer_id: str | None = None

    def columns(self) -> dict[str, object]:
        """Return the entry's row."""
        made = {**vars(self), **vars(self.delta), "period": self.period.key}
        made["actor"] = self.actor.name
        del made["delta"]
        return made


def enter(session: Session, entry: Entry) -> None:
    """Write an entry that is new for certain, and chain it. Its balance is the caller's."""
    session.execute(statements.ENTER, entry.columns())
    chain(session, entry)


def chain(session: Session, entry: Entry) -> None:
    """Chain an entry that is written."""
    audit.attest(session, BOOK, entry.id, content(entry.columns()))


def append(session: Session, entry: Entry) -> bool:
    """Add an entry and what it adds to its balance; False if it is there already.

    EntryDiffers if an entry with its id says something else.
    """
    if known(session, entry):
        return False
    if not insert_new(session, EntryRow, **entry.columns()):
        return not known(session, entry)
    chain(session, entry)
    add(session, entry.account_id, entry.period.key, entry.delta)
    return True


def known(session: Session, entry: Entry) -> bool:
    """Tell whether this entry was made before; EntryDiffers if its id stands for another."""
    row = session.scalar(select(EntryRow).where(EntryRow.id == entry.id))
    if row is None:
        return False
    says = (entry.account_id, entry.kind, entry.delta.granted, entry.delta.spent)
    if (row.account_id, row.kind, row.granted, row.spent) != says:
        raise EntryDiffers(Text("An entry with this id exists and says something else."))
    return True


def move(session: Session, source: Entry, target: Entry) -> bool:
    """Enter what one balance gives and another gets: both or neither.

    False if nothing was entered, because the source has less free than that. The two are new for
    certain: the caller has looked, and holds what keeps others from entering them (an account's
    row); EntryDiffers if not.
    """
    amount = target.delta.granted
    for entry in sorted((source, target), key=lambda each: (each.account_id, each.period.key)):
        if entry is target:
            add(session, entry.account_id, entry.period.key, entry.delta)
        elif amount and not give_up(session, entry):
            if (target.account_id, target.period.key) < (entry.account_id, entry.period.key):
                add(session, target.account_id, target.period.key, Delta(granted=-amount))
            return False
    for entry in (source, target):
        if not insert_new(session, EntryRow, **entry.columns()):
            raise EntryDiffers(Text("An entry with this id exists and says something else."))
        chain(session, entry)
    return True


def give_up(session: Session, entry: Entry) -> bool:
    """Take a negative entry's amount from its balance, if that has so much left."""
    less = {
        "of_account": entry.account_id,
        "of_period": entry.period.key,
        "less_granted": -entry.delta.granted,
    }
    changed = session.execute(statements.GIVE_UP, less)
    assert isinstance(changed, CursorResult)
    return changed.rowcount == 1


def add(session: Session, account_id: str, period: str, delta: Delta) -> None:
    """Add to a balance, which may not be there yet."""
    of = {"of_account": account_id, "of_period": period}
    changed = session.execute(statements.ADD, {**of, **statements.more(delta)})
    assert isinstance(changed, CursorResult)
    if changed.rowcount == 0:
        new = {"account_id": account_id, "period": period, **vars(delta)}
        session.execute(statements.open_balance(dialect_of(session)), new)


def account_row(
    session: Session, office_id: str, unit: Unit, holder: str, *, lock: bool = False
) -> AccountRow | None:
    """Return one of an office's accounts as it is now; locked, nobody closes it meanwhile."""
    query = select(AccountRow).where(
        AccountRow.office_id == office_id, AccountRow.unit == unit, AccountRow.holder == holder
    )
    if lock:
        query = query.with_for_update(key_share=True)
    return session.scalar(query.execution_options(populate_existing=True))


def existing(
    session: Session, office_id: str, unit: Unit, holder: str, *, lock: bool = False
) -> AccountRow:
    """Return one of an office's accounts; NoSuchAccount if it has none for this holder."""
    row = account_row(session, office_id, unit, holder, lock=lock)
    if row is None:
        raise NoSuchAccount(Text("The office has no such account."))
    return row


def check_open(account: Account, now: datetime, needed: int) -> None:
    """Raise AccountClosed for an account that takes nothing any more."""
    if account.closed(now):
        raise closed(needed)


def closed(needed: int) -> AccountClosed:
    """Return the refusal of a closed account."""
    return AccountClosed(
        Text("This account is closed, or its project has ended."), needed=needed, left=0
    )


def check_period(account: Account, period: Period) -> None:
    """Raise InvalidInput for a period of another span than the account is kept in."""
    if period.span is not account.span:
        raise InvalidInput(Text("This account is kept in periods of another length."))


def check_amount(amount: object) -> None:
    """Raise InvalidInput unless this is a whole number of units above zero."""
    if not valid_amount(amount):
        raise InvalidInput(Text("An amount must be a whole number above zero."))


def given_reason(reason: str) -> str:
    """Return a reason as it is kept; InvalidInput if there is none."""
    given = clean_line(reason, 500)
    if not given:
        raise InvalidInput(Text("An adjustment needs a reason."))
    return given


def given_explanation(reason: str) -> str:
    """Return what somebody says, as it is kept; InvalidInput if it is nothing."""
    given = clean_line(reason, 500)
    if not given:
        raise InvalidInput(Text("Please give a reason."))
    return given


def balance_now(session: Session, account_id: str, period: Period) -> Balance:
    """Return a balance, which nobody else changes until this transaction ends."""
    row = session.scalar(
        select(BalanceRow)
        .where(BalanceRow.account_id == account_id, BalanceRow.period == period.key)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return Balance(row.granted, row.held, row.spent) if row else Balance()
