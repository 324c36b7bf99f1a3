"""Drafts of plans: what they would grant, against what there is, before they are put into force.

A draft says of an office what its plan and its cap on carry-over are to become. Nothing follows
from it until an administrator puts the drafts into force, all at once. What that does is shown
first, period by period: what was used in the same period of last year, what the office would get,
and the difference. What the plan in force has granted for a period stays, whatever the draft says.

A plan for the next year reckons with periods of this year, of which some are not over. What they
have used so far is told, marked as not final; the plan will reckon with what they have used then.

Who puts drafts into force agrees to a digest of what was shown: the drafts, the plans and terms
that they replace, and the figures. Those that are not final are left out of it: they change with
every job, and who agrees knows that they will.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from quotas.periods import Period, Span
from quotas.plans import Plan


@dataclass(frozen=True)
class Draft:
    """What an office's plan and cap are to become."""

    plan: Plan | None
    """None: nothing is granted by plan."""
    carry_max: int


@dataclass(frozen=True)
class Terms:
    """What there is for an office: how its account is kept, its plan, and what was used."""

    office_id: str
    span: Span = Span.MONTH
    carry_max: int = 0
    adjust_max: int | None = None
    plan: Plan | None = None
    closed: bool = False
    used: Mapping[str, int] = field(default_factory=dict)
    """What the office and its people used, by the key of the period, also of shorter ones."""
    granted: Mapping[str, int] = field(default_factory=dict)
    """What the plan has granted already, by the key of the period."""

    @property
    def now(self) -> Draft:
        """What there is, said as a draft would say it."""
        return Draft(self.plan, self.carry_max)


@dataclass(frozen=True)
class Line:
    """What an office gets by plan in a period, beside what it used in the same one of last year."""

    period: Period
    used: int
    final: bool
    """Whether that period of last year is over, so that its use stays what it is."""
    grants: int
    stands: bool = False
    """Whether it was granted already: it stays as it is."""

    @property
    def difference(self) -> int:
        """How much more it gets than it used a year before; negative where it is less."""
        return self.grants - self.used


@dataclass(frozen=True)
class Outlook:
    """What an office gets in the periods that are looked at."""

    terms: Terms
    draft: Draft | None
    lines: tuple[Line, ...]

    @property
    def used(self) -> int:
        """What it used in the same periods of last year."""
        return sum(line.used for line in self.lines)

    @property
    def grants(self) -> int:
        """What it would get in all."""
        return sum(line.grants for line in self.lines)

    @property
    def difference(self) -> int:
        """How much more that is than it used; negative where it is less."""
        return self.grants - self.used

    @property
    def final(self) -> bool:
        """Whether all figures stay what they are."""
        return all(line.final for line in self.lines)

    @property
    def changes(self) -> bool:
        """Whether the draft says anything else than what is in force."""
        return self.draft is not None and self.draft != self.terms.now


def periods_to_come(year: int, span: Span, today: date) -> list[Period]:
    """Return the periods of a year that are not over, the one that runs included."""
    period = Period(year, 1).within(span)
    found = []
    while period.year == year:
        if period.days()[-1] >= today:
            found.append(period)
        period = period.next()
    return found


def outlook(terms: Terms, draft: Draft | None, year: int, today: date) -> Outlook:
    """Return what an office gets in what is left of a year, by its draft or else by its plan."""
    plan = (draft or terms.now).plan
    periods = periods_to_come(year, terms.span, today)
    return Outlook(terms, draft, tuple(_line(terms, plan, each, today) for each in periods))


def _line(terms: Terms, plan: Plan | None, period: Period, today: date) -> Line:
    before = period.year_before()
    used = sum(terms.used.get(part.key, 0) for part in before.parts())
    line = Line(period, used, before.days()[-1] < today, 0)
    if period.key in terms.granted:
        return replace(line, grants=terms.granted[period.key], stands=True)
    return replace(line, grants=plan.grant(period, used) if plan else 0)


def digest(outlooks: Iterable[Outlook]) -> str:
    """Return what stands for drafts and for what they were made against (SHA-256)."""
    written = json.dumps([_said(each) for each in outlooks], sort_keys=True)
    return hashlib.sha256(written.encode()).hexdigest()


def _said(each: Outlook) -> list[object]:
    terms = each.terms
    return [
        terms.office_id,
        [terms.span, terms.adjust_max, terms.closed, _draft(terms.now)],
        _draft(each.draft) if each.draft else None,
        [
            [line.period.key, line.stands, *([line.used, line.grants] if line.final else [])]
            for line in each.lines
        ],
    ]


def _draft(draft: Draft) -> list[object]:
    plan = draft.plan
    said = plan and [plan.base, plan.percent_less, plan.amount, plan.starts_on.isoformat()]
    return [draft.carry_max, said]
