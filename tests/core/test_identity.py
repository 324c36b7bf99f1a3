from datetime import timedelta

import pytest

from core.db import Database
from core.errors import Conflict, InvalidInput, NotAuthenticated
from core.identity import queries, service
from core.people import SYSTEM, Actor, normalise_login
from tests.conftest import NOON, Cast

pytestmark = pytest.mark.both_databases


@pytest.mark.parametrize("claim", ["alice", "ALICE", " alice ", "Ａｌｉｃｅ", "aliCE\t"])
def test_every_way_of_writing_a_name_is_the_same_person(database: Database, cast: Cast, claim: str):
    with database.snapshot() as session:
        assert queries.person_by_login(session, claim) == cast.alice


@pytest.mark.parametrize("claim", ["alicе", "al ice", "alice2", "", "alice\x00"])
def test_a_look_alike_is_nobody(database: Database, cast: Cast, claim: str):
    with database.snapshot() as session:
        assert queries.person_by_login(session, claim) is None


@pytest.mark.parametrize("login", ["ALICE", "Ａlice"])
def test_a_name_is_taken_in_every_way_of_writing_it(database: Database, cast: Cast, login: str):
    with pytest.raises(Conflict), database.transaction() as session:
        service.add_person(
            session, login=login, name="x", office_id=cast.office.id, actor=SYSTEM, now=NOON
        )


def test_a_person_needs_a_name_and_a_long_password(database: Database, cast: Cast):
    with pytest.raises(InvalidInput), database.transaction() as session:
        service.add_person(
            session, login="  ", name="x", office_id=cast.office.id, actor=SYSTEM, now=NOON
        )
    with pytest.raises(InvalidInput), database.transaction() as session:
        service.set_password(session, cast.bob.id, "short", actor=SYSTEM, now=NOON)


def test_there_is_one_guest_office_and_one_of_each_code(database: Database, cast: Cast):
    for code, guest in (("more", True), ("general", False)):
        with pytest.raises(Conflict), database.transaction() as session:
            service.add_office(session, code=code, name="x", guest=guest, actor=SYSTEM, now=NOON)


def test_five_failures_lock_a_name_for_a_while_even_for_the_right_password(
    database: Database, cast: Cast
):
    def sign_in(password: str, now=NOON):
        with database.transaction() as session:
            return service.sign_in(session, "alice", password, now=now)

    assert sign_in("correct horse") == cast.alice
    for _ in range(5):
        assert sign_in("wrong") is None
    assert sign_in("correct horse") is None
    assert sign_in("correct horse", NOON + service.SIGN_IN_LOCK + timedelta(seconds=1))


def test_a_session_idles_out_and_ends_at_last(database: Database, cast: Cast):
    with database.transaction() as session:
        secret = service.open_session(session, cast.alice.id, {"a": 1}, now=NOON)

    def find(now):
        with database.snapshot() as session:
            return service.find_session(session, secret, now=now)

    assert find(NOON) == (cast.alice.id, {"a": 1}, False)
    assert find(NOON + service.SESSION_IDLE) is None
    now = NOON
    while now < NOON + service.SESSION_LIFE:
        with database.transaction() as session:
            service.touch_session(session, secret, {}, now=now)
        now += service.SESSION_IDLE / 2
    assert find(now) is None


def test_a_new_password_ends_all_sessions(database: Database, cast: Cast):
    with database.transaction() as session:
        secret = service.open_session(session, cast.alice.id, {}, now=NOON)
        service.set_password(session, cast.alice.id, "another one", actor=SYSTEM, now=NOON)
    with database.snapshot() as session:
        assert service.find_session(session, secret, now=NOON) is None
    with pytest.raises(NotAuthenticated), database.transaction() as session:
        service.touch_session(session, secret, {}, now=NOON)


def test_who_may_look_into_an_office(cast: Cast):
    assert Actor.of(cast.dora).may_see_office(cast.office.id)
    assert not Actor.of(cast.dora).may_see_office(cast.other.id)
    assert not Actor.of(cast.alice).may_see_office(cast.office.id)
    assert Actor.of(cast.ada).may_see_office(cast.office.id)
    assert normalise_login("ＡＢ") == "ab"
