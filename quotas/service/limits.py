"""Setting what a job, and a person, may take of an office's account (`quotas/limits.py`)."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit
from core.errors import Forbidden, InvalidInput
from core.identity import queries as identity
from core.people import Actor
from core.text import Text
from quotas.fairness import DAYS_MAX, Fairness
from quotas.limit_queries import limits_of
from quotas.limits import Limits
from quotas.models import AccountRow, LimitsRow, PersonLimitRow
from quotas.queries import account_of
from quotas.service import books
from quotas.service.accounts import OFFICE, hold_accounts, open_account
from quotas.units import AMOUNT_MAX, Unit

_UNFAIR = Fairness(0, 0, 0)


def set_limits(
    session: Session, office_id: str, limits: Limits, *, actor: Actor, now: datetime
) -> None:
    """Set an office's limits; they hold from the next job on, for what was taken before, too.

    Forbidden if a head would make the office's account softer or harder: that lets jobs go above
    what was granted, which is an administrator's to allow.
    """
    _check(limits.job_max, least=1)
    _check(limits.person_max, least=0)
    _check_fair(limits.fair)
    if type(limits.soft_percent) is not int or not 0 <= limits.soft_percent <= 100:
        raise InvalidInput(Text("Jobs may go 0 to 100 per cent above what was granted."))
    identity.office(session, office_id)
    account = _held(session, office_id, now)
    row = session.get(LimitsRow, account.id, populate_existing=True)
    if limits_of(row) == limits:
        return
    granted_by_head = actor.person_id is not None and not actor.admin
    if granted_by_head and limits.soft_percent != limits_of(row).soft_percent:
        raise Forbidden(Text("How far jobs may go above what was granted is an administrator's."))
    if row is None:
        row = LimitsRow(account_id=account.id)
        session.add(row)
    said = _columns(limits)
    for name, value in said.items():
        setattr(row, name, value)
    _note_limited(session, account)
    audit.record(session, actor, "quota.limits", office_id, said, now)


def set_person_limit(
    session: Session,
    office_id: str,
    person_id: str,
    sheets_max: int | None,
    *,
    actor: Actor,
    now: datetime,
) -> None:
    """Give one person of an office another limit than all others; None: the same again.

    InvalidInput for somebody of another office, unless it takes back what they once had here.
    """
    _check(sheets_max, least=0)
    person = identity.person(session, person_id)
    account = _held(session, office_id, now)
    row = session.get(PersonLimitRow, (account.id, person_id), populate_existing=True)
    if person.office_id != office_id and (row is None or sheets_max is not None):
        raise InvalidInput(Text("This person belongs to another office."))
    if (row.sheets_max if row else None) == sheets_max:
        return
    if row is None:
        assert sheets_max is not None
        session.add(
            PersonLimitRow(account_id=account.id, person_id=person_id, sheets_max=sheets_max)
        )
    elif sheets_max is None:
        session.delete(row)
    else:
        row.sheets_max = sheets_max
    _note_limited(session, account)
    details = {"person": person_id, "sheets_max": sheets_max}
    audit.record(session, actor, "quota.person-limit", office_id, details, now)


def _held(session: Session, office_id: str, now: datetime) -> AccountRow:
    """Return an office's own account, which is open; with those of its people it is locked."""
    open_account(session, office_id, Unit.SHEETS, now=now)
    rows = hold_accounts(session, office_id, Unit.SHEETS)
    own = next(row for row in rows if row.holder == OFFICE)
    books.check_open(account_of(own), now, 0)
    return own


def _note_limited(session: Session, own: AccountRow) -> None:
    """Note at every account that jobs are charged to whether limits are to be asked for."""
    session.flush()
    row = session.get(LimitsRow, own.id)
    named = select(PersonLimitRow.person_id).where(PersonLimitRow.account_id == own.id).limit(1)
    limited = limits_of(row) != Limits() or session.scalar(named) is not None
    for account in hold_accounts(session, own.office_id, Unit.SHEETS):
        account.limited = limited
    session.flush()


def _columns(limits: Limits) -> dict[str, int | None]:
    fair = limits.fair or _UNFAIR
    return {
        "job_max": limits.job_max,
        "person_max": limits.person_max,
        "fair_days": fair.days,
        "fair_percent": fair.percent,
        "fair_least": fair.least,
        "soft_percent": limits.soft_percent,
    }


def _check_fair(fair: Fairness | None) -> None:
    if fair is None:
        return
    bounds = ((fair.days, 1, DAYS_MAX), (fair.percent, 0, 100), (fair.least, 0, AMOUNT_MAX))
    if not all(type(value) is int and low <= value <= high for value, low, high in bounds):
        raise InvalidInput(
            Text(
                "At a period's end: 1 to {n} working days, 0 to 100 per cent, and sheets.",
                {"n": DAYS_MAX},
            )
        )
    if not fair.percent and not fair.least:
        raise InvalidInput(Text("Nobody could print at a period's end: give per cent or sheets."))


def _check(most: object, *, least: int) -> None:
    if most is not None and not (type(most) is int and least <= most <= AMOUNT_MAX):
        raise InvalidInput(
            Text("A limit is a whole number of sheets, or empty where there is none.")
        )
