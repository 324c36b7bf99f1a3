"""For the administrator: the plans of all offices, drafted, looked at, and put into force.

The page shows what every office would get. Each form sends back the digest of what was shown: what
is changed, or put into force, is what was seen, or nothing.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from flask import Blueprint, g, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from core.errors import InvalidInput, PrintgateError
from core.identity import queries as identity
from core.text import Text
from quotas import planning
from quotas.drafts import Draft, Outlook, digest
from quotas.plans import Base, Plan
from quotas.service import drafts
from quotas.service.drafts import Seen
from quotas.units import Unit
from web import plan_words
from web.access import ADMIN, access
from web.forms import given, refused, unsigned_number
from web.services import services
from web.views.office import today

admin_plans = Blueprint("admin_plans", __name__)

Answer = str | Response | tuple[str, int]


@dataclass(frozen=True)
class Sum:
    """What all offices used and would get."""

    used: int
    grants: int
    final: bool

    @property
    def difference(self) -> int:
        """How much more they would get than they used."""
        return self.grants - self.used


@admin_plans.get("/admin/plans")
@access(ADMIN)
def show_plans() -> str:
    """Show what every office gets by its plan, or would get by its draft."""
    return render_template("admin_plans.html", form={}, **_look(_year(request.args)))


@admin_plans.post("/admin/plans")
@access(ADMIN)
def lay_down() -> Answer:
    """Draft a plan for the offices that were ticked."""
    return _do(lambda session, seen: drafts.lay_down(session, _ticked(), _drafted(), seen))


@admin_plans.post("/admin/plans/discard")
@access(ADMIN)
def discard() -> Answer:
    """Forget the drafts of the offices that were ticked."""
    return _do(lambda session, seen: drafts.discard(session, _ticked(), seen))


@admin_plans.post("/admin/plans/in-force")
@access(ADMIN)
def put_into_force() -> Answer:
    """Put all drafts into force as they were shown; show them anew when they would do otherwise."""
    return _do(drafts.put_into_force)


def _do(deed: Callable[[Session, Seen], object]) -> Answer:
    year = _year(request.form)
    seen = Seen(Unit.SHEETS, year, given("seen"), g.actor, services().clock.now(), services().zone)
    try:
        with services().database.transaction() as session:
            deed(session, seen)
    except PrintgateError as error:
        return refused("admin_plans.html", error, **_look(year))
    return redirect(url_for("admin_plans.show_plans", year=year))


def _ticked() -> list[str]:
    return request.form.getlist("offices")


def _drafted() -> Draft:
    base = given("base")
    if base not in plan_words.BASES:
        raise InvalidInput(Text("The request can't be understood."))
    carry = Text("Please enter what goes on as a whole number of sheets, zero or more.")
    if base == plan_words.NOTHING:
        return Draft(None, unsigned_number("carry_max", carry))
    percent, amount = (
        Text("A saving is 0 to 100 per cent."),
        Text("Please enter sheets as a whole number, zero or more."),
    )
    plan = Plan(
        unsigned_number("percent_less", percent) if base == Base.LAST_YEAR else 0,
        unsigned_number("amount", amount),
        _first_day(),
        Base(base),
    )
    return Draft(plan, unsigned_number("carry_max", carry))


def _first_day() -> date:
    try:
        return date.fromisoformat(given("starts_on"))
    except ValueError:
        raise InvalidInput(Text("Please enter the first day, as in 2026-11-30.")) from None


def _year(asked: Mapping[str, str]) -> int:
    """Return the year that is asked for, if it is this one or the next; else this one."""
    this = today().year
    return this + 1 if asked.get("year") == str(this + 1) else this


def _look(year: int) -> dict[str, object]:
    now, zone = services().clock.now(), services().zone
    with services().database.snapshot() as session:
        outlooks = planning.outlooks(session, Unit.SHEETS, year, now=now, zone=zone)
        standings = planning.standings(
            session, Unit.SHEETS, services().workdays, now=now, zone=zone
        )
        names = {each.id: each.name for each in identity.offices(session)}
    by_office = {each.terms.office_id: each for each in outlooks}
    chosen = by_office.get(request.values.get("office", ""))
    shown = chosen.draft or chosen.terms.now if chosen else Draft(None, 0)
    ticked = set(_ticked()) if request.method == "POST" else set()
    waiting = [each for each in outlooks if each.draft is not None]
    return {
        "year": year,
        "years": (today().year, today().year + 1),
        "outlooks": outlooks,
        "names": names,
        "all": _sum(outlooks),
        "standings": {key: standings[key] for key in names if key in standings},
        "chosen": chosen,
        "filled": _filled(shown, year),
        "ticked": ticked or ({chosen.terms.office_id} if chosen else set()),
        "seen": digest(outlooks),
        "waiting": len(waiting),
        "hindered": [each for each in waiting if each.terms.closed],
        "says": plan_words,
    }


def _sum(outlooks: Iterable[Outlook]) -> Sum:
    shown = list(outlooks)
    return Sum(
        sum(each.used for each in shown),
        sum(each.grants for each in shown),
        all(each.final for each in shown),
    )


def _filled(draft: Draft, year: int) -> dict[str, object]:
    """Return what the form says before anybody has typed anything."""
    plan = draft.plan
    first = max(today(), date(year, 1, 1))
    return {
        "base": plan.base if plan else Base.LAST_YEAR,
        "percent_less": plan.percent_less if plan else 0,
        "amount": plan.amount if plan else "",
        "starts_on": plan.starts_on if plan else first,
        "carry_max": draft.carry_max,
    }
