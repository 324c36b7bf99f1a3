"""The scorecard of an office or of all, of a month or a year; what is behind each figure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, g, render_template, request
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.identity import queries as identity
from core.people import Office
from core.text import Text
from printgate import queries as printing
from printgate import tallies
from printgate.tallies import Behind
from quotas.insight import Usage
from quotas.periods import WHOLE, Period, Span
from quotas.units import Unit as Account
from web import scorecard_tables
from web.access import PERSON, access
from web.downloads import Sheet, csv_file, report, workbook
from web.language import month, sentence
from web.scorecard import (
    DEFINED,
    DEFINITIONS,
    FIGURES,
    OF_DOCUMENTS,
    OF_JOBS,
    Code,
    Facts,
    figures,
)
from web.scorecard_facts import ALL, INKS, documents_of, facts_by_office, sheets_by_month
from web.services import services
from web.tables import Value
from web.views.jobs import PAGE, page_number
from web.views.office import Entered, current_period, entered
from web.words import PART_COLUMNS

scorecard = Blueprint("scorecard", __name__)


@dataclass(frozen=True)
class Part:
    """One line of what a scorecard is the sum of: an office, or a shorter time."""

    name: str
    path: str
    facts: Facts


@scorecard.get("/office/scorecard")
@access(PERSON)
def show_scorecard() -> str:
    """Show the figures, each with its definition and the way to what it is made of."""
    with services().database.snapshot() as session:
        office, span = _asked(session)
        usage = Usage(session, services().zone)
        facts, parts = _whole_and_parts(session, usage, office, span)
        where = _entered(session, usage, office, span, parts)
        return render_template(
            "scorecard.html",
            office=office,
            offices=choices(session),
            all=ALL,
            span=span,
            spans=spans(span),
            figures=figures(facts),
            definitions=DEFINITIONS,
            parts=[(part, figures(part.facts)) for part in parts],
            paths=_paths(office, span, figures(facts), where),
            entered=[row for each in where.values() if len(each) > 1 for row in each],
            said=scorecard_tables.said,
            unit_of=scorecard_tables.unit_of,
        )


@scorecard.get("/office/scorecard.csv")
@access(PERSON)
def download_csv() -> Response:
    """Give the scorecard as CSV: figures, definitions, and its parts."""
    with services().database.snapshot() as session:
        name, head, rows = _table(session)
    return csv_file(name, head, rows)


@scorecard.get("/office/scorecard.xlsx")
@access(PERSON)
def download_workbook() -> Response:
    """Give the scorecard as a workbook: figures, definitions, and its parts."""
    with services().database.snapshot() as session:
        name, head, rows = _table(session)
    return workbook(name, [Sheet(sentence("Scorecard"), head, rows)])


@scorecard.get("/office/scorecard.pdf")
@access(PERSON)
def download_pdf() -> Response:
    """Give the scorecard as a report on paper's format: figures, definitions, months, parts."""
    with services().database.snapshot() as session:
        office, span = _asked(session)
        usage = Usage(session, services().zone)
        facts, made_of = _whole_and_parts(session, usage, office, span)
        months = sheets_by_month(usage, office.id if office else "", span)
    whole, name = figures(facts), _name(office)
    title = sentence("Scorecard of {office}, {span}", office=name, span=month(span.key))
    first = sentence("Period") if office else sentence("Office")
    parts = [scorecard_tables.of_parts(first, whole, _figures_of(made_of))] if made_of else []
    by_month = scorecard_tables.by_month(months)
    return report(
        f"{name}-{span.key}", title, [scorecard_tables.of_figures(whole), by_month, *parts]
    )


@scorecard.get("/office/behind")
@access(PERSON)
def show_behind() -> str:
    """Show the jobs or documents behind a figure: what they count adds up to it."""
    page, code = page_number(), _code()
    with services().database.snapshot() as session:
        office, span = _asked(session)
        context = (
            _documents_behind(session, office, span, code)
            if code in OF_DOCUMENTS
            else _jobs_behind(session, office, span, code, page)
        )
        return render_template(
            "behind.html",
            office=office,
            span=span,
            code=code,
            definition=DEFINED[code],
            address=_address(office, span),
            page=page,
            **context,
        )


def _asked(session: Session) -> tuple[Office | None, Period]:
    """Return the office (None: all) and the span that are asked for, if the reader may see them."""
    asked = request.args.get("office", "") or g.person.office_id
    if asked == ALL:
        if not g.person.admin:
            abort(403)
        return None, asked_span()
    if not g.actor.may_see_office(asked):
        abort(403 if asked == g.person.office_id else 404)
    return identity.office(session, asked), asked_span()


def asked_span() -> Period:
    """Return the month, quarter or year that is asked for; else the month that runs."""
    try:
        asked = Period.of_key(request.args.get("span", ""))
    except ValueError:
        return this_month()
    return this_month() if asked == WHOLE else asked


def this_month() -> Period:
    """Return the month that runs."""
    return Period.of_moment(services().clock.now(), services().zone)


def spans(shown: Period) -> list[Period]:
    """Return what there is to choose from: the last year's months, some quarters and years."""
    found = []
    for span, back in ((Span.MONTH, 13), (Span.QUARTER, 5), (Span.YEAR, 3)):
        period = this_month().within(span)
        for _ in range(back):
            found.append(period)
            period = period.previous()
    return found if shown in found else [shown, *found]


def choices(session: Session) -> list[Office]:
    """Return the offices that the reader may look into."""
    return [each for each in identity.offices(session) if g.actor.may_see_office(each.id)]


