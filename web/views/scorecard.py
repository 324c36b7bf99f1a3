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
from docflow import queries as docflow
from printgate import queries as printing
from printgate import tallies
from printgate.service.decide import ORIGIN
from printgate.tallies import Behind
from quotas.insight import By, Question, Usage, balances, granted_to_projects
from quotas.periods import WHOLE, Period, Span
from quotas.supplies.queries.reports import RecycledShare, recycled_shares
from quotas.units import Unit as Account
from web import scorecard_tables
from web.access import PERSON, access
from web.charts import Bar
from web.downloads import csv_file, report, workbook
from web.language import month, sentence
from web.pdf import Bars
from web.scorecard import (
    DEFINITIONS,
    FIGURES,
    OF_DOCUMENTS,
    Code,
    Facts,
    Paperless,
    figures,
)
from web.services import services
from web.tables import Value
from web.views.jobs import PAGE, page_number
from web.views.office import Entered, current_period, entered
from web.words import PART_COLUMNS

scorecard = Blueprint("scorecard", __name__)

INKS = {
    Code.TONER: Account.TONER,
    Code.CYAN: Account.CYAN,
    Code.MAGENTA: Account.MAGENTA,
    Code.YELLOW: Account.YELLOW,
}
ALL = "all"
"""Stands for all offices together in addresses; for the administrator."""


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
            offices=_choices(session),
            all=ALL,
            span=span,
            spans=_spans(span),
            figures=figures(facts),
            definitions=DEFINITIONS,
            parts=[(part, figures(part.facts)) for part in parts],
            paths=_paths(office, span, figures(facts), where),
            entered=[row for each in where.values() if len(each) > 1 for row in each],
            said=scorecard_tables.said,
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
    return workbook(name, sentence("Scorecard"), head, rows)


@scorecard.get("/office/scorecard.pdf")
@access(PERSON)
def download_pdf() -> Response:
    """Give the scorecard as a report on paper's format: figures, definitions, months, parts."""
    with services().database.snapshot() as session:
        office, span = _asked(session)
        usage = Usage(session, services().zone)
        facts, made_of = _whole_and_parts(session, usage, office, span)
        by_month = _by_month(usage, office, span)
    whole, name = figures(facts), _name(office)
    title = sentence("Scorecard of {office}, {span}", office=name, span=month(span.key))
    first = sentence("Period") if office else sentence("Office")
    parts = [scorecard_tables.of_parts(first, whole, _figures_of(made_of))] if made_of else []
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
            definition=DEFINITIONS[code],
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
        return None, _span()
    if not g.actor.may_see_office(asked):
        abort(403 if asked == g.person.office_id else 404)
    return identity.office(session, asked), _span()


def _span() -> Period:
    try:
        asked = Period.of_key(request.args.get("span", ""))
    except ValueError:
        return _this_month()
    return _this_month() if asked == WHOLE else asked


def _this_month() -> Period:
    return Period.of_moment(services().clock.now(), services().zone)


def _spans(shown: Period) -> list[Period]:
    """Return what there is to choose from: the last year's months, some quarters and years."""
    spans = []
    for span, back in ((Span.MONTH, 13), (Span.QUARTER, 5), (Span.YEAR, 3)):
        period = _this_month().within(span)
        for _ in range(back):
            spans.append(period)
            period = period.previous()
    return spans if shown in spans else [shown, *spans]


def _choices(session: Session) -> list[Office]:
    return [each for each in identity.offices(session) if g.actor.may_see_office(each.id)]


def _code() -> Code:
    try:
        code = Code(request.args.get("figure", Code.REFUSED).replace("_", "-"))
    except ValueError:
        raise NotFound(Text("There is no such figure.")) from None
    if code not in FIGURES and code not in OF_DOCUMENTS:
        raise NotFound(Text("There is no such figure."))
    return code


