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


@admin_grants.get("/admin/grants")
@access(ADMIN)
def show_grants() -> str:
    """Show an office's month: what it has, and what was granted and corrected."""
    period = _period(request.args.get("month", ""))
    with services().database.snapshot() as session:
        context = _context(session, request.args.get("office", ""), period)
    return render_template("admin_grants.html", form={}, **context)


@admin_grants.post("/admin/grants")
@access(ADMIN)
def enter() -> Answer:
    """Grant or adjust. The form carries the entry's id, so sending it twice enters it once."""
    office_id, period = given("office"), _period(given("month"))
    try:
        with services().database.transaction() as session:
            office = identity.office(session, office_id)
            _enter(session, office.id, period)
    except PrintgateError as error:
        with services().database.snapshot() as session:
            context = _context(session, office_id, period)
        return refused("admin_grants.html", error, **context)
    return redirect(url_for("admin_grants.show_grants", office=office_id, month=period.key))


def _enter(session: Session, office_id: str, period: Period) -> None:
    entry_id, sheets = given("entry"), signed_number("sheets")
    if not is_uuid(entry_id):
        raise InvalidInput(Text("The request can't be understood."))
    now = services().clock.now()
    if given("kind") == "adjust":
        service.adjust(
            session, entry_id, office_id, Unit.SHEETS, period, sheets,
            reason=given("reason"), actor=g.actor, now=now,
        )  # fmt: skip
    else:
        service.grant(
            session, entry_id, office_id, Unit.SHEETS, period, sheets, actor=g.actor, now=now
        )


def _context(session: Session, office_id: str, period: Period) -> dict[str, object]:
    offices = identity.offices(session)
    shown = _chosen(offices, office_id)
    entries = quotas.entries(session, shown.id, Unit.SHEETS, period)
    return {
        "offices": offices,
        "office": shown,
        "period": period,
        "entry": new_uuid(),
        "balance": quotas.balance(session, shown.id, Unit.SHEETS, period),
        "entries": [each for each in entries if each.kind in (Kind.GRANT, Kind.ADJUST)],
        "months": _months(period),
        "system": SYSTEM.name,
    }


def _chosen(offices: list[Office], office_id: str) -> Office:
    """Return the office that is asked for, else the administrator's own."""
    by_id = {office.id: office for office in offices}
    return by_id.get(office_id) or by_id[g.person.office_id]


def _months(shown: Period) -> list[Period]:
    """Return the months to choose from, newest first: next month can be granted ahead."""
    months = [Period.of_moment(services().clock.now(), services().zone).next()]
    for _ in range(_MONTHS_BACK + 1):
        months.append(months[-1].previous())
    return months if shown in months else [shown, *months]


def _period(asked: str) -> Period:
    try:
        return Period.of_key(asked)
    except ValueError:
        return Period.of_moment(services().clock.now(), services().zone)
