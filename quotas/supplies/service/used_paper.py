"""Trays with used one-sided paper: opting one in, taking it out, and watching its jams."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit
from core.db import insert_new, locked
from core.errors import InvalidInput
from core.people import SYSTEM, Actor
from core.text import Text, clean_line
from quotas.errors import EntryDiffers
from quotas.supplies.errors import NoSuchSupply
from quotas.supplies.models import UsedPaperCountRow, UsedPaperTrayRow
from quotas.supplies.reuse import LIMIT_PER_MILLE_MAX, Counts, too_many_jams, valid_counts


def switch_on(
    session: Session,
    printer: str,
    tray: str,
    *,
    limit_per_mille: int,
    actor: Actor,
    now: datetime,
) -> None:
    """Opt a tray in, with the jam rate above which it is switched off; counting begins anew."""
    names = clean_line(printer, 127), clean_line(tray, 127)
    if not all(names):
        raise InvalidInput(Text("Please enter a name."))
    if type(limit_per_mille) is not int or not 0 < limit_per_mille <= LIMIT_PER_MILLE_MAX:
        raise InvalidInput(Text("A limit of jams is 1 to 1,000 in a thousand jobs."))
    new = {"printer": names[0], "tray": names[1], "limit_per_mille": limit_per_mille}
    added = insert_new(
        session,
        UsedPaperTrayRow,
        **new,
        switched_on=True,
        jobs=0,
        jams=0,
        changed_at=now,
        changed_by=actor.name,
    )
    row = locked(session, UsedPaperTrayRow, names)
    assert row is not None
    if not added and row.switched_on and row.limit_per_mille == limit_per_mille:
        return
    row.switched_on, row.limit_per_mille, row.jobs, row.jams = True, limit_per_mille, 0, 0
    row.changed_at, row.changed_by = now, actor.name
    details = {"tray": names[1], "limit_per_mille": limit_per_mille}
    audit.record(session, actor, "used-paper.switch-on", names[0], details, now)


def switch_off(session: Session, printer: str, tray: str, *, actor: Actor, now: datetime) -> None:
    """Take a tray out; taking out one that is out changes nothing."""
    row = _locked(session, printer, tray)
    if row.switched_on:
        _switch_off(session, row, actor, now)


def count(
    session: Session, count_id: str, printer: str, tray: str, counts: Counts, *, now: datetime
) -> bool:
    """Note jobs and jams of a tray, once per id; tell whether it may still be used.

    It switches itself off where there are too many jams.
    """
    if not valid_counts(counts):
        raise InvalidInput(Text("Jobs and jams are whole numbers, none below zero."))
    row = _locked(session, printer, tray)
    known = session.scalar(select(UsedPaperCountRow).where(UsedPaperCountRow.id == count_id))
    if known is not None:
        says = (known.printer, known.tray, known.jobs, known.jams)
        if says != (printer, tray, counts.jobs, counts.jams):
            raise EntryDiffers(Text("An entry with this id exists and says something else."))
        return row.switched_on
    entered = {"printer": printer, "tray": tray, "jobs": counts.jobs, "jams": counts.jams}
    if not insert_new(session, UsedPaperCountRow, id=count_id, **entered, at=now):
        raise EntryDiffers(Text("An entry with this id exists and says something else."))
    row.jobs, row.jams = row.jobs + counts.jobs, row.jams + counts.jams
    if row.switched_on and too_many_jams(Counts(row.jobs, row.jams), row.limit_per_mille):
        _switch_off(session, row, SYSTEM, now)
    return row.switched_on


def _switch_off(session: Session, row: UsedPaperTrayRow, actor: Actor, now: datetime) -> None:
    row.switched_on, row.changed_at, row.changed_by = False, now, actor.name
    details = {"tray": row.tray, "jobs": row.jobs, "jams": row.jams}
    audit.record(session, actor, "used-paper.switch-off", row.printer, details, now)


def _locked(session: Session, printer: str, tray: str) -> UsedPaperTrayRow:
    row = locked(session, UsedPaperTrayRow, (printer, tray))
    if row is None:
        raise NoSuchSupply(Text("This tray was never opted in for used paper."))
    return row
