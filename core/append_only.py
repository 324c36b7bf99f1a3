"""Tables whose rows are only ever added: the database itself refuses anything else.

Such a table has a number `seq` and a key `id` of its rows.
"""

from sqlalchemy import DDL, event

from core.db import Base, table

_TRIGGERS = {
    "sqlite": (
        "CREATE TRIGGER {name}_no_update BEFORE UPDATE ON {name} "
        "BEGIN SELECT RAISE(ABORT, 'rows of {name} are never changed'); END",
        "CREATE TRIGGER {name}_no_delete BEFORE DELETE ON {name} "
        "BEGIN SELECT RAISE(ABORT, 'rows of {name} are never changed'); END",
        # INSERT OR REPLACE removes the row that is in its way without asking the triggers above.
        "CREATE TRIGGER {name}_no_replace BEFORE INSERT ON {name} "
        "WHEN EXISTS (SELECT 1 FROM {name} WHERE seq = NEW.seq OR id = NEW.id) "
        "BEGIN SELECT RAISE(ABORT, 'rows of {name} are never changed'); END",
    ),
    "postgresql": (
        "CREATE FUNCTION {name}_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'rows of {name} are never changed'; END $$",
        "CREATE TRIGGER {name}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {name} "
        "FOR EACH STATEMENT EXECUTE FUNCTION {name}_refuse()",
    ),
}


def statements(name: str, dialect: str) -> tuple[str, ...]:
    """Return what makes a table append-only on a database: for migrations."""
    return tuple(each.format(name=name) for each in _TRIGGERS[dialect])


def append_only(row: type[Base]) -> None:
    """Have the table of a class of rows made append-only whenever it is created."""
    for dialect in _TRIGGERS:
        for statement in statements(table(row).name, dialect):
            guard = DDL(statement).execute_if(dialect=dialect)  # type: ignore[no-untyped-call]
            event.listen(table(row), "after_create", guard)