def _code() -> Code:
    try:
        code = Code(request.args.get("figure", Code.REFUSED).replace("_", "-"))
    except ValueError:
        raise NotFound(Text("There is no such figure.")) from None
    if code not in OF_JOBS and code not in OF_DOCUMENTS:
        raise NotFound(Text("There is no such figure."))
    return code


def _whole_and_parts(
    session: Session, usage: Usage, office: Office | None, span: Period
) -> tuple[Facts, list[Part]]:
    """Return the facts, and what they are sums of: offices, or the months of an office's year."""
    found = facts_by_office(session, usage, span, office)
    if office is None:
        return found[ALL], [
            Part(each.name, _address(each, span), found.get(each.id, Facts()))
            for each in identity.offices(session)
        ]
    whole = found[office.id]
    parts = [
        Part(
            month(each.key),
            _address(office, each),
            facts_by_office(session, usage, each, office)[office.id],
        )
        for each in _times_within(session, office, span)
    ]
    longer = whole.granted - sum(part.facts.granted for part in parts)
    if parts and longer:
        entries = urlencode({"office": office.id, "month": span.key})
        name = sentence("granted for longer periods")
        parts.append(Part(name, f"/office/statement?{entries}", Facts(granted=longer)))
    return whole, parts


def _times_within(session: Session, office: Office, span: Period) -> list[Period]:
    """Return the months of a span, or its quarters where the office keeps its sheets in them."""
    kept = current_period(session, office).span
    part = kept if kept is Span.QUARTER and span.span is Span.YEAR else Span.MONTH
    return [each for each in span.parts() if each.span is part and each != span]


def _address(office: Office | None, span: Period) -> str:
    return f"/office/scorecard?{_query(office, span)}"


def _query(office: Office | None, span: Period) -> str:
    return urlencode({"office": office.id if office else ALL, "span": span.key})


def _entered(
    session: Session, usage: Usage, office: Office | None, span: Period, parts: Sequence[Part]
) -> dict[Code, list[Entered]]:
    """Return in which accounts an office's use was entered, by figure; of all, in which offices.

    What the table of parts shows of all offices is not told again.
    """
    if office is None:
        return {
            code: [
                Entered(unit, part.name, part.facts.inks[code], part.path)
                for part in parts
                if part.facts.inks.get(code)
            ]
            for code, unit in INKS.items()
            if code not in PART_COLUMNS
        }
    units = {Code.PAPER: Account.SHEETS, **INKS}
    return {code: entered(session, usage, unit, office, span) for code, unit in units.items()}


def _paths(
    office: Office | None,
    span: Period,
    shown: dict[Code, int | None],
    where: Mapping[Code, Sequence[Entered]],
) -> dict[Code, str]:
    """Return where each figure leads: to its parts, or to its entries, jobs or documents."""
    paths = {
        code: f"/office/behind?{_query(office, span)}&figure={code}"
        for code in (*FIGURES, *OF_DOCUMENTS)
    }
    paths |= dict.fromkeys((Code.PAPER, Code.PLAN, *INKS), "#parts")
    paths |= {code: each[0].path if len(each) == 1 else "#entered" for code, each in where.items()}
    if office is None:
        paths[Code.STANDBY] = f"/office/energy?{urlencode({'span': span.key})}"
    elif span.span is Span.MONTH:
        entries = urlencode({"office": office.id, "month": span.key})
        paths[Code.PLAN] = f"/office/statement?{entries}"
    return {code: path for code, path in paths.items() if shown[code]}


def _jobs_behind(
    session: Session, office: Office | None, span: Period, code: Code, page: int
) -> dict[str, Any]:
    zone = services().zone
    days = span.days()
    asked = Behind(OF_JOBS[code], days[0], days[-1], office.id if office else "")
    rows = tallies.jobs_behind(session, asked, zone, limit=PAGE, offset=(page - 1) * PAGE)
    count, total = tallies.count_behind(session, asked, zone)
    jobs = printing.jobs_numbered(session, [number for number, _ in rows])
    return {
        "rows": [(jobs[number], counts) for number, counts in rows],
        "documents": [],
        "count": count,
        "total": total,
        "pages": -(-count // PAGE),
    }


def _documents_behind(
    session: Session, office: Office | None, span: Period, code: Code
) -> dict[str, Any]:
    found = [
        (each, each.counts(code))
        for each in documents_of(session, office.id if office else "", span)
        if each.counts(code)
    ]
    page = page_number()
    names = {each.id: each.name for each in identity.offices(session)}
    return {
        "rows": [],
        "documents": [
            (each, names.get(each.office_id, ""), counts)
            for each, counts in found[(page - 1) * PAGE : page * PAGE]
        ],
        "count": len(found),
        "total": sum(counts for _, counts in found),
        "pages": -(-len(found) // PAGE),
    }


def _table(session: Session) -> tuple[str, list[str], list[list[Value]]]:
    """Return the name, the head and the rows of the scorecard as a file."""
    office, span = _asked(session)
    usage = Usage(session, services().zone)
    facts, made_of = _whole_and_parts(session, usage, office, span)
    name = _name(office)
    return f"{name}-{span.key}", *scorecard_tables.sheet(name, figures(facts), _figures_of(made_of))


def _figures_of(parts: Sequence[Part]) -> list[tuple[str, dict[Code, int | None]]]:
    return [(part.name, figures(part.facts)) for part in parts]


def _name(office: Office | None) -> str:
    return office.name if office else sentence("All offices")
