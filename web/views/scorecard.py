"""The scorecard of an office or of all, of a month or a year; what is behind each figure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
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
from quotas.insight import By, Question, Usage, balances
from quotas.periods import Period
from quotas.units import TONER_UNITS_PER_PAGE
from quotas.units import Unit as Account
from web.access import PERSON, access
from web.downloads import Value, csv_file, workbook
from web.language import month, sentence, words
from web.scorecard import (
    DEFINITIONS,
    FIGURES,
    OF_DOCUMENTS,
    Code,
    Facts,
    Paperless,
    Unit,
    figures,
)
from web.services import services
from web.views.jobs import PAGE, page_number

scorecard = Blueprint("scorecard", __name__)

ALL = "all"
"""Stands for all offices together in addresses; for the administrator."""
_YEARS_BACK = 3


@dataclass(frozen=True)
class Span:
    """A month or a year."""

    months: tuple[Period, ...]

    @property
    def key(self) -> str:
        """What stands for it in addresses: 2026-11 or 2026."""
        return self.months[0].key if len(self.months) == 1 else f"{self.months[0].year:04}"

    @property
    def first(self) -> date:
        """Its first day."""
        return self.months[0].days()[0]

    @property
    def last(self) -> date:
        """Its last day."""
        return self.months[-1].days()[-1]


@dataclass(frozen=True)
class Part:
    """One line of what a scorecard is the sum of: an office, or a month."""

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
            paths=_paths(office, span, figures(facts), parts),
            units=Unit,
            said=said,
            span_name=span_name,
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
            span_name=span_name,
            code=code,
            definition=DEFINITIONS[code],
            address=_address(office, span),
            page=page,
            **context,
        )


def said(code: Code, value: int | None) -> str:
    """Return a figure as it is written, without its unit."""
    unit = DEFINITIONS[code].unit
    if value is None:
        return "—"
    if unit is Unit.SHARE:
        return f"{value / 10:,.1f} %"
    return f"{value / TONER_UNITS_PER_PAGE:,.1f}" if unit is Unit.STANDARD_PAGES else f"{value:,}"


def span_name(span: Span) -> str:
    """Return a month or a year in words."""
    return month(span.key) if len(span.months) == 1 else sentence("Year {year}", year=span.key)


def _asked(session: Session) -> tuple[Office | None, Span]:
    """Return the office (None: all) and the span that are asked for, if the reader may see them."""
    asked = request.args.get("office", "") or g.person.office_id
    if asked == ALL:
        if not g.person.admin:
            abort(403)
        return None, _span()
    if not g.actor.may_see_office(asked):
        abort(403 if asked == g.person.office_id else 404)
    return identity.office(session, asked), _span()


def _span() -> Span:
    asked, now = request.args.get("span", ""), _this_month()
    try:
        if len(asked) == len("2026"):
            january = Period.of_key(f"{asked}-01")
            return Span(tuple(Period(january.year, number) for number in range(1, 13)))
        return Span((Period.of_key(asked),))
    except ValueError:
        return Span((now,))


def _this_month() -> Period:
    return Period.of_moment(services().clock.now(), services().zone)


def _spans(shown: Span) -> list[Span]:
    """Return what there is to choose from: the last year's months, and some years."""
    months = [_this_month()]
    for _ in range(12):
        months.append(months[-1].previous())
    years = range(months[0].year, months[0].year - _YEARS_BACK, -1)
    spans = [Span((each,)) for each in months]
    spans += [Span(tuple(Period(year, n) for n in range(1, 13))) for year in years]
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
    session: Session, usage: Usage, span: Span, office: Office | None
) -> dict[str, Facts]:
    """Return the facts of each office, and of all together."""
    office_id = office.id if office else ""

    def spent(unit: Account) -> dict[str, int]:
        question = Question(unit, span.first, span.last, office_id)
        return {key: each.spent for key, each in usage.by(By.OFFICE, question).items()}

    sheets, toner = spent(Account.SHEETS), spent(Account.TONER)
    plans = balances(session, Account.SHEETS, span.months)
    granted = {key: each.granted for key, each in plans.items() if office_id in ("", key)}
    tallied = tallies.by_office(session, span.first, span.last, office_id)
    documents: dict[str, list[Paperless]] = {}
    for each in _documents(session, office_id, span):
        documents.setdefault(each.office_id, []).append(each)
    found = {
        key: Facts(
            sheets.get(key, 0),
            granted.get(key, 0),
            toner.get(key, 0),
            tallied.get(key, tallies.Tally()),
            tuple(documents.get(key, ())),
        )
        for key in {office_id or ALL, *sheets, *toner, *granted, *tallied, *documents}
    }
    if not office_id:
        found[ALL] = Facts(
            sum(sheets.values()),
            sum(granted.values()),
            sum(toner.values()),
            tallies.together(tallied.values()),
            tuple(each for some in documents.values() for each in some),
        )
    return found


