"""My office: what was granted, used, reserved and left, where it leads, down to each entry."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, abort, g, render_template, request
from markupsafe import Markup
from sqlalchemy.orm import Session

from core.identity import queries as identity
from core.people import Office
from printgate import queries as printing
from printgate import tallies
from printgate.lifecycle import Stage
from printgate.queries import JobSearch
from printgate.tallies import Tally
from quotas import queries as quotas
from quotas.forecast import WINDOW, Forecast, NoForecast, Pace, forecast, pace
from quotas.insight import By, Question, Spent, Usage, of_period
from quotas.ledger import Balance
from quotas.periods import Period
from quotas.units import TONER_UNITS_PER_PAGE, Unit
from web import charts
from web.access import PERSON, access
from web.language import counted_sentence, sentence, words
from web.services import services
from web.views.jobs import job_list
from web.words import JOB_KINDS

office = Blueprint("office", __name__)

GUESTS = "guests"
"""What stands for those who are no person of the house in addresses."""
NONE = "none"
"""What stands for a kind without a name in addresses."""
MONTHS_BACK = 12


@dataclass(frozen=True)
class Row:
    """One line of a breakdown; `path` leads to the entries that add up to it."""

    name: str
    sheets: int
    path: str = ""


@dataclass(frozen=True)
class Outlook:
    """Where a month leads; `forecast` only of the month that runs."""

    forecast: Forecast | NoForecast | None
    pace: Pace | None
    last_year: int
    """What was used in the same month a year ago, and up to the same day of it."""
    last_year_so_far: int


@office.get("/office")
@access(PERSON)
def show_office() -> str:
    """Show an office's month: figures, where they lead, exceptions, and whose sheets they were."""
    with services().database.snapshot() as session:
        shown, period = asked_office(session), asked_period()
        full = g.actor.may_see_office(shown.id)
        balance = quotas.balance(session, shown.id, Unit.SHEETS, period)
        usage = Usage(session, services().zone)
        toner = quotas.balance(session, shown.id, Unit.TONER, period)
        return render_template(
            "office.html",
            office=shown,
            offices=_choices(session),
            period=period,
            months=_months(period),
            full=full,
            balance=balance,
            outlook=_outlook(usage, shown, period, balance),
            tally=_tally(session, shown, period),
            waiting=_waiting(session, shown),
            toner_pages=toner.spent / TONER_UNITS_PER_PAGE,
            meter=charts.meter(
                sentence("Sheets used, reserved and granted"),
                balance.spent,
                balance.held,
                balance.granted,
            ),
            **_breakdowns(session, usage, of_period(Unit.SHEETS, period, shown.id), full=full),
        )


@office.get("/office/jobs")
@access(PERSON)
def office_jobs() -> str:
    """Show the jobs of an office to its head; titles only where the office shows them."""
    with services().database.snapshot() as session:
        shown = asked_office(session)
        if not g.actor.may_see_office(shown.id):
            abort(403)
        return render_template(
            "office_jobs.html", office=shown, **job_list(session, office_id=shown.id)
        )


def asked_office(session: Session) -> Office:
    """Return the office that is asked for, if the reader may see it; else their own."""
    asked = request.args.get("office", "")
    if asked and asked != g.person.office_id:
        if not g.actor.may_see_office(asked):
            abort(404)
        return identity.office(session, asked)
    return identity.office(session, g.person.office_id)


def asked_period() -> Period:
    """Return the month that is asked for, else the one that runs."""
    try:
        return Period.of_key(request.args.get("month", ""))
    except ValueError:
        return Period.of_moment(services().clock.now(), services().zone)


def today() -> date:
    """Return the day that it is where the office is."""
    return services().clock.now().astimezone(services().zone).date()


def _choices(session: Session) -> list[Office]:
    return [
        each
        for each in identity.offices(session)
        if each.id == g.person.office_id or g.actor.may_see_office(each.id)
    ]


def _months(shown: Period) -> list[Period]:
    """Return the months to choose from, newest first: the last year's, and the one shown."""
    months = [Period.of_moment(services().clock.now(), services().zone)]
    for _ in range(MONTHS_BACK):
        months.append(months[-1].previous())
    return months if shown in months else [shown, *months]


