"""Reads of plans: what there is for each office, which drafts wait, and what they would grant."""

from collections.abc import Collection
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.identity import queries as identity
from quotas import plan_pace, queries
from quotas.accounts import Account
from quotas.drafts import Draft, Outlook, Terms, outlook
from quotas.models import PlanDraftRow, PlanRow
from quotas.periods import Period, Span
from quotas.plan_pace import Given, Standing
from quotas.plans import Base, Plan, plan_entry
from quotas.units import Unit
from quotas.workdays import Workdays


def outlooks(
    session: Session, unit: Unit, year: int, *, now: datetime, zone: ZoneInfo
) -> list[Outlook]:
    """Return what every office gets in what is left of a year, in the order of offices' lists."""
    today = now.astimezone(zone).date()
    waiting = drafts(session, unit)
    return [
        outlook(each, waiting.get(each.office_id), year, today)
        for each in terms(session, unit, year, now=now, zone=zone)
    ]


def drafts(session: Session, unit: Unit) -> dict[str, Draft]:
    """Return the drafts that wait, by the office's id."""
    rows = session.scalars(select(PlanDraftRow).where(PlanDraftRow.unit == unit))
    return {row.office_id: draft_of(row) for row in rows}


def in_force(session: Session, unit: Unit) -> dict[str, Draft]:
    """Return the plans and caps in force as drafts would say them, by the office's id."""
    plans = _plans(session)
    return {
        each.office_id: Draft(plans.get(each.id), each.carry_max)
        for each in queries.office_accounts(session)
        if each.unit is unit
    }


def terms(session: Session, unit: Unit, year: int, *, now: datetime, zone: ZoneInfo) -> list[Terms]:
    """Return what there is for every office, with what it used in the year before `year`."""
    own = {each.office_id: each for each in queries.office_accounts(session) if each.unit is unit}
    plans = _plans(session)
    used: dict[str, dict[str, int]] = {}
    before = Period(year - 1, 1, Span.YEAR)
    for (office_id, key), spent in queries.used(session, unit, before).items():
        used.setdefault(office_id, {})[key] = spent
    granted = _granted(session, own.values(), now, zone)
    found = []
    for office in identity.offices(session):
        account = own.get(office.id)
        if account is None:
            found.append(Terms(office.id, used=used.get(office.id, {})))
        else:
            found.append(
                Terms(
                    office.id, account.span, account.carry_max, account.adjust_max,
                    plans.get(account.id), account.closed(now), used.get(office.id, {}),
                    granted.get(account.id, {}),
                )
            )  # fmt: skip
    return found


def standings(
    session: Session, unit: Unit, workdays: Workdays, *, now: datetime, zone: ZoneInfo
) -> dict[str, Standing]:
    """Return how every office with a plan stands in the period that runs, by its id."""
    found = {}
    for account in queries.office_accounts(session):
        if account.unit is unit:
            period = account.period_at(now, zone)
            each = standing(session, account, period, workdays, now=now, zone=zone)
            if each is not None:
                found[account.office_id] = each
    return found


def standing(
    session: Session,
    account: Account,
    period: Period,
    workdays: Workdays,
    *,
    now: datetime,
    zone: ZoneInfo,
) -> Standing | None:
    """Return how an office and its people stand against its plan; None if it gives nothing.

    Of a period that is over the plan gave what it has granted; one to come is not asked about.
    """
    today = now.astimezone(zone).date()
    first, last = period.days()[0], period.days()[-1]
    plan, entry_id = queries.plan(session, account.id), plan_entry(account.id, period)
    booked = queries.booked(session, [entry_id]).get(entry_id)
    if today < first:
        return None
    if booked is not None:
        amount = booked.granted
    elif plan is None or last < today or account.closed(now) or period.span is not account.span:
        return None
    else:
        used = queries.used(session, account.unit, period.year_before(), account.office_id)
        amount = plan.grant(period, sum(used.values()))
    since = plan.starts_on if plan is not None and plan.starts_on <= last else first
    balance = queries.balance(session, account.office_id, account.unit, period)
    return plan_pace.standing(
        Given(period, amount, max(first, since)), balance.spent, today, workdays
    )


def _plans(session: Session) -> dict[str, Plan]:
    return {row.account_id: queries.plan_of(row) for row in session.scalars(select(PlanRow))}


def draft_of(row: PlanDraftRow) -> Draft:
    """Return a draft as a value."""
    plan = None
    if row.base and row.starts_on is not None:
        plan = Plan(row.percent_less, row.amount, row.starts_on, Base(row.base))
    return Draft(plan, row.carry_max)


def _granted(
    session: Session, accounts: Collection[Account], now: datetime, zone: ZoneInfo
) -> dict[str, dict[str, int]]:
    """Return what plans have granted for the period that runs: no later one has begun."""
    current = {each.id: each.period_at(now, zone) for each in accounts}
    entries = {plan_entry(key, period): (key, period) for key, period in current.items()}
    found: dict[str, dict[str, int]] = {}
    for entry_id, booked in queries.booked(session, list(entries)).items():
        account_id, period = entries[entry_id]
        found[account_id] = {period.key: booked.granted}
    return found
