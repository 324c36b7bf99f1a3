"""Requests for more sheets: the lists, a new one, and one with its decision."""

from collections.abc import Callable

from flask import Blueprint, g, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from core.errors import InvalidInput, PrintgateError
from core.identity import queries as identity
from core.ids import new_uuid
from core.people import Office
from core.text import Text
from quotas import inbox
from quotas import queries as quotas
from quotas.accounts import Account, AccountKind
from quotas.inbox import RequestSearch, View
from quotas.requests import SheetRequest, Source
from quotas.service import requests as service
from quotas.units import Unit
from web import request_words
from web.access import PERSON, access
from web.filters import asked_for
from web.forms import entry_id, given, refused, whole_number
from web.services import services
from web.views.jobs import PAGE, page_number

requests = Blueprint("requests", __name__)

OWN = "own"
"""What the form says for one's own account; else it names an office."""

Answer = str | Response | tuple[str, int]


@requests.get("/requests")
@access(PERSON)
def list_requests() -> str:
    """List requests, newest first: mine, those that wait for me, or those that were decided."""
    with services().database.snapshot() as session:
        views, view, waiting = _views(session)
        offices = {each.id: each for each in identity.offices(session)}
        shown = {key: each for key, each in offices.items() if g.actor.may_see_office(key)}
        chosen = asked_for({"office": shown}, "q")
        search = RequestSearch(
            view, chosen.get("office"), chosen.get("q"), chosen.since, chosen.before
        )
        page, count = page_number(), inbox.count_requests(session, search, g.actor)
        return render_template(
            "requests.html",
            says=request_words,
            views=views,
            view=view,
            waiting=waiting,
            filter=chosen,
            offices=offices,
            choices=shown,
            requests=inbox.find_requests(
                session, search, g.actor, limit=PAGE, offset=(page - 1) * PAGE
            ),
            count=count,
            page=page,
            pages=-(-count // PAGE),
        )


@requests.get("/requests/new")
@access(PERSON)
def new_request() -> str:
    """Show the form that asks for more sheets."""
    with services().database.snapshot() as session:
        return render_template("request_new.html", form=request.args, **_new(session))


@requests.post("/requests/new")
@access(PERSON)
def ask() -> Answer:
    """Ask for more sheets; sent twice they are asked for once."""
    account = given("account")
    try:
        own = account == OWN
        with services().database.transaction() as session:
            made = service.ask(
                session, entry_id(), g.person.office_id if own else account,
                whole_number("sheets"), reason=given("reason"), own=own,
                actor=g.actor, now=services().clock.now(),
            )  # fmt: skip
    except PrintgateError as error:
        with services().database.snapshot() as session:
            context = _new(session)
        return refused("request_new.html", error, **context)
    return redirect(url_for("requests.show_request", request_id=made.id))


@requests.get("/requests/<request_id>")
@access(PERSON)
def show_request(request_id: str) -> str:
    """Show one request and what the reader can do with it."""
    with services().database.snapshot() as session:
        return render_template("request.html", form={}, **_context(session, request_id))


@requests.post("/requests/<request_id>")
@access(PERSON)
def decide(request_id: str) -> Answer:
    """Grant, turn down or take back; sent twice it is done once."""
    with services().database.snapshot() as session:
        inbox.request_for(session, request_id, g.actor)
    try:
        verb = _VERBS.get(given("action"))
        if verb is None:
            raise InvalidInput(Text("The request can't be understood."))
        with services().database.transaction() as session:
            verb(session, request_id)
    except PrintgateError as error:
        with services().database.snapshot() as session:
            context = _context(session, request_id)
        return refused("request.html", error, **context)
    return redirect(url_for("requests.show_request", request_id=request_id))


def _grant(session: Session, request_id: str) -> None:
    service.grant(
        session, request_id, whole_number("sheets"), answer=given("answer"),
        actor=g.actor, now=services().clock.now(), zone=services().zone,
    )  # fmt: skip


def _refuse(session: Session, request_id: str) -> None:
    now = services().clock.now()
    service.refuse(session, request_id, answer=given("reason"), actor=g.actor, now=now)


def _withdraw(session: Session, request_id: str) -> None:
    service.withdraw(session, request_id, actor=g.actor, now=services().clock.now())


_VERBS: dict[str, Callable[[Session, str], None]] = {
    "grant": _grant,
    "refuse": _refuse,
    "withdraw": _withdraw,
}


def _views(session: Session) -> tuple[list[View], View, int]:
    """Return the lists that the reader has, the one that is shown, and how many wait for them."""
    if not (g.person.admin or g.person.heads):
        return [View.MINE], View.MINE, 0
    waiting = inbox.count_requests(session, RequestSearch(View.OPEN), g.actor)
    asked = request.args.get("view", "")
    view = View.OPEN if waiting else View.MINE
    if asked in set(View):
        view = View(asked)
    return [View.OPEN, View.MINE, View.DECIDED], view, waiting


def _new(session: Session) -> dict[str, object]:
    now = services().clock.now()
    own = quotas.account_for(session, g.person.office_id, Unit.SHEETS, g.person.id, now=now)
    choices = [
        (each.id, Text("The office {office}", {"office": each.name}))
        for each in _offices_to_ask_for(session)
    ]
    has_own = own is not None and own.kind is AccountKind.PERSON
    if has_own:
        choices.insert(0, (OWN, Text("My account")))
    return {
        "entry": new_uuid(),
        "choices": choices,
        "chosen": request.values.get("account", OWN if has_own else g.person.office_id),
    }


def _offices_to_ask_for(session: Session) -> list[Office]:
    """Return the reader's own office, then those that they head."""
    others = sorted(g.person.heads - {g.person.office_id})
    return [identity.office(session, each) for each in (g.person.office_id, *others)]


def _context(session: Session, request_id: str) -> dict[str, object]:
    asked = inbox.request_for(session, request_id, g.actor)
    accounts = {each.id: each for each in quotas.accounts(session, asked.office_id, Unit.SHEETS)}
    account = accounts[asked.account_id]
    office_account = next((each for each in accounts.values() if not each.holder), None)
    left = _left(session, account)
    gives = asked.source_for(g.actor) is Source.TRANSFER and office_account is not None
    office_left = _left(session, office_account) if gives and office_account else None
    return {
        "says": request_words,
        "asked": asked,
        "office": identity.office(session, asked.office_id),
        "can": {event.value for event in asked.events_for(g.actor)},
        "left": left,
        "office_left": office_left,
        "at_most": _at_most(asked, office_left),
    }


def _left(session: Session, account: Account) -> int:
    period = account.period_at(services().clock.now(), services().zone)
    return quotas.balance(
        session, account.office_id, account.unit, period, holder=account.holder
    ).left


def _at_most(asked: SheetRequest, office_left: int | None) -> int:
    """Return how much can be granted: no more than was asked for, nor than the office has."""
    return asked.amount if office_left is None else max(0, min(asked.amount, office_left))
