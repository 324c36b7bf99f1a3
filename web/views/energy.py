"""What the printers do all day, and what energy that takes: an estimate, with its method."""

from flask import Blueprint, render_template, request

from printgate import energy_queries
from printgate import queries as printing
from web import energy_tables
from web.access import PERSON, access
from web.energy_tables import Elapsed
from web.services import services
from web.views.scorecard import asked_span, spans

energy = Blueprint("energy", __name__)


@energy.get("/office/energy")
@access(PERSON)
def show_energy() -> str:
    """Show the hours of each printer in each state, and the energy of these; of one, its days."""
    span, zone = asked_span(), services().zone
    elapsed, days = Elapsed(services().clock.now(), zone), span.days()
    with services().database.snapshot() as session:
        asked = request.args.get("printer", "")
        chosen = printing.printer(session, asked).name if asked else ""
        found = energy_queries.printers_energy(session, days[0], days[-1], zone)
    tables = [energy_tables.of_printers(found, span, elapsed)]
    tables += [energy_tables.of_days(each, elapsed) for each in found if each.name == chosen]
    standby = energy_queries.standby_of(found)
    return render_template(
        "energy.html", span=span, spans=spans(span), tables=tables, standby=standby
    )
