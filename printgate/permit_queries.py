"""Reads of permits: who may print on one side, by whose leave, and what came of it."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from core.identity.models import OfficeRow, PersonRow
from core.people import Actor
from core.text import Text
from printgate.errors import NoSuchPermit
from printgate.lifecycle import Stage
from printgate.models import JobRow, PermitRow, PermitUseRow
from printgate.permits import Act, Measure, Standing, State, may, standing


@dataclass(frozen=True)
class Permit:
    """A permit, or what was asked for."""

    id: int
    person_id: str
    person_name: str
    office_id: str
    office_name: str
    reason: str
    measure: Measure
    allowed: int
    used: int
    state: State
    ends_at: datetime
    """The first moment at which it is over."""
    asked_at: datetime
    decided_at: datetime | None
    decided_by: str
    answer: str

    def standing(self, now: datetime) -> Standing:
        """Return what it is worth now."""
        return standing(self.state, self.allowed - self.used, self.ends_at, now)

    def may(self, act: Act, actor: Actor) -> bool:
        """Tell whether the actor can do this with it: nobody decides on their own."""
        own = self.person_id == actor.person_id
        if act is Act.WITHDRAW:
            return own and may(self.state, act)
        return not own and actor.may_see_office(self.office_id) and may(self.state, act)


@dataclass(frozen=True)
class PermitUse:
    """A job that was printed on one side by a permit."""

    job_id: int
    stage: Stage
    amount: int
    kept: int | None
    """What of the amount stands; None until the job is over."""
    sheets: int
    """What came out; until that is known, what was reserved."""
    two_sided_sheets: int
    used_at: datetime


@dataclass(frozen=True)
class PermitFigures:
    """What came of a permit in some time: for the report of a month."""

    permit: Permit
    jobs: int
    sheets: int
    more_sheets: int
    """How many sheets more that was than two-sided."""


@dataclass(frozen=True)
class PermitSearch:
    """Which permits a list shows; what is left empty does not matter."""

    person_id: str = ""
    office_ids: Collection[str] | None = None
    """Of these offices; None: of all."""
    standing: str = ""


def permit(session: Session, number: int) -> Permit:
    """Return one permit; NoSuchPermit if there is none."""
    columns = session.execute(_permits().where(PermitRow.id == number)).one_or_none()
    if columns is None:
        raise NoSuchPermit(Text("There is no such permit."))
    return _permit(*columns)


def permit_for(session: Session, number: int, actor: Actor) -> Permit:
    """Return a permit of the actor, or of an office that they may look into."""
    found = permit(session, number)
    if found.person_id == actor.person_id or actor.may_see_office(found.office_id):
        return found
    raise NoSuchPermit(Text("There is no such permit."))


def find_permits(
    session: Session, asked: PermitSearch, now: datetime, *, limit: int, offset: int = 0
) -> list[Permit]:
    """Return the permits that a list shows: those that wait for a decision, then the newest."""
    waits_first = (PermitRow.state != State.ASKED, PermitRow.id.desc())
    query = _found(asked, now).order_by(*waits_first).limit(limit).offset(offset)
    return [_permit(*columns) for columns in session.execute(query)]


def count_permits(session: Session, asked: PermitSearch, now: datetime) -> int:
    """Return how many permits `find_permits` finds."""
    return session.scalar(_found(asked, now).with_only_columns(func.count(PermitRow.id))) or 0


def uses_of(session: Session, number: int) -> list[PermitUse]:
    """Return the jobs that used a permit, newest first."""
    query = (
        select(PermitUseRow, JobRow)
        .join(JobRow, JobRow.uuid == PermitUseRow.job_uuid)
        .where(PermitUseRow.permit_id == number)
        .order_by(JobRow.id.desc())
    )
    return [
        PermitUse(
            job.id,
            Stage(job.stage),
            use.amount,
            use.kept,
            job.sheets_reserved if job.sheets_used is None else job.sheets_used,
            use.two_sided_sheets,
            use.used_at,
        )
        for use, job in session.execute(query)
    ]


def permits_used(
    session: Session, office_ids: Collection[str], since: datetime, before: datetime
) -> list[PermitFigures]:
    """Return the permits of these offices that jobs used in this time, with what that came to.

    A job counts in the month of its decision, if its use stands. Two-sided it would have taken what
    the rules said then; where they would have refused it, all of its sheets are more.
    """
    sheets = func.coalesce(JobRow.sheets_used, JobRow.sheets_reserved)
    figures = (
        select(
            PermitUseRow.permit_id.label("permit_id"),
            func.count().label("jobs"),
            func.sum(sheets).label("sheets"),
            func.sum(sheets - PermitUseRow.two_sided_sheets).label("more"),
        )
        .join(JobRow, JobRow.uuid == PermitUseRow.job_uuid)
        .where(PermitUseRow.used_at >= since, PermitUseRow.used_at < before)
        .where(func.coalesce(PermitUseRow.kept, PermitUseRow.amount) > 0)
        .group_by(PermitUseRow.permit_id)
        .subquery()
    )
    query = (
        _permits()
        .add_columns(figures.c.jobs, figures.c.sheets, figures.c.more)
        .join(figures, figures.c.permit_id == PermitRow.id)
        .where(PermitRow.office_id.in_(list(office_ids)))
        .order_by(PermitRow.id)
    )
    return [
        PermitFigures(_permit(row, person, office), int(jobs), int(sheets), max(0, int(more)))
        for row, person, office, jobs, sheets, more in session.execute(query)
    ]


def miscounted(session: Session) -> list[int]:
    """Return the permits whose count is not the sum of their uses."""
    stands = func.coalesce(PermitUseRow.kept, PermitUseRow.amount)
    query = (
        select(PermitRow.id)
        .outerjoin(PermitUseRow, PermitUseRow.permit_id == PermitRow.id)
        .group_by(PermitRow.id, PermitRow.used)
        .having(func.coalesce(func.sum(stands), 0) != PermitRow.used)
    )
    return sorted(session.scalars(query))


def _found(asked: PermitSearch, now: datetime) -> Select[PermitRow, str, str]:
    query = _permits()
    if asked.person_id:
        query = query.where(PermitRow.person_id == asked.person_id)
    if asked.office_ids is not None:
        query = query.where(PermitRow.office_id.in_(list(asked.office_ids)))
    if asked.standing:
        query = query.where(*_STANDINGS[Standing(asked.standing)](now))
    return query


_OPEN = PermitRow.state.in_([State.ASKED, State.GRANTED])
_STANDINGS: dict[Standing, Callable[[datetime], tuple[ColumnElement[bool], ...]]] = {
    Standing.ASKED: lambda now: (PermitRow.state == State.ASKED, PermitRow.ends_at > now),
    Standing.VALID: lambda now: (
        PermitRow.state == State.GRANTED,
        PermitRow.ends_at > now,
        PermitRow.used < PermitRow.allowed,
    ),
    Standing.USED_UP: lambda now: (
        PermitRow.state == State.GRANTED,
        PermitRow.ends_at > now,
        PermitRow.used >= PermitRow.allowed,
    ),
    Standing.OVER: lambda now: (_OPEN, PermitRow.ends_at <= now),
    Standing.REFUSED: lambda _now: (PermitRow.state == State.REFUSED,),
    Standing.WITHDRAWN: lambda _now: (PermitRow.state == State.WITHDRAWN,),
    Standing.REVOKED: lambda _now: (PermitRow.state == State.REVOKED,),
}
"""The same as `permits.standing`, as conditions on rows; a test compares the two."""


def _permits() -> Select[PermitRow, str, str]:
    query = select(PermitRow, PersonRow.name, OfficeRow.name)
    query = query.join(PersonRow, PersonRow.id == PermitRow.person_id)
    return query.join(OfficeRow, OfficeRow.id == PermitRow.office_id)


def _permit(row: PermitRow, person: str, office: str) -> Permit:
    return Permit(
        row.id,
        row.person_id,
        person,
        row.office_id,
        office,
        row.reason,
        Measure(row.measure),
        row.allowed,
        row.used,
        State(row.state),
        row.ends_at,
        row.asked_at,
        row.decided_at,
        row.decided_by,
        row.answer,
    )
