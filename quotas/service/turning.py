"""What is done when a period begins: carry-over and the grant by plan, once for each account.

An account remembers the period that it was last turned to, in the row that whoever turns it holds;
so each period is begun once, by whichever process comes first, and one that was slept through is
made up for. A clock that is set back finds it begun.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit
from core.db import insert_new, locked
from core.errors import InvalidInput
from core.people import SYSTEM, Actor
from core.text import Text
from quotas import queries
from quotas.accounts import Account
from quotas.errors import NoSuchAccount
from quotas.ledger import Kind, delta_of
from quotas.models import AccountRow, EntryRow, PlanRow
from quotas.periods import DEFAULT_ZONE, Period, Span
from quotas.plans import Plan, carried, plan_entry
from quotas.queries import account_of
from quotas.service import books
from quotas.service.accounts import OFFICE, open_account, pass_on
from quotas.units import AMOUNT_MAX, Unit


def turn(session: Session, account_id: str, *, now: datetime, zone: ZoneInfo = DEFAULT_ZONE) -> int:
    """Begin the periods of an account that have begun by now; return how many those were.

    An account that was never turned only notes where it stands: nothing goes on from before.
    """
    row = locked(session, AccountRow, account_id)
    if row is None:
        raise NoSuchAccount(Text("There is no such account."))
    account = account_of(row)
    if account.closed(now) or account.span is Span.PROJECT:
        return 0
    current, begun = account.period_at(now, zone), 0
    period = Period.of_key(row.turned) if row.turned else current
    while period < current:
        following = period.next()
        _carry(session, account, period, following, now)
        _grant_by_plan(session, account, following, now)
        period, begun = following, begun + 1
    row.turned = period.key
    session.flush()
    return begun


def _carry(
    session: Session, account: Account, source: Period, target: Period, now: datetime
) -> None:
    if not account.carry_max:
        return
    amount = carried(books.balance_now(session, account.id, source).left, account.carry_max)
    if amount == 0:
        return
    transfer_id = f"carry:{account.id}:{source.key}"
    pass_on(session, transfer_id, (account.id, source), (account.id, target), amount, SYSTEM, now)
    details = {"unit": account.unit, "account": account.id, "into": target.key, "amount": amount}
    audit.record(session, SYSTEM, "quota.carry", account.office_id, details, now)


def set_plan(
    session: Session,
    office_id: str,
    unit: Unit,
    plan: Plan,
    *,
    actor: Actor,
    now: datetime,
    zone: ZoneInfo = DEFAULT_ZONE,
) -> None:
    """Have an office granted its units by plan from now on, this period included.

    What was granted by plan for a period stays as it is when the plan changes.
    """
    check_plan(plan)
    open_account(session, office_id, unit, now=now)
    row = books.existing(session, office_id, unit, OFFICE, lock=True)
    account = account_of(row)
    books.check_open(account, now, plan.amount)
    if queries.plan(session, account.id) != plan:
        set_as = {**vars(plan), "set_by": actor.name, "set_at": now}
        if not insert_new(session, PlanRow, account_id=account.id, **set_as):
            known = session.get_one(PlanRow, account.id)
            for name, value in set_as.items():
                setattr(known, name, value)
            session.flush()
        details = {"unit": unit, **vars(plan), "starts_on": plan.starts_on.isoformat()}
        audit.record(session, actor, "quota.plan", office_id, details, now)
    turn(session, account.id, now=now, zone=zone)
    _grant_by_plan(session, account, account.period_at(now, zone), now)


def check_plan(plan: Plan) -> None:
    """Raise InvalidInput for a plan that can't be."""
    if type(plan.percent_less) is not int or not 0 <= plan.percent_less <= 100:
        raise InvalidInput(Text("A saving is 0 to 100 per cent."))
    if type(plan.amount) is not int or not 0 <= plan.amount <= AMOUNT_MAX:
        raise InvalidInput(Text("A limit must be a whole number, zero or more."))


def drop_plan(session: Session, office_id: str, unit: Unit, *, actor: Actor, now: datetime) -> None:
    """Grant an office nothing by plan any more; without a plan nothing changes."""
    row = books.account_row(session, office_id, unit, OFFICE, lock=True)
    known = session.get(PlanRow, row.id) if row is not None else None
    if known is not None:
        session.delete(known)
        session.flush()
        audit.record(session, actor, "quota.plan-end", office_id, {"unit": unit}, now)


def _grant_by_plan(session: Session, account: Account, period: Period, now: datetime) -> None:
    plan, entry_id = queries.plan(session, account.id), plan_entry(account.id, period)
    if plan is None or session.scalar(select(EntryRow.seq).where(EntryRow.id == entry_id)):
        return
    amount = plan.grant(period, used_in(session, account, period.year_before()))
    if amount == 0:
        return
    delta = delta_of(Kind.GRANT, amount)
    entry = books.Entry(entry_id, account.id, period, Kind.GRANT, delta, SYSTEM, now)
    if books.append(session, entry):
        details = {"unit": account.unit, "period": period.key, "amount": amount, "plan": True}
        audit.record(session, SYSTEM, "quota.grant", account.office_id, details, now)


def used_in(session: Session, account: Account, period: Period) -> int:
    """Return what an office and its people used in a period, in whatever spans it was kept."""
    return sum(queries.used(session, account.unit, period, account.office_id).values())
