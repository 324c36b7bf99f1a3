"""What comes round by the clock: periods begin, projects end, people move, accounts run out."""

from functools import partial
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from core.clock import Clock
from core.db import Database
from core.identity import queries as identity
from core.people import SYSTEM
from core.tasks.thread_runner import Round
from quotas import queries, service
from quotas.service import warnings

PERIODS_SECONDS = 30.0


def rounds(database: Database, clock: Clock, zone: ZoneInfo) -> tuple[Round, ...]:
    """Return what comes round by the clock."""
    return (Round("quota-periods", PERIODS_SECONDS, lambda: keep_up(database, clock, zone)),)


def keep_up(database: Database, clock: Clock, zone: ZoneInfo) -> None:
    """Begin the periods that have begun, take back what closed accounts have left, warn.

    Each account has a transaction of its own, so that nobody who prints waits for all of them.
    """
    now = clock.now()
    with database.snapshot() as session:
        to_turn = queries.accounts_to_turn(session, now=now, zone=zone)
        to_close = _moved_away(session)
        to_clear = queries.accounts_to_clear(session, now=now, zone=zone)
        to_warn = warnings.due_accounts(session, now=now, zone=zone)
    for account_id in to_turn:
        database.run(partial(service.turn, account_id=account_id, now=now, zone=zone))
    for account_id in to_close:
        close = partial(service.close_account, actor=SYSTEM, now=now, zone=zone)
        database.run(partial(close, account_id=account_id))
    for account_id in to_clear:
        database.run(partial(service.return_rest, account_id=account_id, now=now, zone=zone))
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
