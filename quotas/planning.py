"""Reads of plans: what there is for each office, which drafts wait, and what they would grant."""

from collections.abc import Collection
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.identity import queries as identity
from quotas import queries
from quotas.accounts import Account
from quotas.drafts import Draft, Outlook, Terms, outlook
from quotas.models import PlanDraftRow, PlanRow
from quotas.periods import Period, Span
from quotas.plans import Base, Plan, plan_entry
from quotas.units import Unit


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
