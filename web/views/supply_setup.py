"""For the administrator: articles and prices, stores, levels that are watched, budgets."""

from collections.abc import Callable
from datetime import datetime

from flask import Blueprint, g, redirect, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from core.errors import InvalidInput, PrintgateError
from core.identity import queries as identity
from core.ids import new_uuid
from core.text import Text
from quotas.supplies.queries import orders, stock
from quotas.supplies.service import catalogue
from quotas.supplies.service.catalogue import COLOURS, ArticleFields
from quotas.supplies.stock import PAPERS, Material
from web import supply_words
from web.access import ADMIN, access
from web.forms import entry_id, fen, given, refused, whole_number
from web.services import services
from web.views.supplies import office_names

supply_setup = Blueprint("supply_setup", __name__)

Answer = str | Response | tuple[str, int]
DEFAULT_SHEETS = 500


@supply_setup.get("/supplies/setup")
@access(ADMIN)
def show_setup() -> str:
    """Show articles, stores and budgets, with forms for more and for changes."""
    with services().database.snapshot() as session:
        return render_template("supply_setup.html", form={}, **_context(session))


@supply_setup.post("/supplies/setup")
@access(ADMIN)
def change() -> Answer:
    """Add an article or a store, change a price, watch a level, set a budget."""
    try:
        verb = _VERBS.get(given("kind"))
        if verb is None:
            raise InvalidInput(Text("The request can't be understood."))
        with services().database.transaction() as session:
            verb(session, services().clock.now())
    except PrintgateError as error:
        with services().database.snapshot() as session:
            context = _context(session)
        return refused("supply_setup.html", error, **context)
    return redirect(url_for("supply_setup.show_setup"))


def _article(session: Session, now: datetime) -> None:
    try:
        material = Material(given("material"))
    except ValueError:
        raise InvalidInput(Text("The request can't be understood.")) from None
    paper = material in PAPERS
    fields = ArticleFields(
        given("name"),
        material,
        fen("price"),
        sheets=whole_number("sheets") if paper else 0,
        colour="" if paper else given("colour"),
        yield_pages=0 if paper or not given("pages") else whole_number("pages"),
        grams=0 if paper or not given("grams") else whole_number("grams"),
    )
    catalogue.add_article(session, entry_id(), fields, actor=g.actor, now=now)


def _price(session: Session, now: datetime) -> None:
    catalogue.change_price(session, given("article"), fen("price"), actor=g.actor, now=now)


def _store(session: Session, now: datetime) -> None:
    office = given("office") or None
    catalogue.add_store(session, entry_id(), given("name"), office, actor=g.actor, now=now)


def _level(session: Session, now: datetime) -> None:
    low_at = whole_number("low")
    catalogue.watch_level(session, given("store"), given("article"), low_at, actor=g.actor, now=now)


def _budget(session: Session, now: datetime) -> None:
    year = whole_number("year")
    catalogue.set_budget(session, given("office"), year, fen("price"), actor=g.actor, now=now)


_VERBS: dict[str, Callable[[Session, datetime], None]] = {
    "article": _article,
    "price": _price,
    "store": _store,
    "level": _level,
    "budget": _budget,
}


def _context(session: Session) -> dict[str, object]:
    year = services().clock.now().astimezone(services().zone).year
    offices = identity.offices(session)
    return {
        "says": supply_words,
        "entry": new_uuid(),
        "year": year,
        "colours": COLOURS,
        "default_sheets": DEFAULT_SHEETS,
        "articles": stock.articles(session),
        "stores": stock.stores(session, g.actor),
        "levels": [each for each in stock.levels(session, g.actor) if each.low_at],
        "offices": offices,
        "names": office_names(session),
        "budgets": [(each, orders.budget(session, each.id, year)) for each in offices],
    }
