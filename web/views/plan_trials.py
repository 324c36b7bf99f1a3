"""For the administrator: what the drafts of plans would have refused in a span that is over."""

from dataclasses import dataclass
from datetime import date

from flask import Blueprint, g, render_template, request
from sqlalchemy.orm import Session

from core.identity import queries as identity
from core.people import Office
from printgate import refusals
from quotas.periods import Period, Span
from quotas.replay import Count
from quotas.replaying import Asked, Past, Trial
from quotas.units import Unit
from web import plan_words
from web.access import ADMIN, access
from web.language import sentence
from web.services import services
from web.views.office import today

plan_trials = Blueprint("plan_trials", __name__)

SPANS = (Span.MONTH, Span.QUARTER, Span.YEAR)


@dataclass(frozen=True)
class Row:
    """What was tried for an office, and what it is called."""

    name: str
    trial: Trial

    @property
    def dry_on(self) -> date | None:
        """The first day on which the office's account would have run dry."""
        return min(self.trial.dry.values(), default=None)


@plan_trials.get("/admin/plans/trial")
@access(ADMIN)
def show_trial() -> str:
    """Show what each office's draft, or else its plan, would have refused; of one, whose jobs."""
    span = _span(request.args.get("span", ""))
    with services().database.snapshot() as session:
        offices = identity.offices(session)
        chosen = next((each for each in offices if each.id == request.args.get("office")), None)
        rows = _tried(session, span, [chosen] if chosen else offices)
        people = _people(session, rows[0].trial) if chosen else []
    return render_template(
        "plan_trial.html",
        span=span,
        spans=_spans(),
        offices=offices,
        chosen=chosen,
        rows=rows,
        people=people,
        all=_all(rows),
        says=plan_words,
    )


def _spans() -> list[Period]:
    """Return the last month, quarter and year that are over."""
    this = Period(today().year, today().month)
    return [this.within(each).previous() for each in SPANS]


def _span(asked: str) -> Period:
    spans = {each.key: each for each in _spans()}
    return spans.get(asked, _spans()[1])


def _tried(session: Session, span: Period, offices: list[Office]) -> list[Row]:
    past = Past(session, Unit.SHEETS, span, services().zone)
    only = offices[0].id if len(offices) == 1 else ""
    asked: dict[str, list[Asked]] = {}
    for job in refusals.refused_for_quota(session, past.begin, past.end, only):
        asked.setdefault(job.office_id, []).append(
            Asked(job.uuid, job.at, job.office_id, job.person_id, job.needed)
        )
    return [Row(each.name, past.trial(each.id, asked.get(each.id, ()))) for each in offices]


def _people(session: Session, trial: Trial) -> list[tuple[str, Count]]:
    """Return whose jobs would have been refused, for who may see the office's people."""
    if not g.actor.may_see_office(trial.office_id):
        return []
    names = identity.names(session, trial.outcome.people)
    return [
        (names.get(person_id) or sentence("guests"), count)
        for person_id, count in trial.outcome.people.items()
    ]


def _all(rows: list[Row]) -> dict[str, Count]:
    """Return the sums of all offices."""
    return {
        name: _together([getattr(row.trial.outcome, name) for row in rows])
        for name in ("really", "would", "newly", "spared")
    }


def _together(counts: list[Count]) -> Count:
    return Count(sum(each.jobs for each in counts), sum(each.sheets for each in counts))
