"""The statement of an office's account: every entry behind the figures, as a page and as CSV."""

from flask import Blueprint, Response, abort, g, render_template, request
from sqlalchemy.orm import Session

from core.identity import queries as identity
from core.people import Office
from printgate import queries as printing
from quotas import queries as quotas
from quotas.account_statement import Asked, Line, statement
from quotas.accounts import Account, AccountKind
from quotas.ledger import Kind
from quotas.periods import WHOLE
from quotas.units import TONER_UNITS_PER_PAGE, Unit
from web.access import PERSON, access
from web.downloads import Sheet, csv_file, workbook
from web.filters import Filter, asked_for
from web.language import local_time, sentence, words
from web.services import services
from web.tables import Value
from web.views.jobs import PAGE, page_number
from web.views.office import GUESTS, NONE, OFFICE_ALONE, asked_office, asked_period
from web.words import ENTRY_KINDS, JOB_KINDS

account_statement = Blueprint("account_statement", __name__)

_AT_ONCE = 5_000
"""Keys in one question to the database."""


@account_statement.get("/office/statement")
@access(PERSON)
def show_statement() -> str:
    """Show every entry of an office's account: the figures are their sums."""
    page = page_number()
    with services().database.snapshot() as session:
        shown, asked, chosen = _asked(session)
        found = statement(session, asked, limit=PAGE, offset=(page - 1) * PAGE)
        return render_template(
            "statement.html",
            office=shown,
            period=asked.period,
            unit=asked.unit,
            units=Unit,
            statement=found,
            names=_names(session, found.lines),
            people=_people(session, shown),
            printers=[each.name for each in printing.printers(session)],
            labels=[(name or NONE, text) for name, text in JOB_KINDS.items()],
            kinds=[(str(kind), text) for kind, text in ENTRY_KINDS.items()],
            jobs=_jobs(session, found.lines),
            others=_others(session, shown, asked.unit),
            filter=chosen,
            accounts=_accounts(session, shown, asked.unit),
            hidden={
                "office": shown.id,
                "month": "" if asked.period == WHOLE else asked.period.key,
                "unit": str(asked.unit),
            },
            scale=_scale(asked.unit),
            page=page,
            pages=-(-found.count // PAGE),
        )


@account_statement.get("/office/statement.csv")
@access(PERSON)
def download_statement() -> Response:
    """Give all lines that the filter leaves, in their order, as CSV."""
    return csv_file(*_table())


@account_statement.get("/office/statement.xlsx")
@access(PERSON)
def download_workbook() -> Response:
    """Give the same lines as a workbook."""
    name, head, rows = _table()
    return workbook(name, [Sheet(sentence("Statement"), head, rows)])


def _table() -> tuple[str, list[str], list[list[Value]]]:
    """Return the name, the head and the rows of the statement as a file."""
    with services().database.snapshot() as session:
        shown, asked, _ = _asked(session)
        found = statement(session, asked)
        names = _names(session, found.lines)
        jobs = _jobs(session, found.lines)
        others = _others(session, shown, asked.unit)
    head = [
        sentence("Time"),
        sentence("Entry"),
        sentence("Job"),
        sentence("Person"),
        sentence("Printer"),
        sentence("Granted"),
        sentence("Reserved"),
        sentence("Used"),
        sentence("Left"),
        sentence("Reason"),
        sentence("Account"),
    ]
    scale = _scale(asked.unit)
    rows: list[list[Value]] = [
        [
            local_time(line.entry.at),
            words(ENTRY_KINDS[line.entry.kind]),
            jobs.get(line.entry.reservation_id or "", ""),
            names.get(line.entry.person_id or "", ""),
            line.entry.printer,
            *(number / scale if scale > 1 else number for number in _numbers(line)),
            line.entry.reason,
            others.get(line.entry.account_id, ""),
        ]
        for line in found.lines
    ]
    return f"{shown.name}-{asked.period.key}-{asked.unit}", head, rows


def _numbers(line: Line) -> tuple[int, int, int, int]:
    return line.entry.granted, line.entry.held, line.entry.spent, line.left


def _scale(unit: Unit) -> int:
    return 1 if unit is Unit.SHEETS else TONER_UNITS_PER_PAGE


def _asked(session: Session) -> tuple[Office, Asked, Filter]:
    """Return what the address asks for; for those who may see the office's entries."""
    shown, unit = asked_office(session), _unit()
    if not g.actor.may_see_office(shown.id):
        abort(403)
    accounts = {each.holder or OFFICE_ALONE: each for each in _own(session, shown, unit)}
    chosen = asked_for(
        {
            # Whoever and whatever an entry names can be asked for, also what is gone since.
            "person": (GUESTS, _given("person", 36)),
            "printer": (_given("printer", 127),),
            "kind": list(Kind),
            "label": [name or NONE for name in JOB_KINDS],
            "used": ("1",),
            "account": accounts,
        }
    )
    person, label = chosen.get("person"), chosen.get("label")
    account = accounts.get(chosen.get("account"))
    project = account is not None and account.kind is AccountKind.PROJECT
    period = WHOLE if project else asked_period(session, shown, unit)
    # What was entered outside its period counts on its first or last day: so does it here.
    first, last = ("", "~") if project else (f"{period.days()[0]}", f"{period.days()[-1]}")
    asked = Asked(
        shown.id,
        unit,
        period,
        holder=None if account is None else account.holder,
        since=chosen.since if chosen.get("from") > first else None,
        before=chosen.before if chosen.get("to") and chosen.get("to") < last else None,
        kinds=(Kind(chosen.get("kind")),) if chosen.get("kind") else (),
        person_id={"": None, GUESTS: ""}.get(person, person),
        printer=chosen.get("printer") or None,
        label={"": None, NONE: ""}.get(label, label),
        used=bool(chosen.get("used")),
    )
    return shown, asked, chosen


def _unit() -> Unit:
    asked = request.args.get("unit", "")
    return Unit(asked) if asked in set(Unit) else Unit.SHEETS


def _own(session: Session, shown: Office, unit: Unit) -> list[Account]:
    return quotas.accounts(session, shown.id, unit)


def _accounts(session: Session, shown: Office, unit: Unit) -> list[tuple[str, str]]:
    """Return the accounts to choose from; none where the office has only its own."""
    found = _own(session, shown, unit)
    names = identity.names(session, [each.holder for each in found])
    choices = [
        (
            each.holder or OFFICE_ALONE,
            each.name or names.get(each.holder, "") or sentence("the office alone"),
        )
        for each in found
    ]
    return choices if len(choices) > 1 else []


def _others(session: Session, shown: Office, unit: Unit) -> dict[str, str]:
    """Return what accounts are called that are not the office's own, by their ids."""
    found = [each for each in _own(session, shown, unit) if each.holder]
    names = identity.names(session, [each.holder for each in found])
    return {each.id: each.name or names.get(each.holder, "") for each in found}


def _given(field: str, length_max: int) -> str:
    given = request.args.get(field, "")
    return given if len(given) <= length_max else ""


def _names(session: Session, lines: tuple[Line, ...]) -> dict[str, str]:
    return identity.names(session, {line.entry.person_id or "" for line in lines})


def _people(session: Session, shown: Office) -> list[tuple[str, str]]:
    """Return the people to choose from: those of the office, and guests."""
    people = [(person.id, person.name) for person in identity.persons(session, [shown.id])]
    return [*people, (GUESTS, sentence("guests"))]


def _jobs(session: Session, lines: tuple[Line, ...]) -> dict[str, int]:
    """Return the numbers of the jobs that the lines are of."""
    keys = sorted({line.entry.reservation_id for line in lines if line.entry.reservation_id})
    found: dict[str, int] = {}
    for begin in range(0, len(keys), _AT_ONCE):
        jobs = printing.jobs_with(session, keys[begin : begin + _AT_ONCE])
        found |= {uuid: job.id for uuid, job in jobs.items()}
    return found
