"""Entering what moved: receipts, issues, returns, scrap, and cartridges that are put in."""

from flask import Blueprint, g, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from core.errors import InvalidInput, NotFound, PrintgateError
from core.identity import queries as identity
from core.ids import new_uuid
from core.text import Text
from printgate import queries as printing
from quotas.insight import Usage
from quotas.supplies.queries import reports, stock
from quotas.supplies.service import cartridges
from quotas.supplies.service import stock as service
from quotas.supplies.service.cartridges import Installation
from quotas.supplies.service.stock import NewMovement
from quotas.supplies.stock import OF_AN_OFFICE, Kind, Material
from web import supply_words
from web.access import ADMIN, HEAD, access
from web.forms import entry_id, given, quantity, refused
from web.services import services

supply_entries = Blueprint("supply_entries", __name__)

Answer = str | Response | tuple[str, int]
ENTERED = tuple(kind for kind in Kind if kind is not Kind.CORRECTION)
"""What is entered by hand; corrections come from a stocktaking."""


@supply_entries.get("/supplies/movements/new")
@access(ADMIN)
def new_movement() -> str:
    """Show the form for a receipt, an issue, a return or scrap."""
    with services().database.snapshot() as session:
        return render_template("supply_movement_new.html", form=request.args, **_new(session))


@supply_entries.post("/supplies/movements/new")
@access(ADMIN)
def enter() -> Answer:
    """Enter a movement of stock; sent twice it is entered once."""
    try:
        new = _movement()
        with services().database.transaction() as session:
            service.move(
                session, new, actor=g.actor, now=services().clock.now(), zone=services().zone
            )
    except PrintgateError as error:
        with services().database.snapshot() as session:
            context = _new(session)
        return refused("supply_movement_new.html", error, **context)
    return redirect(url_for("supplies.list_movements", store=new.store_id))


@supply_entries.get("/supplies/cartridges")
@access(HEAD)
def list_cartridges() -> str:
    """Show the cartridges by printer: since when, and how many pages each has printed."""
    with services().database.snapshot() as session:
        return render_template("supply_cartridges.html", form={}, **_cartridges(session))


@supply_entries.post("/supplies/cartridges")
@access(ADMIN)
def install() -> Answer:
    """Note that a cartridge was put in: it comes from a store and ends the one before."""
    try:
        with services().database.transaction() as session:
            printer = next(
                (each for each in printing.printers(session) if each.id == given("printer")), None
            )
            if printer is None:
                raise NotFound(Text("Please choose the printer."))
            cartridges.install(
                session,
                Installation(
                    entry_id(),
                    printer.id,
                    given("article"),
                    given("store"),
                    given("office"),
                    printing.printed_impressions(session).get(printer.id, 0),
                ),
                actor=g.actor,
                now=services().clock.now(),
                zone=services().zone,
            )
    except PrintgateError as error:
        with services().database.snapshot() as session:
            context = _cartridges(session)
        return refused("supply_cartridges.html", error, **context)
    return redirect(url_for("supply_entries.list_cartridges"))


def _movement() -> NewMovement:
    try:
        kind = Kind(given("kind"))
    except ValueError:
        raise InvalidInput(Text("The request can't be understood.")) from None
    if kind not in ENTERED:
        raise InvalidInput(Text("A correction comes from a stocktaking."))
    return NewMovement(
        entry_id(),
        given("store"),
        given("article"),
        kind,
        quantity(),
        office_id=(given("office") or None) if kind in OF_AN_OFFICE else None,
        reason=given("reason"),
    )


def _new(session: Session) -> dict[str, object]:
    return {
        "says": supply_words,
        "entry": new_uuid(),
        "kinds": ENTERED,
        "stores": stock.stores(session, g.actor),
        "articles": stock.articles(session),
        "offices": identity.offices(session),
    }


def _cartridges(session: Session) -> dict[str, object]:
    printed = printing.printed_impressions(session)
    printers = printing.printers(session)
    found = reports.cartridges(session)
    now, zone = services().clock.now(), services().zone
    usage = Usage(session, zone)
    names = {printer.id: printer.name for printer in printers}
    return {
        "wear": {
            each.id: reports.wear_of(usage, each, names[each.printer], now, zone)
            for each in found
            if each.removed_at is None and each.printer in names
        },
        "says": supply_words,
        "entry": new_uuid(),
        "printers": [
            (
                printer,
                [
                    (each, each.pages(printed.get(printer.id, 0)))
                    for each in found
                    if each.printer == printer.id
                ],
            )
            for printer in printers
        ],
        "toners": [each for each in stock.articles(session) if each.material is Material.TONER],
        "stores": stock.stores(session, g.actor),
        "offices": identity.offices(session),
    }
