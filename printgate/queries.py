"""Reads of jobs, printers and uncontrolled paper, as values."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session

from core.identity.models import OfficeRow, PersonRow
from core.people import Actor
from core.text import Text
from printgate.errors import NoSuchJob, NoSuchPrinter
from printgate.holding import PIN_FAILURES_MAX, Hold
from printgate.lifecycle import ACTIVE, Event, Stage, may
from printgate.models import ForeignJobRow, JobRow, PrinterRow, SupplyRow
from printgate.policy import Reason
from printgate.stuck import TROUBLES
from printgate.ticket import JobTicket

STUCK_MAX = 200
_TARGET = PrinterRow.__table__.alias("target")

# What every request asks is built once (see quotas/statements.py).
_PRINTER = select(PrinterRow).where(PrinterRow.name == bindparam("of_name"))
_PRINTERS = select(PrinterRow).order_by(PrinterRow.name)
_GOES_TO = func.coalesce(JobRow.target_printer_id, JobRow.printer_id)
_ACTIVE = JobRow.stage.in_([str(stage) for stage in ACTIVE])
_QUEUED = select(_GOES_TO, func.count()).where(_ACTIVE).group_by(_GOES_TO)
_SENT = select(JobRow.printer_id, func.count()).where(_ACTIVE).group_by(JobRow.printer_id)
_PRINTED = (
    select(_GOES_TO, func.coalesce(func.sum(JobRow.impressions), 0))
    .where(JobRow.sheets_used.is_not(None))
    .group_by(_GOES_TO)
)


@dataclass(frozen=True)
class Job:
    """A job as pages and IPP clients see it."""

    id: int
    uuid: str
    printer: str
    target: str
    """The printer that it goes to; another than `printer` when it was rerouted."""
    person_id: str | None
    person_name: str
    office_id: str
    office_name: str
    claimed_name: str
    verified: bool
    title: str
    language: str
    format: str
    octets: int
    stage: Stage
    asked: JobTicket
    ticket: JobTicket
    reasons: tuple[Reason, ...]
    state_reasons: tuple[str, ...]
    pages: int
    sheets_reserved: int
    sheets_used: int | None
    impressions: int | None
    estimated: bool
    hold: Hold
    pin_locked: bool
    backend_job_id: int | None
    output_digest: str | None
    document_id: str | None
    permit_id: int | None
    created_at: datetime
    changed_at: datetime
    expires_at: datetime | None
    processing_at: datetime | None
    completed_at: datetime | None

    @property
    def may_cancel(self) -> bool:
        """Whether the job can still be cancelled."""
        return may(self.stage, Event.CANCEL) and self.stage is not Stage.CANCELING

    @property
    def may_hold(self) -> bool:
        """Whether the job can still be held, or a hold be remembered for it."""
        coming = self.stage in (Stage.RECEIVING, Stage.DECIDING)
        return may(self.stage, Event.HOLD) or (coming and self.hold is Hold.NONE)

    @property
    def may_release(self) -> bool:
        """Whether the job is held and can be released."""
        return may(self.stage, Event.RELEASE_HOLD)


@dataclass(frozen=True)
class JobSearch:
    """Which jobs a list shows; what is left empty does not matter."""

    person_id: str = ""
    office_id: str = ""
    stages: tuple[Stage, ...] = ()
    printer: str = ""
    """The printer that they go to."""
    person: str = ""
    """A part of the sender's name."""
    title: str = ""
    """A part of the title, of jobs whose title the viewer may know."""
    since: datetime | None = None
    before: datetime | None = None


@dataclass(frozen=True)
class SupplyLevel:
    """A level of toner or paper at a moment; a negative level is unknown."""

    kind: str
    name: str
    level: int
    level_max: int
    at: datetime


@dataclass(frozen=True)
class Printer:
    """A printer that the gateway offers."""

    id: str
    name: str
    info: str
    location: str
    is_default: bool
    queue: str
    device_uri: str
    coverage: float
    attributes: bytes
    two_sided: bool
    state: str
    state_reasons: tuple[str, ...]
    state_changed_at: datetime
    reachable: bool
    polled_at: datetime | None
    retired_at: datetime | None


@dataclass(frozen=True)
class ForeignJob:
    """A job in CUPS that is not ours."""

    queue: str
    backend_job_id: int
    created_at: datetime
    user: str
    sheets: int
    impressions: int
    state: str


