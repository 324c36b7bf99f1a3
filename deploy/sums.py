"""The sums that pages read: brought up to date, or made again, from the command line."""

from core.db import Database
from printgate.service import tally
from quotas import tasks
from quotas.periods import DEFAULT_ZONE

_JOBS = 500


def bring_up_to_date(database: Database, *, rebuild: bool) -> bool:
    """Bring rollups and tallies up to date, from the beginning if asked; tell whether all is in."""
    if rebuild:
        tasks.rebuild(database, DEFAULT_ZONE)
        database.run(tally.rebuild)
    while database.run(lambda session: tally.tally(session, DEFAULT_ZONE, limit=_JOBS)) == _JOBS:
        pass
    return tasks.roll_up(database, DEFAULT_ZONE, batches=10**9)
