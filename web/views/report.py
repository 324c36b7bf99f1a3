"""The report of an office for a month, a quarter or a year: as a page, a PDF and a workbook."""

from collections.abc import Callable, Mapping
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, g, render_template, request
from sqlalchemy.orm import Session

from core.identity import queries as identity
from core.people import Office
from printgate import permit_queries, tallies
from printgate import queries as printing
from printgate.tallies import Behind
from quotas import inbox
from quotas.insight import By, Question, Spent, Usage
from quotas.periods import WHOLE, Period, Span
from quotas.supplies.queries import reports
from quotas.units import Unit
from web import downloads, report_tables, scorecard_tables
from web.access import PERSON, access
from web.language import sentence
from web.pdf import Bars
from web.report_tables import Line, Report
from web.scorecard import EXCEPTIONS, OF_JOBS, Code, figures
from web.scorecard_facts import facts_by_office, sheets_by_month
from web.services import services
from web.tables import Table
from web.views.office import GUESTS, NONE, Entered, asked_office, entered, kind_name
from web.views.scorecard import choices, spans, this_month

report = Blueprint("report", __name__)


@report.get("/office/report")
@access(PERSON)
def show_report() -> str:
    """Show the report of an office: each figure leads to what it is made of."""
    with services().database.snapshot() as session:
        found, _ = _asked(session)
        offices = choices(session)
    return render_template(
        "report.html",
        title=report_tables.title(found),
        report=found,
        offices=offices,
        spans=spans(found.span),
        tables=report_tables.tables(found),
    )


@report.get("/office/report.pdf")
@access(PERSON)
def download_pdf() -> Response:
    """Give the report on paper's format, with the sheets of twelve months."""
    with services().database.snapshot() as session:
        found, usage = _asked(session)
        months = sheets_by_month(usage, found.office.id, found.span)
    first, *others = report_tables.tables(found)
    parts: list[Table | Bars] = [first, scorecard_tables.by_month(months), *others]
    return downloads.report(_name(found), report_tables.title(found), parts)


@report.get("/office/report.xlsx")
@access(PERSON)
def download_workbook() -> Response:
    """Give the report as a workbook, one table on each sheet."""
    with services().database.snapshot() as session:
        found, _ = _asked(session)
    sheets = [downloads.sheet_of(each) for each in report_tables.tables(found)]
    return downloads.workbook(_name(found), sheets)


def _name(found: Report) -> str:
    return f"{found.office.name}-{found.span.key}"


def _asked(session: Session) -> tuple[Report, Usage]:
    """Return the report that is asked for, if the reader may see it, and the usage it is from."""
    office, span = asked_office(session), _span()
    if not g.actor.may_see_office(office.id):
        abort(403)
    usage = Usage(session, services().zone)
    return _report(session, usage, office, span), usage


def _span() -> Period:
    try:
        asked = Period.of_key(request.args.get("month", ""))
    except ValueError:
        return this_month()
    return this_month() if asked == WHOLE else asked


def _report(session: Session, usage: Usage, office: Office, span: Period) -> Report:
    zone = services().zone
    since, before = span.bounds(zone)
    days, a_year_ago = span.days(), span.year_before().days()
    question = Question(Unit.SHEETS, days[0], days[-1], office.id)
    places = entered(session, usage, Unit.SHEETS, office, span)
    way = _way(places)
    months = [each for each in span.parts() if each.span is Span.MONTH]
    facts = facts_by_office(session, usage, span, office)[office.id]
    past = Question(Unit.SHEETS, a_year_ago[0], a_year_ago[-1], office.id)
    return Report(
        office,
        span,
        {**figures(facts), **_exceptions(session, office, span)},
        usage.total(past).spent,
        [(each.where, each.amount, each.path) for each in places],
        _people(session, usage.by(By.PERSON, question), way),
        [
            Line(name or sentence("other"), spent, way({"printer": name}) if name else "")
            for name, spent in usage.by(By.PRINTER, question).items()
        ],
        [
            Line(kind_name(label), spent, way({"label": label or NONE}))
            for label, spent in usage.by(By.KIND, question).items()
        ],
        permit_queries.permits_used(session, [office.id], since, before),
        inbox.decided(session, office.id, since, before),
        printing.foreign_jobs_of(session, office.id, since, before),
        reports.variance(session, office.id, months, zone),
    )


def _way(places: list[Entered]) -> Callable[[Mapping[str, str]], str]:
    """Return how to address the entries of a part of all that was used.

    A statement is of one period or project: where use was entered in several, no address is right.
    """

    def way(narrower: Mapping[str, str]) -> str:
        return f"{places[0].path}&{urlencode(narrower)}" if len(places) == 1 else ""

    return way


def _people(
    session: Session, spent: Mapping[str, Spent], way: Callable[[Mapping[str, str]], str]
) -> list[Line]:
    names = identity.names(session, spent)
    return [
        Line(names.get(person_id) or sentence("guests"), each, way({"person": person_id or GUESTS}))
        for person_id, each in spent.items()
    ]


def _exceptions(session: Session, office: Office, span: Period) -> dict[Code, int]:
    days = span.days()
    return {
        code: tallies.count_behind(
            session, Behind(OF_JOBS[code], days[0], days[-1], office.id), services().zone
        )[1]
        for code in EXCEPTIONS
    }
