"""My office: what was granted, used, reserved and left, where it leads, down to each entry."""

from collections.abc import Callable, Iterable, Mapping
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
from quotas import limit_queries, plan_pace, planning
from quotas import queries as quotas
from quotas.accounts import Account, AccountKind
from quotas.forecast import WINDOW, Forecast, NoForecast, Pace, forecast, pace
from quotas.insight import By, Question, Spent, Usage, of_period
from quotas.ledger import Balance
from quotas.periods import WHOLE, Period
from quotas.units import Unit, toner_pages
from web import charts
from web.access import PERSON, access
from web.language import counted_sentence, month, sentence, words
from web.scorecard import Facts, figures, saved
from web.scorecard_facts import documents_of
from web.services import services
from web.views.jobs import job_list
from web.words import JOB_KINDS

office = Blueprint("office", __name__)

GUESTS = "guests"
"""What stands for those who are no person of the house in addresses."""
NONE = "none"
"""What stands for a kind without a name in addresses."""
OFFICE_ALONE = "office"
"""What stands for the office's own account, without its people's, in addresses."""
PERIODS_BACK = 12
_DAYS_MAX = 31


@dataclass(frozen=True)
class Row:
    """One line of a breakdown; `path` leads to the entries that add up to it."""

    name: str
    sheets: int
    path: str = ""


@dataclass(frozen=True)
class Standing:
    """An account within the office, how it stands, and the way to its entries."""

    account: Account
    name: str
    balance: Balance
    path: str


@dataclass(frozen=True)
class Outlook:
    """Where a period leads; `forecast` only of the one that runs."""

    forecast: Forecast | NoForecast | None
    pace: Pace | None
    by_plan: plan_pace.Standing | None
    """How what was used stands against what the office's plan gives."""
    last_year: int
    """What was used in the same period a year ago, and up to the same day of it."""
    last_year_so_far: int


