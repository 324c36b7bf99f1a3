"""Asking for a permit, and deciding on it. Every verb may be called twice."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core import audit, notices
from core.db import insert_new, locked
from core.errors import Forbidden, InvalidInput
from core.identity import queries as identity
from core.identity import service as people
from core.people import Actor, Person
from core.text import Text, clean_line, counted
from printgate import permit_queries
from printgate.errors import PermitNotPossible, TooManyPermits
from printgate.models import PermitRow
from printgate.permit_queries import Permit
from printgate.permits import COUNT_MAX, LASTS_MAX, TRANSITIONS, Act, Measure, State, may
from printgate.service.answer import REASON_LENGTH_MAX, checked_reason

ASKED_MAX = 10
"""How many permits of one person may wait for a decision at once."""


def ask(  # what a permit is
    session: Session,
    key: str,
    *,
    measure: Measure,
    count: int,
    last_day: date,
    reason: str,
    actor: Actor,
    now: datetime,
    zone: ZoneInfo,
) -> Permit:
    """Ask for a permit; `key` makes a repeat harmless. The heads of the office are told."""
    known = session.scalar(select(PermitRow).where(PermitRow.key == key))
    if known is None:
        ends_at = _end_of(last_day, now, zone)
        _check_count(measure, count)
        given = checked_reason(reason)
        assert actor.person_id is not None
        person = identity.person(session, actor.person_id)
        _check_waiting(session, person)
        made = insert_new(
            session,
            PermitRow,
            key=key,
            person_id=person.id,
            office_id=person.office_id,
            reason=given,
            measure=measure,
            allowed=count,
            used=0,
            state=State.ASKED,
            ends_at=ends_at,
            asked_at=now,
            decided_by="",
            answer="",
        )
        known = session.scalars(select(PermitRow).where(PermitRow.key == key)).one()
        if made:
            details = {"measure": measure, "count": count, "ends_at": ends_at.isoformat()}
            audit.record(session, actor, "permit.ask", f"permit:{known.id}", details, now)
            _tell_who_decides(session, known, person, now)
    if known.person_id != actor.person_id:
        raise PermitNotPossible(Text("This form was used already. Please reload the page."))
    return permit_queries.permit(session, known.id)


def decide(
    session: Session, number: int, act: Act, *, answer: str = "", actor: Actor, now: datetime
) -> Permit:
    """Grant, refuse, withdraw or revoke a permit; done again by the same hand it changes nothing.

    NoSuchPermit where the actor may not know of it, Forbidden where they may not do this,
    PermitNotPossible where it is too late for it. Who asked is told; a refusal has a reason.
    """
    row = locked(session, PermitRow, number)
    found = permit_queries.permit_for(session, number, actor)
    assert row is not None
    state = State(row.state)
    if (state, row.decided_by) == (_OUTCOMES[act], actor.name):
        return found
    _check_decision(found, state, act, actor, now)
    row.answer = _checked_answer(act, answer)
    row.state, row.decided_at, row.decided_by = TRANSITIONS[state][act], now, actor.name
    session.flush()
    audit.record(session, actor, f"permit.{act}", f"permit:{number}", {"used": row.used}, now)
    if act is not Act.WITHDRAW:
        notices.notify(session, row.person_id, _NEWS[act], f"/permits/{number}", now=now)
    return permit_queries.permit(session, number)


_NEWS = {
    Act.GRANT: Text("You may print on one side: your permit was granted."),
    Act.REFUSE: Text("The permit to print on one side that you asked for was refused."),
    Act.REVOKE: Text("Your permit to print on one side was revoked."),
}
_OUTCOMES = {
    Act.GRANT: State.GRANTED,
    Act.REFUSE: State.REFUSED,
    Act.WITHDRAW: State.WITHDRAWN,
    Act.REVOKE: State.REVOKED,
}


def _end_of(last_day: date, now: datetime, zone: ZoneInfo) -> datetime:
    """Return the first moment after the last day; InvalidInput for a day that can't be one."""
    today = now.astimezone(zone).date()
    latest = today + LASTS_MAX
    if not today <= last_day <= latest:
        raise InvalidInput(
            Text(
                "The last day must lie between {today} and {latest}.",
                {"today": today.isoformat(), "latest": latest.isoformat()},
            )
        )
    return datetime.combine(last_day + timedelta(days=1), time(), zone).astimezone(now.tzinfo)


def _check_count(measure: Measure, count: int) -> None:
    most = COUNT_MAX[measure]
    if not 1 <= count <= most:
        raise InvalidInput(Text("Please enter a number from 1 to {n}.", {"n": most}))


def _check_waiting(session: Session, person: Person) -> None:
    people.take_turns(session, person, identity.office(session, person.office_id))
    waiting = session.scalar(
        select(func.count()).where(PermitRow.person_id == person.id, PermitRow.state == State.ASKED)
    )
    if (waiting or 0) >= ASKED_MAX:
        raise TooManyPermits(
            counted(
                "{n} permit of yours waits for a decision already; withdraw it first.",
                "{n} permits of yours wait for a decision already; withdraw one first.",
                ASKED_MAX,
            )
        )


def _check_decision(found: Permit, state: State, act: Act, actor: Actor, now: datetime) -> None:
    own = found.person_id == actor.person_id
    if own is not (act is Act.WITHDRAW):
        raise Forbidden(
            Text("Nobody decides on a permit of their own; another head or the administrator does.")
            if own
            else Text("Only who asked for a permit can withdraw it.")
        )
    if not may(state, act):
        raise PermitNotPossible(Text("This permit was decided on already."))
    if act is Act.GRANT and now >= found.ends_at:
        raise PermitNotPossible(Text("Its last day is over. Please have it asked for again."))


def _checked_answer(act: Act, answer: str) -> str:
    if act in (Act.REFUSE, Act.REVOKE):
        return checked_reason(answer)
    return clean_line(answer, REASON_LENGTH_MAX)


def _tell_who_decides(session: Session, row: PermitRow, person: Person, now: datetime) -> None:
    others = [each for each in identity.everybody(session) if each.active and each.id != person.id]
    heads = [each for each in others if row.office_id in each.heads]
    text = Text("{name} asks for a permit to print on one side.", {"name": person.name})
    for each in heads or [each for each in others if each.admin]:
        notices.notify(session, each.id, text, f"/permits/{row.id}", now=now)
