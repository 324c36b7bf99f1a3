"""For the administrator: paper that went past the gateway, and all offices at a glance."""

from flask import Blueprint, render_template

from core.identity import queries as identity
from core.tasks import service as tasks
from printgate import queries as printing
from quotas import queries as quotas
from quotas.periods import Period
from quotas.units import Unit
from web.access import ADMIN, access
from web.services import services

admin = Blueprint("admin", __name__)


@admin.get("/admin")
@access(ADMIN)
def overview() -> str:
    """Show uncontrolled paper, every office's month, and what waits in the background."""
    now = services().clock.now()
    period = Period.of_moment(now, services().zone)
    with services().database.snapshot() as session:
        offices = [
            (office, quotas.balance(session, office.id, Unit.SHEETS, period))
            for office in identity.offices(session)
        ]
        due, failing = tasks.depth(session, now=now)
        foreign = printing.foreign_jobs(session)
        return render_template(
            "admin.html",
            offices=offices,
            period=period,
            foreign=foreign,
            foreign_sheets=sum(job.sheets for job in foreign),
            due=due,
            failing=failing,
        )