def _facts_by_office(
    session: Session, usage: Usage, span: Period, office: Office | None
) -> dict[str, Facts]:
    """Return the facts of each office, and of all together."""
    office_id = office.id if office else ""

    days = span.days()

    def spent(unit: Account) -> dict[str, int]:
        question = Question(unit, days[0], days[-1], office_id)
        return {key: each.spent for key, each in usage.by(By.OFFICE, question).items()}

    sheets = spent(Account.SHEETS)
    inks = {code: spent(unit) for code, unit in INKS.items()}
    granted = {key: n for key, n in _granted(session, span).items() if office_id in ("", key)}
    tallied = tallies.by_office(session, days[0], days[-1], office_id)
    documents: dict[str, list[Paperless]] = {}
    for each in _documents(session, office_id, span):
        documents.setdefault(each.office_id, []).append(each)
    ids = [office_id] if office_id else [each.id for each in identity.offices(session)]
    months = [each for each in span.parts() if each.span is Span.MONTH]
    issued = recycled_shares(session, ids, months)
    some = {*sheets, *granted, *tallied, *documents, *issued}.union(*inks.values())
    found = {
        key: Facts(
            sheets.get(key, 0),
            granted.get(key, 0),
            {code: each.get(key, 0) for code, each in inks.items()},
            *_paper_of(issued.get(key)),
            tally=tallied.get(key, tallies.Tally()),
            documents=tuple(documents.get(key, ())),
        )
        for key in {office_id or ALL, *some}
    }
    if not office_id:
        found[ALL] = Facts(
            sum(sheets.values()),
            sum(granted.values()),
            {code: sum(each.values()) for code, each in inks.items()},
            sum(each.recycled for each in issued.values()),
            sum(each.issued for each in issued.values()),
            tallies.together(tallied.values()),
            tuple(each for several in documents.values() for each in several),
        )
    return found


def _paper_of(share: RecycledShare | None) -> tuple[int, int]:
    return (share.recycled, share.issued) if share else (0, 0)


def _granted(session: Session, span: Period) -> dict[str, int]:
    """Return what each office was granted for the periods within a span, with its projects."""
    plans = balances(session, Account.SHEETS, span.parts())
    projects = granted_to_projects(session, Account.SHEETS, *span.bounds(services().zone))
    return {
        key: (plans[key].granted if key in plans else 0) + projects.get(key, 0)
        for key in {*plans, *projects}
    }


def _documents(session: Session, office_id: str, span: Period) -> list[Paperless]:
    since, before = span.bounds(services().zone)
    found = docflow.circulations(session, since, before, office_id)
    printed = tallies.printed_of(session, (each.document_id for each in found))
    return [
        Paperless(
            each.document_id,
            each.office_id,
            each.owner_name,
            each.origin.startswith(f"{ORIGIN}:"),
            each.pages,
            each.opened,
            printed.get(each.document_id, 0),
        )
        for each in found
    ]


def _whole_and_parts(
    session: Session, usage: Usage, office: Office | None, span: Period
) -> tuple[Facts, list[Part]]:
    """Return the facts, and what they are sums of: offices, or the months of an office's year."""
    found = _facts_by_office(session, usage, span, office)
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
            _facts_by_office(session, usage, each, office)[office.id],
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
    if office is not None and span.span is Span.MONTH:
        entries = urlencode({"office": office.id, "month": span.key})
        paths[Code.PLAN] = f"/office/statement?{entries}"
    return {code: path for code, path in paths.items() if shown[code]}


def _jobs_behind(
    session: Session, office: Office | None, span: Period, code: Code, page: int
) -> dict[str, Any]:
    zone = services().zone
    days = span.days()
    asked = Behind(FIGURES[code], days[0], days[-1], office.id if office else "")
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
        for each in _documents(session, office.id if office else "", span)
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


def _by_month(usage: Usage, office: Office | None, span: Period) -> Bars:
    """Return the sheets of the months of a span, or of the year that ends with it."""
    last = span.days()[-1]
    month_ = Period(last.year, last.month)
    months = [month_]
    for _ in range(11):
        months.insert(0, months[0].previous())
    question = Question(Account.SHEETS, months[0].days()[0], last, office.id if office else "")
    sheets = dict.fromkeys((each.key for each in months), 0)
    for day, spent in usage.by_day(question).items():
        sheets[f"{day:%Y-%m}"] += spent
    title, unit = sentence("Sheets by month"), sentence("sheets")
    return Bars(title, unit, [Bar(month(key), n, "") for key, n in sheets.items()])
