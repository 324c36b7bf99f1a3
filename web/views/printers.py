"""The printers, and the rules of printing."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Blueprint, render_template, request
from markupsafe import Markup

from printgate import queries as printing
from printgate.queries import SupplyLevel
from web import charts
from web.access import PERSON, access
from web.language import sentence
from web.services import services

printers = Blueprint("printers", __name__)

COURSE_DAYS = 14


@dataclass(frozen=True)
class SupplyView:
    """A supply with its newest level and the course of it."""

    now: SupplyLevel
    chart: Markup


@printers.get("/printers")
@access(PERSON)
def list_printers() -> str:
    """Show each printer's state, paper and toner, and their course over days."""
    now = services().clock.now()
    since = now - timedelta(days=COURSE_DAYS)
    with services().database.snapshot() as session:
        found = printing.offered_printers(session)
        supplies = {
            printer.name: _supplies(
                printing.supplies(session, printer.id),
                printing.supply_course(session, printer.id, since),
                since,
                now,
            )
            for printer in found
        }
    return render_template(
        "printers.html", printers=found, supplies=supplies, days=COURSE_DAYS, host=request.host
    )


@printers.get("/rules")
@access(PERSON)
def show_rules() -> str:
    """Show the print rules in force."""
    return render_template("rules.html", rules=services().printing.rules)


def _supplies(
    newest: list[SupplyLevel], course: list[SupplyLevel], since: datetime, now: datetime
) -> list[SupplyView]:
    views = []
    whole = (now - since).total_seconds()
    for supply in newest:
        if supply.level < 0:
            continue
        points = [
            ((level.at - since).total_seconds() / whole, level.level)
            for level in course
            if level.name == supply.name
        ]
        if not points or supply.at < since:
            points = [(0.0, supply.level)]
        title = sentence("Level of {name} over {days} days", name=supply.name, days=COURSE_DAYS)
        most = supply.level_max if supply.level_max > 0 else 100
        views.append(SupplyView(supply, charts.course(title, points, most)))
    return views
