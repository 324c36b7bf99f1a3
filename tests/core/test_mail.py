import socket
from collections.abc import Iterator

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MessageHandler

from core import mail, notices
from core.db import Database
from core.tasks import service as tasks
from core.text import Text
from tests.conftest import NOON, Cast


class Inbox(MessageHandler):
    def __init__(self):
        super().__init__()
        self.got = []

    def handle_message(self, message):
        self.got.append(message)


@pytest.fixture
def inbox() -> Iterator[tuple[Inbox, int]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    handler = Inbox()
    server = Controller(handler, hostname="127.0.0.1", port=port)
    server.start()
    yield handler, port
    server.stop()


def test_news_reach_the_page_and_the_mailbox_in_the_readers_language(
    database: Database, cast: Cast, inbox
):
    handler, port = inbox
    text = Text("A draft that you printed circulates now, without paper.")
    with database.transaction() as session:
        notices.notify(session, cast.alice.id, text, "/documents/1", now=NOON)
        notices.notify(session, cast.bob.id, text, "/documents/1", now=NOON)
    with database.transaction() as session:
        task = tasks.claim_due(session, now=NOON)
        assert tasks.claim_due(session, now=NOON) is None  # Bob has no address
    assert task is not None
    mailer = mail.mailer_for(f"smtp://127.0.0.1:{port}")
    mail.send(task, mailer, sender="p@example.org", public_url="http://printgate")
    (message,) = handler.got
    body = message.get_payload(decode=True).decode()
    assert message["To"] == "alice@example.org"
    assert "无纸传阅" in body
    assert "http://printgate/documents/1" in body
    with database.transaction() as session:
        (news,) = notices.unseen(session, cast.bob.id)
        notices.mark_seen(session, cast.alice.id, news.id, now=NOON)
        assert notices.unseen(session, cast.bob.id) == [news]
        notices.mark_seen(session, cast.bob.id, news.id, now=NOON)
        assert notices.unseen(session, cast.bob.id) == []


@pytest.mark.parametrize("url", ["smtp:", "http://x", "", "sendmail"])
def test_a_wrong_mail_url_is_refused(url: str):
    with pytest.raises(ValueError, match="mail_url"):
        mail.mailer_for(url)


def test_a_dead_mail_server_raises_so_that_the_task_is_tried_again(database: Database, cast: Cast):
    with database.transaction() as session:
        mail.post(session, "a@b.c", "en", Text("There is no such job."), "/", now=NOON)
        task = tasks.claim_due(session, now=NOON)
    assert task is not None
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    with pytest.raises(ConnectionRefusedError):
        mail.send(task, mail.SmtpMailer("127.0.0.1", port), sender="p@x", public_url="")
    mail.send(task, mail.mailer_for("off:"), sender="p@x", public_url="")
