"""The database: one transaction at a time, opened by the caller, never by a service.

SQLite decides two things here. Writing transactions start with BEGIN IMMEDIATE, because a
transaction that reads first and writes later fails with "database is locked" under load, whatever
the busy timeout. Commits are synchronous=FULL, because an acknowledged job must survive a power
cut; the writers of a process take turns and share them (core/group_commit.py). Pages read from a
snapshot of their own (plain BEGIN in WAL mode) and never wait for a writer.

PostgreSQL lets many write at once (READ COMMITTED), so three more things hold. A service locks the
row that it is going to decide on (`locked`; SQLite has its one lock and leaves the words out). What
may be there already is inserted by `insert_new`, never by looking first. And all take their locks
in one order, or they would wait for each other in a ring: people, the job or document, what lets it
print, its reservation, the balances, tasks, and the end of the audit chain last (`at_the_end`). A
transaction that the database breaks off all the same is run again by `run`, a few times; one that
it cannot take now ends as DatabaseUnavailable. Snapshots are REPEATABLE READ READ ONLY.
"""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any, TypeVar

import psycopg
from psycopg.abc import Buffer
from psycopg.types.string import StrDumper
from sqlalchemy import JSON, DateTime, Engine, MetaData, Table, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, CursorResult, Dialect
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, InvalidatePoolError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.types import TypeDecorator

from core.clock import monotonic_seconds
from core.errors import Unavailable
from core.group_commit import GroupCommit
from core.text import Text

_BUSY_TIMEOUT_SECONDS = 30
_WAKE, _LAST = "printgate-wake", "printgate-last"
_RETRY_SECONDS = (0.02, 0.1)

# What PostgreSQL must not let go on for ever. Migrations lift these for themselves.
_SERVER_LIMITS = {
    "lock_timeout": "5s",
    "statement_timeout": "30s",
    "idle_in_transaction_session_timeout": "60s",
}
_CONNECT_SECONDS = 5
_POOL_SECONDS = 10
_CONNECTIONS, _CONNECTIONS_MORE = 10, 20
# No PostgreSQL ends and starts again in less.
_USED, _IDLE_SECONDS = "printgate-used", 0.1

# SQLSTATEs (PostgreSQL, appendix A). Broken off for no fault of its own: run it again.
_BROKEN_OFF = frozenset({"40001", "40P01", "55P03"})
# No connection, no resources, shutting down, out of time: not now.
_NOT_NOW = ("08", "53", "57P", "57014", "25P03")

_Answer = TypeVar("_Answer")
_Row = TypeVar("_Row", bound="Base")
_INSERT: dict[str, Callable[[Any], Any]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}


class DatabaseUnavailable(Unavailable):
    """The database did not take this transaction; nothing of it is there, or nobody knows."""

    code = "database-unavailable"

    def __init__(self, *, broken_off: bool = False) -> None:
        super().__init__(Text("The database does not answer now."))
        self.broken_off = broken_off


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime in UTC, on databases that keep time zones and on those that do not."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive times: one that slipped through would be read back hours off."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime cannot be stored")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give back an aware time."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """The parent of every table; named constraints, so that migrations can speak of them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDateTime, dict[str, Any]: JSON, list[Any]: JSON}  # noqa: RUF012


class Database:
    """An opened database; shared by all threads of the process."""

    def __init__(self, url: str) -> None:
        self.engine = _open(url)
        self._snapshots = self.engine.execution_options(**_SNAPSHOT[self.engine.dialect.name])
        self._listeners: list[Callable[[], None]] = []
        self.commits = 0
        """Grows with each transaction that this process commits: what was read before is old."""
        self._writing = (
            GroupCommit(self.engine).transaction
            if self.engine.dialect.name == "sqlite"
            else self._alone
        )

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Open one writing transaction; commit at the end, roll back on any exception."""
        with _told_apart(), self._writing() as session:
            yield session
            for work in session.info.pop(_LAST, ()):
                work(session)
        self.commits += 1
        if session.info.pop(_WAKE, False):
            for listener in self._listeners:
                listener()

    @contextmanager
    def _alone(self) -> Iterator[Session]:
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    def run(self, work: Callable[[Session], _Answer]) -> _Answer:
        """Run `work` in a transaction, and again when the database broke that off.

        `work` must bear being run twice: what it did to the database the first time is undone.
        """
        for wait in _RETRY_SECONDS:
            try:
                with self.transaction() as session:
                    return work(session)
            except DatabaseUnavailable as error:
                if not error.broken_off:
                    raise
                time.sleep(wait)
        with self.transaction() as session:
            return work(session)

    @contextmanager
    def snapshot(self) -> Iterator[Session]:
        """Open a reading session that sees one moment and is never committed."""
        with _told_apart(), Session(self._snapshots, autoflush=False) as session:
            yield session

    def on_wake(self, listener: Callable[[], None]) -> None:
        """Call `listener` after each commit that left a task due (see `wake_after_commit`)."""
        self._listeners.append(listener)

    def create_all(self) -> None:
        """Create the tables of every imported package; migrations do this on a real system."""
        Base.metadata.create_all(self.engine)

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()


