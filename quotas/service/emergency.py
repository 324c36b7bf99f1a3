"""Drawing on the emergency pool, and what is said of it afterwards.

Whether the pool has enough is answered by one statement that adds to what the office drew in this
period, or does nothing. The account is locked before, as where limits apply (`taking.py`): account,
pool, balance is the order of all who draw.
"""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from core import audit, notices
from core.db import dialect_of
from core.errors import Forbidden
from core.people import Actor
from core.text import Text, clean_line, counted
from quotas import emergency_queries, limit_queries, statements
from quotas.accounts import Account
from quotas.emergency import TRANSITIONS, Event, Pool, State, Use, missing
from quotas.errors import NotPossible, PoolExhausted, ReasonOverdue
from quotas.ledger import Kind, delta_of
from quotas.models import EmergencyPoolRow, EmergencyUseRow
from quotas.periods import DEFAULT_ZONE, Period
from quotas.queries import account_of
from quotas.service import books
from quotas.service.accounts import OFFICE, open_account
from quotas.units import Unit

PATH = "/requests/emergency"


def draw(
    session: Session,
    use_id: str,
    office_id: str,
    needed: int,
    pool: Pool,
    *,
    actor: Actor,
    now: datetime,
    zone: ZoneInfo = DEFAULT_ZONE,
) -> int:
    """Grant an office what it lacks of so many sheets, from the pool; return how much that was.

    `use_id` is the job's key. Nothing is drawn where the account has enough. ReasonOverdue if the
    actor, who draws, owes a reason; PoolExhausted if the pool has less left in this period.
    """
    assert actor.person_id is not None
    books.check_amount(needed)
    if emergency_queries.is_overdue(session, actor.person_id, now):
        raise ReasonOverdue(
            Text(
                "You owe a reason for an earlier use of the emergency pool. Please give it first; "
                "until then nothing more can be drawn."
            )
        )
    open_account(session, office_id, Unit.SHEETS, now=now)
    row = books.existing(session, office_id, Unit.SHEETS, OFFICE, lock=True)
    account = account_of(row)
    books.check_open(account, now, needed)
    period = account.period_at(now, zone)
    balance = books.balance_now(session, account.id, period)
    soft = limit_queries.limits(session, office_id).above(balance.granted)
    amount = missing(balance.left + soft, needed)
    if amount == 0:
        return 0
    _take(session, account, period, amount, pool)
    delta = delta_of(Kind.EMERGENCY, amount)
    entry = books.Entry(
        f"{Kind.EMERGENCY}:{use_id}", account.id, period, Kind.EMERGENCY, delta, actor, now,
        actor.person_id,
    )  # fmt: skip
    books.append(session, entry)
    _note(session, use_id, entry, account.office_id, now + pool.justify)
    text = counted(
        "{name} has drawn {n} sheet from the emergency pool.",
        "{name} has drawn {n} sheets from the emergency pool.",
        amount,
        name=actor.name,
    )
    _tell_judges(session, office_id, text, actor, now)
    return amount


def _take(session: Session, account: Account, period: Period, amount: int, pool: Pool) -> None:
    of = {"of_account": account.id, "of_period": period.key, "more": amount}
    drawn = None
    if amount <= pool.sheets_max:
        most = {"at_most": pool.sheets_max}
        drawn = session.scalar(statements.draw(dialect_of(session)), {**of, **most})
    if drawn is not None:
        return
    before = session.get(EmergencyPoolRow, (account.id, period.key), populate_existing=True)
    left = pool.sheets_max - (before.drawn if before else 0)
    text = counted(
        "The emergency pool has {n} sheet left for the office in this period; "
        "this job lacks {lacks}.",
        "The emergency pool has {n} sheets left for the office in this period; "
        "this job lacks {lacks}.",
        max(0, left),
        lacks=amount,
    )
    raise PoolExhausted(text, needed=amount, left=left)


