"""Checks of the whole system: what the last one found, whether one is under way, when one is due.

A check may take minutes, and nobody waits for it: it is asked for here, a task does it, and what it
found stays until the next. There is one at a time, so there is one row. What is looked at only the
wiring knows; here a finding is a code, two or three sentences, and whether it is a bad one.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, Session, mapped_column

from core import audit
from core.db import Base, insert_new, locked
from core.people import SYSTEM, Actor
from core.tasks import service as tasks
from core.text import Text

TASK = "core.checkup"
NIGHT_HOUR = 2
LOST_AFTER = timedelta(hours=1)
"""A check that was asked for so long ago and has not ended may be asked for again."""

_ID = 1


class CheckupRow(Base):
    """The last check of the system."""

    __tablename__ = "checkups"

    id: Mapped[int] = mapped_column(primary_key=True)
    asked_at: Mapped[datetime]
    asked_by: Mapped[str] = mapped_column(String(255))
    running: Mapped[bool]
    ended_at: Mapped[datetime | None]
    findings: Mapped[list[Any]]


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; a bad one says where it comes from and how to mend it."""

    check: str
    """Which check it is of: a stable code."""
    bad: bool
    what: Text
    mend: Text | None = None
    cause: Text | None = None

    def to_json(self) -> dict[str, Any]:
        """Return what a JSON column keeps."""
        sentences = {"what": self.what, "mend": self.mend, "cause": self.cause}
        kept = {name: text.to_json() for name, text in sentences.items() if text is not None}
        return {"check": self.check, "bad": self.bad, **kept}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "Finding":
        """Rebuild what `to_json` made."""
        kept = {
            name: Text.from_json(stored[name])
            for name in ("what", "mend", "cause")
            if name in stored
        }
        return cls(stored["check"], stored["bad"], **kept)


@dataclass(frozen=True)
class Checkup:
    """The last check; `ended_at` is None as long as none has ended."""

    asked_at: datetime
    asked_by: str
    running: bool
    ended_at: datetime | None
    findings: tuple[Finding, ...]

    @property
    def bad(self) -> tuple[Finding, ...]:
        """What needs somebody."""
        return tuple(each for each in self.findings if each.bad)


def last(session: Session) -> Checkup | None:
    """Return the last check, or None if there was none and none was asked for."""
    row = session.get(CheckupRow, _ID)
    if row is None:
        return None
    findings = tuple(Finding.from_json(each) for each in row.findings)
    return Checkup(row.asked_at, row.asked_by, row.running, row.ended_at, findings)


def ask(session: Session, *, actor: Actor, now: datetime) -> None:
    """Have the system checked now; while a check is under way, asking again changes nothing."""
    row = _row(session, now)
    if row.running and now - row.asked_at < LOST_AFTER:
        return
    row.running, row.asked_at, row.asked_by = True, now, actor.name
    tasks.enqueue(session, TASK, "", now=now)
    audit.record(session, actor, "checkup.ask", "", {}, now)


def ask_nightly(session: Session, zone: tzinfo, *, now: datetime) -> None:
    """Have the system checked if it was not since the last night began; else do nothing.

    The first call on a new system only notes when that was: its first check is in its first night.
    """
    if _row(session, now).asked_at < _night(now.astimezone(zone)):
        ask(session, actor=SYSTEM, now=now)


def keep(session: Session, findings: list[Finding], *, now: datetime) -> None:
    """Keep what a check has found, in place of what the one before it found."""
    row = _row(session, now)
    row.running, row.ended_at = False, now
    row.findings = [each.to_json() for each in findings]
    bad = sorted({each.check for each in findings if each.bad})
    audit.record(session, SYSTEM, "checkup.end", "", {"bad": bad}, now)


def _night(local: datetime) -> datetime:
    """Return when the last night began."""
    tonight = local.replace(hour=NIGHT_HOUR, minute=0, second=0, microsecond=0)
    return tonight if tonight <= local else tonight - timedelta(days=1)


def _row(session: Session, now: datetime) -> CheckupRow:
    row = locked(session, CheckupRow, _ID)
    if row is None:
        insert_new(
            session,
            CheckupRow,
            id=_ID,
            asked_at=now,
            asked_by=SYSTEM.name,
            running=False,
            ended_at=None,
            findings=[],
        )
        row = locked(session, CheckupRow, _ID)
    assert row is not None
    return row
