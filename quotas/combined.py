"""The steps of a reservation as one statement each, for PostgreSQL.

Whoever has taken units from a balance keeps all others who want some waiting until the commit. With
a statement for each step that is several trips to the server and back; PostgreSQL takes changes
inside a query, so all of a reservation, and all of its end, can go there in one. SQLite takes none,
and needs none: no trip is made there. What the steps are is said by `statements.py`; here they are
only put together.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    bindparam,
    exists,
    insert,
    literal_column,
    select,
    update,
)
from sqlalchemy.sql.dml import ReturningUpdate

from core.db import Base, insert_or, table
from quotas.models import BalanceRow, EntryRow, ReservationRow
from quotas.statements import END, TAKE, TAKE_OF_PROJECT

_BALANCE = table(BalanceRow).c
_MADE, _ENTRY = "made_", "entry_"
_NO_UNITS: ColumnElement[Any] = literal_column("0")


def _row(row: type[Base], names: str, prefix: str, **found: ColumnElement[Any]) -> Any:  # noqa: ANN401  # columns
    """Return columns of a table and where each value comes from: a parameter if not `found`."""
    columns = table(row).c
    return {
        name: found[name]
        if name in found
        else bindparam(f"{prefix}{name}", type_=columns[name].type)
        for name in names.split()
    }


_ENTRY_COLUMNS = (
    "id account_id period kind granted held spent reservation_id transfer_id person_id printer "
    "label estimated reason actor at"
)


def _set_aside(take: ReturningUpdate[str, str]) -> Select[str, str, bool]:
    """Return the statement that takes units and makes the reservation and its entry."""
    taken = take.cte("taken")
    reservation = _row(
        ReservationRow,
        "id account_id period amount state person_id printer kind reserved_at",
        _MADE,
        account_id=taken.c.account_id,
        period=taken.c.period,
    )
    made = (
        insert_or("postgresql", ReservationRow)
        .from_select(list(reservation), select(*reservation.values()))
        .on_conflict_do_nothing()
        .returning(*(table(ReservationRow).c[name] for name in ("id", "account_id", "period")))
        .cte("made")
    )
    entry = _row(
        EntryRow,
        _ENTRY_COLUMNS,
        _ENTRY,
        account_id=made.c.account_id,
        period=made.c.period,
        reservation_id=made.c.id,
    )
    entered = (
        insert(table(EntryRow)).from_select(list(entry), select(*entry.values())).cte("entered")
    )
    is_new = exists(select(made.c.id)).label("is_new")
    return select(taken.c.account_id, taken.c.period, is_new).add_cte(entered)


SET_ASIDE = _set_aside(TAKE)
"""Take units, and where that worked make the reservation and its entry, if it is not there yet."""

SET_ASIDE_OF_PROJECT = _set_aside(TAKE_OF_PROJECT)
"""The same of a project's account."""

_ended = END.cte("ended")
_last = _row(
    EntryRow,
    _ENTRY_COLUMNS,
    _ENTRY,
    account_id=_ended.c.account_id,
    period=_ended.c.period,
    granted=_NO_UNITS,
    held=-_ended.c.amount,
    person_id=_ended.c.person_id,
    printer=_ended.c.printer,
    label=_ended.c.kind,
)
_closed = insert(table(EntryRow)).from_select(list(_last), select(*_last.values())).cte("closed")
_given_back = (
    update(table(BalanceRow))
    .where(_BALANCE.account_id == _ended.c.account_id, _BALANCE.period == _ended.c.period)
    .values(
        held=_BALANCE.held - _ended.c.amount,
        spent=_BALANCE.spent + bindparam(f"{_ENTRY}spent", type_=_BALANCE.spent.type),
    )
    .cte("given_back")
)

WIND_UP = select(*_ended.c).add_cte(_closed, _given_back)
"""End a reservation that stands, with its entry and what that adds to the balance."""


def made(columns: Mapping[str, object]) -> dict[str, object]:
    """Return the columns of a reservation under the names that `SET_ASIDE` has for them."""
    return {f"{_MADE}{name}": value for name, value in columns.items()}


def entered(columns: Mapping[str, object]) -> dict[str, object]:
    """Return the columns of an entry under the names that both statements have for them."""
    return {f"{_ENTRY}{name}": value for name, value in columns.items()}
