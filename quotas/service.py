"""The verbs of accounts. Every one may be called again with the same id and answers the same.

The authority on "is there enough?" is one conditional UPDATE, in the transaction of the entry: it
changes one row, or it changes none and the reservation is refused. Whatever was read before is only
good for explaining.
"""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from core import audit
from core.db import dialect_of, insert_new
from core.errors import InvalidInput
from core.ids import new_uuid
from core.people import Actor
from core.text import Text, clean_line, counted
from quotas import statements
from quotas.errors import EntryDiffers, NoSuchReservation, QuotaExceeded, ReservationEnded
from quotas.ledger import ENDS, Delta, Kind, State, delta_of
from quotas.models import AccountRow, BalanceRow, EntryRow, ReservationRow
from quotas.periods import DEFAULT_ZONE, Period
from quotas.units import AMOUNT_MAX, Unit, valid_amount


@dataclass(frozen=True)
class Reservation:
    """Units set aside for one job, and what became of them."""

    id: str
    office_id: str
    unit: Unit
    period: Period
    amount: int
    state: State
    used: int | None


@dataclass(frozen=True)
class _Entry:
    """One entry before it is written: what it does to a balance, and what it says beside that."""

    id: str
    account_id: str
    period: Period
    kind: Kind
    delta: Delta
    actor: Actor
    at: datetime
    person_id: str | None = None
    printer: str = ""
    label: str = ""
    estimated: bool = False
    reason: str = ""
    reservation_id: str | None = None

    def columns(self) -> dict[str, object]:
        """Return the entry's row."""
        made = {**vars(self), **vars(self.delta), "period": self.period.key}
        made["actor"] = self.actor.name
        del made["delta"]
        return made


def grant(
    session: Session,
    entry_id: str,
    office_id: str,
    unit: Unit,
    period: Period,
    amount: int,
    *,
    actor: Actor,
    now: datetime,
) -> None:
    """Give an office units for a period; `entry_id` makes a repeat harmless."""
    _check(amount)
    account_id = open_account(session, office_id, unit, now=now)
    delta = delta_of(Kind.GRANT, amount)
    if _append(session, _Entry(entry_id, account_id, period, Kind.GRANT, delta, actor, now)):
        details = {"unit": unit, "period": period.key, "amount": amount}
        audit.record(session, actor, "quota.grant", office_id, details, now)


def adjust(
    session: Session,
    entry_id: str,
    office_id: str,
    unit: Unit,
    period: Period,
    amount: int,
    *,
    reason: str,
    actor: Actor,
    now: datetime,
) -> None:
    """Add units to a grant or (a negative amount) take some away, with a reason."""
    _check(abs(amount) if type(amount) is int else amount)
    given = clean_line(reason, 500)
    if not given:
        raise InvalidInput(Text("An adjustment needs a reason."))
    account_id = open_account(session, office_id, unit, now=now)
    _check_granted(session, entry_id, account_id, period, amount)
    kind, delta = Kind.ADJUST, delta_of(Kind.ADJUST, amount)
    entry = _Entry(entry_id, account_id, period, kind, delta, actor, now, reason=given)
    if _append(session, entry):
        details = {"unit": unit, "period": period.key, "amount": amount}
        audit.record(session, actor, "quota.adjust", office_id, details, now)


def reserve(
    session: Session,
    reservation_id: str,
    office_id: str,
    unit: Unit,
    amount: int,
    *,
    person_id: str | None = None,
    printer: str = "",
    kind: str = "",
    actor: Actor,
    now: datetime,
    zone: ZoneInfo = DEFAULT_ZONE,
) -> Reservation:
    """Set units aside in the current period, or raise QuotaExceeded and leave all as it was.

    `reservation_id` is the caller's key (the job's UUID); asking again answers with what it made,
    which may have ended since. EntryDiffers if it was made for another office or amount.
    """
    _check(amount)
    asked, period = (office_id, unit, amount), Period.of_moment(now, zone)
    account_id = _take(session, office_id, unit, period, amount)
    if account_id is not None and insert_new(
        session,
        ReservationRow,
        id=reservation_id,
        account_id=account_id,
        period=period.key,
        amount=amount,
        state=State.RESERVED,
        person_id=person_id,
        printer=printer,
        kind=kind,
        reserved_at=now,
    ):
        _enter(
            session,
            _Entry(
                f"{reservation_id}:{Kind.RESERVE}",
                account_id,
                period,
                Kind.RESERVE,
                Delta(held=amount),
                actor,
                now,
                person_id,
                printer,
                kind,
                reservation_id=reservation_id,
            ),
        )
        return Reservation(reservation_id, *asked[:2], period, amount, State.RESERVED, None)
    known = session.get(ReservationRow, reservation_id, populate_existing=True)
    if known is None:
        left = _left(session, office_id, unit, period)
        raise QuotaExceeded(_too_little(unit, amount, left), needed=amount, left=left)
    if account_id is not None:
        # Asked for again: what was taken for it just now goes back.
        _add(session, account_id, period.key, Delta(held=-amount))
    return _same(session, known, asked)