def job(session: Session, job_id: int) -> Job:
    """Return one job; NoSuchJob if there is none."""
    return _one(session, _JOB, {"of_id": job_id})


def job_by_uuid(session: Session, uuid: str) -> Job:
    """Return one job by our own key; NoSuchJob if there is none."""
    return _one(session, _JOB_BY_UUID, {"of_uuid": uuid})


def job_for(session: Session, job_id: int, actor: Actor) -> Job:
    """Return a job that the actor may see: their own, or of an office that they may look into."""
    found = job(session, job_id)
    if found.person_id is not None and found.person_id == actor.person_id:
        return found
    if actor.may_see_office(found.office_id):
        return found
    raise NoSuchJob(Text("There is no such job."))


def jobs_of_person(session: Session, person_id: str, *, limit: int, offset: int = 0) -> list[Job]:
    """Return a person's jobs, newest first."""
    query = _jobs().where(JobRow.person_id == person_id).order_by(JobRow.id.desc())
    return _many(session, query.limit(limit).offset(offset))


def held_jobs_of(session: Session, person_id: str) -> list[Job]:
    """Return the jobs that wait for a person's release, oldest first."""
    query = _jobs().where(JobRow.person_id == person_id, JobRow.stage == Stage.HELD)
    return _many(session, query.order_by(JobRow.id))


def find_jobs(
    session: Session, asked: JobSearch, viewer: Actor, *, limit: int, offset: int = 0
) -> list[Job]:
    """Return the jobs that a list shows to its viewer, newest first."""
    query = _found(asked, viewer).order_by(JobRow.id.desc())
    return _many(session, query.limit(limit).offset(offset))


def count_jobs(session: Session, asked: JobSearch, viewer: Actor) -> int:
    """Return how many jobs `find_jobs` finds."""
    return session.scalar(_found(asked, viewer).with_only_columns(func.count(JobRow.id))) or 0


def jobs_at(  # the conditions of Get-Jobs
    session: Session,
    *,
    printer_id: str | None = None,
    active: bool | None = None,
    person_id: str | None = None,
    claimed_name: str | None = None,
    first_id: int | None = None,
    limit: int | None = None,
) -> list[Job]:
    """Return jobs for Get-Jobs (RFC 8011 §4.2.6): active ones oldest first, others newest first."""
    query = _jobs()
    if printer_id is not None:
        query = query.where(JobRow.printer_id == printer_id)
    if active is not None:
        stages = [str(stage) for stage in Stage if (stage in ACTIVE) is active]
        query = query.where(JobRow.stage.in_(stages))
    if person_id is not None:
        query = query.where(JobRow.person_id == person_id)
    elif claimed_name is not None:
        query = query.where(JobRow.claimed_name == claimed_name)
    if first_id is not None:
        query = query.where(JobRow.id >= first_id)
    query = query.order_by(JobRow.id.desc() if active is False else JobRow.id)
    return _many(session, query.limit(limit) if limit else query)


def jobs_in(session: Session, stages: Iterable[Stage]) -> list[Job]:
    """Return all jobs in these stages, oldest first."""
    names = [str(stage) for stage in stages]
    return _many(session, _jobs().where(JobRow.stage.in_(names)).order_by(JobRow.id))


def count_alike(session: Session, job: Job) -> int:
    """Return how many jobs a printer may take for this one, itself included: title and person."""
    query = select(func.count()).where(
        JobRow.title == job.title,
        JobRow.claimed_name == job.claimed_name,
        or_(JobRow.completed_at.is_(None), JobRow.completed_at >= job.created_at),
    )
    return session.scalar(query) or 0


def jobs_with(session: Session, uuids: Iterable[str]) -> dict[str, Job]:
    """Return those of our jobs that have one of these keys."""
    return {job.uuid: job for job in _many(session, _jobs().where(JobRow.uuid.in_(list(uuids))))}


def jobs_numbered(session: Session, numbers: Iterable[int]) -> dict[int, Job]:
    """Return jobs by the numbers that people know them by."""
    return {job.id: job for job in _many(session, _jobs().where(JobRow.id.in_(list(numbers))))}


def stuck_jobs(session: Session, unchanged_since: datetime) -> list[Job]:
    """Return the jobs that stand in a stage of `stuck.TROUBLES` since then, longest first."""
    names = [str(stage) for stage in TROUBLES]
    query = _jobs().where(JobRow.stage.in_(names), JobRow.changed_at <= unchanged_since)
    return _many(session, query.order_by(JobRow.changed_at, JobRow.id).limit(STUCK_MAX))


