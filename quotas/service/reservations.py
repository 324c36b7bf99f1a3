"""The life of a reservation, and what is booked without one."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from core.db import dialect_of, insert_new
from core.errors import InvalidInput
from core.people import Actor
from core.text import Text
from quotas import combined, statements
from quotas.errors import (
    EntryDiffers,
    NoSuchAccount,
    NoSuchReservation,
    QuotaExceeded,
    ReservationEnded,
)
from quotas.ledger import ENDS, Delta, Kind, State, delta_of
from quotas.models import AccountRow, ReservationRow
from quotas.periods import DEFAULT_ZONE, WHOLE, Period
from quotas.service import books, overruns, taking
from quotas.service.accounts import account_and_span
from quotas.service.taking import Asked, Place
from quotas.toner import Coverage, uses
from quotas.units import AMOUNT_MAX, Unit
from quotas.workdays import WEEKENDS_OFF, Workdays


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
    over: int = field(default=0, compare=False)
    """What of it a soft account did not have when it was reserved; 0 if it is asked for again."""


def reserve(
    session: Session,
    reservation_id: str,
    office_id: str,
    unit: Unit,
    amount: int,
    *,
    holder: str | None = None,
    project: str = "",
    person_id: str | None = None,
    printer: str = "",
    kind: str = "",
    actor: Actor,
    now: datetime,
    zone: ZoneInfo = DEFAULT_ZONE,
    workdays: Workdays = WEEKENDS_OFF,
) -> Reservation:
    """Set units aside in the current period, or raise QuotaExceeded and leave all as it was.

    They are taken from the account of the person if the office has one for them, else from the
    office's; or from the one of `holder` (a project's id; "" is the office itself) and no other, or
    from that of the office's project with the code `project` (`projects.folded`) and no other.
    `workdays` say when a period's last days begin, where the office has a rule for these.
    `reservation_id` is the caller's key (the job's UUID); asking again answers with what it made,
    which may have ended since. EntryDiffers if it was made for another office or amount.
    """
    books.check_amount(amount)
    asked = Asked(office_id, unit, amount, holder, person_id, now, zone, workdays, project)
    made = {
        "id": reservation_id,
        "amount": amount,
        "state": State.RESERVED,
        "person_id": person_id,
        "printer": printer,
        "kind": kind,
        "reserved_at": now,
    }
    entry = books.Entry(
        f"{reservation_id}:{Kind.RESERVE}", "", WHOLE, Kind.RESERVE, Delta(held=amount), actor, now,
        person_id, printer, kind, reservation_id=reservation_id,
    )  # fmt: skip
    taken = _SET_ASIDE[dialect_of(session)](session, asked, made, entry)
    if taken is None:
        try:
            place, over = taking.take(session, asked)
        except (QuotaExceeded, NoSuchAccount):
            known = session.get(ReservationRow, reservation_id, populate_existing=True)
            if known is None:
                raise
            return _same(session, known, asked)
        taken = _Taken(*place, is_new=_make(session, place, made, entry), over=over)
    if taken.is_new:
        if taken.over:
            overruns.tell(session, asked, reservation_id, taken.over, actor)
        return _new(reservation_id, asked, taken)
    # Asked for again: what was taken for it just now goes back.
    books.add(session, taken.account_id, taken.period, Delta(held=-amount))
    row = session.get_one(ReservationRow, reservation_id, populate_existing=True)
    return _same(session, row, asked)


def _new(reservation_id: str, asked: Asked, taken: "_Taken") -> Reservation:
    period = Period.of_key(taken.period)
    return Reservation(
        reservation_id, asked.office_id, asked.unit, period, asked.amount, State.RESERVED, None,
        taken.over,
    )  # fmt: skip


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


def renew(
    session: Session, reservation_id: str, until: datetime, *, actor: Actor, now: datetime
) -> Reservation:
    """Let a reservation live until a later moment; one that lives as long already is left so.

    Whoever lets reservations expire asks for it (`queries.renewed_until`). It moves no units, but
    is an entry, for everybody may see why so much is held so long. ReservationEnded if it is over.
    """
    if until <= now:
        raise InvalidInput(Text("A reservation is renewed until a time that is still to come."))
    renewed = session.execute(
        update(ReservationRow)
        .where(
            ReservationRow.id == reservation_id,
            ReservationRow.state == State.RESERVED,
            ReservationRow.renewed_until.is_(None) | (ReservationRow.renewed_until < until),
        )
        .values(renewed_until=until)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(renewed, CursorResult)
    row = session.get(ReservationRow, reservation_id, populate_existing=True)
    if row is None or State(row.state) is not State.RESERVED:
        return _ended(session, reservation_id, State.RESERVED)
    if renewed.rowcount == 1:
        entry_id = f"{reservation_id}:{Kind.RENEW}:{round(until.timestamp())}"
        labels = (row.person_id, row.printer, row.kind)
        period = Period.of_key(row.period)
        books.append(
            session,
            books.Entry(
                entry_id, row.account_id, period, Kind.RENEW, Delta(), actor, now, *labels,
                reservation_id=reservation_id,
            ),
        )  # fmt: skip
    return _reservation(session, row)


def heed_jump(session: Session, jump: timedelta) -> None:
    """Let renewed reservations live as long as was promised, although the clock was set."""
    for row in session.scalars(
        select(ReservationRow).where(
            ReservationRow.state == State.RESERVED, ReservationRow.renewed_until.is_not(None)
        )
    ):
        assert row.renewed_until is not None
        row.renewed_until += jump


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
    """Book units that an office used without a reservation: toner. No limit applies."""
    books.check_amount(amount)
    account_id, span = account_and_span(session, office_id, unit, now=now)
    period, delta = Period.of_moment(now, zone, span), delta_of(Kind.BOOK, amount)
    labels = (person_id, printer, kind, estimated)
    entry = books.Entry(entry_id, account_id, period, Kind.BOOK, delta, actor, now, *labels)
    books.append(session, entry)


def book_toner(
    session: Session,
    key: str,
    office_id: str,
    impressions: int,
    coverage: Coverage,
    *,
    person_id: str | None = None,
    printer: str = "",
    kind: str = "",
    actor: Actor,
    now: datetime,
    zone: ZoneInfo = DEFAULT_ZONE,
) -> None:
    """Book the toner of so many impressions, ink by ink; `key` is what it was used for."""
    for use in uses(impressions, coverage):
        book(
            session, f"{key}:{use.unit}", office_id, use.unit, use.amount, person_id=person_id,
            printer=printer, kind=kind, estimated=use.estimated, actor=actor, now=now, zone=zone,
        )  # fmt: skip


def _same(session: Session, row: ReservationRow, asked: Asked) -> Reservation:
    made = _reservation(session, row)
    if (made.office_id, made.unit, made.amount) != (asked.office_id, asked.unit, asked.amount):
        raise EntryDiffers(Text("A reservation with this id exists and says something else."))
    return made


class _Taken(NamedTuple):
    """From where units were taken, and whether the reservation for them is new."""

    account_id: str
    period: str
    is_new: bool
    over: int = 0
    """How many of them the account did not have."""


def _set_aside_in_steps(
    session: Session, asked: Asked, made: dict[str, object], entry: books.Entry
) -> _Taken | None:
    take = {**asked.places(), "more_held": asked.amount}
    take_of = statements.TAKE_OF_PROJECT if asked.project else statements.TAKE
    taken = session.execute(take_of, take).one_or_none()
    if taken is None:
        return None
    place = Place(*taken)
    return _Taken(*place, is_new=_make(session, place, made, entry))


def _make(session: Session, place: Place, made: dict[str, object], entry: books.Entry) -> bool:
    """Make the reservation and its entry, for units that were taken; False if it is there."""
    is_new = insert_new(session, ReservationRow, **made, **place._asdict())
    if is_new:
        period = Period.of_key(place.period)
        books.enter(session, replace(entry, account_id=place.account_id, period=period))
    return is_new


def _set_aside_at_once(
    session: Session, asked: Asked, made: dict[str, object], entry: books.Entry
) -> _Taken | None:
    values = {**combined.made(made), **combined.entered(entry.columns())}
    take = {**asked.places(), "more_held": asked.amount}
    set_aside = combined.SET_ASIDE_OF_PROJECT if asked.project else combined.SET_ASIDE
    taken = session.execute(set_aside, {**take, **values}).one_or_none()
    if taken is None:
        return None
    if taken.is_new:
        period = Period.of_key(taken.period)
        books.chain(session, replace(entry, account_id=taken.account_id, period=period))
    return _Taken(*taken)


_SET_ASIDE = {"sqlite": _set_aside_in_steps, "postgresql": _set_aside_at_once}


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
    entry = books.Entry(
        f"{reservation_id}:{kind}", "", WHOLE, kind, Delta(spent=used), actor, now,
        estimated=estimated, reservation_id=reservation_id,
    )  # fmt: skip
    at_once = dialect_of(session) == "postgresql"
    # Of two that end it at once, the second waits here and then finds it ended.
    end = {"of_id": reservation_id, "end_state": ENDS[kind], "end_used": used, "end_at": now}
    row = session.execute(
        combined.WIND_UP if at_once else statements.END,
        {**end, **combined.entered(entry.columns())} if at_once else end,
    ).one_or_none()
    if row is None:
        return _ended(session, reservation_id, ENDS[kind])
    entry = replace(
        entry,
        account_id=row.account_id,
        period=Period.of_key(row.period),
        delta=delta_of(kind, row.amount, used),
        person_id=row.person_id,
        printer=row.printer,
        label=row.kind,
    )
    if at_once:
        books.chain(session, entry)
    else:
        books.enter(session, entry)
        books.add(session, row.account_id, row.period, entry.delta)
    return Reservation(
        reservation_id, row.office_id, Unit(row.unit), entry.period, row.amount, ENDS[kind], used
    )


def _ended(session: Session, reservation_id: str, state: State) -> Reservation:
    """Return a reservation that has ended like this already; ReservationEnded if otherwise."""
    row = session.get(ReservationRow, reservation_id, populate_existing=True)
    if row is None:
        raise NoSuchReservation(Text("There is no such reservation."))
    if State(row.state) is not state:
        raise ReservationEnded(Text("This reservation has ended already."))
    return _reservation(session, row)


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
