"""Purchase orders: the list, a request, and one order with its history."""

from collections.abc import Callable

from flask import Blueprint, g, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from core.errors import InvalidInput, PrintgateError
from core.ids import new_uuid
from core.text import Text
from quotas.supplies.lifecycle import Event, State
from quotas.supplies.queries import orders, stock
from quotas.supplies.queries.orders import Order, OrderSearch
from quotas.supplies.service import orders as service
from quotas.supplies.stock import Material
from web import supply_words
from web.access import HEAD, access
from web.filters import asked_for
from web.forms import entry_id, fen, given, quantity, refused, ticked
from web.services import services
from web.views.jobs import PAGE, page_number
from web.views.supplies import visible_offices

supply_orders = Blueprint("supply_orders", __name__)

Answer = str | Response | tuple[str, int]


@supply_orders.get("/supplies/orders")
@access(HEAD)
def list_orders() -> str:
    """List the purchase orders, newest first, as the filter asks."""
    with services().database.snapshot() as session:
        offices = visible_offices(session)
        chosen = asked_for(
            {"office": offices, "state": list(State), "material": list(Material)}, "q"
        )
        search = OrderSearch(
            office_id=chosen.get("office"),
            state=chosen.get("state"),
            material=chosen.get("material"),
            words=chosen.get("q"),
            since=chosen.since,
            before=chosen.before,
        )
        page, count = page_number(), orders.count_orders(session, search, g.actor)
        return render_template(
            "supply_orders.html",
            says=supply_words,
            filter=chosen,
            offices=offices,
            orders=orders.find_orders(
                session, search, g.actor, limit=PAGE, offset=(page - 1) * PAGE
            ),
            count=count,
            page=page,
            pages=-(-count // PAGE),
        )


@supply_orders.get("/supplies/orders/new")
@access(HEAD)
def new_order() -> str:
    """Show the form that asks for paper or toner to be bought."""
    with services().database.snapshot() as session:
        return render_template("supply_order_new.html", form=request.args, **_new(session))


@supply_orders.post("/supplies/orders/new")
@access(HEAD)
def ask() -> Answer:
    """Ask for paper or toner to be bought; sent twice it is asked for once."""
    try:
        asked = service.Request(
            entry_id(),
            given("office"),
            given("store"),
            given("article"),
            quantity(),
            given("reason"),
        )
        with services().database.transaction() as session:
            made = service.request(session, asked, actor=g.actor, now=services().clock.now())
    except PrintgateError as error:
        with services().database.snapshot() as session:
            context = _new(session)
        return refused("supply_order_new.html", error, **context)
    return redirect(url_for("supply_orders.show_order", order_id=made.id))


@supply_orders.get("/supplies/orders/<int:order_id>")
@access(HEAD)
def show_order(order_id: int) -> str:
    """Show one order, its history, and what the reader can do with it."""
    with services().database.snapshot() as session:
        return render_template("supply_order.html", form={}, **_context(session, order_id))


@supply_orders.post("/supplies/orders/<int:order_id>")
@access(HEAD)
def act(order_id: int) -> Answer:
    """Approve, reject, withdraw, buy, receive or cancel; sent twice it is done once."""
    with services().database.snapshot() as session:
        orders.order_for(session, order_id, g.actor)
    try:
        verb = _VERBS.get(given("action"))
        if verb is None:
            raise InvalidInput(Text("The request can't be understood."))
        with services().database.transaction() as session:
            verb(session, entry_id(), order_id)
    except PrintgateError as error:
        with services().database.snapshot() as session:
            context = _context(session, order_id)
        return refused("supply_order.html", error, **context)
    return redirect(url_for("supply_orders.show_order", order_id=order_id))


def _approve(session: Session, entry: str, order_id: int) -> None:
    service.approve(
        session, entry, order_id, over_budget=ticked("over"), reason=given("reason"),
        actor=g.actor, now=services().clock.now(), zone=services().zone,
    )  # fmt: skip


def _reject(session: Session, entry: str, order_id: int) -> None:
    now = services().clock.now()
    service.reject(session, entry, order_id, reason=given("reason"), actor=g.actor, now=now)


def _withdraw(session: Session, entry: str, order_id: int) -> None:
    service.withdraw(session, entry, order_id, actor=g.actor, now=services().clock.now())


def _purchase(session: Session, entry: str, order_id: int) -> None:
    service.purchase(
        session, entry, order_id, price_fen=fen("price"), supplier=given("supplier"),
        over_budget=ticked("over"), reason=given("reason"),
        actor=g.actor, now=services().clock.now(),
    )  # fmt: skip


def _receive(session: Session, entry: str, order_id: int) -> None:
    service.receive(
        session, entry, order_id, quantity(),
        actor=g.actor, now=services().clock.now(), zone=services().zone,
    )  # fmt: skip


def _cancel(session: Session, entry: str, order_id: int) -> None:
    now = services().clock.now()
    service.cancel(session, entry, order_id, reason=given("reason"), actor=g.actor, now=now)


_VERBS: dict[str, Callable[[Session, str, int], None]] = {
    "approve": _approve,
    "reject": _reject,
    "withdraw": _withdraw,
    "purchase": _purchase,
    "receive": _receive,
    "cancel": _cancel,
}


def _new(session: Session) -> dict[str, object]:
    year = services().clock.now().astimezone(services().zone).year
    offices = visible_offices(session)
    return {
        "says": supply_words,
        "entry": new_uuid(),
        "offices": list(offices.values()),
        "stores": stock.stores(session, g.actor),
        "articles": stock.articles(session),
        "year": year,
        "budgets": [
            (office, orders.budget(session, office.id, year)) for office in offices.values()
        ],
    }


def _context(session: Session, order_id: int) -> dict[str, object]:
    order = orders.order_for(session, order_id, g.actor)
    year = order.year or services().clock.now().astimezone(services().zone).year
    budget = orders.budget(session, order.office_id, year)
    return {
        "says": supply_words,
        "entry": new_uuid(),
        "order": order,
        "office": visible_offices(session)[order.office_id],
        "history": orders.events_of(session, order_id),
        "can": {event.value for event in order.events_for(g.actor)},
        "year": year,
        "budget": budget,
        "lacks": _lacks(order, budget.left_fen),
    }


def _lacks(order: Order, left_fen: int) -> int:
    """Return by how much an order that nobody has decided on would overrun the budget."""
    undecided = Event.APPROVE in order.events_for(g.actor) or order.state is State.REQUESTED
    return max(0, order.terms.total_fen - left_fen) if undecided else 0
