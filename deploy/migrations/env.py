"""What Alembic runs: one connection, one transaction, all tables."""

from alembic import context

from core.db import Database
from deploy.migrations.tables import METADATA

database = Database(context.config.attributes["url"])
with database.engine.connect() as connection:
    context.configure(connection=connection, target_metadata=METADATA, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
database.close()
