"""Leases: what only one of many processes may do at a time, such as the rounds by the clock.

A lease is a row: a name, a holder, an end. One conditional statement takes or prolongs it, and
"did one row change?" is the answer. Only the database's clock decides when a lease is over, so a
machine whose own clock is wrong can neither keep one for ever nor take it from another. A holder
that dies leaves its lease to whoever asks after the end.

A process that was stopped in the middle of its work (a debugger, a machine that sleeps) may go on
with it after its lease has passed to another, as with every lease. What is done under one must
therefore bear being done twice: a lease saves work and traffic, the rows themselves keep order.
"""

import logging
import threading
from datetime import datetime, timedelta

from sqlalchemy import String, delete, func, select, type_coerce
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Mapped, Session, mapped_column

from core.clock import monotonic_seconds
from core.db import Base, Database, UtcDateTime, dialect_of, insert_or
from core.ids import new_uuid

log = logging.getLogger(__name__)

TERM = timedelta(seconds=6)


class LeaseRow(Base):
    """Who does a thing until when."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    holder: Mapped[str] = mapped_column(String(36))
    until: Mapped[datetime]


def take(session: Session, name: str, holder: str, term: timedelta) -> bool:
    """Take a lease, or prolong one's own; tell whether it is `holder`'s until `term` has passed."""
    now = _database_time(session)
    until = now + term
    new = insert_or(dialect_of(session), LeaseRow).values(name=name, holder=holder, until=until)
    free = (LeaseRow.holder == holder) | (LeaseRow.until <= now)
    taken = session.execute(
        new.on_conflict_do_update(
            index_elements=["name"], set_={"holder": holder, "until": until}, where=free
        ),
        execution_options={"preserve_rowcount": True},
    )
    assert isinstance(taken, CursorResult)
    return taken.rowcount == 1


def give_back(session: Session, name: str, holder: str) -> None:
    """End a lease of one's own at once; one that has passed to another is left to it."""
    session.execute(delete(LeaseRow).where(LeaseRow.name == name, LeaseRow.holder == holder))


def _database_time(session: Session) -> datetime:
    if dialect_of(session) == "sqlite":
        clock = func.strftime("%Y-%m-%d %H:%M:%f000", "now")
    else:
        clock = func.clock_timestamp()
    now: datetime = session.scalars(select(type_coerce(clock, UtcDateTime))).one()
    return now


class Keeper:
    """Asks for a lease again and again while this process runs, and knows whether it has it."""

    def __init__(self, database: Database, name: str, term: timedelta = TERM) -> None:
        self._database, self._name, self._term = database, name, term
        self._holder = new_uuid()
        self._held_until = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._keep, name=f"lease-{name}", daemon=True)

    def start(self) -> None:
        """Start asking."""
        self._thread.start()

    def held(self) -> bool:
        """Tell whether the lease is ours now; asks nobody."""
        return monotonic_seconds() < self._held_until

    def close(self) -> None:
        """Stop asking and give the lease back, so that another need not wait for its end."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        if self.held():
            self._held_until = 0.0
            with self._database.transaction() as session:
                give_back(session, self._name, self._holder)

    def _keep(self) -> None:
        while not self._stop.is_set():
            asked_at = monotonic_seconds()
            try:
                held = self._database.run(
                    lambda session: take(session, self._name, self._holder, self._term)
                )
            except Exception as error:
                # Not prolonged: what is left of the term is all that we have.
                log.warning("the lease %s cannot be asked for: %s", self._name, error)
            else:
                if held and not self.held():
                    log.info("the lease %s is ours", self._name)
                # Counted from before the question: never longer than the database counts.
                self._held_until = asked_at + self._term.total_seconds() if held else 0.0
            self._stop.wait(self._term.total_seconds() / 3)