def settle(
    session: Session,
    reservation_id: str,
    used: int,
    *,
    estimated: bool,
    actor: Actor,
    now: datetime,
) -> Reservation:
    """Charge what came out and free the rest; an overrun is charged too.

    Settling again answers with what was settled first. ReservationEnded if it was released.
    """
    if type(used) is not int or not 0 <= used <= AMOUNT_MAX:
        raise InvalidInput(Text("An amount must be a whole number above zero."))
    return _end(session, reservation_id, Kind.SETTLE, used, actor, now, estimated=estimated)


def release(session: Session, reservation_id: str, *, actor: Actor, now: datetime) -> Reservation:
    """Free a reservation of which nothing came out; releasing again changes nothing."""
    return _end(session, reservation_id, Kind.RELEASE, 0, actor, now)


def expire(session: Session, reservation_id: str, *, actor: Actor, now: datetime) -> Reservation:
    """Free a reservation whose job never came to its end; expiring again changes nothing."""
    return _end(session, reservation_id, Kind.EXPIRE, 0, actor, now)


def book(
    session: Session,
    entry_id: str,
    office_id: str,
    unit: Unit,
    amount: int,
    *,
    person_id: str | None = None,
    printer: str = "",
    kind: str = "",
    estimated: bool = True,
    actor: Actor,
    now: datetime,
    zone: ZoneInfo = DEFAULT_ZONE,
) -> None:
    """Book units that were used without a reservation: toner by estimate. No limit applies."""
    _check(amount)
    account_id = open_account(session, office_id, unit, now=now)
    period, delta = Period.of_moment(now, zone), delta_of(Kind.BOOK, amount)
    labels = (person_id, printer, kind, estimated)
    _append(session, _Entry(entry_id, account_id, period, Kind.BOOK, delta, actor, now, *labels))


def open_account(session: Session, office_id: str, unit: Unit, *, now: datetime) -> str:
    """Return the id of an office's account, opening it the first time."""
    account_id = _account_id(session, office_id, unit)
    if account_id is None:
        new = {"office_id": office_id, "unit": unit, "opened_at": now}
        insert_new(session, AccountRow, id=new_uuid(), **new)
        account_id = _account_id(session, office_id, unit)
        assert account_id is not None
    return account_id


def _account_id(session: Session, office_id: str, unit: Unit) -> str | None:
    return session.scalar(statements.ACCOUNT, {"of_office": office_id, "of_unit": unit})


def _same(session: Session, row: ReservationRow, asked: tuple[str, Unit, int]) -> Reservation:
    made = _reservation(session, row)
    if (made.office_id, made.unit, made.amount) != asked:
        raise EntryDiffers(Text("A reservation with this id exists and says something else."))
    return made


def _take(session: Session, office_id: str, unit: Unit, period: Period, amount: int) -> str | None:
    """Hold units of an office's balance; the account's id, or None if there is too little."""
    of = {"of_office": office_id, "of_unit": unit, "of_period": period.key}
    taken: str | None = session.scalar(statements.TAKE, {**of, "more_held": amount})
    return taken


def _left(session: Session, office_id: str, unit: Unit, period: Period) -> int:
    """Return what may still be reserved; nothing where there is no account."""
    left = session.scalar(
        select(BalanceRow.granted - BalanceRow.held - BalanceRow.spent)
        .join(AccountRow, AccountRow.id == BalanceRow.account_id)
        .where(
            AccountRow.office_id == office_id,
            AccountRow.unit == unit,
            BalanceRow.period == period.key,
        )
    )
    return left or 0


