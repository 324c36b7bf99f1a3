"""The statements of the ledger that every job runs, built once.

Building a statement out of Python expressions costs ten times what it costs to run it, and on
PostgreSQL it would be done while others wait for the row of the balance. So what comes with every
job stands here, made when the module is loaded, on the tables themselves: nothing of it is kept in
a session. What a statement looks for is named `of_…`, what it adds `more_…`; names of columns are
values that are set.
"""

from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Executable,
    String,
    bindparam,
    case,
    false,
    func,
    insert,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.sql.dml import ReturningUpdate

from core.db import insert_or, table
from quotas.ledger import Delta, State
from quotas.models import AccountRow, BalanceRow, EmergencyPoolRow, EntryRow, ReservationRow
from quotas.periods import Span

_ACCOUNT, _BALANCE = table(AccountRow).c, table(BalanceRow).c
_RESERVATION = table(ReservationRow).c
_FIGURES = ("granted", "held", "spent")
_SUMS: dict[Any, Any] = {name: _BALANCE[name] + bindparam(f"more_{name}") for name in _FIGURES}

ACCOUNT = select(_ACCOUNT.id, _ACCOUNT.span).where(
    _ACCOUNT.office_id == bindparam("of_office"),
    _ACCOUNT.unit == bindparam("of_unit"),
    _ACCOUNT.holder == bindparam("of_holder"),
)


def _take(named: ColumnElement[bool]) -> ReturningUpdate[str, str]:
    """Return the statement that holds units of the open account that is named like this."""
    account = (
        select(
            _ACCOUNT.id,
            case(
                (_ACCOUNT.span == Span.MONTH, bindparam("of_month", type_=String)),
                (_ACCOUNT.span == Span.QUARTER, bindparam("of_quarter", type_=String)),
                (_ACCOUNT.span == Span.YEAR, bindparam("of_year", type_=String)),
                else_=Span.PROJECT.value,
            ),
        )
        .where(
            _ACCOUNT.office_id == bindparam("of_office"),
            _ACCOUNT.unit == bindparam("of_unit"),
            named,
            _ACCOUNT.closed_at.is_(None),
            or_(_ACCOUNT.ends_at.is_(None), _ACCOUNT.ends_at > bindparam("of_now")),
            _ACCOUNT.limited == false(),
        )
        .order_by(_ACCOUNT.holder.desc())
        .limit(1)
    )
    return (
        update(table(BalanceRow))
        .where(
            tuple_(_BALANCE.account_id, _BALANCE.period) == account.scalar_subquery(),
            _BALANCE.held + _BALANCE.spent + bindparam("more_held") <= _BALANCE.granted,
        )
        .values(held=_SUMS["held"])
        .returning(_BALANCE.account_id, _BALANCE.period)
    )


# Of a person's account and the office's, the person's: holders are ordered, and "" comes first.
TAKE = _take(_ACCOUNT.holder.in_([bindparam("of_holder"), bindparam("or_holder")]))
"""Hold units of an account's balance, if there is enough: the authority on that.

Which account and which period it is, is found in the same statement: a person's own account before
the office's, an open one, and the period that this account is in. Where limits apply it finds none:
all accounts of an office have them or none has, and `TAKE_FROM` does what comes after the question.
"""

TAKE_OF_PROJECT = _take(_ACCOUNT.code == bindparam("of_code"))
"""The same for the project that has this code (never ""), and for no other account."""

TAKE_FROM = (
    update(table(BalanceRow))
    .where(
        _BALANCE.account_id == bindparam("of_account"),
        _BALANCE.period == bindparam("of_period"),
        _BALANCE.held + _BALANCE.spent + bindparam("more_held")
        <= _BALANCE.granted + _BALANCE.granted * bindparam("soft_percent") // 100,
    )
    .values(held=_SUMS["held"])
    .returning((_BALANCE.granted - _BALANCE.held - _BALANCE.spent).label("left"))
)
"""Hold units of this balance, if there is enough; it is told what is left then.

A soft account has so many per cent more than was granted to it (limits.py).
"""

TAKEN_BY = select(
    func.coalesce(func.sum(func.coalesce(_RESERVATION.used, _RESERVATION.amount)), 0)
).where(
    _RESERVATION.account_id == bindparam("of_account"),
    _RESERVATION.period == bindparam("of_period"),
    _RESERVATION.person_id == bindparam("of_person"),
    _RESERVATION.reserved_at >= bindparam("of_since"),
)
"""What a person has taken of a balance since a moment: what is reserved, and what came out."""

GIVE_UP = (
    update(table(BalanceRow))
    .where(
        _BALANCE.account_id == bindparam("of_account"),
        _BALANCE.period == bindparam("of_period"),
        _BALANCE.granted - bindparam("less_granted") >= _BALANCE.held + _BALANCE.spent,
    )
    .values(granted=_BALANCE.granted - bindparam("less_granted"))
)
"""Take from what was granted, if so much of it is free."""

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
    .values(state=bindparam("end_state"), used=bindparam("end_used"), ended_at=bindparam("end_at"))
    .returning(
        _RESERVATION.account_id,
        _RESERVATION.period,
        _RESERVATION.amount,
        _RESERVATION.person_id,
        _RESERVATION.printer,
        _RESERVATION.kind,
        *(
            select(column)
            .where(_ACCOUNT.id == _RESERVATION.account_id)
            .scalar_subquery()
            .label(column.name)
            for column in (_ACCOUNT.office_id, _ACCOUNT.unit)
        ),
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


@cache
def draw(dialect: str) -> Executable:
    """Return the statement that adds to what was drawn in a period, if that is not too much.

    The first draw of a period is not compared: the caller has seen to it that it is not too much.
    """
    new = insert_or(dialect, EmergencyPoolRow).values(
        account_id=bindparam("of_account"), period=bindparam("of_period"), drawn=bindparam("more")
    )
    drawn = table(EmergencyPoolRow).c.drawn + new.excluded.drawn
    return new.on_conflict_do_update(
        index_elements=["account_id", "period"],
        set_={"drawn": drawn},
        where=drawn <= bindparam("at_most"),
    ).returning(table(EmergencyPoolRow).c.drawn)


def more(delta: Delta) -> dict[str, int]:
    """Return what a delta adds, under the names that the statements have for it."""
    return {f"more_{name}": getattr(delta, name) for name in _FIGURES}