def printer(session: Session, name: str) -> Printer:
    """Return a printer by its name; NoSuchPrinter if the gateway offers none."""
    row = session.scalar(_PRINTER, {"of_name": name})
    if row is None:
        raise NoSuchPrinter(Text("There is no printer called {name} here.", {"name": name[:127]}))
    return _printer(row)


def default_printer(session: Session) -> Printer:
    """Return the default printer; NoSuchPrinter if the gateway offers none at all."""
    found = offered_printers(session)
    if not found:
        raise NoSuchPrinter(Text("No printer has been set up here yet."))
    return next((each for each in found if each.is_default), found[0])


def printers(session: Session) -> list[Printer]:
    """Return all printers, retired ones too, by name."""
    return [_printer(row) for row in session.scalars(_PRINTERS)]


def offered_printers(session: Session) -> list[Printer]:
    """Return the printers that take jobs, by name."""
    return [each for each in printers(session) if each.retired_at is None]


def queued_jobs(session: Session) -> dict[str, int]:
    """Return how many jobs are on their way to each printer, by its id.

    Those too that were sent to another printer and rerouted.
    """
    return {row[0]: row[1] for row in session.execute(_QUEUED)}


def sent_jobs(session: Session) -> dict[str, int]:
    """Return how many jobs that were sent to each printer are not over, by its id.

    As many as Get-Jobs lists for it, wherever they will be printed (RFC 8011 §5.4.24).
    """
    return {row[0]: row[1] for row in session.execute(_SENT)}


def printed_impressions(session: Session) -> dict[str, int]:
    """Return how many impressions came out at each printer since it was offered, by its id."""
    return {row[0]: int(row[1] or 0) for row in session.execute(_PRINTED)}


def supplies(session: Session, printer_id: str) -> list[SupplyLevel]:
    """Return the newest level of each supply of a printer."""
    newest = (
        select(func.max(SupplyRow.id))
        .where(SupplyRow.printer_id == printer_id)
        .group_by(SupplyRow.name)
    )
    rows = session.scalars(
        select(SupplyRow).where(SupplyRow.id.in_(newest)).order_by(SupplyRow.kind, SupplyRow.name)
    )
    return [_supply(row) for row in rows]


def supply_course(session: Session, printer_id: str, since: datetime) -> list[SupplyLevel]:
    """Return how the levels of a printer changed since a moment, oldest first."""
    rows = session.scalars(
        select(SupplyRow)
        .where(SupplyRow.printer_id == printer_id, SupplyRow.at >= since)
        .order_by(SupplyRow.at, SupplyRow.id)
    )
    return [_supply(row) for row in rows]


def foreign_jobs(session: Session, *, limit: int = 200) -> list[ForeignJob]:
    """Return the newest jobs that went past the gateway."""
    query = select(ForeignJobRow).order_by(ForeignJobRow.created_at.desc()).limit(limit)
    return [_foreign(row) for row in session.scalars(query)]


def foreign_jobs_of(
    session: Session, office_id: str, since: datetime, before: datetime
) -> list[ForeignJob]:
    """Return those of an office's people in this time, by the names that CUPS noted; oldest first.

    Such a name is a claim and no proof.
    """
    query = select(ForeignJobRow).where(
        ForeignJobRow.user.in_(select(PersonRow.login).where(PersonRow.office_id == office_id)),
        ForeignJobRow.created_at >= since,
        ForeignJobRow.created_at < before,
    )
    return [_foreign(row) for row in session.scalars(query.order_by(ForeignJobRow.created_at))]


def _foreign(row: ForeignJobRow) -> ForeignJob:
    return ForeignJob(
        row.queue,
        row.backend_job_id,
        row.created_at,
        row.user,
        row.sheets,
        row.impressions,
        row.state,
    )


def spooled_uuids(session: Session) -> set[str]:
    """Return the jobs that may have files in the spool."""
    stages = [str(stage) for stage in (*ACTIVE, Stage.UNKNOWN)]
    return set(session.scalars(select(JobRow.uuid).where(JobRow.stage.in_(stages))))


