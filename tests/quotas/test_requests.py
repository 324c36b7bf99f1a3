"""Requests for more sheets: who may do what and when, and that each is decided once."""

from dataclasses import replace

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core import audit
from core.db import Database
from core.errors import Forbidden, InvalidInput, NotFound
from core.identity import service as identity
from core.identity.service import PersonFields
from core.ids import new_uuid
from core.notices import unseen
from core.people import SYSTEM, Actor, Person
from quotas import inbox, queries, service
from quotas.accounts import Account, AccountKind
from quotas.auditing import unbalanced_transfers
from quotas.errors import (
    AccountClosed,
    EntryDiffers,
    NoSuchAccount,
    NoSuchRequest,
    QuotaExceeded,
    RequestDecided,
    RequestOpen,
    SamePerson,
)
from quotas.inbox import RequestSearch, View
from quotas.ledger import Balance, Kind
from quotas.models import RequestRow
from quotas.periods import Period
from quotas.requests import (
    TRANSITIONS,
    Event,
    Party,
    SheetRequest,
    Source,
    State,
    after,
    may,
    source,
    to_tell,
)
from quotas.service import requests
from quotas.units import AMOUNT_MAX, Unit
from tests.conftest import NOON, Cast
from tests.contracts.at_once import at_once, failures

MONTH = Period(2026, 11)
both = pytest.mark.both_databases

# --- rules ---

ENDS = {Event.GRANT: State.GRANTED, Event.REFUSE: State.REFUSED, Event.WITHDRAW: State.WITHDRAWN}
PERSON, OFFICE, PROJECT = AccountKind.PERSON, AccountKind.OFFICE, AccountKind.PROJECT
REQUESTER, HEAD, ADMIN = Party.REQUESTER, Party.HEAD, Party.ADMIN


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("event", Event)
def test_only_what_waits_can_be_decided(state: State, event: Event):
    expected = ENDS.get(event) if state is State.ASKED else None
    assert after(state, event) is expected
    assert len(TRANSITIONS) == len(ENDS)


@pytest.mark.parametrize(
    ("kind", "who", "comes_from", "can"),
    [
        (PERSON, {HEAD}, Source.TRANSFER, {Event.GRANT, Event.REFUSE}),
        (PERSON, {ADMIN}, Source.GRANT, {Event.GRANT, Event.REFUSE}),
        (PERSON, {HEAD, ADMIN}, Source.GRANT, {Event.GRANT, Event.REFUSE}),
        (OFFICE, {HEAD}, None, {Event.REFUSE}),
        (OFFICE, {ADMIN}, Source.GRANT, {Event.GRANT, Event.REFUSE}),
        (OFFICE, {HEAD, ADMIN}, Source.GRANT, {Event.GRANT, Event.REFUSE}),
        (PROJECT, {HEAD}, None, {Event.REFUSE}),
        (PROJECT, {ADMIN}, None, {Event.REFUSE}),
        *(
            (kind, {REQUESTER, *more}, None, {Event.WITHDRAW})
            for kind in AccountKind
            for more in ((), (HEAD,), (ADMIN,), (HEAD, ADMIN))
        ),
        *((kind, set(), None, set()) for kind in AccountKind),
    ],
)
def test_who_may_do_what(kind, who, comes_from, can):
    parties = frozenset(who)
    assert source(kind, parties) is comes_from
    assert {event for event in Event if may(event, kind, parties)} == can


@pytest.mark.parametrize(
    ("kind", "heads", "administrators", "told"),
    [
        (PERSON, ["h", "i"], ["a"], ("h", "i")),
        (PERSON, [], ["a", "b"], ("a", "b")),
        (PERSON, ["me"], ["a"], ("a",)),
        (PERSON, ["me", "h"], ["a"], ("h",)),
        (OFFICE, ["h"], ["a"], ("h", "a")),
        (OFFICE, ["me"], ["a", "me"], ("a",)),
        (OFFICE, ["h"], ["h", "a"], ("h", "a")),
        (OFFICE, [], ["me"], ()),
    ],
)
def test_who_is_told(kind, heads, administrators, told):
    assert to_tell(kind, heads, administrators, asked_by="me") == told


