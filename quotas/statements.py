"""The statements of the ledger that every job runs, built once.

Building a statement out of Python expressions costs ten times what it costs to run it, and on
PostgreSQL it would be done while others wait for the row of the balance. So what comes with every
job stands here, made when the module is loaded, on the tables themselves: nothing of it is kept in
a session. What a statement looks for is named `of_…`, what it adds `more_…`; names of columns are
values that are set.
"""

from functools import cache
from typing import Any

from sqlalchemy import Executable, bindparam, insert, select, update

from core.db import insert_or, table
from quotas.ledger import Delta, State
from quotas.models import AccountRow, BalanceRow, EntryRow, ReservationRow

_ACCOUNT, _BALANCE = table(AccountRow).c, table(BalanceRow).c
_RESERVATION = table(ReservationRow).c
_FIGURES = ("granted", "held", "spent")
_SUMS: dict[Any, Any] = {name: _BALANCE[name] + bindparam(f"more_{name}") for name in _FIGURES}

ACCOUNT = select(_ACCOUNT.id).where(
    _ACCOUNT.office_id == bindparam("of_office"), _ACCOUNT.unit == bindparam("of_unit")
)

TAKE = (
    update(table(BalanceRow))
    .where(
        _BALANCE.account_id == ACCOUNT.scalar_subquery(),
        _BALANCE.period == bindparam("of_period"),
        _BALANCE.held + _BALANCE.spent + bindparam("more_held") <= _BALANCE.granted,
    )
    .values(held=_SUMS["held"])
    .returning(_BALANCE.account_id)
)
"""Hold units of an office's balance, if there is enough: the authority on that."""

ADD = (
    update(table(BalanceRow))
    .where(
        _BALANCE.account_id == bindparam("of_account"), _BALANCE.period == bindparam("of_period")
    )
    .values(_SUMS)
)

END = (
    update(table(ReservationRow))
    .where(_RESERVATION.id == bindparam("of_id"), _RESERVATION.state == State.RESERVED)
    .returning(
        _RESERVATION.account_id,
        _RESERVATION.period,
        _RESERVATION.amount,
        _RESERVATION.person_id,
        _RESERVATION.printer,
        _RESERVATION.kind,
        select(_ACCOUNT.office_id).where(_ACCOUNT.id == _RESERVATION.account_id).scalar_subquery(),
        select(_ACCOUNT.unit).where(_ACCOUNT.id == _RESERVATION.account_id).scalar_subquery(),
    )
)
"""End a reservation that stands; it is told what was reserved, for whom."""

ENTER = insert(table(EntryRow)).inline()


@cache
def open_balance(dialect: str) -> Executable:
    """Return the statement that adds figures to a balance which may not be there yet."""
    new = insert_or(dialect, BalanceRow)
    more: dict[str, Any] = {name: _BALANCE[name] + new.excluded[name] for name in _FIGURES}
    return new.on_conflict_do_update(index_elements=["account_id", "period"], set_=more)


def more(delta: Delta) -> dict[str, int]:
    """Return what a delta adds, under the names that the statements have for it."""
    return {f"more_{name}": getattr(delta, name) for name in _FIGURES}