def _too_little(unit: Unit, needed: int, left: int) -> Text:
    if unit is Unit.SHEETS:
        return counted(
            "The office has {n} sheet left this month; this job needs {needed}, "
            "{missing} more than that.",
            "The office has {n} sheets left this month; this job needs {needed}, "
            "{missing} more than that.",
            left,
            needed=needed,
            missing=needed - left,
        )
    return Text("The office has too little toner left this month.")


def _end(
    session: Session,
    reservation_id: str,
    kind: Kind,
    used: int,
    actor: Actor,
    now: datetime,
    *,
    estimated: bool = False,
) -> Reservation:
    # Of two that end it at once, the second waits here and then finds it ended.
    end = {"of_id": reservation_id, "state": ENDS[kind], "used": used, "ended_at": now}
    row = session.execute(statements.END, end).one_or_none()
    if row is None:
        return _ended(session, reservation_id, ENDS[kind])
    account_id, key, amount, person_id, printer, label, office_id, unit = row
    period, delta = Period.of_key(key), delta_of(kind, amount, used)
    _enter(
        session,
        _Entry(
            f"{reservation_id}:{kind}",
            account_id,
            period,
            kind,
            delta,
            actor,
            now,
            person_id,
            printer,
            label,
            estimated,
            reservation_id=reservation_id,
        ),
    )
    # Last: from here on everybody who wants sheets of this office waits for our commit.
    _add(session, account_id, key, delta)
    return Reservation(reservation_id, office_id, Unit(unit), period, amount, ENDS[kind], used)


def _ended(session: Session, reservation_id: str, state: State) -> Reservation:
    """Return a reservation that has ended like this already; ReservationEnded if otherwise."""
    row = session.get(ReservationRow, reservation_id, populate_existing=True)
    if row is None:
        raise NoSuchReservation(Text("There is no such reservation."))
    if State(row.state) is not state:
        raise ReservationEnded(Text("This reservation has ended already."))
    return _reservation(session, row)


def _enter(session: Session, entry: _Entry) -> None:
    session.execute(statements.ENTER, entry.columns())


def _append(session: Session, entry: _Entry) -> bool:
    """Add an entry without a reservation; False if it is there already."""
    there = select(EntryRow).where(EntryRow.id == entry.id)
    known = session.scalar(there)
    if known is None and insert_new(session, EntryRow, **entry.columns()):
        _add(session, entry.account_id, entry.period.key, entry.delta)
        return True
    known = known or session.scalars(there).one()
    says = (entry.account_id, entry.delta.granted, entry.delta.spent)
    if (known.account_id, known.granted, known.spent) != says:
        raise EntryDiffers(Text("An entry with this id exists and says something else."))
    return False


def _add(session: Session, account_id: str, period: str, delta: Delta) -> None:
    of = {"of_account": account_id, "of_period": period}
    changed = session.execute(statements.ADD, {**of, **statements.more(delta)})
    assert isinstance(changed, CursorResult)
    if changed.rowcount == 0:
        new = {"account_id": account_id, "period": period, **vars(delta)}
        session.execute(statements.open_balance(dialect_of(session)), new)


def _reservation(session: Session, row: ReservationRow) -> Reservation:
    account = session.get_one(AccountRow, row.account_id)
    return Reservation(
        row.id,
        account.office_id,
        Unit(account.unit),
        Period.of_key(row.period),
        row.amount,
        State(row.state),
        row.used,
    )


def _check_granted(
    session: Session, entry_id: str, account_id: str, period: Period, amount: int
) -> None:
    """Refuse to take back more than was granted, unless it is a repeat of what was taken."""
    if amount > 0 or session.scalar(select(EntryRow.seq).where(EntryRow.id == entry_id)):
        return
    granted = session.scalar(
        select(BalanceRow.granted).where(
            BalanceRow.account_id == account_id, BalanceRow.period == period.key
        )
    )
    if (granted or 0) + amount < 0:
        raise InvalidInput(Text("No more can be taken back than was granted."))


def _check(amount: object) -> None:
    if not valid_amount(amount):
        raise InvalidInput(Text("An amount must be a whole number above zero."))