# --- services ---


@pytest.fixture
def office(database: Database, cast: Cast) -> str:
    with database.transaction() as session:
        service.grant(
            session, "grant", cast.office.id, Unit.SHEETS, MONTH, 100, actor=SYSTEM, now=NOON
        )
    return cast.office.id


def own_account(session: Session, person: Person) -> Account:
    return service.open_person_account(
        session, person.office_id, Unit.SHEETS, person.id, actor=SYSTEM, now=NOON
    )


def ask(
    session: Session, person: Person, amount=30, key: str | None = None, **more
) -> SheetRequest:
    given = {"office_id": person.office_id, "reason": "会议材料", "now": NOON, **more}
    return requests.ask(session, key or new_uuid(), amount=amount, actor=Actor.of(person), **given)


def asked_by_alice(database: Database, cast: Cast, *, own: bool) -> SheetRequest:
    with database.transaction() as session:
        if own:
            own_account(session, cast.alice)
        return ask(session, cast.alice, own=own)


def grant(
    session: Session, asked: SheetRequest, amount, person: Person | Actor, **more
) -> SheetRequest:
    actor = person if isinstance(person, Actor) else Actor.of(person)
    return requests.grant(session, asked.id, amount, actor=actor, now=NOON, **more)


def refuse(session: Session, asked: SheetRequest, person: Person, answer="下月再印"):
    return requests.refuse(session, asked.id, answer=answer, actor=Actor.of(person), now=NOON)


def withdraw(session: Session, asked: SheetRequest, person: Person):
    return requests.withdraw(session, asked.id, actor=Actor.of(person), now=NOON)


def balance(database: Database, office: str, holder: str = "") -> Balance:
    with database.snapshot() as session:
        assert queries.discrepancies(session) == []
        assert unbalanced_transfers(session) == []
        assert audit.first_broken_seq(session) is None
        return queries.balance(session, office, Unit.SHEETS, MONTH, holder=holder)


def news(database: Database, person: Person) -> list[str]:
    with database.snapshot() as session:
        return [str(each.text) for each in unseen(session, person.id)]


def deeds(database: Database, asked: SheetRequest) -> list[str]:
    with database.snapshot() as session:
        return [each.action for each in audit.records_of(session, asked.id)]


@both
def test_a_head_grants_to_a_person_what_the_office_has(database, office, cast):
    asked = asked_by_alice(database, cast, own=True)
    assert (asked.kind, asked.state, asked.granted) == (PERSON, State.ASKED, None)
    assert news(database, cast.dora) == ["王芳 asks for 30 more sheets for their own account."]
    assert news(database, cast.ada) == []
    for _ in range(2):
        with database.transaction() as session:
            done = grant(session, asked, 20, cast.dora, answer="先给二十张")
    assert (done.state, done.granted, done.answer) == (State.GRANTED, 20, "先给二十张")
    assert done.decided_name == cast.dora.name
    assert balance(database, office) == Balance(80, 0, 0)
    assert balance(database, office, cast.alice.id) == Balance(20, 0, 0)
    assert news(database, cast.alice) == ["Your request was granted: 20 sheets."]
    assert deeds(database, asked) == ["request.ask", "request.grant"]
    with database.snapshot() as session:
        given, *_ = queries.entries(session, office, Unit.SHEETS, MONTH, holder=cast.alice.id)
    assert (given.kind, given.reason) == (Kind.TRANSFER, "会议材料")


