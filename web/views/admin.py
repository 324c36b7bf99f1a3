"""For the administrator: all offices at a glance, paper that went past, what needs a look."""

from datetime import datetime

from flask import Blueprint, render_template
from sqlalchemy.orm import Session

from core import checkups
from core.identity import queries as identity
from core.people import Office
from core.tasks import service as tasks
from printgate import queries as printing
from printgate.stuck import STUCK_AFTER
from quotas import queries as quotas
from quotas.ledger import Balance
from quotas.periods import Period
from quotas.units import Unit
from web.access import ADMIN, access
from web.services import services
from web.views.jobs import job_list

admin = Blueprint("admin", __name__)


@admin.get("/admin/jobs")
@access(ADMIN)
def all_jobs() -> str:
    """Show the jobs of all offices; titles only where their office shows them."""
    with services().database.snapshot() as session:
        offices = {each.id: each for each in identity.offices(session)}
        return render_template(
            "admin_jobs.html", offices=offices, **job_list(session, offices=offices)
        )


@admin.get("/admin")
@access(ADMIN)
def overview() -> str:
    """Show uncontrolled paper, every office's month, and how much needs a look."""
    now = services().clock.now()
    period = Period.of_moment(now, services().zone)
    with services().database.snapshot() as session:
        offices = [_standing(session, office, now) for office in identity.offices(session)]
        _, failing = tasks.depth(session, now=now)
        states = [each.state for each in printing.offered_printers(session)]
        foreign = printing.foreign_jobs(session)
        return render_template(
            "admin.html",
            offices=offices,
            period=period,
            foreign=foreign,
            foreign_sheets=sum(job.sheets for job in foreign),
            failing=failing,
            checkup=checkups.last(session),
            stuck=len(printing.stuck_jobs(session, now - STUCK_AFTER)),
            stopped=states.count("stopped"),
        )


def _standing(session: Session, office: Office, now: datetime) -> tuple[Office, Period, Balance]:
    """Return an office, the period that its account is in, and how it stands."""
    period = quotas.period_now(session, office.id, Unit.SHEETS, now=now, zone=services().zone)
    return office, period, quotas.balance(session, office.id, Unit.SHEETS, period)