def _outlook(usage: Usage, shown: Office, period: Period, balance: Balance) -> Outlook:
    now, workdays = today(), services().workdays
    days = period.days()
    ends = (days[0], days[-1])
    runs = ends[0] <= now <= ends[1]
    past = Question(Unit.SHEETS, now - timedelta(days=WINDOW + 1), now, shown.id)
    last_year = Period(period.year - 1, period.month)
    before = usage.by_day(of_period(Unit.SHEETS, last_year, shown.id))
    return Outlook(
        forecast(usage.by_day(past), balance, ends, now, workdays) if runs else None,
        pace(balance, ends, now, workdays) if runs else None,
        sum(before.values()),
        sum(sheets for day, sheets in before.items() if day.day <= now.day),
    )


def _tally(session: Session, shown: Office, period: Period) -> Tally:
    days = period.days()
    return tallies.together(tallies.by_office(session, days[0], days[-1], shown.id).values())


def _waiting(session: Session, shown: Office) -> int:
    """Return how many drafts of the office wait for their owners' decision now."""
    search = JobSearch(office_id=shown.id, stages=(Stage.ASKED,))
    return printing.count_jobs(session, search, g.actor)


def _breakdowns(
    session: Session, usage: Usage, question: Question, *, full: bool
) -> dict[str, Any]:
    """Return what the month's sheets are told apart by; for the head with ways to the entries."""
    days = usage.by_day(question)
    people = usage.by(By.PERSON, question)
    rows = {
        "day_rows": [
            Row(f"{day:%Y-%m-%d}", sheets, _entries(full, {"from": f"{day}", "to": f"{day}"}))
            for day, sheets in days.items()
            if sheets
        ],
        "person_rows": _people(session, people) if full else _mine(people),
        "printer_rows": [
            Row(name or sentence("other"), each.spent, _entries(full, {"printer": name}))
            for name, each in usage.by(By.PRINTER, question).items()
        ],
        "kind_rows": [
            Row(_kind(label), each.spent, _entries(full, {"label": label or NONE}))
            for label, each in usage.by(By.KIND, question).items()
        ],
    }
    day_bars = [Row(str(day.day), sheets) for day, sheets in days.items()]
    return {
        **rows,
        "days": days,
        "day_chart": charts.columns(
            sentence("Sheets by day"), sentence("sheets"), _bars(day_bars), every=5
        ),
        "person_chart": _chart(sentence("Sheets by person"), rows["person_rows"]),
        "printer_chart": _chart(sentence("Sheets by printer"), rows["printer_rows"]),
        "kind_chart": _chart(sentence("Sheets by kind of document"), rows["kind_rows"]),
    }


def _people(session: Session, spent: Mapping[str, Spent]) -> list[Row]:
    names = identity.names(session, spent)
    return [
        Row(
            names.get(person_id) or sentence("guests"),
            each.spent,
            _entries(True, {"person": person_id or GUESTS}),
        )
        for person_id, each in spent.items()
    ]


def _mine(spent: Mapping[str, Spent]) -> list[Row]:
    """Return oneself and all others together: names are for the head."""
    mine = spent.get(g.person.id, Spent()).spent
    others = sum(each.spent for each in spent.values()) - mine
    return [Row(g.person.name, mine), Row(sentence("all others"), others)]


def _kind(label: str) -> str:
    return words(JOB_KINDS[label]) if label in JOB_KINDS else label


def _entries(full: bool, narrower: Mapping[str, str]) -> str:
    """Return the address of the entries that add up to a figure, for those who may see them."""
    if not full:
        return ""
    asked = {name: request.args.get(name, "") for name in ("office", "month")}
    fields = {name: value for name, value in {**asked, **narrower}.items() if value}
    return f"/office/statement?{urlencode({**fields, 'used': '1'})}"


def _chart(title: str, rows: Iterable[Row]) -> Markup:
    return charts.rows(title, sentence("sheets"), _bars(rows))


def _bars(rows: Iterable[Row]) -> list[charts.Bar]:
    return [
        charts.Bar(
            row.name,
            row.sheets,
            counted_sentence(
                "{label}: {n} sheet", "{label}: {n} sheets", row.sheets, label=row.name
            ),
        )
        for row in rows
    ]
