import pytest

from core import audit, notices
from core.db import Database
from core.errors import InvalidInput
from core.ids import new_uuid
from core.people import Actor
from docflow import queries, service
from docflow.errors import DocumentEnded, GrantSpent, NoSuchDocument, NotAllowed
from docflow.lifecycle import Action, State
from tests.conftest import NOON, Cast

pytestmark = pytest.mark.both_databases

DIGEST = "0" * 64


@pytest.fixture
def document(database: Database, cast: Cast) -> str:
    document_id = new_uuid()
    for _ in range(2):
        with database.transaction() as session:
            submit(session, cast, document_id)
    return document_id


def submit(session, cast: Cast, document_id: str, title: str = "办法（讨论稿）"):
    return service.submit_draft(
        session,
        document_id=document_id,
        title=title,
        owner_id=cast.alice.id,
        origin="printgate:1",
        digest=DIGEST,
        octets=10,
        pages=2,
        now=NOON,
        actor=Actor.of(cast.alice),
    )


def name_bob(database: Database, cast: Cast, document: str) -> None:
    with database.transaction() as session:
        service.name_readers(
            session, document, [cast.bob.id, cast.alice.id], actor=Actor.of(cast.alice), now=NOON
        )


def test_the_owner_sees_it_and_nobody_else_knows_of_it(
    database: Database, cast: Cast, document: str
):
    with database.snapshot() as session:
        found = queries.document(session, document, Actor.of(cast.alice))
        assert (found.title, found.revision.pages, found.state) == (
            "办法（讨论稿）", 2, State.CIRCULATING,
        )  # fmt: skip
        for person in (cast.bob, cast.charlie, cast.dora, cast.ada):
            with pytest.raises(NoSuchDocument):
                queries.document(session, document, Actor.of(person))
            assert queries.documents_to_read(session, Actor.of(person)) == []
        assert [each.id for each in queries.documents_of(session, Actor.of(cast.alice))] == [
            document
        ]
        assert queries.digests(session) == {DIGEST}


def test_a_reader_is_told_reads_and_leaves_a_receipt(database: Database, cast: Cast, document: str):
    name_bob(database, cast, document)
    name_bob(database, cast, document)
    bob = Actor.of(cast.bob)
    with database.transaction() as session:
        assert len(notices.unseen(session, cast.bob.id)) == 1
        assert queries.document(session, document, bob).unread
        service.mark_opened(session, document, actor=bob, now=NOON)
        service.mark_opened(session, document, actor=Actor.of(cast.charlie), now=NOON)
    with database.snapshot() as session:
        (reader,) = queries.readers(session, document)
        assert (reader.name, reader.opened_at) == ("张伟", NOON)
        assert not queries.document(session, document, bob).unread


def test_opinions_reach_the_owner_and_keep_their_lines(
    database: Database, cast: Cast, document: str
):
    name_bob(database, cast, document)
    with database.transaction() as session:
        service.give_opinion(
            session, document, "第一条\r\n\u202e<b>", actor=Actor.of(cast.bob), now=NOON
        )
    with database.snapshot() as session:
        (opinion,) = queries.opinions(session, document)
        assert opinion.text == "第一条\n<b>"
        assert any("张伟" in str(news.text) for news in notices.unseen(session, cast.alice.id))


@pytest.mark.parametrize("text", ["", "  \n ", "x" * 5001])
def test_what_is_no_opinion(database: Database, cast: Cast, document: str, text: str):
    with pytest.raises(InvalidInput), database.transaction() as session:
        service.give_opinion(session, document, text, actor=Actor.of(cast.alice), now=NOON)


def test_a_reader_may_not_do_what_the_owner_may(database: Database, cast: Cast, document: str):
    name_bob(database, cast, document)
    bob, charlie = Actor.of(cast.bob), Actor.of(cast.charlie)
    for actor, error in ((bob, NotAllowed), (charlie, NoSuchDocument)):
        with pytest.raises(error), database.transaction() as session:
            service.name_readers(session, document, [cast.dora.id], actor=actor, now=NOON)
        with pytest.raises(error), database.transaction() as session:
            service.end(session, document, Action.CLOSE, actor=actor, now=NOON)


