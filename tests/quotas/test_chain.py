"""The audit trail proves the ledger: what is changed, removed or slipped in is found."""

import pytest
from sqlalchemy import text

from core import audit
from core.db import Database
from core.people import SYSTEM
from quotas import service
from quotas.auditing import read_chain, unbalanced_transfers
from quotas.chain import Chain
from quotas.periods import Period
from quotas.units import Unit
from tests.conftest import NOON, Cast

pytestmark = pytest.mark.both_databases

_COPY = (
    "INSERT INTO entries (seq, id, account_id, period, kind, granted, held, spent, printer, label,"
    " estimated, reason, actor, at) SELECT 77, 'forged', account_id, period, kind, 99, held, spent,"
    " printer, label, estimated, reason, actor, at FROM entries WHERE id = 'g'"
)


@pytest.fixture
def office(database: Database, cast: Cast) -> str:
    with database.transaction() as session:
        service.grant(
            session, "g", cast.office.id, Unit.SHEETS, Period(2026, 11), 10, actor=SYSTEM, now=NOON
        )
    with database.transaction() as session:
        audit.record(session, SYSTEM, "thing.do", "job", {}, NOON)
        service.reserve(
            session, "job", cast.office.id, Unit.SHEETS, 4, printer="a\0b", actor=SYSTEM, now=NOON
        )
        service.settle(session, "job", 3, estimated=True, actor=SYSTEM, now=NOON)
    return cast.office.id


def chain(database: Database) -> Chain:
    with database.snapshot() as session:
        assert audit.first_broken_seq(session) is None
        return read_chain(session)


def seal(database: Database) -> int:
    found = chain(database)
    with database.transaction() as session:
        return service.seal_earlier(session, found, now=NOON)


def as_owner(database: Database, statement: str) -> None:
    """Change the ledger as only the database's owner can: past its triggers."""
    with database.transaction() as session:
        if database.engine.dialect.name == "sqlite":
            for verb in ("update", "delete", "replace"):
                session.execute(text(f"DROP TRIGGER entries_no_{verb}"))
        else:
            session.execute(text("ALTER TABLE entries DISABLE TRIGGER USER"))
        session.execute(text(statement))


def test_what_was_entered_is_there_as_it_was(database: Database, office: str):
    found = chain(database)
    assert (found.broken, found.loose, found.sealed_whole) == ((), 0, True)
    with database.snapshot() as session:
        (grant, job) = audit.attested(session, "ledger")
    assert (set(grant), set(job)) == ({"g"}, {"job:reserve", "job:settle"})


@pytest.mark.parametrize(
    ("statement", "broken", "loose"),
    [
        ("UPDATE entries SET granted = 11 WHERE id = 'g'", ("g",), 0),
        ("UPDATE entries SET reason = 'x' WHERE id = 'job:settle'", ("job:settle",), 0),
        ("UPDATE entries SET period = '2026-10' WHERE id = 'job:reserve'", ("job:reserve",), 0),
        ("DELETE FROM entries WHERE id = 'job:settle'", ("job:settle",), 0),
        (_COPY, (), 1),
    ],
)
def test_what_the_owner_of_the_database_changes_is_found(
    database: Database, office: str, statement: str, broken: tuple[str, ...], loose: int
):
    assert seal(database) == 0
    as_owner(database, statement)
    found = chain(database)
    assert (found.broken, found.loose) == (broken, loose)


def test_what_is_older_than_the_chain_is_taken_in_once(database: Database, office: str):
    with database.transaction() as session:  # as a version before the chain entered it
        session.execute(text(_COPY.replace("'forged'", "'old'")))
    assert chain(database).sealed_to is None
    before = chain(database)
    assert seal(database) == 1
    with database.transaction() as session:
        session.execute(text(_COPY.replace("77", "78")))
        assert service.seal_earlier(session, before, now=NOON) == 0
    assert seal(database) == 0
    found = chain(database)
    assert (found.loose, found.sealed_to, found.sealed_whole) == (1, 77, True)
    as_owner(database, "UPDATE entries SET granted = 9 WHERE id = 'old'")
    assert not chain(database).sealed_whole


def test_a_transfer_of_which_one_side_is_missing_is_found(database: Database, office, cast):
    with database.transaction() as session:
        source, target = (
            service.open_account(session, each, Unit.SHEETS, now=NOON)
            for each in (office, cast.other.id)
        )
        service.transfer(session, "t", source, target, 2, actor=SYSTEM, now=NOON)
        assert unbalanced_transfers(session) == []
    as_owner(database, "DELETE FROM entries WHERE id = 't:in'")
    with database.snapshot() as session:
        assert unbalanced_transfers(session) == ["t"]
