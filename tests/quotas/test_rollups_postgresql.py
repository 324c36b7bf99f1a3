"""What only happens where many write at once: numbers that become visible out of order.

SQLite has one writer, so there is nothing of the kind to see there.
"""

import threading
from datetime import date

import pytest
from sqlalchemy import select

from core.db import Database
from core.people import SYSTEM
from quotas import rollups, service, tasks
from quotas.insight import Question, Spent, Usage
from quotas.models import EntryRow
from quotas.periods import DEFAULT_ZONE
from quotas.units import Unit
from tests.conftest import NOON, Cast


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_lower_number_that_is_committed_later_is_not_missed(database: Database, cast: Cast):
    # Two offices: what one has booked locks no balance of the other.
    office = cast.office.id
    written, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        with database.transaction() as session:
            service.book(session, "slow", office, Unit.TONER, 5, actor=SYSTEM, now=NOON)
            written.set()
            go_on.wait(30)

    with database.transaction() as session:
        service.open_account(session, office, Unit.TONER, now=NOON)
    writer = threading.Thread(target=slow)
    writer.start()
    assert written.wait(30)
    with database.transaction() as session:
        service.book(session, "quick", cast.other.id, Unit.TONER, 1, actor=SYSTEM, now=NOON)
    with database.snapshot() as session:
        newest = rollups.newest(session)
    assert not tasks.roll_up(database, DEFAULT_ZONE)
    with database.snapshot() as session:
        assert rollups.rolled_up_to(session) == 0
    go_on.set()
    writer.join()
    with database.snapshot() as session:
        late = session.scalar(select(EntryRow.seq).where(EntryRow.id == "slow"))
    assert late is not None
    assert late < newest
    assert tasks.roll_up(database, DEFAULT_ZONE)
    with database.snapshot() as session:
        toner = Question(Unit.TONER, date(2026, 1, 1), date(2026, 12, 31))
        assert Usage(session, DEFAULT_ZONE).total(toner) == Spent(6, 2)
        assert rollups.rolled_up_to(session) == newest
        assert rollups.disagreements(session) == []