@both
def test_an_administrator_grants_anew_and_the_head_learns_of_it(database, office, cast):
    asked = asked_by_alice(database, cast, own=True)
    with database.transaction() as session:
        grant(session, asked, 30, cast.ada)
    assert balance(database, office) == Balance(100, 0, 0)
    assert balance(database, office, cast.alice.id) == Balance(30, 0, 0)
    assert "管理员 has decided on the request of 王芳." in news(database, cast.dora)


@both
def test_more_for_the_office_is_granted_by_an_administrator_only(database, office, cast):
    asked = asked_by_alice(database, cast, own=False)
    text = "王芳 asks for 30 more sheets for the office."
    assert news(database, cast.dora) == news(database, cast.ada) == [text]
    with database.transaction() as session, pytest.raises(Forbidden, match="an administrator"):
        grant(session, asked, 30, cast.dora)
    with database.transaction() as session:
        grant(session, asked, 30, cast.ada)
    assert balance(database, office) == Balance(130, 0, 0)


@both
def test_a_head_may_refuse_what_is_asked_for_the_office(database, office, cast):
    asked = asked_by_alice(database, cast, own=False)
    for _ in range(2):
        with database.transaction() as session:
            assert refuse(session, asked, cast.dora).state is State.REFUSED
    with database.transaction() as session, pytest.raises(RequestDecided):
        grant(session, asked, 30, cast.ada)
    assert news(database, cast.alice) == ["Your request for more sheets was turned down: 下月再印"]
    assert balance(database, office) == Balance(100, 0, 0)
    assert deeds(database, asked) == ["request.ask", "request.refuse"]


@both
def test_nobody_decides_on_their_own_request(database, office, cast):
    with database.transaction() as session:
        own_account(session, cast.dora)
        heads = ask(session, cast.dora, own=True)
        admins = ask(session, cast.ada)
    for asked, person in ((heads, cast.dora), (admins, cast.ada)):
        for decide in (lambda s, a, p: grant(s, a, 1, p), refuse):
            with database.transaction() as session, pytest.raises(SamePerson):
                decide(session, asked, person)
    # A head who asks for themselves is no head in this: the administrators are told, and decide.
    assert news(database, cast.ada) == ["李建国 asks for 30 more sheets for their own account."]
    with database.transaction() as session:
        grant(session, heads, 30, cast.ada)
    assert balance(database, office, cast.dora.id) == Balance(30, 0, 0)


@both
def test_the_database_itself_refuses_a_decision_on_ones_own_request(database, office, cast):
    asked = asked_by_alice(database, cast, own=False)
    with pytest.raises(IntegrityError), database.transaction() as session:
        row = session.get_one(RequestRow, asked.id)
        row.state, row.decided_by = "granted", cast.alice.id
    with pytest.raises(IntegrityError), database.transaction() as session:
        session.get_one(RequestRow, asked.id).granted = 31


@both
def test_who_asked_may_take_it_back_and_ask_anew(database, office, cast):
    asked = asked_by_alice(database, cast, own=False)
    with database.transaction() as session, pytest.raises(RequestOpen):
        ask(session, cast.alice, 40)
    with database.transaction() as session, pytest.raises(Forbidden, match="take a request back"):
        withdraw(session, asked, cast.dora)
    for _ in range(2):
        with database.transaction() as session:
            assert withdraw(session, asked, cast.alice).state is State.WITHDRAWN
    assert "王芳 has taken back a request for more sheets." in news(database, cast.ada)
    with database.transaction() as session, pytest.raises(RequestDecided):
        grant(session, asked, 30, cast.ada)
    with database.transaction() as session:
        assert ask(session, cast.alice, 40).amount == 40


@both
def test_asking_again_with_the_same_id_asks_once(database, office, cast):
    key = new_uuid()
    for _ in range(2):
        with database.transaction() as session:
            asked = ask(session, cast.alice, key=key)
    assert len(news(database, cast.ada)) == 1
    for person, more in (
        (cast.alice, {"amount": 31}),
        (cast.bob, {}),
        (cast.alice, {"reason": "x"}),
    ):
        with database.transaction() as session, pytest.raises(EntryDiffers):
            ask(session, person, key=key, **more)
    with database.transaction() as session:
        grant(session, asked, 30, cast.ada)
        assert ask(session, cast.alice, key=key).state is State.GRANTED


