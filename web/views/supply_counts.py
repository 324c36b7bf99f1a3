"""Stocktaking: open a document, enter counts, see the differences, close it."""

from collections.abc import Mapping

from flask import Blueprint, g, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from core.errors import InvalidInput, PrintgateError
from core.ids import new_uuid
from core.text import Text
from quotas.supplies.lifecycle import CountState, may_count
from quotas.supplies.queries import counting, stock
from quotas.supplies.service import counting as service
from quotas.supplies.service.counting import Count
from web import supply_words
from web.access import HEAD, access
from web.forms import entry_id, given, refused, whole_number
from web.services import services
from web.views.jobs import PAGE, page_number
from web.views.supplies import office_names

supply_counts = Blueprint("supply_counts", __name__)

Answer = str | Response | tuple[str, int]
_COUNTED, _REASON = "counted-", "reason-"


@supply_counts.get("/supplies/counts")
@access(HEAD)
def list_counts() -> str:
    """List the stocktakings, newest first, with a form for one more."""
    with services().database.snapshot() as session:
        return render_template("supply_counts.html", form={}, **_list(session))


@supply_counts.post("/supplies/counts")
@access(HEAD)
def open_count() -> Answer:
    """Open a stocktaking of a store; sent twice it is opened once."""
    try:
        with services().database.transaction() as session:
            stock.store_for(session, given("store"), g.actor)
            opened = service.open_stocktaking(
                session, entry_id(), given("store"), actor=g.actor, now=services().clock.now()
            )
    except PrintgateError as error:
        with services().database.snapshot() as session:
            context = _list(session)
        return refused("supply_counts.html", error, **context)
    return redirect(url_for("supply_counts.show_count", count_id=opened.id))


@supply_counts.get("/supplies/counts/<int:count_id>")
@access(HEAD)
def show_count(count_id: int) -> str:
    """Show one stocktaking: what the book says, what was counted, what differs."""
    with services().database.snapshot() as session:
        return render_template("supply_count.html", form={}, **_context(session, count_id))


@supply_counts.post("/supplies/counts/<int:count_id>")
@access(HEAD)
def act(count_id: int) -> Answer:
    """Enter counts, close the stocktaking or give it up."""
    with services().database.snapshot() as session:
        counting.stocktaking_for(session, count_id, g.actor)
    try:
        with services().database.transaction() as session:
            _act(session, count_id)
    except PrintgateError as error:
        with services().database.snapshot() as session:
            context = _context(session, count_id)
        return refused("supply_count.html", error, **context)
    return redirect(url_for("supply_counts.show_count", count_id=count_id))


def _act(session: Session, count_id: int) -> None:
    now = services().clock.now()
    match given("action"):
        case "enter":
            counts = _counts(request.form)
            service.enter(session, count_id, entry_id(), counts, actor=g.actor, now=now)
        case "close":
            service.close(session, count_id, actor=g.actor, now=now, zone=services().zone)
        case "abandon":
            service.abandon(session, count_id, actor=g.actor, now=now)
        case _:
            raise InvalidInput(Text("The request can't be understood."))


def _counts(sent: Mapping[str, str]) -> dict[str, Count]:
    """Return what was counted; a field that stays empty is no count."""
    articles = [name.removeprefix(_COUNTED) for name in sent if name.startswith(_COUNTED)]
    return {
        article: Count(whole_number(_COUNTED + article, sent), sent.get(_REASON + article, ""))
        for article in articles
        if sent[_COUNTED + article].strip()
    }


def _list(session: Session) -> dict[str, object]:
    page, count = page_number(), counting.count_stocktakings(session, g.actor)
    return {
        "says": supply_words,
        "entry": new_uuid(),
        "stocktakings": counting.stocktakings(
            session, g.actor, limit=PAGE, offset=(page - 1) * PAGE
        ),
        "count": count,
        "page": page,
        "pages": -(-count // PAGE),
        "stores": [
            each for each in stock.stores(session, g.actor) if may_count(g.actor, each.office_id)
        ],
        "names": office_names(session),
    }


def _context(session: Session, count_id: int) -> dict[str, object]:
    found = counting.stocktaking_for(session, count_id, g.actor)
    lines = counting.lines(session, found)
    is_open = found.state is CountState.OPEN
    return {
        "says": supply_words,
        "entry": new_uuid(),
        "found": found,
        "lines": lines,
        "may_count": is_open and may_count(g.actor, found.store.office_id),
        "complete": is_open and all(_done(line) for line in lines) and bool(lines),
        "second_person": found.closable_by(g.actor),
    }


def _done(line: counting.Line) -> bool:
    return line.counted is not None or line.on_hand == 0