@office.get("/office")
@access(PERSON)
def show_office() -> str:
    """Show an office's period: figures, where they lead, exceptions, and whose sheets they were."""
    with services().database.snapshot() as session:
        shown = asked_office(session)
        period = asked_period(session, shown)
        full = g.actor.may_see_office(shown.id)
        balance = quotas.balance(session, shown.id, Unit.SHEETS, period)
        usage = Usage(session, services().zone)
        current = current_period(session, shown)
        tally = _tally(session, shown, period)
        toner = [row for unit in INKS for row in entered(session, usage, unit, shown, period)]
        return render_template(
            "office.html",
            office=shown,
            offices=_choices(session),
            period=period,
            current=current,
            periods=_periods(session, shown, current, period),
            full=full,
            balance=balance,
            outlook=_outlook(session, usage, shown, period, balance),
            standing=_standing(session, shown, period) if full else [],
            limits=_limits(session, shown, current),
            tally=tally,
            saved=_saved(session, tally, shown, period),
            waiting=_waiting(session, shown),
            toner=toner,
            toner_pages=toner_pages(sum(row.amount for row in toner)),
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


def asked_period(session: Session, shown: Office, unit: Unit = Unit.SHEETS) -> Period:
    """Return the period that is asked for, else the one that the office's account is in."""
    try:
        asked = Period.of_key(request.args.get("month", ""))
    except ValueError:
        asked = WHOLE
    return current_period(session, shown, unit) if asked == WHOLE else asked


def current_period(session: Session, shown: Office, unit: Unit = Unit.SHEETS) -> Period:
    """Return the period that an office's account is in."""
    now, zone = services().clock.now(), services().zone
    return quotas.period_now(session, shown.id, unit, now=now, zone=zone)


def today() -> date:
    """Return the day that it is where the office is."""
    return services().clock.now().astimezone(services().zone).date()


def _choices(session: Session) -> list[Office]:
    return [
        each
        for each in identity.offices(session)
        if each.id == g.person.office_id or g.actor.may_see_office(each.id)
    ]


def _periods(session: Session, shown: Office, current: Period, chosen: Period) -> list[Period]:
    """Return the periods to choose from, newest first: the last ones, and all with entries."""
    found = {current, chosen, *quotas.periods(session, shown.id, Unit.SHEETS)}
    past = current
    for _ in range(PERIODS_BACK):
        past = past.previous()
        found.add(past)
    return sorted(found, key=lambda each: (each.days()[0], each.days()[-1]), reverse=True)


def _outlook(
    session: Session, usage: Usage, shown: Office, period: Period, balance: Balance
) -> Outlook:
    now, workdays = today(), services().workdays
    days = period.days()
    ends = (days[0], days[-1])
    runs = ends[0] <= now <= ends[1]
    begin = now - timedelta(days=WINDOW + 1)
    past = Question(Unit.SHEETS, min(begin, ends[0]), now, shown.id, own=True)
    before = period.year_before().days()
    used = usage.by_day(Question(Unit.SHEETS, before[0], before[-1], shown.id, own=True))
    return Outlook(
        forecast(usage.by_day(past), balance, ends, now, workdays) if runs else None,
        pace(balance, ends, now, workdays) if runs else None,
        _by_plan(session, shown, period),
        sum(used.values()),
        sum(sheets for day, sheets in used.items() if runs and _a_year_later(day) <= now),
    )


def _by_plan(session: Session, shown: Office, period: Period) -> plan_pace.Standing | None:
    now = services().clock.now()
    account = quotas.account_for(session, shown.id, Unit.SHEETS, None, now=now)
    if account is None or period == WHOLE:
        return None
    return planning.standing(
        session, account, period, services().workdays, now=now, zone=services().zone
    )


def _a_year_later(day: date) -> date:
    try:
        return day.replace(year=day.year + 1)
    except ValueError:  # the 29th of February
        return date(day.year + 1, 2, 28)


def _limits(session: Session, shown: Office, current: Period) -> list[str]:
    """Return what limits the jobs of an office, and how far the reader has come."""
    found = limit_queries.limits(session, shown.id)
    if shown.id == g.person.office_id:
        own = limit_queries.person_limits(session, shown.id).get(g.person.id)
        found = found.for_person(own)
    said = []
    if found.job_max is not None:
        said.append(
            counted_sentence(
                "One job may take {n} sheet at the most.",
                "One job may take {n} sheets at the most.",
                found.job_max,
            )
        )
    if found.person_max is not None and shown.id == g.person.office_id:
        taken = limit_queries.taken(session, shown.id, current).get(g.person.id, 0)
        said.append(
            counted_sentence(
                "You may take {n} sheet of the office's account in this period; so far: {taken}.",
                "You may take {n} sheets of the office's account in this period; so far: {taken}.",
                found.person_max,
                taken=taken,
            )
        )
    if found.fair is not None:
        said.append(
            counted_sentence(
                "In the last {n} working day of a period one person takes at most {percent} % of "
                "what the office has left, or {least} sheets where that is more.",
                "In the last {n} working days of a period one person takes at most {percent} % of "
                "what the office has left, or {least} sheets where that is more.",
                found.fair.days,
                percent=found.fair.percent,
                least=found.fair.least,
            )
        )
    return said


def _standing(session: Session, shown: Office, period: Period) -> list[Standing]:
    """Return the office's account, its people's and its projects', where there are several."""
    found = quotas.accounts(session, shown.id, Unit.SHEETS)
    if len(found) == 1:
        return []
    names = identity.names(session, [each.holder for each in found])
    standing = []
    for each in found:
        kept = WHOLE if each.kind is AccountKind.PROJECT else period
        address = {"office": shown.id, "account": each.holder or OFFICE_ALONE}
        if kept != WHOLE:
            address["month"] = period.key
        standing.append(
            Standing(
                each,
                each.name or names.get(each.holder, "") or shown.name,
                quotas.balance(session, shown.id, Unit.SHEETS, kept, holder=each.holder),
                f"/office/statement?{urlencode(address)}",
            )
        )
    return standing


INKS = tuple(unit for unit in Unit if unit is not Unit.SHEETS)


@dataclass(frozen=True)
class Entered:
    """So much of a unit was entered in a period or for a project; the way to the entries."""

    unit: Unit
    where: str
    amount: int
    path: str

    @property
    def pages(self) -> float:
        """Toner in standard pages."""
        return toner_pages(self.amount)


def entered(
    session: Session, usage: Usage, unit: Unit, shown: Office, period: Period
) -> list[Entered]:
    """Return in which periods and for which projects the use of these days was entered.

    An office may keep its sheets in quarters and its toner in months, or have changed its mind.
    """
    days = period.days()
    question = Question(unit, days[0], days[-1], shown.id)
    found = [
        Entered(unit, month(key), each.spent, _statement(shown, unit, period, {"month": key}))
        for key, each in sorted(usage.by(By.PERIOD, question).items())
        if key != WHOLE.key and each.spent
    ]
    used = {key: each.spent for key, each in usage.by(By.PROJECT, question).items() if key}
    if used:
        names = {each.holder: each.name for each in quotas.accounts(session, shown.id, unit)}
        found += [
            Entered(unit, names[key], spent, _statement(shown, unit, period, {"account": key}))
            for key, spent in used.items()
            if spent
        ]
    return found


def _statement(shown: Office, unit: Unit, period: Period, entered_in: Mapping[str, str]) -> str:
    """Return the address of what was used on the days of a period, of what was entered there."""
    days = period.days()
    fields = {"office": shown.id, "unit": str(unit), "used": "1", **entered_in}
    if entered_in.get("month") != period.key:
        fields |= {"from": days[0].isoformat(), "to": days[-1].isoformat()}
    return f"/office/statement?{urlencode(fields)}"


def _tally(session: Session, shown: Office, period: Period) -> Tally:
    days = period.days()
    return tallies.together(tallies.by_office(session, days[0], days[-1], shown.id).values())


def _saved(session: Session, tally: Tally, shown: Office, period: Period) -> int:
    """Return the sheets that were saved by all methods, as the report of the period has them."""
    documents = documents_of(session, shown.id, period)
    return saved(figures(Facts(tally=tally, documents=tuple(documents))))


def _waiting(session: Session, shown: Office) -> int:
    """Return how many drafts of the office wait for their owners' decision now."""
    search = JobSearch(office_id=shown.id, stages=(Stage.ASKED,))
    return printing.count_jobs(session, search, g.actor)


def _breakdowns(
    session: Session, usage: Usage, question: Question, *, full: bool
) -> dict[str, Any]:
    """Return what a period's sheets are told apart by; for the head with ways to the entries."""
    days = usage.by_day(question)
    people = usage.by(By.PERSON, question)

    def way(narrower: Mapping[str, str]) -> str:
        """Return the address of the entries that add up to a figure, for who may see them."""
        if not full or question.period is None:
            return ""
        fields = {"office": question.office_id, "month": question.period.key, **narrower}
        return f"/office/statement?{urlencode({**fields, 'used': '1'})}"

    rows = {
        "day_rows": [
            Row(f"{day:%Y-%m-%d}", sheets, way({"from": f"{day}", "to": f"{day}"}))
            for day, sheets in days.items()
            if sheets
        ],
        "person_rows": _people(session, people, way) if full else _mine(people),
        "printer_rows": [
            Row(name or sentence("other"), each.spent, way({"printer": name}))
            for name, each in usage.by(By.PRINTER, question).items()
        ],
        "kind_rows": [
            Row(kind_name(label), each.spent, way({"label": label or NONE}))
            for label, each in usage.by(By.KIND, question).items()
        ],
    }
    day_bars, every = _columns(days)
    return {
        **rows,
        "days": days,
        "weekly": len(days) > _DAYS_MAX,
        "day_chart": charts.columns(
            sentence("Sheets by week") if len(days) > _DAYS_MAX else sentence("Sheets by day"),
            sentence("sheets"),
            _bars(day_bars),
            every=every,
        ),
        "person_chart": _chart(sentence("Sheets by person"), rows["person_rows"]),
        "printer_chart": _chart(sentence("Sheets by printer"), rows["printer_rows"]),
        "kind_chart": _chart(sentence("Sheets by kind of document"), rows["kind_rows"]),
    }


def _columns(days: Mapping[date, int]) -> tuple[list[Row], int]:
    """Return the columns of the days and how many share a label; of more than a month, weeks'."""
    if len(days) <= _DAYS_MAX:
        return [Row(str(day.day), sheets) for day, sheets in days.items()], 5
    weeks: dict[date, int] = {}
    for day, sheets in days.items():
        monday = max(day - timedelta(days=day.weekday()), min(days))
        weeks[monday] = weeks.get(monday, 0) + sheets
    return [Row(f"{day.month}-{day.day}", sheets) for day, sheets in weeks.items()], (
        2 if len(weeks) < _DAYS_MAX // 2 else 8
    )


def _people(
    session: Session, spent: Mapping[str, Spent], way: Callable[[Mapping[str, str]], str]
) -> list[Row]:
    names = identity.names(session, spent)
    return [
        Row(
            names.get(person_id) or sentence("guests"),
            each.spent,
            way({"person": person_id or GUESTS}),
        )
        for person_id, each in spent.items()
    ]


def _mine(spent: Mapping[str, Spent]) -> list[Row]:
    """Return oneself and all others together: names are for the head."""
    mine = spent.get(g.person.id, Spent()).spent
    others = sum(each.spent for each in spent.values()) - mine
    return [Row(g.person.name, mine), Row(sentence("all others"), others)]


def kind_name(label: str) -> str:
    """Return what a kind of document is called, by its label in the ledger."""
    return words(JOB_KINDS[label]) if label in JOB_KINDS else label


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
