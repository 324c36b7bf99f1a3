import pytest
from sqlalchemy import text

from core import audit
from core.db import Database
from core.people import SYSTEM
from tests.conftest import NOON

pytestmark = pytest.mark.both_databases


@pytest.fixture
def chain(database: Database) -> Database:
    with database.transaction() as session:
        for n in range(5):
            audit.record(session, SYSTEM, "thing.do", "subject", {"n": n, "名": "值"}, NOON)
    return database


def broken_at(database: Database) -> int | None:
    with database.snapshot() as session:
        return audit.first_broken_seq(session)


def test_an_untouched_chain_is_whole(chain: Database):
    assert broken_at(chain) is None
    with chain.snapshot() as session:
        assert [record.details["n"] for record in audit.records_of(session, "subject")] == [
            0, 1, 2, 3, 4,
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("tamper", "found"),
    [
        ("UPDATE audit_records SET action = 'other' WHERE seq = 3", 3),
        ("UPDATE audit_records SET at = '2020-01-01 00:00:00' WHERE seq = 2", 2),
        ("DELETE FROM audit_records WHERE seq = 2", 3),
        ("DELETE FROM audit_records WHERE seq = 5", 5),
        ("UPDATE audit_records SET seq = 6 WHERE seq = 5", 6),
        ("UPDATE audit_head SET seq = 7", 6),
    ],
)
def test_tampering_is_found_at_its_record(chain: Database, tamper: str, found: int):
    with chain.transaction() as session:
        session.execute(text(tamper))
    assert broken_at(chain) == found