def test_a_removed_reader_knows_nothing_again(database: Database, cast: Cast, document: str):
    name_bob(database, cast, document)
    with database.transaction() as session:
        for _ in range(2):
            service.remove_reader(
                session, document, cast.bob.id, actor=Actor.of(cast.alice), now=NOON
            )
        with pytest.raises(NoSuchDocument):
            queries.document(session, document, Actor.of(cast.bob))


@pytest.mark.parametrize(
    ("action", "state"), [(Action.CLOSE, State.CLOSED), (Action.WITHDRAW, State.WITHDRAWN)]
)
def test_an_ended_document_stays_readable_and_changes_no_more(
    database: Database, cast: Cast, document: str, action: Action, state: State
):
    alice = Actor.of(cast.alice)
    with database.transaction() as session:
        assert service.end(session, document, action, actor=alice, now=NOON).state is state
    for act in (
        lambda session: service.give_opinion(session, document, "晚了", actor=alice, now=NOON),
        lambda session: service.end(session, document, action, actor=alice, now=NOON),
        lambda session: service.ask_print(
            session, document, copies=1, reason="会议急用", actor=alice, now=NOON
        ),
    ):
        with pytest.raises(DocumentEnded), database.transaction() as session:
            act(session)


def ask(session, cast: Cast, document: str, copies: int = 2, reason: str = "主任会议用"):
    return service.ask_print(
        session, document, copies=copies, reason=reason, actor=Actor.of(cast.alice), now=NOON
    )


def test_a_print_grant_is_used_once(database: Database, cast: Cast, document: str):
    alice = Actor.of(cast.alice)
    with database.transaction() as session:
        grant = ask(session, cast, document)
        assert (grant.digest, grant.pages, grant.copies) == (DIGEST, 2, 2)
        service.use_grant(session, grant.id, "printgate:7", actor=alice, now=NOON)
        service.use_grant(session, grant.id, "printgate:7", actor=alice, now=NOON)
        with pytest.raises(GrantSpent):
            service.use_grant(session, grant.id, "printgate:8", actor=alice, now=NOON)
        service.void_grant(session, grant.id, actor=alice, now=NOON)
        assert [each.state for each in queries.grants(session, document)] == ["used"]
        other = ask(session, cast, document)
        service.void_grant(session, other.id, actor=alice, now=NOON)
        with pytest.raises(GrantSpent):
            service.use_grant(session, other.id, "printgate:9", actor=alice, now=NOON)


@pytest.mark.parametrize(("copies", "reason"), [(0, "主任会议用"), (101, "主任会议用"), (1, "急")])
def test_a_grant_needs_a_reason_and_a_number(
    database: Database, cast: Cast, document: str, copies: int, reason: str
):
    with pytest.raises(InvalidInput), database.transaction() as session:
        ask(session, cast, document, copies, reason)


def test_every_change_has_its_audit_record(database: Database, cast: Cast, document: str):
    name_bob(database, cast, document)
    with database.transaction() as session:
        service.end(session, document, Action.CLOSE, actor=Actor.of(cast.alice), now=NOON)
    with database.snapshot() as session:
        actions = [record.action for record in audit.records_of(session, document)]
        assert actions == ["document.submit", "document.reader", "document.close"]
        assert audit.first_broken_seq(session) is None


@pytest.mark.parametrize("title", ["<script>x</script>", "a\nb\x00c", "\u202eevil", "x" * 400, ""])
def test_hostile_titles_stay_text(database: Database, cast: Cast, title: str):
    with database.transaction() as session:
        found = submit(session, cast, new_uuid(), title)
    assert len(found.title) <= 255
    assert "\n" not in found.title
    assert "\u202e" not in found.title