@both
@pytest.mark.parametrize("amount", [0, -1, 1.5, "3", True, AMOUNT_MAX + 1])
def test_an_amount_is_a_whole_number_of_sheets(database, office, cast, amount):
    asked = asked_by_alice(database, cast, own=False)
    with database.transaction() as session, pytest.raises(InvalidInput):
        ask(session, cast.bob, amount)
    with database.transaction() as session, pytest.raises(InvalidInput):
        grant(session, asked, amount, cast.ada)
    assert balance(database, office) == Balance(100, 0, 0)


@both
def test_what_cannot_be_asked_for_or_granted(database, office, cast):
    asked = asked_by_alice(database, cast, own=False)
    with database.transaction() as session:
        with pytest.raises(InvalidInput, match="No more can be granted"):
            grant(session, asked, 31, cast.ada)
        with pytest.raises(InvalidInput, match="reason"):
            refuse(session, asked, cast.ada, " \t")
        with pytest.raises(InvalidInput, match="reason"):
            ask(session, cast.bob, reason="")
        with pytest.raises(NotFound):
            ask(session, cast.alice, office_id=cast.other.id)
        with pytest.raises(NoSuchAccount):
            ask(session, cast.bob, own=True)
        with pytest.raises(NotFound):
            requests.ask(session, "x", office, 1, reason="x", actor=SYSTEM, now=NOON)
        for stranger in (cast.charlie, cast.bob):
            for act in (lambda s, a, p: grant(s, a, 1, p), refuse, withdraw):
                with pytest.raises(NoSuchRequest):
                    act(session, asked, stranger)
            with pytest.raises(NoSuchRequest):
                inbox.request_for(session, asked.id, Actor.of(stranger))
        with pytest.raises(NoSuchRequest):
            grant(session, replace(asked, id="nowhere"), 1, cast.ada)
    assert deeds(database, asked) == ["request.ask"]


@both
def test_a_head_cannot_give_more_than_the_office_has_and_the_request_still_waits(
    database, office, cast
):
    with database.transaction() as session:
        own_account(session, cast.alice)
        asked = ask(session, cast.alice, 101, own=True)
    with pytest.raises(QuotaExceeded), database.transaction() as session:
        grant(session, asked, 101, cast.dora)
    assert balance(database, office, cast.alice.id) == Balance()
    assert deeds(database, asked) == ["request.ask"]
    with database.transaction() as session:
        assert grant(session, asked, 100, cast.dora).granted == 100
    assert balance(database, office) == Balance()


@both
def test_a_closed_account_takes_nothing_but_the_request_can_be_refused(database, office, cast):
    asked = asked_by_alice(database, cast, own=True)
    with database.transaction() as session:
        service.close_account(session, asked.account_id, actor=SYSTEM, now=NOON)
    for person in (cast.dora, cast.ada):
        with pytest.raises(AccountClosed), database.transaction() as session:
            grant(session, asked, 1, person)
    with pytest.raises(AccountClosed), database.transaction() as session:
        ask(session, cast.alice, own=True)
    with database.transaction() as session:
        assert refuse(session, asked, cast.dora).state is State.REFUSED


