"""The emergency pool on both databases: many who draw at once, and what is proved of it."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import update

from core import audit, notices
from core.db import Database
from core.errors import Forbidden, InvalidInput
from core.people import SYSTEM, Actor
from core.settings import Settings
from deploy.checks import CHECKS
from quotas import emergency_queries, queries, service
from quotas.auditing import read_chain
from quotas.emergency import Pool, State
from quotas.errors import NoSuchUse, NotPossible, PoolExhausted, QuotaExceeded, ReasonOverdue
from quotas.ledger import Balance, Kind
from quotas.limits import Limits
from quotas.models import EmergencyPoolRow
from quotas.periods import Period
from quotas.service import emergency
from quotas.units import Unit
from tests.conftest import NOON, Cast
from tests.contracts.at_once import at_once, failures

pytestmark = pytest.mark.both_databases

MONTH = Period(2026, 11)
POOL = Pool(10, timedelta(hours=24), timedelta(days=3))
LATE = NOON + POOL.justify


@pytest.fixture
def alice(cast: Cast) -> Actor:
    return Actor.of(cast.alice)


@pytest.fixture
def office(database: Database, cast: Cast) -> str:
    """Return the office, which has two sheets left."""
    with database.transaction() as session:
        service.grant(
            session, "g", cast.office.id, Unit.SHEETS, MONTH, 2, actor=SYSTEM, now=NOON
        )  # fmt: skip
    return cast.office.id


def urgent(
    database: Database, office: str, actor: Actor, key: str, sheets: int, now: datetime = NOON
) -> int:
    """Draw what is missing and reserve, in one transaction, as a job does."""
    with database.transaction() as session:
        drawn = emergency.draw(session, key, office, sheets, POOL, actor=actor, now=now)
        service.reserve(
            session, key, office, Unit.SHEETS, sheets, person_id=actor.person_id, actor=actor,
            now=now,
        )  # fmt: skip
        return drawn


def standing(database: Database, office: str) -> tuple[Balance, int]:
    """Return the balance and what was drawn, after proving both."""
    with database.snapshot() as session:
        assert queries.discrepancies(session) == []
        assert emergency_queries.pool_discrepancies(session) == []
        assert read_chain(session).broken == ()
        drawn = emergency_queries.drawn(session, office, NOON)
        return queries.balance(session, office, Unit.SHEETS, MONTH), drawn


def state(database: Database, key: str) -> State:
    with database.snapshot() as session:
        return emergency_queries.use_for(session, key, Actor("", "", admin=True)).state


def test_of_sixty_four_uses_ten_are_paid(database: Database, office: str, alice: Actor):
    assert urgent(database, office, alice, "first", 2) == 0
    outcomes = at_once(64, lambda n: urgent(database, office, alice, f"j{n}", 1))
    assert failures(outcomes, PoolExhausted) == []
    assert outcomes.count(1) == 10
    assert sum(isinstance(each, PoolExhausted) for each in outcomes) == 54
    assert standing(database, office) == (Balance(12, 12, 0), 10)
    with database.snapshot() as session:
        everybody = Actor("", "", admin=True)
        assert emergency_queries.count_uses(session, everybody) == 10


def test_where_limits_apply_nobody_waits_for_somebody_who_waits(
    database: Database, office: str, alice: Actor, cast: Cast
):
    """Half draw, half only reserve: a deadlock would be an error of the database."""
    with database.transaction() as session:
        service.set_limits(session, office, Limits(person_max=40), actor=SYSTEM, now=NOON)

    def work(number: int) -> None:
        if number % 2:
            urgent(database, office, alice, f"j{number}", 1)
        else:
            with database.transaction() as session:
                service.reserve(
                    session, f"j{number}", office, Unit.SHEETS, 1, person_id=cast.bob.id,
                    actor=SYSTEM, now=NOON,
                )  # fmt: skip

    outcomes = at_once(32, work)
    assert failures(outcomes, QuotaExceeded) == []
    balance, drawn = standing(database, office)
    assert balance.granted == 2 + drawn
    assert drawn <= 10


def test_only_what_is_missing_is_drawn(database: Database, office: str, alice: Actor, cast: Cast):
    assert urgent(database, office, alice, "job", 5) == 3
    assert standing(database, office) == (Balance(5, 5, 0), 3)
    with database.snapshot() as session:
        (entry,) = [
            each
            for each in queries.entries(session, office, Unit.SHEETS, MONTH)
            if each.kind is Kind.EMERGENCY
        ]
        assert (entry.granted, entry.person_id) == (3, cast.alice.id)
        (record,) = audit.records_of(session, "job")
        assert record.action == "emergency.draw"
        assert notices.unseen(session, cast.dora.id)
        assert emergency_queries.due_from(session, cast.alice.id)[0].due_at == LATE


def test_what_the_pool_cannot_pay_leaves_no_trace(database: Database, office: str, alice: Actor):
    for _ in range(2):
        with pytest.raises(PoolExhausted) as caught:
            urgent(database, office, alice, "large", 13)
        assert (caught.value.needed, caught.value.left) == (11, 10)
    assert standing(database, office) == (Balance(2, 0, 0), 0)
    assert urgent(database, office, alice, "fits", 12) == 10
    with pytest.raises(PoolExhausted) as caught:
        urgent(database, office, alice, "more", 1)
    assert caught.value.left == 0
    with pytest.raises(NoSuchUse):
        state(database, "more")


def test_the_next_period_has_a_pool_of_its_own(database: Database, office: str, alice: Actor):
    urgent(database, office, alice, "job", 12)
    with database.transaction() as session:
        emergency.justify(session, "job", "会议材料", actor=alice, now=NOON)
    december = NOON + timedelta(days=31)
    assert urgent(database, office, alice, "later", 7, now=december) == 7


def test_whoever_owes_a_reason_too_long_gets_nothing_until_it_is_given(
    database: Database, office: str, alice: Actor, cast: Cast
):
    urgent(database, office, alice, "job", 4)
    with database.snapshot() as session:
        for person, may in ((cast.alice, False), (cast.bob, True)):
            found = emergency_queries.may_draw(session, office, person.id, 1, POOL, now=LATE)
            assert found is may
    with pytest.raises(ReasonOverdue):
        urgent(database, office, alice, "next", 1, now=LATE)
    assert urgent(database, office, Actor.of(cast.bob), "bob", 1, now=LATE) == 1
    with database.transaction() as session:
        use = emergency.justify(session, "job", "会议材料", actor=alice, now=LATE)
    assert (use.justified_at, use.late()) == (LATE, False)
    assert urgent(database, office, alice, "next", 1, now=LATE) == 1


def test_a_reason_is_given_and_judged_once(
    database: Database, office: str, alice: Actor, cast: Cast
):
    dora, bob, charlie = (Actor.of(each) for each in (cast.dora, cast.bob, cast.charlie))
    urgent(database, office, alice, "job", 4)

    def do(verb, actor: Actor, text: str) -> State:
        with database.transaction() as session:
            done: State = verb(session, "job", text, actor=actor, now=NOON).state
            return done

    with pytest.raises(NotPossible):
        do(emergency.accept, dora, "")
    for actor, error in ((bob, NoSuchUse), (charlie, NoSuchUse), (dora, Forbidden)):
        with pytest.raises(error):
            do(emergency.justify, actor, "会议材料")
    with pytest.raises(InvalidInput):
        do(emergency.justify, alice, "  ")
    outcomes = at_once(8, lambda n: do(emergency.justify, alice, f"会议材料{n}"))
    assert failures(outcomes, NotPossible) == []
    assert outcomes.count(State.JUSTIFIED) == 1
    with pytest.raises(Forbidden):
        do(emergency.accept, alice, "")
    with pytest.raises(InvalidInput):
        do(emergency.object_to, dora, "")
    judges = (emergency.accept, emergency.object_to)
    outcomes = at_once(8, lambda n: do(judges[n % 2], dora, "说明"))
    assert failures(outcomes, NotPossible) == []
    assert sum(isinstance(each, State) for each in outcomes) == 1
    assert state(database, "job") in (State.ACCEPTED, State.OBJECTED)
    with database.snapshot() as session:
        actions = [each.action for each in audit.records_of(session, "job")]
    assert actions[:2] == ["emergency.draw", "emergency.justify"]
    assert len(actions) == 3


def test_a_pool_that_was_tampered_with_is_found(database: Database, office: str, alice: Actor):
    urgent(database, office, alice, "job", 4)
    with database.transaction() as session:
        session.execute(update(EmergencyPoolRow).values(drawn=1))
    with database.snapshot() as session:
        (wrong,) = emergency_queries.pool_discrepancies(session)
    assert (wrong.drawn, wrong.used, wrong.entered) == (1, 2, 2)
    (finding,) = CHECKS["emergency"](Settings(), database)
    assert finding.bad


def test_what_a_head_without_a_colleague_drew_is_judged_by_an_administrator(
    database: Database, office: str, cast: Cast
):
    dora, ada = Actor.of(cast.dora), Actor.of(cast.ada)
    urgent(database, office, dora, "job", 4)
    with database.transaction() as session:
        assert [each.id for each in emergency_queries.to_judge(session, ada)] == ["job"]
        assert emergency_queries.to_judge(session, dora) == []
        assert notices.unseen(session, cast.ada.id)
        emergency.justify(session, "job", "会议材料", actor=dora, now=NOON)
        with pytest.raises(Forbidden):
            emergency.accept(session, "job", "", actor=dora, now=NOON)
        emergency.accept(session, "job", "", actor=ada, now=NOON)
        assert emergency_queries.to_judge(session, ada) == []
    (finding,) = CHECKS["emergency"](Settings(), database)
    assert not finding.bad
