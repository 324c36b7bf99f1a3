"""For the administrator: giving offices sheets, and correcting what was given."""

from flask import Blueprint, g, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from core.errors import InvalidInput, PrintgateError
from core.identity import queries as identity
from core.ids import is_uuid, new_uuid
from core.people import SYSTEM, Office
from core.text import Text
from quotas import queries as quotas
from quotas import service
from quotas.ledger import Kind
from quotas.periods import Period
from quotas.units import Unit
from web.access import ADMIN, access
from web.forms import given, refused, signed_number
from web.services import services

admin_grants = Blueprint("admin_grants", __name__)

Answer = str | Response | tuple[str, int]
_MONTHS_BACK = 11
_VERDICTS = {"confirm": service.confirm, "reject": service.reject}
_MOVED = (Kind.GRANT, Kind.ADJUST, Kind.TRANSFER, Kind.CARRY)
"""The kinds of entry that change how much an account has been given."""


@admin_grants.get("/admin/grants")
@access(ADMIN)
def show_grants() -> str:
    """Show an office's month: what it has, and what was granted and corrected."""
    with services().database.snapshot() as session:
        context = _context(session, request.args.get("office", ""), request.args.get("month", ""))
    return render_template("admin_grants.html", form={}, **context)


@admin_grants.post("/admin/grants")
@access(ADMIN)
def enter() -> Answer:
    """Grant or adjust. The form carries the entry's id, so sending it twice enters it once."""
    office_id, month = given("office"), given("month")
    try:
        with services().database.transaction() as session:
            office = identity.office(session, office_id)
            _enter(session, office, month)
    except PrintgateError as error:
        with services().database.snapshot() as session:
            context = _context(session, office_id, month)
        return refused("admin_grants.html", error, **context)
    return redirect(url_for("admin_grants.show_grants", office=office_id, month=month))


@admin_grants.post("/admin/grants/proposal")
@access(ADMIN)
def decide() -> Answer:
    """Confirm a proposed adjustment, as a second person, or let it fall."""
    office_id, month = given("office"), given("month")
    try:
        verb = _VERDICTS.get(given("kind"))
        if verb is None:
            raise InvalidInput(Text("The request can't be understood."))
        with services().database.transaction() as session:
            verb(session, given("proposal"), actor=g.actor, now=services().clock.now())
    except PrintgateError as error:
        with services().database.snapshot() as session:
            context = _context(session, office_id, month)
        return refused("admin_grants.html", error, **context)
    return redirect(url_for("admin_grants.show_grants", office=office_id, month=month))


def _enter(session: Session, office: Office, month: str) -> None:
    office_id, period = office.id, _period(session, office, month)
    entry_id, sheets = given("entry"), signed_number("sheets")
    if not is_uuid(entry_id) or given("kind") not in ("grant", "adjust"):
        raise InvalidInput(Text("The request can't be understood."))
    now = services().clock.now()
    if given("kind") == "adjust":
        service.correct(
            session, entry_id, office_id, Unit.SHEETS, period, sheets,
            reason=given("reason"), limit=services().adjust_max, actor=g.actor, now=now,
        )  # fmt: skip
    else:
        service.grant(
            session, entry_id, office_id, Unit.SHEETS, period, sheets, actor=g.actor, now=now
        )


def _context(session: Session, office_id: str, month: str) -> dict[str, object]:
    offices = identity.offices(session)
    shown = chosen(offices, office_id)
    period = _period(session, shown, month)
    entries = quotas.entries(session, shown.id, Unit.SHEETS, period, holder="")
    return {
        "offices": offices,
        "office": shown,
        "period": period,
        "entry": new_uuid(),
        "balance": quotas.balance(session, shown.id, Unit.SHEETS, period, holder=""),
        "entries": [each for each in entries if each.kind in _MOVED],
        "proposals": quotas.open_proposals(session),
        "office_names": {each.id: each.name for each in offices},
        "months": _months(period),
        "system": SYSTEM.name,
    }


def chosen(offices: list[Office], office_id: str) -> Office:
    """Return the office that is asked for, else the administrator's own."""
    by_id = {office.id: office for office in offices}
    return by_id.get(office_id) or by_id[g.person.office_id]


def _months(shown: Period) -> list[Period]:
    """Return the months to choose from, newest first: next month can be granted ahead."""
    months = [Period.of_moment(services().clock.now(), services().zone, shown.span).next()]
    for _ in range(_MONTHS_BACK + 1):
        months.append(months[-1].previous())
    return months if shown in months else [shown, *months]


def _period(session: Session, office: Office, asked: str) -> Period:
    """Return the period that is asked for, if the office's account has such; else the one it is in.

    An address may ask for a month of an office that is kept by the year now.
    """
    now, zone = services().clock.now(), services().zone
    current = quotas.period_now(session, office.id, Unit.SHEETS, now=now, zone=zone)
    try:
        period = Period.of_key(asked)
    except ValueError:
        return current
    return period if period.span is current.span else current