@both
def test_sixteen_who_decide_at_once_decide_once(database: Database, office: str, cast: Cast):
    asked = asked_by_alice(database, cast, own=True)

    def decide(number: int) -> SheetRequest:
        head = Actor("负责人", f"head-{number}", office, heads=frozenset({office}))
        admin = Actor("管理员", f"admin-{number}", admin=True)

        def work(session: Session) -> SheetRequest:
            if number % 4 == 3:
                return requests.refuse(session, asked.id, answer="不", actor=head, now=NOON)
            actor = head if number % 2 else admin
            return grant(session, asked, 10 + number, actor)

        return database.run(work)

    outcomes = at_once(16, decide)
    assert failures(outcomes, RequestDecided) == []
    (won,) = [each for each in outcomes if isinstance(each, SheetRequest)]
    given = won.granted or 0
    assert balance(database, office, cast.alice.id) == Balance(given, 0, 0)
    by_head = won.decided_by is not None and won.decided_by.startswith("head")
    assert balance(database, office) == Balance(100 - (given if by_head else 0), 0, 0)
    assert len(deeds(database, asked)) == 2
    assert len(news(database, cast.alice)) == 1


@both
def test_one_request_sent_sixteen_times_at_once_is_made_once(database, office, cast):
    same = new_uuid()

    def send(number: int) -> object:
        # Half of them are the same request, the others are second requests for the same account.
        return database.run(
            lambda session: ask(session, cast.alice, key=same if number % 2 else None)
        )

    outcomes = at_once(16, send)
    assert failures(outcomes, RequestOpen) == []
    made = {each.id for each in outcomes if isinstance(each, SheetRequest)}
    assert len(made) == 1
    with database.snapshot() as session:
        assert session.scalar(select(func.count()).select_from(RequestRow)) == 1
    assert len(news(database, cast.ada)) == 1


@both
def test_each_list_shows_what_concerns_its_reader(database, office, cast):
    with database.transaction() as session:
        own_account(session, cast.alice)
        alices = ask(session, cast.alice, own=True)
        bobs = ask(session, cast.bob, reason="选举票样")
        charlies = ask(session, cast.charlie)
        doras = ask(session, cast.dora)

    def shown(person: Person, view: View, **more) -> set[str]:
        asked = RequestSearch(view, **more)
        with database.snapshot() as session:
            found = inbox.find_requests(session, asked, Actor.of(person), limit=9)
            assert inbox.count_requests(session, asked, Actor.of(person)) == len(found)
        return {each.id for each in found}

    assert shown(cast.alice, View.MINE) == {alices.id}
    assert shown(cast.alice, View.OPEN) == shown(cast.alice, View.DECIDED) == set()
    assert shown(cast.dora, View.OPEN) == {alices.id, bobs.id}
    assert shown(cast.ada, View.OPEN) == {alices.id, bobs.id, charlies.id, doras.id}
    assert shown(cast.ada, View.OPEN, office_id=cast.other.id) == {charlies.id}
    assert shown(cast.ada, View.OPEN, words="选举") == {bobs.id}
    assert shown(cast.ada, View.OPEN, since=NOON) == shown(cast.ada, View.OPEN)
    assert shown(cast.ada, View.OPEN, before=NOON) == set()
    with database.transaction() as session:
        refuse(session, bobs, cast.dora)
    assert shown(cast.dora, View.OPEN) == {alices.id}
    assert shown(cast.dora, View.DECIDED) == shown(cast.ada, View.DECIDED) == {bobs.id}
    with database.snapshot() as session:
        assert inbox.find_requests(session, RequestSearch(View.MINE), SYSTEM, limit=9) == []


def shut_out(session: Session, cast: Cast) -> None:
    """Shut the head of the office out; she still stands there as its head."""
    dora = cast.dora
    fields = PersonFields(
        dora.name, dora.office_id, "", admin=False, active=False, heads=dora.heads
    )
    identity.change_person(session, dora.id, fields, actor=Actor.of(cast.ada), now=NOON)


@both
def test_a_head_who_is_shut_out_is_not_told(database, office, cast):
    with database.transaction() as session:
        own_account(session, cast.alice)
        shut_out(session, cast)
        ask(session, cast.alice, own=True)
    assert news(database, cast.dora) == []
    assert len(news(database, cast.ada)) == 1
