"""My office: what was granted, used, reserved and left, down to each entry."""

from collections.abc import Iterable
from datetime import date

from flask import Blueprint, abort, g, render_template, request
from markupsafe import Markup
from sqlalchemy.orm import Session

from core.identity import queries as identity
from core.people import Office
from quotas import queries as quotas
from quotas.insight import By, Spent, Usage, of_period
from quotas.periods import Period
from quotas.units import TONER_UNITS_PER_PAGE, Unit
from web import charts
from web.access import PERSON, access
from web.language import counted_sentence, sentence
from web.services import services
from web.views.jobs import PAGE, job_list, page_number

office = Blueprint("office", __name__)


MONTHS_BACK = 12


@office.get("/office")
@access(PERSON)
def show_office() -> str:
    """Show an office's month: figures, charts, and whose sheets they were."""
    with services().database.snapshot() as session:
        shown, period = _office(session), _period()
        full = g.actor.may_see_office(shown.id)
        balance = quotas.balance(session, shown.id, Unit.SHEETS, period)
        usage, question = Usage(session, services().zone), of_period(Unit.SHEETS, period, shown.id)
        days = usage.by_day(question)
        people = _people(session, usage.by(By.PERSON, question), full=full)
        toner = quotas.balance(session, shown.id, Unit.TONER, period)
        return render_template(
            "office.html",
            office=shown,
            offices=_choices(session),
            period=period,
            months=_months(period),
            full=full,
            balance=balance,
            days=days,
            day_rows=[(f"{day:%Y-%m-%d}", sheets) for day, sheets in days.items() if sheets],
            person_rows=people,
            toner_pages=toner.spent / TONER_UNITS_PER_PAGE,
            meter=charts.meter(
                sentence("Sheets used, reserved and granted"),
                balance.spent,
                balance.held,
                balance.granted,
            ),
            day_chart=_day_chart(days),
            person_chart=charts.rows(
                sentence("Sheets by person"), sentence("sheets"), _bars(people)
            ),
        )


@office.get("/office/statement")
@access(PERSON)
def statement() -> str:
    """Show every entry of an office's account: the figures are their sums."""
    unit = Unit.TONER if request.args.get("unit") == Unit.TONER else Unit.SHEETS
    with services().database.snapshot() as session:
        shown, period = _office(session), _period()
        if not g.actor.may_see_office(shown.id):
            abort(403)
        page = page_number()
        entries = quotas.entries(
            session, shown.id, unit, period, limit=PAGE, offset=(page - 1) * PAGE
        )
        count = quotas.count_entries(session, shown.id, unit, period)
        names = {person.id: person.name for person in identity.persons(session)}
        return render_template(
            "statement.html",
            office=shown,
            period=period,
            unit=unit,
            units=Unit,
            entries=entries,
            names=names,
            balance=quotas.balance(session, shown.id, unit, period),
            scale=TONER_UNITS_PER_PAGE if unit is Unit.TONER else 1,
            count=count,
            page=page,
            pages=-(-count // PAGE),
        )


@office.get("/office/jobs")
@access(PERSON)
def office_jobs() -> str:
    """Show the jobs of an office to its head; titles only where the office shows them."""
    with services().database.snapshot() as session:
        shown = _office(session)
        if not g.actor.may_see_office(shown.id):
            abort(403)
        return render_template(
            "office_jobs.html", office=shown, **job_list(session, office_id=shown.id)
        )


def _office(session: Session) -> Office:
    """Return the office that is asked for, if the reader may see it; else their own."""
    asked = request.args.get("office", "")
    if asked and asked != g.person.office_id:
        if not g.actor.may_see_office(asked):
            abort(404)
        return identity.office(session, asked)
    return identity.office(session, g.person.office_id)


def _choices(session: Session) -> list[Office]:
    return [
        each
        for each in identity.offices(session)
        if each.id == g.person.office_id or g.actor.may_see_office(each.id)
    ]


def _period() -> Period:
    try:
        return Period.of_key(request.args.get("month", ""))
    except ValueError:
        return Period.of_moment(services().clock.now(), services().zone)


def _months(shown: Period) -> list[Period]:
    """Return the months to choose from, newest first: the last year's, and the one shown."""
    months = [Period.of_moment(services().clock.now(), services().zone)]
    for _ in range(MONTHS_BACK):
        months.append(months[-1].previous())
    return months if shown in months else [shown, *months]


def _people(session: Session, spent: dict[str, Spent], *, full: bool) -> list[tuple[str, int]]:
    """Return who used how much: everybody for the head, oneself and "others" for the rest."""
    names = {person.id: person.name for person in identity.persons(session)}
    if full:
        guests = sentence("guests")
        return [(names.get(person_id, guests), each.spent) for person_id, each in spent.items()]
    mine = spent.get(g.person.id, Spent()).spent
    others = sum(each.spent for each in spent.values()) - mine
    return [(g.person.name, mine), (sentence("all others"), others)]


def _day_chart(days: dict[date, int]) -> Markup:
    rows = [(str(day.day), sheets) for day, sheets in days.items()]
    return charts.columns(sentence("Sheets by day"), sentence("sheets"), _bars(rows), every=5)


def _bars(rows: Iterable[tuple[str, int]]) -> list[charts.Bar]:
    return [
        charts.Bar(
            label,
            sheets,
            counted_sentence("{label}: {n} sheet", "{label}: {n} sheets", sheets, label=label),
        )
        for label, sheets in rows
    ]
