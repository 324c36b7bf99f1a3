"""What Alembic runs: one connection, one transaction, one process at a time, all tables."""

from alembic import context
from sqlalchemy import text

from core.db import Database
from deploy.migrations.tables import METADATA

# Many processes start at once and all look whether there is something to do: they take turns, for
# as long as it takes. (SQLite's own lock does this there.)
_LOCK = 0x7072696E  # any number that is ours alone
_TAKE_TURNS = (
    "SET LOCAL lock_timeout = 0",
    "SET LOCAL statement_timeout = 0",
    f"SELECT pg_advisory_xact_lock({_LOCK})",
)

database = Database(context.config.attributes["url"])
with database.engine.connect() as connection:
    if connection.dialect.name == "sqlite":
        # A table that is made anew is dropped in between, while others refer to it. A transaction
        # cannot switch this, so it comes before.
        connection.connection.cursor().execute("PRAGMA foreign_keys=OFF")
    context.configure(connection=connection, target_metadata=METADATA, render_as_batch=True)
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            for statement in _TAKE_TURNS:
                connection.execute(text(statement))
        context.run_migrations()
database.close()
