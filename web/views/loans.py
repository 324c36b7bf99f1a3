"""Loans between offices: the list, a new one, and one with what can be done with it."""

from collections.abc import Callable
from datetime import date, timedelta

from flask import Blueprint, g, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from core.errors import InvalidInput, PrintgateError
from core.identity import queries as identity
from core.ids import new_uuid
from core.text import Text
from quotas import lending_queries
from quotas import queries as quotas
from quotas.lending import DAYS_MAX
from quotas.service import lending as service
from quotas.units import Unit
from web import loan_words
from web.access import HEAD, PERSON, access
from web.forms import WrongField, entry_id, given, refused, whole_number
from web.services import services
from web.views.jobs import PAGE, page_number

loans = Blueprint("loans", __name__)

Answer = str | Response | tuple[str, int]


@loans.get("/loans")
@access(HEAD)
def list_loans() -> str:
    """List the loans of the reader's offices: what waits or runs first."""
    page = page_number()
    with services().database.snapshot() as session:
        count = lending_queries.count_loans(session, g.actor)
        return render_template(
            "loans.html",
            says=loan_words,
            loans=lending_queries.loans(session, g.actor, limit=PAGE, offset=(page - 1) * PAGE),
            offices={each.id: each for each in identity.offices(session)},
            now=services().clock.now(),
            count=count,
            page=page,
            pages=-(-count // PAGE),
        )


@loans.get("/loans/new")
@access(HEAD)
def new_loan() -> str:
    """Show the form that asks another office for a loan."""
    with services().database.snapshot() as session:
        return render_template("loan_new.html", form=request.args, **_new(session))


@loans.post("/loans/new")
@access(HEAD)
def ask() -> Answer:
    """Ask for a loan; sent twice it is asked for once."""
    try:
        with services().database.transaction() as session:
            made = service.ask(
                session, entry_id(), given("lender"), given("borrower"), whole_number("sheets"),
                reason=given("reason"), last_day=_day("last_day"), actor=g.actor,
                now=services().clock.now(), zone=services().zone,
            )  # fmt: skip
    except PrintgateError as error:
        with services().database.snapshot() as session:
            context = _new(session)
        return refused("loan_new.html", error, **context)
    return redirect(url_for("loans.show_loan", loan_id=made.id))


@loans.get("/loans/<loan_id>")
@access(PERSON)
def show_loan(loan_id: str) -> str:
    """Show one loan and what the reader can do with it."""
    with services().database.snapshot() as session:
        return render_template("loan.html", form={}, **_context(session, loan_id))


@loans.post("/loans/<loan_id>")
@access(PERSON)
def decide(loan_id: str) -> Answer:
    """Lend, turn down, take back or give back, as the reader may."""
    with services().database.snapshot() as session:
        lending_queries.loan_for(session, loan_id, g.actor)
    try:
        verb = _VERBS.get(given("action"))
        if verb is None:
            raise InvalidInput(Text("The request can't be understood."))
        with services().database.transaction() as session:
            verb(session, loan_id)
    except PrintgateError as error:
        with services().database.snapshot() as session:
            context = _context(session, loan_id)
        return refused("loan.html", error, **context)
    return redirect(url_for("loans.show_loan", loan_id=loan_id))


def _agree(session: Session, loan_id: str) -> None:
    now = services().clock.now()
    service.agree(session, loan_id, actor=g.actor, now=now, zone=services().zone)


def _refuse(session: Session, loan_id: str) -> None:
    now = services().clock.now()
    service.refuse(session, loan_id, answer=given("reason"), actor=g.actor, now=now)


def _withdraw(session: Session, loan_id: str) -> None:
    service.withdraw(session, loan_id, actor=g.actor, now=services().clock.now())


def _give_back(session: Session, loan_id: str) -> None:
    service.give_back(
        session, loan_id, whole_number("sheets"),
        actor=g.actor, now=services().clock.now(), zone=services().zone,
    )  # fmt: skip


_VERBS: dict[str, Callable[[Session, str], None]] = {
    "agree": _agree,
    "refuse": _refuse,
    "withdraw": _withdraw,
    "give-back": _give_back,
}


def _day(field: str) -> date:
    try:
        return date.fromisoformat(given(field))
    except ValueError:
        raise WrongField(field, Text("Please enter a day, as in 2026-11-30.")) from None


def _new(session: Session) -> dict[str, object]:
    offices = identity.offices(session)
    today = services().clock.now().astimezone(services().zone).date()
    mine = [each for each in offices if g.actor.may_see_office(each.id)]
    own = request.values.get("borrower", g.person.office_id)
    return {
        "entry": new_uuid(),
        "mine": mine,
        "offices": offices,
        "borrower": own,
        "first": today + timedelta(days=1),
        "latest": today + timedelta(days=DAYS_MAX),
    }


def _context(session: Session, loan_id: str) -> dict[str, object]:
    loan = lending_queries.loan_for(session, loan_id, g.actor)
    return {
        "says": loan_words,
        "loan": loan,
        "lender": identity.office(session, loan.lender_id),
        "borrower": identity.office(session, loan.borrower_id),
        "can": {event.value for event in loan.events_for(g.actor)},
        "lends": g.actor.may_see_office(loan.lender_id),
        "left": _left(session, loan.lender_id),
        "borrower_left": _left(session, loan.borrower_id),
        "now": services().clock.now(),
    }


def _left(session: Session, office_id: str) -> int:
    """Return what an office's own account has left in the period it is in."""
    now, zone = services().clock.now(), services().zone
    period = quotas.period_now(session, office_id, Unit.SHEETS, now=now, zone=zone)
    return quotas.balance(session, office_id, Unit.SHEETS, period, holder="").left
