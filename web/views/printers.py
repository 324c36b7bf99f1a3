"""The printers, and the rules of printing."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Blueprint, g, render_template, request
from markupsafe import Markup
from sqlalchemy.orm import Session

from core.identity import queries as identity
from printgate import queries as printing
from printgate.policy import Exemptions
from printgate.queries import SupplyLevel
from quotas import queries as accounts
from quotas.units import Unit
from web import charts
from web.access import PERSON, access
from web.language import sentence, words
from web.services import services
from web.words import OVERRIDERS, supply_name

printers = Blueprint("printers", __name__)

COURSE_DAYS = 14
LOW_SHARE = 0.1
# A level that has not changed for longer than this is not drawn from before its last change.
_LOOK_BACK = timedelta(days=90)
_NO_TRAY = "auto"


@dataclass(frozen=True)
class SupplyView:
    """A supply with its newest level and, where the printer tells it, the course of it."""

    now: SupplyLevel
    course: list[SupplyLevel]
    chart: Markup | None

    @property
    def low(self) -> bool:
        """Whether somebody should look after it."""
        return 0 <= self.now.level <= _most(self.now) * LOW_SHARE


@printers.get("/printers")
@access(PERSON)
def list_printers() -> str:
    """Show each printer's state, paper and toner, and their course over days."""
    now = services().clock.now()
    since = now - timedelta(days=COURSE_DAYS)
    with services().database.snapshot() as session:
        found, queued = printing.offered_printers(session), printing.queued_jobs(session)
        supplies = {
            printer.name: _supplies(
                printing.supplies(session, printer.id),
                printing.supply_course(session, printer.id, now - _LOOK_BACK),
                since,
                now,
            )
            for printer in found
        }
        projects = [
            each
            for each in accounts.accounts(session, g.person.office_id, Unit.SHEETS)
            if each.code and not each.closed(now)
        ]
    return render_template(
        "printers.html",
        printers=found,
        queued=queued,
        supplies=supplies,
        projects=projects,
        days=COURSE_DAYS,
        host=request.host,
        example=next((each.name for each in found if each.is_default), found and found[0].name),
        guests=services().printing.terms.unknown_person == "guest",
    )


@printers.get("/rules")
@access(PERSON)
def show_rules() -> str:
    """Show the print rules in force."""
    rules = services().printing.rules
    with services().database.snapshot() as session:
        return render_template(
            "rules.html",
            rules=rules,
            two_sided_exempt=_names(session, rules.two_sided_exempt),
            colour_exempt=_names(session, rules.colour_exempt),
            drafts_exempt=_names(session, rules.drafts_exempt),
            hold_exempt=_names(session, rules.hold_exempt),
            overriders=[
                words(text) for who, text in OVERRIDERS.items() if who in rules.drafts_override
            ],
        )


def _names(session: Session, exempt: Exemptions) -> list[str]:
    """Return whom a rule does not bind, by the names that people know."""
    offices = [each.name for each in identity.offices(session) if each.code in exempt.offices]
    persons = [each.name for each in identity.persons(session) if each.login in exempt.persons]
    return offices + persons + sorted(exempt.printers)


def _supplies(
    newest: list[SupplyLevel], changes: list[SupplyLevel], since: datetime, now: datetime
) -> list[SupplyView]:
    """Return the supplies with toner first; `changes` reach back to before `since`."""
    views = []
    for supply in sorted(newest, key=lambda each: each.kind == "paper"):
        if supply.name == _NO_TRAY:
            continue
        own = [level for level in changes if level.name == supply.name and level.level >= 0]
        before = [level for level in own if level.at <= since][-1:]
        course = before + [level for level in own if level.at > since] or [supply]
        chart = _course_chart(supply, course, since, now) if supply.level >= 0 else None
        views.append(SupplyView(supply, course, chart))
    return views


def _course_chart(
    supply: SupplyLevel, course: list[SupplyLevel], since: datetime, now: datetime
) -> Markup:
    whole = (now - since).total_seconds()
    points = [
        charts.Point(max(0.0, (level.at - since).total_seconds() / whole), level.level)
        for level in course
    ]
    zone, most = services().zone, _most(supply)
    unit = sentence("sheets") if supply.kind == "paper" else "%"
    name = supply_name(supply.kind, supply.name)
    title = sentence("Level of {name} over {days} days", name=name, days=COURSE_DAYS)
    ends = (f"{since.astimezone(zone):%m-%d}", f"{now.astimezone(zone):%m-%d}")
    return charts.course(title, points, most, f"0–{most} {unit}", ends)


def _most(supply: SupplyLevel) -> int:
    return supply.level_max if supply.level_max > 0 else 100
