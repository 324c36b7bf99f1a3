"""Tallies: what became of an office's jobs, summed up by the day on which they were over.

A job that is over changes no more, so it is taken into its office's tally of that day once: a round
looks for jobs that are over and not tallied, computes what each saved (savings.py), adds them up
and marks them, in one transaction. NUMBERS says what a job counts for each figure: the tally, the
list of jobs behind a figure, and the proof that both agree are all made from it. A figure is of the
jobs that are tallied; those of the last seconds follow by themselves.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import Session

from core.db import dialect_of
from core.local_days import local_day
from printgate.lifecycle import Stage
from printgate.models import JobRow, TallyRow


class Figure(StrEnum):
    """What is counted of jobs."""

    JOBS = "jobs"
    """Jobs of which paper came out."""
    SHEETS = "sheets"
    TWO_SIDED_SHEETS = "two_sided_sheets"
    SAVED_BY_TWO_SIDED = "saved_by_two_sided"
    SAVED_BY_NUMBER_UP = "saved_by_number_up"
    REFUSED = "refused"
    CIRCULATED = "circulated"
    """Drafts that went to the document flow and not to paper."""
    AFTER_ALL = "after_all"
    """Drafts that were printed after all, with a reason."""


@dataclass(frozen=True)
class Tally:
    """The figures of some days."""

    jobs: int = 0
    sheets: int = 0
    two_sided_sheets: int = 0
    saved_by_two_sided: int = 0
    saved_by_number_up: int = 0
    refused: int = 0
    circulated: int = 0
    after_all: int = 0

    def plus(self, other: "Tally") -> "Tally":
        """Return both together."""
        return Tally(*(getattr(self, name) + getattr(other, name) for name in NAMES))

    def of(self, figure: Figure) -> int:
        """Return one of them."""
        return int(getattr(self, figure))


_AT_ONCE = 5_000
"""Keys in one question to the database."""

NAMES = [each.name for each in fields(Tally)]


def _one_if(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return case((condition, 1), else_=0)


_CAME_OUT = func.coalesce(JobRow.sheets_used, 0)
NUMBERS: dict[Figure, ColumnElement[int]] = {
    Figure.JOBS: _one_if(_CAME_OUT > 0),
    Figure.SHEETS: _CAME_OUT,
    Figure.TWO_SIDED_SHEETS: func.coalesce(JobRow.two_sided_sheets, 0),
    Figure.SAVED_BY_TWO_SIDED: func.coalesce(JobRow.saved_by_two_sided, 0),
    Figure.SAVED_BY_NUMBER_UP: func.coalesce(JobRow.saved_by_number_up, 0),
    Figure.REFUSED: _one_if(JobRow.stage == Stage.REFUSED),
    Figure.CIRCULATED: _one_if(JobRow.stage == Stage.CIRCULATED),
    Figure.AFTER_ALL: case(
        (_CAME_OUT == 0, 0),
        (or_(JobRow.wants_paper, JobRow.grant_id.is_not(None)), 1),
        else_=0,
    ),
}
"""What one job counts for each figure."""


class Listed(StrEnum):
    """What is counted of the same jobs only when somebody asks, and not tallied."""

    REROUTED = "rerouted"
    OVERRUN = "overrun"
    """Sheets above what was reserved."""


_ELSEWHERE = and_(_CAME_OUT > 0, JobRow.target_printer_id != JobRow.printer_id)
_LISTED: dict[Listed, ColumnElement[int]] = {
    Listed.REROUTED: _one_if(_ELSEWHERE),
    Listed.OVERRUN: case(
        (JobRow.sheets_reserved < _CAME_OUT, _CAME_OUT - JobRow.sheets_reserved), else_=0
    ),
}


@dataclass(frozen=True)
class Disagreement:
    """A tally that is not the sum of its jobs."""

    office_id: str
    day: date
    stored: Tally
    summed: Tally


def by_office(session: Session, first: date, last: date, office_id: str = "") -> dict[str, Tally]:
    """Return the tallies of these days, by office; one office or all."""
    query = select(
        TallyRow.office_id, *(func.sum(getattr(TallyRow, name)) for name in NAMES)
    ).where(TallyRow.day.between(first, last))
    if office_id:
        query = query.where(TallyRow.office_id == office_id)
    rows = session.execute(query.group_by(TallyRow.office_id))
    return {office: Tally(*map(int, numbers)) for office, *numbers in rows}


def together(tallies: Iterable[Tally]) -> Tally:
    """Return the sum of tallies."""
    total = Tally()
    for each in tallies:
        total = total.plus(each)
    return total


@dataclass(frozen=True)
class Behind:
    """The jobs behind a figure: of these days, of one office or of all."""

    figure: Figure | Listed
    first: date
    last: date
    office_id: str = ""


def jobs_behind(
    session: Session, asked: Behind, zone: ZoneInfo, *, limit: int | None = None, offset: int = 0
) -> list[tuple[int, int]]:
    """Return numbers of jobs and what each counts for a figure, newest first: they add up to it."""
    number = _number(asked.figure)
    query = _behind(asked, zone).with_only_columns(JobRow.id, number)
    rows = session.execute(query.order_by(JobRow.id.desc()).limit(limit).offset(offset))
    return [(job_id, int(counts)) for job_id, counts in rows]


def count_behind(session: Session, asked: Behind, zone: ZoneInfo) -> tuple[int, int]:
    """Return how many jobs are behind a figure, and what they add up to."""
    number = _number(asked.figure)
    query = _behind(asked, zone).with_only_columns(func.count(), func.sum(number))
    count, total = session.execute(query).one()
    return int(count), int(total or 0)


def printed_of(session: Session, document_ids: Iterable[str]) -> dict[str, int]:
    """Return how many sheets of documents that circulate were printed after all."""
    keys, found = list(document_ids), dict[str, int]()
    for begin in range(0, len(keys), _AT_ONCE):
        query = (
            select(JobRow.document_id, func.sum(_CAME_OUT))
            .where(JobRow.document_id.in_(keys[begin : begin + _AT_ONCE]))
            .group_by(JobRow.document_id)
        )
        found |= {str(key): int(sheets) for key, sheets in session.execute(query)}
    return found


def disagreements(session: Session, zone: ZoneInfo) -> list[Disagreement]:
    """Return every tally that is not the sum of its jobs."""
    summed = counted(session, zone, JobRow.__table__.c.tallied)
    stored = {
        (row.office_id, row.day): Tally(*(getattr(row, name) for name in NAMES))
        for row in session.scalars(select(TallyRow))
    }
    return [
        Disagreement(*key, stored.get(key, Tally()), summed.get(key, Tally()))
        for key in sorted(stored | summed)
        if stored.get(key) != summed.get(key)
    ]


def _behind(asked: Behind, zone: ZoneInfo) -> Select[JobRow]:
    query = select(JobRow).where(
        JobRow.tallied,
        _number(asked.figure) != 0,
        JobRow.completed_at >= _midnight(asked.first, zone),
        JobRow.completed_at < _midnight(asked.last + timedelta(days=1), zone),
    )
    return query.where(JobRow.office_id == asked.office_id) if asked.office_id else query


def _number(figure: Figure | Listed) -> ColumnElement[int]:
    return _LISTED[figure] if isinstance(figure, Listed) else NUMBERS[figure]


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)


def counted(
    session: Session, zone: ZoneInfo, *where: ColumnElement[bool]
) -> dict[tuple[str, date], Tally]:
    """Return what jobs count, by office and day: the tallies are made and proved by this."""
    ended = JobRow.__table__.c.completed_at
    count, first, last = session.execute(
        select(func.count(), func.min(ended), func.max(ended)).where(*where)
    ).one()
    if not count:
        return {}
    day = local_day(ended, zone, dialect_of(session), (first, last))
    numbers = (func.sum(NUMBERS[Figure(name)]) for name in NAMES)
    query = select(JobRow.office_id, day, *numbers).where(*where).group_by(JobRow.office_id, day)
    return {
        (office_id, ended_on): Tally(*map(int, sums))
        for office_id, ended_on, *sums in session.execute(query)
    }