def _found(asked: JobSearch, viewer: Actor) -> Select[Any]:
    # Who may not read a title must not find out by searching for it what it says.
    shown = or_(OfficeRow.titles_visible, JobRow.person_id == (viewer.person_id or ""))
    names = (PersonRow.name, JobRow.claimed_name)
    conditions = (
        (asked.person_id, JobRow.person_id == asked.person_id),
        (asked.office_id, JobRow.office_id == asked.office_id),
        (asked.stages, JobRow.stage.in_([str(stage) for stage in asked.stages])),
        (asked.printer, func.coalesce(_TARGET.c.name, PrinterRow.name) == asked.printer),
        (asked.person, or_(*(name.icontains(asked.person, autoescape=True) for name in names))),
        (asked.title, and_(shown, JobRow.title.icontains(asked.title, autoescape=True))),
    )
    query = _jobs().where(*(condition for wanted, condition in conditions if wanted))
    if asked.since is not None:
        query = query.where(JobRow.created_at >= asked.since)
    if asked.before is not None:
        query = query.where(JobRow.created_at < asked.before)
    return query


def _jobs() -> Select[Any]:
    return (
        select(JobRow, PrinterRow.name, _TARGET.c.name, PersonRow.name, OfficeRow.name)
        .join(PrinterRow, PrinterRow.id == JobRow.printer_id)
        .outerjoin(_TARGET, _TARGET.c.id == JobRow.target_printer_id)
        .outerjoin(PersonRow, PersonRow.id == JobRow.person_id)
        .join(OfficeRow, OfficeRow.id == JobRow.office_id)
    )


_JOB = _jobs().where(JobRow.id == bindparam("of_id"))
_JOB_BY_UUID = _jobs().where(JobRow.uuid == bindparam("of_uuid"))


def _one(session: Session, query: Select[Any], key: dict[str, Any]) -> Job:
    columns = session.execute(query, key).one_or_none()
    if columns is None:
        raise NoSuchJob(Text("There is no such job."))
    return _job(*columns)


def _many(session: Session, query: Select[Any]) -> list[Job]:
    return [_job(*columns) for columns in session.execute(query)]


def _job(
    row: JobRow, printer_name: str, target: str | None, person: str | None, office: str
) -> Job:
    return Job(
        id=row.id,
        uuid=row.uuid,
        printer=printer_name,
        target=target or printer_name,
        person_id=row.person_id,
        person_name=person or row.claimed_name,
        office_id=row.office_id,
        office_name=office,
        claimed_name=row.claimed_name,
        verified=row.verified,
        title=row.title,
        language=row.language,
        format=row.format,
        octets=row.octets,
        stage=Stage(row.stage),
        asked=JobTicket.from_json(row.ticket_asked),
        ticket=JobTicket.from_json(row.ticket),
        reasons=reasons_from_json(row.reasons),
        state_reasons=tuple(row.state_reasons),
        pages=row.pages,
        sheets_reserved=row.sheets_reserved,
        sheets_used=row.sheets_used,
        impressions=row.impressions,
        estimated=row.estimated,
        hold=Hold(row.hold),
        pin_locked=row.pin_failures >= PIN_FAILURES_MAX,
        backend_job_id=row.backend_job_id,
        output_digest=row.output_digest,
        document_id=row.document_id,
        permit_id=row.permit_id,
        created_at=row.created_at,
        changed_at=row.changed_at,
        expires_at=row.expires_at,
        processing_at=row.processing_at,
        completed_at=row.completed_at,
    )


def reasons_from_json(stored: Sequence[Any]) -> tuple[Reason, ...]:
    """Rebuild the reasons of a job from its JSON column."""
    return tuple(Reason(each["rule"], Text.from_json(each["text"])) for each in stored)


def _printer(row: PrinterRow) -> Printer:
    return Printer(
        id=row.id,
        name=row.name,
        info=row.info,
        location=row.location,
        is_default=row.is_default,
        queue=row.queue,
        device_uri=row.device_uri,
        coverage=row.coverage,
        attributes=row.attributes,
        two_sided=row.two_sided,
        state=row.state,
        state_reasons=tuple(row.state_reasons),
        state_changed_at=row.state_changed_at,
        reachable=row.reachable,
        polled_at=row.polled_at,
        retired_at=row.retired_at,
    )


def _supply(row: SupplyRow) -> SupplyLevel:
    return SupplyLevel(row.kind, row.name, row.level, row.level_max, row.at)
