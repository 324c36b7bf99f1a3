"""The step to version 0002 keeps what is there, and the ids of jobs stay used up."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from deploy.migrations import config, upgrade
from deploy.migrations.tables import METADATA

ROWS = (
    "INSERT INTO offices VALUES ('o', 'general', 'x', 0, 0)",
    "INSERT INTO printers (id, name, info, location, is_default, queue, device_uri, coverage,"
    " attributes, two_sided, state, state_reasons, state_changed_at, reachable)"
    " VALUES ('p', 'a', '', '', 1, 'a', '', 0.05, x'', 1, 'idle', '[]', '2026-11-01', 1)",
    "INSERT INTO jobs (id, uuid, printer_id, office_id, claimed_name, verified, title, language,"
    " format, octets, stage, ticket_asked, ticket, reasons, state_reasons, pages, sheets_reserved,"
    " estimated, wants_paper, created_at, changed_at) VALUES (7, 'u', 'p', 'o', '', 1, '', '', '',"
    " 0, 'accepted', '{}', '{}', '[]', '[]', 1, 1, 0, 0, '2026-11-01', '2026-11-01')",
)


def test_a_database_of_the_first_version_goes_on(tmp_path: Path):
    url = f"sqlite:///{tmp_path / 'old.db'}"
    command.upgrade(config(url), "0001")
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        for statement in ROWS:
            connection.execute(sa.text(statement))
    upgrade(url)
    with engine.begin() as connection:
        found = connection.execute(sa.text("SELECT hold, pin_hash, pin_failures FROM jobs")).one()
        assert tuple(found) == ("none", "", 0)
        assert connection.scalar(sa.text("SELECT retired_at FROM printers")) is None
        connection.execute(sa.text("DELETE FROM jobs"))
        again = ROWS[2].replace("(id, uuid", "(uuid").replace("(7, 'u'", "('v'")
        connection.execute(sa.text(again))
        assert connection.scalar(sa.text("SELECT id FROM jobs")) == 8
        different = compare_metadata(MigrationContext.configure(connection), METADATA)
        assert different == []
    engine.dispose()


def test_there_is_a_way_back(tmp_path: Path):
    url = f"sqlite:///{tmp_path / 'new.db'}"
    upgrade(url)
    command.downgrade(config(url), "0001")
    engine = sa.create_engine(url)
    names = {column["name"] for column in sa.inspect(engine).get_columns("jobs")}
    engine.dispose()
    assert not {"hold", "pin_hash", "pin_failures"} & names
