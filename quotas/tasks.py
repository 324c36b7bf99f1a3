"""What comes round by the clock: periods begin, projects end, accounts run out, rollups follow."""

import time
from functools import partial
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from core.clock import Clock
from core.db import Database
from core.identity import queries as identity
from core.people import SYSTEM
from core.tasks.thread_runner import Round
from quotas import lending_queries, queries, rollups, service
from quotas.service import lending, warnings

PERIODS_SECONDS = 30.0
ROLL_SECONDS = 5.0
BATCHES = 20
"""Batches in one round; the next round goes on."""

_WAIT_SECONDS = (0.005, 0.02, 0.1, 0.5, 1.0)


def rounds(database: Database, clock: Clock, zone: ZoneInfo) -> tuple[Round, ...]:
    """Return what comes round by the clock."""

    def follow() -> None:
        roll_up(database, zone)

    return (
        Round("quota-periods", PERIODS_SECONDS, lambda: keep_up(database, clock, zone)),
        Round("roll-up", ROLL_SECONDS, follow),
    )


def keep_up(database: Database, clock: Clock, zone: ZoneInfo) -> None:
    """Begin periods, take back what closed accounts have left, give back what is due, warn.

    Each account has a transaction of its own, so that nobody who prints waits for all of them.
    """
    now = clock.now()
    with database.snapshot() as session:
        to_turn = queries.accounts_to_turn(session, now=now, zone=zone)
        to_close = _moved_away(session)
        to_clear = queries.accounts_to_clear(session, now=now, zone=zone)
        to_return = lending_queries.due(session, now)
        to_warn = warnings.due_accounts(session, now=now, zone=zone)
    for account_id in to_turn:
        database.run(partial(service.turn, account_id=account_id, now=now, zone=zone))
    for account_id in to_close:
        close = partial(service.close_account, actor=SYSTEM, now=now, zone=zone)
        database.run(partial(close, account_id=account_id))
    for account_id in to_clear:
        database.run(partial(service.return_rest, account_id=account_id, now=now, zone=zone))
    for loan_id in to_return:
        database.run(partial(lending.give_back_due, loan_id=loan_id, now=now, zone=zone))
    for account_id in to_warn:
        database.run(partial(warnings.warn, account_id=account_id, now=now, zone=zone))


def _moved_away(session: Session) -> list[str]:
    """Return the accounts of people who are no longer in the office that gave them one."""
    people = {each.id: each for each in identity.persons(session)}
    return [
        account.id
        for account in queries.person_accounts(session)
        if (person := people.get(account.holder)) is None
        or not person.active
        or person.office_id != account.office_id
    ]


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