def _documents(session: Session, office_id: str, span: Span) -> list[Paperless]:
    zone = services().zone
    since = datetime.combine(span.first, time(), zone)
    before = datetime.combine(span.last + timedelta(days=1), time(), zone)
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
    session: Session, usage: Usage, office: Office | None, span: Span
) -> tuple[Facts, list[Part]]:
    """Return the facts, and what they are sums of: offices, or the months of an office's year."""
    found = _facts_by_office(session, usage, span, office)
    if office is None:
        return found[ALL], [
            Part(each.name, _address(each, span), found.get(each.id, Facts()))
            for each in identity.offices(session)
        ]
    months = [Span((each,)) for each in span.months] if len(span.months) > 1 else []
    return found[office.id], [
        Part(
            month(each.key),
            _address(office, each),
            _facts_by_office(session, usage, each, office)[office.id],
        )
        for each in months
    ]


def _address(office: Office | None, span: Span) -> str:
    return f"/office/scorecard?{_query(office, span)}"


def _query(office: Office | None, span: Span) -> str:
    return urlencode({"office": office.id if office else ALL, "span": span.key})


def _paths(
    office: Office | None, span: Span, shown: dict[Code, int | None], parts: Sequence[Part]
) -> dict[Code, str]:
    """Return where each figure leads: to its parts, or to its entries, jobs or documents."""
    of_jobs = {
        code: f"/office/behind?{_query(office, span)}&figure={code}"
        for code in (*FIGURES, *OF_DOCUMENTS)
    }
    of_sheets = dict.fromkeys((Code.PAPER, Code.PLAN, Code.TONER), "#parts")
    if office is not None and not parts:
        entries = f"/office/statement?{urlencode({'office': office.id, 'month': span.key})}"
        of_sheets = {
            Code.PAPER: f"{entries}&used=1",
            Code.PLAN: entries,
            Code.TONER: f"{entries}&unit={Account.TONER}",
        }
    return {code: path for code, path in (of_jobs | of_sheets).items() if shown[code]}


def _jobs_behind(
    session: Session, office: Office | None, span: Span, code: Code, page: int
) -> dict[str, Any]:
    zone = services().zone
    asked = Behind(FIGURES[code], span.first, span.last, office.id if office else "")
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
    session: Session, office: Office | None, span: Span, code: Code
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
    whole = figures(facts)
    parts = [(part.name, figures(part.facts)) for part in made_of]
    name = office.name if office else sentence("All offices")
    head = [
        sentence("Figure"),
        sentence("Unit"),
        name,
        *(part for part, _ in parts),
        sentence("Definition"),
        sentence("Version"),
        sentence("Since"),
    ]
    rows: list[list[Value]] = [
        [
            words(each.title),
            words(UNITS[each.unit]),
            *(_cell(code, found[code]) for found in (whole, *(found for _, found in parts))),
            words(each.meaning),
            each.version,
            each.since.isoformat(),
        ]
        for code, each in DEFINITIONS.items()
    ]
    return f"{name}-{span.key}", head, rows


def _cell(code: Code, value: int | None) -> Value:
    if value is None:
        return ""
    unit = DEFINITIONS[code].unit
    scale = {Unit.SHARE: 10, Unit.STANDARD_PAGES: TONER_UNITS_PER_PAGE}.get(unit, 1)
    return value if scale == 1 else value / scale


UNITS = {
    Unit.SHEETS: Text("sheets"),
    Unit.JOBS: Text("jobs"),
    Unit.DOCUMENTS: Text("documents"),
    Unit.STANDARD_PAGES: Text("standard pages"),
    Unit.SHARE: Text("per cent"),
}
