"""Opening and closing accounts, and the terms that they are kept on."""

from collections.abc import Collection, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit
from core.db import insert_new, locked
from core.errors import Conflict, InvalidInput
from core.identity import queries as identity
from core.ids import new_uuid
from core.people import SYSTEM, Actor
from core.text import Text, clean_line, counted
from quotas import statements
from quotas.accounts import Account, AccountKind
from quotas.errors import EntryDiffers, NoSuchAccount
from quotas.ledger import Delta, Kind
from quotas.models import AccountRow, BalanceRow
from quotas.periods import DEFAULT_ZONE, WHOLE, Period, Span
from quotas.projects import CODE_LENGTH_MAX, valid_code
from quotas.queries import account_of
from quotas.service import books
from quotas.units import AMOUNT_MAX, Unit

OFFICE = ""
"""The holder of an office's own account."""


def open_account(session: Session, office_id: str, unit: Unit, *, now: datetime) -> str:
    """Return the id of an office's own account, opening it the first time."""
    return account_and_span(session, office_id, unit, now=now)[0]


def account_and_span(
    session: Session, office_id: str, unit: Unit, *, now: datetime
) -> tuple[str, Span]:
    """Return the id of an office's own account and its span, opening it the first time."""
    of = {"of_office": office_id, "of_unit": unit, "of_holder": OFFICE}
    found = session.execute(statements.ACCOUNT, of).one_or_none()
    if found is None:
        new = {"office_id": office_id, "unit": unit, "holder": OFFICE, "opened_at": now}
        insert_new(session, AccountRow, id=new_uuid(), **new)
        found = session.execute(statements.ACCOUNT, of).one()
    return found.id, Span(found.span)


def hold_office_accounts(session: Session, office_ids: Collection[str]) -> None:
    """Lock these offices' own accounts in one order, for a transaction that grants to several."""
    rows = select(AccountRow.id).where(
        AccountRow.office_id.in_(office_ids), AccountRow.holder == OFFICE
    )
    session.execute(rows.order_by(AccountRow.id).with_for_update(key_share=True))


