"""What the scorecard's figures are made from, as the packages' queries say it."""

from sqlalchemy.orm import Session

from core.identity import queries as identity
from core.people import Office
from docflow import queries as docflow
from printgate import tallies
from printgate.energy_queries import printers_energy, standby_of
from printgate.service.decide import ORIGIN
from quotas.insight import By, Question, Usage, balances, granted_to_projects
from quotas.periods import Period, Span
from quotas.supplies.queries.reports import RecycledShare, recycled_shares
from quotas.units import Unit as Account
from web.scorecard import Code, Facts, Paperless
from web.services import services

INKS = {
    Code.TONER: Account.TONER,
    Code.CYAN: Account.CYAN,
    Code.MAGENTA: Account.MAGENTA,
    Code.YELLOW: Account.YELLOW,
}
ALL = "all"
"""Stands for all offices together, in addresses too; for the administrator."""


def facts_by_office(
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
    for each in documents_of(session, office_id, span):
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
            standby_of(printers_energy(session, days[0], days[-1], services().zone)),
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


def documents_of(session: Session, office_id: str, span: Period) -> list[Paperless]:
    """Return the documents of an office, or of all, that began to circulate in a span."""
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


def sheets_by_month(usage: Usage, office_id: str, span: Period) -> dict[str, int]:
    """Return the sheets of the months of a span, or of the year that ends with it, by their keys.

    Each is the paper that the scorecard of that month shows.
    """
    last = span.days()[-1]
    months = [Period(last.year, last.month)]
    for _ in range(11):
        months.insert(0, months[0].previous())
    sheets = dict.fromkeys((each.key for each in months), 0)
    question = Question(Account.SHEETS, months[0].days()[0], last, office_id)
    for day, spent in usage.by_day(question).items():
        sheets[f"{day:%Y-%m}"] += spent
    return sheets
