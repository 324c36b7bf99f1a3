"""Drafts of plans: laid down, discarded, and put into force all at once.

Each verb is told the digest of what its actor has seen (drafts.py). When another administrator has
changed a draft, a plan or terms since, or a period has begun, nothing is done.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, delete, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from core import audit
from core.db import insert_new
from core.errors import InvalidInput
from core.identity import queries as identity
from core.people import Actor
from core.text import Text
from quotas import planning
from quotas.drafts import Draft, Outlook, digest
from quotas.errors import PlansChanged
from quotas.models import PlanDraftRow
from quotas.service import books
from quotas.service.accounts import hold_office_accounts, set_terms
from quotas.service.turning import check_plan, drop_plan, set_plan
from quotas.units import AMOUNT_MAX, Unit


@dataclass(frozen=True)
class Seen:
    """Who asks, for which unit, and what they have seen of which year."""

    unit: Unit
    year: int
    digest: str
    actor: Actor
    now: datetime
    zone: ZoneInfo


def lay_down(session: Session, office_ids: Collection[str], draft: Draft, seen: Seen) -> None:
    """Note what these offices' plans and caps are to become; nothing follows from it yet."""
    if not office_ids:
        raise InvalidInput(Text("Please choose at least one office."))
    if draft.plan is not None:
        check_plan(draft.plan)
    if type(draft.carry_max) is not int or not 0 <= draft.carry_max <= AMOUNT_MAX:
        raise InvalidInput(Text("A limit must be a whole number, zero or more."))
    for office_id in office_ids:
        identity.office(session, office_id)
    known = {each.terms.office_id: each for each in _as_seen(session, seen)}
    for office_id in sorted(set(office_ids)):
        if known[office_id].terms.closed:
            raise books.closed(draft.plan.amount if draft.plan else 0)
        _write(session, office_id, draft, known[office_id].draft, seen)
        details = {"unit": seen.unit, **_said(draft)}
        audit.record(session, seen.actor, "quota.draft-plan", office_id, details, seen.now)


def discard(session: Session, office_ids: Collection[str], seen: Seen) -> None:
    """Forget the drafts of these offices; an office without one is left so."""
    waiting = {each.terms.office_id: each.draft for each in _as_seen(session, seen) if each.draft}
    for office_id in office_ids:
        identity.office(session, office_id)
    for office_id in sorted(waiting.keys() & set(office_ids)):
        _take(session, office_id, waiting[office_id], seen)
        details = {"unit": seen.unit}
        audit.record(session, seen.actor, "quota.discard-draft", office_id, details, seen.now)


def put_into_force(session: Session, seen: Seen) -> int:
    """Make all drafts the plans and caps of their offices; return how many those were.

    PlansChanged if they would do something else than what was seen; then nothing is done.
    """
    hold_office_accounts(session, list(planning.drafts(session, seen.unit)))
    waiting = [each for each in _as_seen(session, seen) if each.draft is not None]
    for each in waiting:
        _take(session, each.terms.office_id, each.draft, seen)
    for each in waiting:
        _put(session, each, seen)
    if waiting:
        details = {"unit": seen.unit, "offices": len(waiting), "digest": seen.digest}
        audit.record(
            session, seen.actor, "quota.put-plans-into-force", seen.unit, details, seen.now
        )
    return len(waiting)


def _as_seen(session: Session, seen: Seen) -> Sequence[Outlook]:
    found = planning.outlooks(session, seen.unit, seen.year, now=seen.now, zone=seen.zone)
    if digest(found) != seen.digest:
        raise changed()
    return found


def changed() -> PlansChanged:
    """Return the refusal of what was decided on something that has changed."""
    return PlansChanged(
        Text("Something has changed since this page was made; nothing was done. Please look again.")
    )


def _put(session: Session, each: Outlook, seen: Seen) -> None:
    terms, draft = each.terms, each.draft
    assert draft is not None
    if draft.carry_max != terms.carry_max:
        set_terms(
            session, terms.office_id, seen.unit, span=terms.span, carry_max=draft.carry_max,
            adjust_max=terms.adjust_max, zone=seen.zone, actor=seen.actor, now=seen.now,
        )  # fmt: skip
    if draft.plan is None:
        drop_plan(session, terms.office_id, seen.unit, actor=seen.actor, now=seen.now)
    else:
        set_plan(
            session, terms.office_id, seen.unit, draft.plan,
            actor=seen.actor, now=seen.now, zone=seen.zone,
        )  # fmt: skip


def _write(
    session: Session, office_id: str, draft: Draft, before: Draft | None, seen: Seen
) -> None:
    columns = {**_columns(draft), "drafted_by": seen.actor.name, "drafted_at": seen.now}
    if before is None:
        written = insert_new(session, PlanDraftRow, office_id=office_id, unit=seen.unit, **columns)
    else:
        changed_row = session.execute(
            update(PlanDraftRow)
            .where(*_is(office_id, before, seen))
            .values(**columns)
            .execution_options(synchronize_session=False)
        )
        assert isinstance(changed_row, CursorResult)
        written = changed_row.rowcount == 1
    if not written:
        raise changed()


def _take(session: Session, office_id: str, draft: Draft | None, seen: Seen) -> None:
    """Remove a draft as it was seen: whoever changes it at the same time comes too late."""
    assert draft is not None
    gone = session.execute(
        delete(PlanDraftRow)
        .where(*_is(office_id, draft, seen))
        .execution_options(synchronize_session=False)
    )
    assert isinstance(gone, CursorResult)
    if gone.rowcount != 1:
        raise changed()


def _columns(draft: Draft) -> dict[str, object]:
    plan = vars(draft.plan) if draft.plan else _NO_PLAN
    return {**plan, "carry_max": draft.carry_max}


_NO_PLAN: dict[str, object] = {"base": "", "percent_less": 0, "amount": 0, "starts_on": None}


def _is(office_id: str, draft: Draft, seen: Seen) -> list[ColumnElement[bool]]:
    key = {"office_id": office_id, "unit": seen.unit, **_columns(draft)}
    return [
        column.is_(None) if value is None else column == value
        for column, value in ((getattr(PlanDraftRow, name), value) for name, value in key.items())
    ]


def _said(draft: Draft) -> dict[str, object]:
    said = _columns(draft)
    starts_on = draft.plan.starts_on.isoformat() if draft.plan else None
    return {**said, "starts_on": starts_on}
