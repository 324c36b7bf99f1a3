"""The database: one transaction at a time, opened by the caller, never by a service.

SQLite decides two things here. Writing transactions start with BEGIN IMMEDIATE, because a
transaction that reads first and writes later fails with "database is locked" under load, whatever
the busy timeout. Commits are synchronous=FULL, because an acknowledged job must survive a power
cut. Pages read from a snapshot of their own (plain BEGIN in WAL mode) and never wait for a writer.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, Engine, MetaData, create_engine, event
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

_BUSY_TIMEOUT_SECONDS = 30
_WAKE = "printgate-wake"


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
        self._snapshots = self.engine.execution_options(printgate_begin="BEGIN")
        self._listeners: list[Callable[[], None]] = []

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Open one writing transaction; commit at the end, roll back on any exception."""
        with Session(self.engine, expire_on_commit=False) as session:
            with session.begin():
                yield session
            wake = session.info.pop(_WAKE, False)
        if wake:
            for listener in self._listeners:
                listener()

    @contextmanager
    def snapshot(self) -> Iterator[Session]:
        """Open a reading session that sees one moment and is never committed."""
        with Session(self._snapshots, autoflush=False) as session:
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


def _open(url: str) -> Engine:
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True)
    engine = create_engine(
        url, connect_args={"timeout": _BUSY_TIMEOUT_SECONDS, "check_same_thread": False}
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:  # noqa: ANN401  # the driver's own object
    # The driver must not open transactions by itself: we say BEGIN IMMEDIATE or BEGIN.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql(
        connection.get_execution_options().get("printgate_begin", "BEGIN IMMEDIATE")
    )