def hold_accounts(session: Session, office_id: str, unit: Unit) -> Sequence[AccountRow]:
    """Lock an office's account and those of its people: the ones that its terms are about."""
    return session.scalars(
        select(AccountRow)
        .where(
            AccountRow.office_id == office_id,
            AccountRow.unit == unit,
            AccountRow.kind != AccountKind.PROJECT,
        )
        .order_by(AccountRow.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).all()


def open_person_account(
    session: Session, office_id: str, unit: Unit, person_id: str, *, actor: Actor, now: datetime
) -> Account:
    """Give a person an account of their own, kept in the periods of the office's.

    From now on what they print is taken from it. One that was closed is opened again.
    """
    if identity.person(session, person_id).office_id != office_id:
        raise InvalidInput(Text("This person belongs to another office."))
    open_account(session, office_id, unit, now=now)
    office = books.existing(session, office_id, unit, OFFICE, lock=True)
    books.check_open(account_of(office), now, 0)
    opened = insert_new(
        session,
        AccountRow,
        id=new_uuid(),
        office_id=office_id,
        unit=unit,
        kind=AccountKind.PERSON,
        holder=person_id,
        span=office.span,
        carry_max=office.carry_max,
        limited=office.limited,
        opened_at=now,
    )
    row = books.existing(session, office_id, unit, person_id, lock=True)
    if row.closed_at is not None:
        opened, row.closed_at, row.turned = True, None, ""
        row.span, row.carry_max, row.limited = office.span, office.carry_max, office.limited
        session.flush()
    if opened:
        details = {"unit": unit, "account": row.id, "person": person_id}
        audit.record(session, actor, "quota.open-account", office_id, details, now)
    return account_of(row)


def open_project(
    session: Session,
    project_id: str,
    office_id: str,
    unit: Unit,
    *,
    name: str,
    code: str = "",
    ends_at: datetime,
    actor: Actor,
    now: datetime,
) -> Account:
    """Open an account for a meeting or project that ends at a moment; empty until it is filled.

    `code` is what jobs name it by; without one no job can. Conflict if another open project of the
    office has it; one that has ended is closed for good, and its code is free.
    """
    called = clean_line(name, 100)
    if not called:
        raise InvalidInput(Text("Please enter a name."))
    _check_code(code)
    identity.office(session, office_id)
    known = books.account_row(session, office_id, unit, project_id)
    if known is None and ends_at <= now:
        raise InvalidInput(Text("A project ends on a day that is still to come."))
    if known is None and code:
        _free_code(session, office_id, unit, code, actor, now)
    if insert_new(
        session,
        AccountRow,
        id=new_uuid(),
        office_id=office_id,
        unit=unit,
        kind=AccountKind.PROJECT,
        holder=project_id,
        name=called,
        code=code,
        span=Span.PROJECT,
        opened_at=now,
        ends_at=ends_at,
    ):
        details = {"unit": unit, "project": project_id, "until": ends_at.isoformat(), "code": code}
        audit.record(session, actor, "quota.open-project", office_id, details, now)
    row = books.account_row(session, office_id, unit, project_id)
    if row is None:
        # Nothing but the code can have kept it out.
        raise Conflict(
            Text("Another open account of this office has the code {code}.", {"code": code})
        )
    account = account_of(row)
    says = (account.kind, account.name, account.code, account.ends_at)
    if says != (AccountKind.PROJECT, called, code, ends_at):
        raise EntryDiffers(Text("An account with this id exists and says something else."))
    return account


def _check_code(code: str) -> None:
    if code and not valid_code(code):
        raise InvalidInput(
            counted(
                "The code of an account has at most {n} small letter, digit or dash between.",
                "The code of an account has at most {n} small letters, digits and dashes between.",
                CODE_LENGTH_MAX,
            )
        )


def _free_code(
    session: Session, office_id: str, unit: Unit, code: str, actor: Actor, now: datetime
) -> None:
    """Close the project that has this code and has ended, if there is one."""
    ended = session.scalar(
        select(AccountRow.id).where(
            AccountRow.office_id == office_id,
            AccountRow.unit == unit,
            AccountRow.code == code,
            AccountRow.closed_at.is_(None),
            AccountRow.ends_at <= now,
        )
    )
    if ended is not None:
        close_account(session, ended, actor=actor, now=now)


def set_terms(
    session: Session,
    office_id: str,
    unit: Unit,
    *,
    span: Span,
    carry_max: int,
    adjust_max: int | None,
    actor: Actor,
    now: datetime,
    zone: ZoneInfo = DEFAULT_ZONE,
) -> Account:
    """Set in which periods an office keeps its account, and those of its people with it.

    When the span changes, what is left in the periods that are not over goes into the new ones;
    what is reserved stays where it is.
    """
    if span is Span.PROJECT:
        raise InvalidInput(Text("An office keeps its account by month, quarter or year."))
    if not 0 <= carry_max <= AMOUNT_MAX or not 0 <= (adjust_max or 0) <= AMOUNT_MAX:
        raise InvalidInput(Text("A limit must be a whole number, zero or more."))
    open_account(session, office_id, unit, now=now)
    rows = hold_accounts(session, office_id, unit)
    terms = (span.value, carry_max, adjust_max)
    own = next(row for row in rows if row.holder == OFFICE)
    books.check_open(account_of(own), now, 0)
    if (own.span, own.carry_max, own.adjust_max) != terms:
        for row in rows:
            if row.span != span:
                _change_span(session, row, span, actor, now, zone)
            row.carry_max, row.adjust_max = carry_max, adjust_max
        session.flush()
        details = {"unit": unit, "span": span, "carry_max": carry_max, "adjust_max": adjust_max}
        audit.record(session, actor, "quota.terms", office_id, details, now)
    return account_of(own)


def _change_span(
    session: Session, row: AccountRow, span: Span, actor: Actor, now: datetime, zone: ZoneInfo
) -> None:
    current = Period.of_moment(now, zone, Span(row.span))
    keys = session.scalars(select(BalanceRow.period).where(BalanceRow.account_id == row.id)).all()
    for period in sorted(Period.of_key(key) for key in keys):
        if period.span is current.span and period >= current:
            # A period that began before now may begin a longer one that is over already.
            into = max(period.within(span), Period.of_moment(now, zone, span))
            _pass_on(session, row.id, period, into, actor, now)
    row.span, row.turned = span.value, Period.of_moment(now, zone, span).key


def _pass_on(
    session: Session, account_id: str, source: Period, target: Period, actor: Actor, now: datetime
) -> None:
    left = books.balance_now(session, account_id, source).left
    if left > 0:
        pass_on(session, new_uuid(), (account_id, source), (account_id, target), left, actor, now)


def pass_on(
    session: Session,
    transfer_id: str,
    source: tuple[str, Period],
    target: tuple[str, Period],
    amount: int,
    actor: Actor,
    now: datetime,
    *,
    reason: str = "",
) -> bool:
    """Move units to another account (a transfer) or into another period (a carry-over)."""
    kind = Kind.CARRY if source[0] == target[0] else Kind.TRANSFER
    gives = books.Entry(
        f"{transfer_id}:out", *source, kind, Delta(granted=-amount), actor, now,
        reason=reason, transfer_id=transfer_id,
    )  # fmt: skip
    gets = books.Entry(
        f"{transfer_id}:in", *target, kind, Delta(granted=amount), actor, now,
        reason=reason, transfer_id=transfer_id,
    )  # fmt: skip
    return books.move(session, gives, gets)


def close_account(
    session: Session,
    account_id: str,
    *,
    actor: Actor,
    now: datetime,
    zone: ZoneInfo = DEFAULT_ZONE,
) -> Account:
    """Close an account for good (a person's can be opened again); closing again changes nothing.

    What is left goes back to the office; an office's own account gives it up. An office whose
    people or projects still have open accounts keeps its own.
    """
    row = _locked(session, account_id)
    if row.closed_at is None:
        if row.kind == AccountKind.OFFICE and _others_open(session, row):
            raise Conflict(Text("Accounts of this office's people or projects are still open."))
        row.closed_at = now
        session.flush()
        details = {"unit": row.unit, "account": row.id, "kind": row.kind}
        audit.record(session, actor, "quota.close-account", row.office_id, details, now)
        return_rest(session, account_id, actor=actor, now=now, zone=zone)
    return account_of(row)


def return_rest(
    session: Session,
    account_id: str,
    *,
    actor: Actor = SYSTEM,
    now: datetime,
    zone: ZoneInfo = DEFAULT_ZONE,
) -> int:
    """Let what is left in a closed account go back; return how much that was.

    Called again it finds nothing, until a reservation that was open has freed some more.
    """
    row = _locked(session, account_id)
    account = account_of(row)
    if not account.closed(now):
        return 0
    period = WHOLE if account.kind is AccountKind.PROJECT else account.period_at(now, zone)
    if account.kind is AccountKind.OFFICE:
        return _give_up(session, account, period, actor, now)
    office = books.account_row(session, account.office_id, account.unit, OFFICE)
    if office is None:
        open_account(session, account.office_id, account.unit, now=now)
        office = books.existing(session, account.office_id, account.unit, OFFICE)
    home = (office.id, account_of(office).period_at(now, zone))
    left = books.balance_now(session, account_id, period).left
    if left <= 0:
        return 0
    pass_on(session, new_uuid(), (account_id, period), home, left, actor, now)
    details = {"unit": account.unit, "account": account_id, "amount": left}
    audit.record(session, actor, "quota.return", account.office_id, details, now)
    return left


def _give_up(
    session: Session, account: Account, period: Period, actor: Actor, now: datetime
) -> int:
    left = books.balance_now(session, account.id, period).left
    if left <= 0:
        return 0
    delta = Delta(granted=-left)
    entry = books.Entry(new_uuid(), account.id, period, Kind.ADJUST, delta, actor, now)
    books.append(session, entry)
    details = {"unit": account.unit, "account": account.id, "amount": left}
    audit.record(session, actor, "quota.return", account.office_id, details, now)
    return left


def _others_open(session: Session, row: AccountRow) -> bool:
    others = select(AccountRow.id).where(
        AccountRow.office_id == row.office_id,
        AccountRow.unit == row.unit,
        AccountRow.id != row.id,
        AccountRow.closed_at.is_(None),
    )
    return session.scalar(others.limit(1)) is not None


def _locked(session: Session, account_id: str) -> AccountRow:
    row = locked(session, AccountRow, account_id)
    if row is None:
        raise NoSuchAccount(Text("There is no such account."))
    return row
