"""Background work of accounts: the rollups follow the ledger."""

import time
from zoneinfo import ZoneInfo

from core.db import Database
from core.tasks.thread_runner import Round
from quotas import rollups

ROLL_SECONDS = 5.0
BATCHES = 20
"""Batches in one round; the next round goes on."""

_WAIT_SECONDS = (0.005, 0.02, 0.1, 0.5, 1.0)


def rounds(database: Database, zone: ZoneInfo) -> tuple[Round, ...]:
    """Return what comes round by the clock."""

    def work() -> None:
        roll_up(database, zone)

    return (Round("roll-up", ROLL_SECONDS, work),)


def roll_up(database: Database, zone: ZoneInfo, batches: int = BATCHES) -> bool:
    """Take the ledger's new entries into the rollups; tell whether all that were there are in."""
    upto = _settled(database)
    if upto is None:
        return False  # what they lack meanwhile is read from the ledger
    for _ in range(batches):
        if not database.run(lambda session: rollups.roll(session, upto, zone)):
            return True
    return False


def rebuild(database: Database, zone: ZoneInfo) -> None:
    """Make the rollups again, from the first entry on; the service may go on meanwhile."""
    database.run(lambda session: rollups.rebuild(session, zone))
    while not roll_up(database, zone):
        time.sleep(_WAIT_SECONDS[0])


def _settled(database: Database) -> int | None:
    """Return a number up to which no entry is still to come; None if a writer takes too long."""
    with database.snapshot() as session:
        upto = rollups.newest(session)
        awaited = rollups.writers(session)
    for seconds in _WAIT_SECONDS:
        if not awaited:
            return upto
        time.sleep(seconds)
        with database.snapshot() as session:
            awaited &= rollups.writers(session)
    return None if awaited else upto