def wake_after_commit(session: Session) -> None:
    """Ask for the runner to be woken once this transaction is committed."""
    session.info[_WAKE] = True


def at_the_end(session: Session, work: Callable[[Session], None]) -> None:
    """Do `work` as the last thing of this transaction: what takes the lock that all need."""
    session.info.setdefault(_LAST, []).append(work)


def locked(session: Session, row: type[_Row], key: object) -> _Row | None:
    """Return a row as it is now, nobody else's until this transaction ends; None if there is none.

    Rows that refer to it may be added meanwhile.
    """
    session.flush()
    return session.get(row, key, populate_existing=True, with_for_update={"key_share": True})


def table(row: type[Base]) -> Table:
    """Return the table of a class of rows, for statements that make no objects."""
    made = row.__table__
    assert isinstance(made, Table)
    return made


def dialect_of(session: Session) -> str:
    """Return which database this is: "sqlite" or "postgresql"."""
    return session.get_bind().dialect.name


def insert_or(dialect: str, row: type[Base]) -> sqlite.Insert:
    """Return an INSERT that can say what happens on a conflict, which is no standard SQL.

    PostgreSQL's has the same methods; SQLite's stands for both. To be built once and run with its
    values as parameters.
    """
    made: sqlite.Insert = _INSERT[dialect](table(row)).inline()
    return made


@cache
def _insert_unless_there(dialect: str, row: type[Base]) -> sqlite.Insert:
    return insert_or(dialect, row).on_conflict_do_nothing()


def insert_new(session: Session, row: type[Base], **values: Any) -> bool:  # noqa: ANN401  # columns
    """Insert a row unless one with its key is there; tell whether it was inserted.

    Waits for another transaction that is about to insert the same, and then sees its row.
    """
    session.flush()
    new = _insert_unless_there(dialect_of(session), row)
    done = session.execute(new, values, execution_options={"preserve_rowcount": True})
    assert isinstance(done, CursorResult)
    return done.rowcount == 1


@contextmanager
def _told_apart() -> Iterator[None]:
    """Tell "not now" apart from a fault of ours; errors of SQLite are left as they are."""
    try:
        yield
    except PoolTimeout as error:
        raise DatabaseUnavailable from error
    except DBAPIError as error:
        state = getattr(error.orig, "sqlstate", "")
        if state in _BROKEN_OFF:
            raise DatabaseUnavailable(broken_off=True) from error
        # psycopg has no SQLSTATE for what the server could not say any more.
        cut_off = state is None and isinstance(error, OperationalError)
        if cut_off or error.connection_invalidated or (state or "").startswith(_NOT_NOW):
            raise DatabaseUnavailable from error
        raise


_SNAPSHOT: dict[str, dict[str, Any]] = {
    "sqlite": {"printgate_begin": "BEGIN"},
    "postgresql": {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
}


def _open(url: str) -> Engine:
    if not url.startswith("sqlite"):
        engine = create_engine(
            url,
            pool_size=_CONNECTIONS,
            max_overflow=_CONNECTIONS_MORE,
            pool_timeout=_POOL_SECONDS,
            connect_args={
                "connect_timeout": _CONNECT_SECONDS,
                "options": " ".join(f"-c {key}={value}" for key, value in _SERVER_LIMITS.items()),
            },
        )
        event.listen(engine, "connect", _prepare_postgresql)
        event.listen(engine, "checkin", _note_use)
        event.listen(engine, "checkout", partial(_ask_if_idle, engine.dialect))
        return engine
    engine = create_engine(
        url, connect_args={"timeout": _BUSY_TIMEOUT_SECONDS, "check_same_thread": False}
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_postgresql(connection: psycopg.Connection[Any], _record: object) -> None:
    connection.adapters.register_dumper(str, _TextDumper)


def _note_use(_connection: object, record: ConnectionPoolEntry) -> None:
    record.info[_USED] = monotonic_seconds()


def _ask_if_idle(
    dialect: Dialect,
    connection: DBAPIConnection,
    record: ConnectionPoolEntry,
    _proxy: object,
) -> None:
    """Find out whether the server still knows a connection that nobody has used for a while.

    Asked before every transaction, as SQLAlchemy's own pre-ping does, that is a sixth of what the
    short ones say to the server.
    """
    if monotonic_seconds() - record.info.get(_USED, -math.inf) < _IDLE_SECONDS:
        return
    try:
        dialect.do_ping(connection)
    except psycopg.Error:
        raise InvalidatePoolError from None


class _TextDumper(StrDumper):
    """Text for PostgreSQL, which cannot hold U+0000: a name with one in it is nobody's."""

    def dump(self, obj: str) -> Buffer | None:
        """Return the octets of a text."""
        return super().dump(obj.replace("\0", "\ufffd"))


def _prepare_sqlite(connection: Any, _record: Any) -> None:  # noqa: ANN401  # the driver's own object
    # The driver must not open transactions by itself: we say BEGIN IMMEDIATE or BEGIN.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql(
        connection.get_execution_options().get("printgate_begin", "BEGIN IMMEDIATE")
    )