def _note(
    session: Session, use_id: str, entry: books.Entry, office_id: str, due_at: datetime
) -> None:
    assert entry.person_id is not None
    use = EmergencyUseRow(
        id=use_id,
        office_id=office_id,
        account_id=entry.account_id,
        period=entry.period.key,
        amount=entry.delta.granted,
        person_id=entry.person_id,
        person_name=entry.actor.name,
        used_at=entry.at,
        due_at=due_at,
        state=State.DUE,
        reason="",
        answer="",
        decided_name="",
    )
    session.add(use)
    session.flush()
    _record(session, emergency_queries.use_of(use), Event.DRAW, entry.actor, entry.at)


def justify(session: Session, use_id: str, reason: str, *, actor: Actor, now: datetime) -> Use:
    """Say why sheets were drawn; only who drew them can."""
    given = books.given_explanation(reason)
    columns = {"reason": given, "justified_at": now}
    use = _move(session, use_id, Event.JUSTIFY, columns, actor, now)
    text = Text(
        "{name} says why sheets were drawn from the emergency pool.", {"name": use.person_name}
    )
    _tell_judges(session, use.office_id, text, actor, now)
    return use


def accept(session: Session, use_id: str, answer: str, *, actor: Actor, now: datetime) -> Use:
    """Accept the reason for a use."""
    return _judge(session, use_id, Event.ACCEPT, clean_line(answer, 500), actor, now)


def object_to(session: Session, use_id: str, answer: str, *, actor: Actor, now: datetime) -> Use:
    """Object to the reason for a use, and say why."""
    return _judge(session, use_id, Event.OBJECT, books.given_explanation(answer), actor, now)


_NEWS = {
    Event.ACCEPT: Text("Your reason for drawing on the emergency pool was accepted."),
    Event.OBJECT: Text("Your reason for drawing on the emergency pool met with an objection."),
}


def _judge(
    session: Session, use_id: str, event: Event, answer: str, actor: Actor, now: datetime
) -> Use:
    columns = {
        "answer": answer,
        "decided_by": actor.person_id,
        "decided_name": actor.name,
        "decided_at": now,
    }
    use = _move(session, use_id, event, columns, actor, now)
    notices.notify(session, use.person_id, _NEWS[event], PATH, now=now)
    return use


def _move(
    session: Session,
    use_id: str,
    event: Event,
    columns: Mapping[str, object],
    actor: Actor,
    now: datetime,
) -> Use:
    """Move a use on: of two who do so at once, the second is told that it is done."""
    use = emergency_queries.use_for(session, use_id, actor)
    if not use.may(event, actor):
        raise Forbidden(
            Text("Only who drew the sheets can say why.")
            if event is Event.JUSTIFY
            else Text("Nobody judges their own use of the emergency pool; somebody else has to.")
        )
    (source, target) = next(
        (source, target) for (source, each), target in TRANSITIONS.items() if each is event
    )
    moved = session.execute(
        update(EmergencyUseRow)
        .where(EmergencyUseRow.id == use_id, EmergencyUseRow.state == source)
        .values(state=target, **columns)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(moved, CursorResult)
    if moved.rowcount != 1:
        raise NotPossible(Text("This can't be done any more, or not yet. Please look at it again."))
    use = emergency_queries.use_for(session, use_id, actor)
    _record(session, use, event, actor, now)
    return use


def _record(session: Session, use: Use, event: Event, actor: Actor, now: datetime) -> None:
    details: dict[str, object] = {
        "office": use.office_id,
        "amount": use.amount,
        "person": use.person_id,
    }
    audit.record(session, actor, f"emergency.{event}", use.id, details, now)


def _tell_judges(session: Session, office_id: str, text: Text, actor: Actor, now: datetime) -> None:
    assert actor.person_id is not None
    for person_id in emergency_queries.judges_of(session, office_id, actor.person_id):
        notices.notify(session, person_id, text, PATH, now=now)
