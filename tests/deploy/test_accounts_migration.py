"""The step to version 0008 keeps accounts and all that refers to them; the ledger stays shut."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from sqlalchemy.exc import DBAPIError

from core import audit
from core.db import Database
from core.people import SYSTEM
from deploy.lab.postgres import PostgresServer
from deploy.migrations import config, upgrade
from quotas import queries, service
from quotas.auditing import read_chain
from quotas.ledger import Balance
from quotas.periods import Period
from quotas.units import Unit
from tests.conftest import NOON

ROWS = (
    "INSERT INTO offices VALUES ('o', 'general', 'x', {no}, {no})",
    "INSERT INTO accounts VALUES ('a', 'o', 'sheets', '2026-11-01')",
    "INSERT INTO balances VALUES ('a', '2026-11', 10, 4, 0)",
    "INSERT INTO reservations (id, account_id, period, amount, state, printer, kind, reserved_at)"
    " VALUES ('r', 'a', '2026-11', 4, 'reserved', '', '', '2026-11-01')",
    "INSERT INTO entries (id, account_id, period, kind, granted, held, spent, printer, label,"
    " estimated, reason, actor, at) VALUES ('g', 'a', '2026-11', 'grant', 10, 0, 0, '', '', {no},"
    " '', 'x', '2026-11-01'), ('r:reserve', 'a', '2026-11', 'reserve', 0, 4, 0, '', '', {no}, '',"
    " 'x', '2026-11-01')",
)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_what_was_entered_goes_on(kind: str, tmp_path: Path, request: pytest.FixtureRequest):
    url = f"sqlite:///{tmp_path / 'old.db'}"
    if kind == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres")
        url = server.create("old_accounts")
    command.upgrade(config(url), "0007")
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        for row in ROWS:
            connection.execute(sa.text(row.format(no="0" if kind == "sqlite" else "false")))
    engine.dispose()
    upgrade(url)
    database = Database(url)
    with database.transaction() as session:
        audit.record(session, SYSTEM, "thing.do", "r", {}, NOON)
        service.settle(session, "r", 3, estimated=False, actor=SYSTEM, now=NOON)
    with database.snapshot() as session:
        before = read_chain(session)
    with database.transaction() as session:
        assert service.seal_earlier(session, before, now=NOON) == 2
    with database.snapshot() as session:
        assert queries.discrepancies(session) == []
        month = queries.balance(session, "o", Unit.SHEETS, Period(2026, 11))
        chain = read_chain(session)
    assert month == Balance(10, 0, 3)
    assert (chain.broken, chain.loose, chain.sealed_whole) == ((), 0, True)
    for statement in ("UPDATE entries SET spent = 0", "DELETE FROM accounts"):
        with pytest.raises(DBAPIError), database.transaction() as session:
            session.execute(sa.text(statement))
    database.close()
    command.downgrade(config(url), "0007")
    upgrade(url)
    if kind == "postgresql":
        server.drop("old_accounts")
