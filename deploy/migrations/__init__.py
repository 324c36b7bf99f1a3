"""Migrations: numbered steps from one version's tables to the next (Alembic)."""

from pathlib import Path

from alembic import command
from alembic.config import Config


def config(database_url: str) -> Config:
    """Return Alembic's configuration for a database, without an ini file."""
    found = Config()
    found.set_main_option("script_location", str(Path(__file__).parent))
    found.attributes["url"] = database_url
    return found


def upgrade(database_url: str) -> None:
    """Bring a database to the tables of this version; one that has them is left as it is."""
    command.upgrade(config(database_url), "head")
