"""Migrations: numbered steps from one version's tables to the next (Alembic)."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from core.db import Database


class NewerDatabase(Exception):
    """The database has tables of a later version than this one: running on it could break it."""

    def __init__(self, revision: str) -> None:
        super().__init__(
            f"the database is of a newer version of Printgate (tables {revision}): start that "
            "version, or restore the backup from before the upgrade"
        )


def config(database_url: str) -> Config:
    """Return Alembic's configuration for a database, without an ini file."""
    found = Config()
    found.set_main_option("script_location", str(Path(__file__).parent))
    found.attributes["url"] = database_url
    return found


def upgrade(database_url: str) -> None:
    """Bring a database to the tables of this version; one that has them is left as it is.

    NewerDatabase if it has been brought to a later version already.
    """
    settings = config(database_url)
    revision = _revision(database_url)
    known = {script.revision for script in ScriptDirectory.from_config(settings).walk_revisions()}
    if revision is not None and revision not in known:
        raise NewerDatabase(revision)
    command.upgrade(settings, "head")


def _revision(database_url: str) -> str | None:
    database = Database(database_url)
    try:
        with database.snapshot() as session:
            return MigrationContext.configure(session.connection()).get_current_revision()
    finally:
        database.close()
