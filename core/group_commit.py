"""Writers of one process take turns on one connection, and those who wait share a commit.

SQLite has one writer at a time, and each durable commit waits for the disk. Left to themselves,
threads that want to write sleep and try again, a tenth of a second at a time, and each pays for a
flush of its own. Here they queue: the first opens a transaction, those after it work in it inside a
savepoint each, and whoever finds nobody waiting behind commits for all. Nobody returns before that
commit, so what one is told is as durable as ever; and one that fails takes only its own work back.

If SQLite itself gives the transaction up (disk full, I/O error) or the commit fails, everybody in
the group is told so: nothing of them is there.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session

GROUP_MAX = 32
_Mode = Literal["rollback_only", "create_savepoint"]


@dataclass
class _Group:
    """The transaction that is open, and those who wait for its end."""

    connection: Connection
    members: int = 0
    over: threading.Event = field(default_factory=threading.Event)
    error: BaseException | None = None

    @property
    def alive(self) -> bool:
        """Whether SQLite still has the transaction open."""
        return bool(self.connection.connection.dbapi_connection.in_transaction)  # type: ignore[union-attr]


class GroupCommit:
    """The turns of one engine's writers; used from any number of threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._turn = threading.Lock()
        self._counting = threading.Lock()
        self._waiting = 0
        self._group: _Group | None = None

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Open a session that writes; at the end it is committed, perhaps with others."""
        group = self._take_turn()
        # Whoever comes first takes nobody's work back but their own: they need no savepoint.
        mode: _Mode = "rollback_only" if group.members == 1 else "create_savepoint"
        try:
            with (
                Session(
                    group.connection, expire_on_commit=False, join_transaction_mode=mode
                ) as session,
                session.begin(),
            ):
                yield session
        except BaseException as error:
            if not group.alive:
                group.error = error
            raise
        finally:
            self._end_turn(group)
        group.over.wait()
        if group.error is not None:
            raise group.error

    def _take_turn(self) -> _Group:
        with self._counting:
            self._waiting += 1
        try:
            self._turn.acquire()
        finally:
            with self._counting:
                self._waiting -= 1
        try:
            if self._group is None:
                self._group = self._open()
        except BaseException:
            self._turn.release()
            raise
        self._group.members += 1
        return self._group

    def _open(self) -> _Group:
        connection = self._engine.connect()
        try:
            connection.begin()
        except BaseException:
            connection.close()
            raise
        return _Group(connection)

    def _end_turn(self, group: _Group) -> None:
        with self._counting:
            last = self._waiting == 0 or group.members >= GROUP_MAX or group.error is not None
        try:
            if last:
                self._group = None
                self._commit(group)
        finally:
            self._turn.release()

    def _commit(self, group: _Group) -> None:
        try:
            if group.error is None:
                group.connection.commit()
        except BaseException as error:  # told to everybody whom it concerns
            group.error = error
        finally:
            # Closing gives back whatever is left of a transaction.
            group.connection.close()
            group.over.set()
