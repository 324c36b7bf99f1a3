"""Supplies: what lies in stock, what moved, and whether it fits what was printed."""

import csv
import io

from flask import Blueprint, Response, g, render_template, request
from sqlalchemy.orm import Session

from core.identity import queries as identity
from core.people import Office
from quotas.periods import Period
from quotas.supplies.lifecycle import Budget, State
from quotas.supplies.queries import orders, reports, stock
from quotas.supplies.queries.stock import Level, Movement, MovementSearch, Store
from quotas.supplies.stock import Kind, Material
from quotas.supplies.variance import Meaning
from web import supply_words
from web.access import HEAD, access
from web.filters import Filter, asked_for
from web.language import local_time, sentence, words
from web.services import services
from web.views.jobs import PAGE, page_number

supplies = Blueprint("supplies", __name__)

_LOW = "low"
_MONTHS = 12
# What a spreadsheet would take for a formula when a cell begins with it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@supplies.get("/supplies")
@access(HEAD)
def show_stock() -> str:
    """Show what lies in stock, what of it is low, and the budgets of the year."""
    with services().database.snapshot() as session:
        stores = {each.id: each for each in stock.stores(session, g.actor)}
        chosen = asked_for({"store": stores, "material": list(Material), "level": (_LOW,)})
        every = stock.levels(session, g.actor)
        offices = visible_offices(session)
        year = services().clock.now().astimezone(services().zone).year
        return render_template(
            "supplies.html",
            says=supply_words,
            stores=stores,
            filter=chosen,
            levels=[level for level in every if _fits(level, chosen)],
            any_level=bool(every),
            low=sum(level.low for level in every),
            waiting=orders.count_orders(
                session, orders.OrderSearch(state=State.REQUESTED), g.actor
            ),
            share=reports.recycled_share(session, list(offices), _months_of(year)),
            year=year,
            budgets=_budgets(session, offices, year),
            choices=_store_choices(stores, offices),
        )


@supplies.get("/supplies/movements")
@access(HEAD)
def list_movements() -> str:
    """Show the movements of stock, newest first, as the filter asks."""
    with services().database.snapshot() as session:
        chosen, search = _movement_filter(session)
        page, count = page_number(), stock.count_movements(session, search, g.actor)
        stores = {each.id: each for each in stock.stores(session, g.actor)}
        return render_template(
            "supply_movements.html",
            says=supply_words,
            filter=chosen,
            movements=stock.find_movements(
                session, search, g.actor, limit=PAGE, offset=(page - 1) * PAGE
            ),
            count=count,
            page=page,
            pages=-(-count // PAGE),
            offices=visible_offices(session),
            names=office_names(session),
            articles=stock.articles(session),
            choices=_store_choices(stores, office_names(session)),
        )


@supplies.get("/supplies/movements.csv")
@access(HEAD)
def export_movements() -> Response:
    """Return the movements that the filter asks for as CSV, oldest first."""
    with services().database.snapshot() as session:
        _, search = _movement_filter(session)
        names = office_names(session)
        rows = [_cells(each, names) for each in stock.each_movement(session, search, g.actor)]
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(_head())
    writer.writerows(rows)
    # With the mark at its beginning, without which spreadsheets take it for another encoding.
    answer = Response(out.getvalue().encode("utf-8-sig"), mimetype="text/csv")
    answer.headers["Content-Disposition"] = 'attachment; filename="movements.csv"'
    return answer


@supplies.get("/supplies/variance")
@access(HEAD)
def show_variance() -> str:
    """Set the sheets that an office was issued against those that it printed, month by month."""
    with services().database.snapshot() as session:
        offices = visible_offices(session)
        shown = offices.get(request.args.get("office", "")) or _own_first(offices)
        months = _last_months()
        found = reports.variance(session, shown.id, months, services().zone)
        meanings = {each.meaning for each in found}
        return render_template(
            "supply_variance.html",
            says=supply_words,
            office=shown,
            offices=list(offices.values()),
            rows=found[::-1],
            issued=sum(each.month.issued for each in found),
            printed=sum(each.month.printed for each in found),
            share=reports.recycled_share(session, [shown.id], months),
            explanations=[
                (meaning, supply_words.EXPLANATIONS[meaning])
                for meaning in Meaning
                if meaning in supply_words.EXPLANATIONS and meaning in meanings
            ],
        )


def visible_offices(session: Session) -> dict[str, Office]:
    """Return the offices whose supplies the reader looks after, by id."""
    return {each.id: each for each in identity.offices(session) if g.actor.may_see_office(each.id)}


def office_names(session: Session) -> dict[str, Office]:
    """Return all offices by id: what a movement's office is called."""
    return {each.id: each for each in identity.offices(session)}


def _own_first(offices: dict[str, Office]) -> Office:
    return offices.get(g.person.office_id) or next(iter(offices.values()))


def _fits(level: Level, chosen: Filter) -> bool:
    return (
        chosen.get("store") in ("", level.store.id)
        and chosen.get("material") in ("", level.article.material)
        and (not chosen.get("level") or level.low)
    )


def _budgets(
    session: Session, offices: dict[str, Office], year: int
) -> list[tuple[Office, Budget]]:
    found = [(each, orders.budget(session, each.id, year)) for each in offices.values()]
    # The administrator sees the offices that have anything to do with money; a head their own.
    return [(office, budget) for office, budget in found if budget != Budget() or not g.actor.admin]


def _store_choices(stores: dict[str, Store], offices: dict[str, Office]) -> list[tuple[str, str]]:
    def called(store: Store) -> str:
        office = offices.get(store.office_id or "")
        return f"{store.name} ({office.name})" if office else store.name

    return [(store.id, called(store)) for store in stores.values()]


def _movement_filter(session: Session) -> tuple[Filter, MovementSearch]:
    chosen = asked_for(
        {
            "store": {each.id for each in stock.stores(session, g.actor)},
            "article": {each.id for each in stock.articles(session)},
            "kind": list(Kind),
            "office": visible_offices(session),
        }
    )
    search = MovementSearch(
        store_id=chosen.get("store"),
        article_id=chosen.get("article"),
        office_id=chosen.get("office"),
        kind=chosen.get("kind"),
        since=chosen.since,
        before=chosen.before,
    )
    return chosen, search


def _head() -> list[str]:
    return [
        sentence("Time"),
        sentence("Store"),
        sentence("Article"),
        sentence("Movement"),
        sentence("Quantity"),
        sentence("Counted in"),
        sentence("Office"),
        sentence("Order"),
        sentence("Price in yuan"),
        sentence("Reason"),
        sentence("Entered by"),
    ]


def _cells(each: Movement, offices: dict[str, Office]) -> list[str | int]:
    office = offices.get(each.office_id or "")
    return [
        local_time(each.at),
        _harmless(each.store),
        _harmless(each.article.name),
        words(supply_words.KINDS[each.kind]),
        each.delta,
        sentence("reams") if each.article.paper else sentence("cartridges"),
        _harmless(office.name) if office else "",
        each.order_id or "",
        f"{each.price_fen // 100}.{each.price_fen % 100:02}",
        _harmless(each.reason),
        _harmless(each.actor),
    ]


def _harmless(text: str) -> str:
    """Return a text that no spreadsheet calculates."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _months_of(year: int) -> list[Period]:
    return [Period(year, month) for month in range(1, 13)]


def _last_months() -> list[Period]:
    months = [Period.of_moment(services().clock.now(), services().zone)]
    for _ in range(_MONTHS - 1):
        months.append(months[-1].previous())
    return months
