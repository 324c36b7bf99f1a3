"""For the administrator: an office's accounts, the terms they are kept on, and transfers."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time

from flask import Blueprint, g, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from core.errors import InvalidInput, NotFound, PrintgateError
from core.identity import queries as identity
from core.ids import is_uuid, new_uuid
from core.people import Office
from core.text import Text
from quotas import queries as quotas
from quotas import service
from quotas.accounts import Account, AccountKind
from quotas.ledger import Balance
from quotas.periods import Span
from quotas.projects import folded
from quotas.units import Unit
from web import plan_words
from web.access import ADMIN, access
from web.forms import given, refused, signed_number
from web.services import services
from web.views.admin_grants import chosen

admin_accounts = Blueprint("admin_accounts", __name__)

Answer = str | Response | tuple[str, int]
SPANS = (Span.MONTH, Span.QUARTER, Span.YEAR)


@dataclass(frozen=True)
class Standing:
    """An account, what it is called, and how it stands in the period it is in."""

    account: Account
    name: str
    balance: Balance
    closed: bool


@admin_accounts.get("/admin/accounts")
@access(ADMIN)
def show_accounts() -> str:
    """Show an office's accounts with the forms that change them."""
    with services().database.snapshot() as session:
        context = _context(session, request.args.get("office", ""))
    return render_template("admin_accounts.html", form={}, **context)


@admin_accounts.post("/admin/accounts")
@access(ADMIN)
def change() -> Answer:
    """Do what one of the forms asks for. Forms that make something carry its id."""
    office_id = given("office")
    try:
        with services().database.transaction() as session:
            office = identity.office(session, office_id)
            deed = DEEDS.get(given("kind"))
            if deed is None:
                raise InvalidInput(Text("The request can't be understood."))
            deed(session, office)
    except PrintgateError as error:
        with services().database.snapshot() as session:
            context = _context(session, office_id)
        return refused("admin_accounts.html", error, **context)
    return redirect(url_for("admin_accounts.show_accounts", office=office_id))


def _set_terms(session: Session, office: Office) -> None:
    if given("span") not in SPANS:
        raise InvalidInput(Text("The request can't be understood."))
    alone = signed_number("adjust_max") if given("adjust_max") else None
    service.set_terms(
        session, office.id, Unit.SHEETS, span=Span(given("span")),
        carry_max=signed_number("carry_max"), adjust_max=alone,
        actor=g.actor, now=services().clock.now(), zone=services().zone,
    )  # fmt: skip


def _open_person(session: Session, office: Office) -> None:
    now = services().clock.now()
    service.open_person_account(
        session, office.id, Unit.SHEETS, given("person"), actor=g.actor, now=now
    )


def _open_project(session: Session, office: Office) -> None:
    last = _day("ends_on")
    midnight = datetime.combine(last, time.max, services().zone)
    service.open_project(
        session, _new_id(), office.id, Unit.SHEETS, name=given("name"),
        code=folded(given("code")), ends_at=midnight,
        actor=g.actor, now=services().clock.now(),
    )  # fmt: skip


def _transfer(session: Session, office: Office) -> None:
    source = given("from")
    if source not in {each.id for each in quotas.accounts(session, office.id, Unit.SHEETS)}:
        raise NotFound(Text("The office has no such account."))
    service.transfer(
        session, _new_id(), source, given("to"), signed_number("sheets"),
        reason=given("reason"), actor=g.actor, now=services().clock.now(), zone=services().zone,
    )  # fmt: skip


def _close(session: Session, office: Office) -> None:
    account_id = given("account")
    own = {each.id: each for each in quotas.accounts(session, office.id, Unit.SHEETS)}
    if account_id not in own or own[account_id].kind is AccountKind.OFFICE:
        raise NotFound(Text("The office has no such account."))
    service.close_account(
        session, account_id, actor=g.actor, now=services().clock.now(), zone=services().zone
    )


DEEDS: dict[str, Callable[[Session, Office], None]] = {
    "terms": _set_terms,
    "person": _open_person,
    "project": _open_project,
    "transfer": _transfer,
    "close": _close,
}
"""What each form of the page does."""


def _new_id() -> str:
    entry = given("entry")
    if not is_uuid(entry):
        raise InvalidInput(Text("The request can't be understood."))
    return entry


def _day(field: str) -> date:
    try:
        return date.fromisoformat(given(field))
    except ValueError:
        raise InvalidInput(Text("Please enter a day, as in 2026-11-30.")) from None


def _context(session: Session, office_id: str) -> dict[str, object]:
    offices = identity.offices(session)
    shown, now = chosen(offices, office_id), services().clock.now()
    people = {each.id: each for each in identity.persons(session)}
    names = {key: person.name for key, person in people.items()}
    standing = [
        _standing(session, each, names, now)
        for each in quotas.accounts(session, shown.id, Unit.SHEETS)
    ]
    own = next((each.account for each in standing if not each.account.holder), None)
    open_now = [each for each in standing if not each.closed]
    have = {each.account.holder for each in open_now}
    return {
        "offices": offices,
        "office": shown,
        "period": quotas.period_now(session, shown.id, Unit.SHEETS, now=now, zone=services().zone),
        "standing": standing,
        "own": own,
        "plan": quotas.plan(session, own.id) if own else None,
        "says": plan_words,
        "spans": SPANS,
        "now": now,
        "zone": services().zone,
        "people": [
            each
            for each in people.values()
            if each.office_id == shown.id and each.active and each.id not in have
        ],
        "sources": open_now,
        "targets": [(each.account.id, each.name or shown.name) for each in open_now]
        + _other_offices(session, offices, shown, now),
        "entry": new_uuid(),
        "adjust_max": services().adjust_max,
    }


def _standing(session: Session, account: Account, names: dict[str, str], now: datetime) -> Standing:
    period = account.period_at(now, services().zone)
    balance = quotas.balance(
        session, account.office_id, account.unit, period, holder=account.holder
    )
    name = account.name or names.get(account.holder, "")
    return Standing(account, name, balance, account.closed(now))


def _other_offices(
    session: Session, offices: list[Office], shown: Office, now: datetime
) -> list[tuple[str, str]]:
    """Return the own accounts of the other offices, to which something can be transferred."""
    found = []
    for office in offices:
        account = quotas.account_for(session, office.id, Unit.SHEETS, None, now=now)
        if office != shown and account is not None and not account.closed(now):
            found.append((account.id, office.name))
    return found
