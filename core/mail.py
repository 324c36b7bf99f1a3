"""Mail out: laid aside in the caller's transaction, sent by a task, never in anybody's way.

A mail says one sentence and links to the page that tells more; it carries no title and no content.
"""

import smtplib
from datetime import datetime
from email.message import EmailMessage
from email.utils import make_msgid
from typing import Protocol
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from core.i18n import translator
from core.ids import new_uuid
from core.tasks import service as tasks
from core.tasks.service import Task
from core.text import Text

TASK = "core.mail"
_TIMEOUT_SECONDS = 20


class Mailer(Protocol):
    """What takes a finished message away."""

    def send(self, message: EmailMessage) -> None:
        """Deliver the message or raise OSError / smtplib.SMTPException."""
        ...


class SmtpMailer:
    """Hands messages to a mail server (`smtp://HOST:PORT`)."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port

    def send(self, message: EmailMessage) -> None:
        """Deliver the message or raise OSError / smtplib.SMTPException."""
        with smtplib.SMTP(self._host, self._port, timeout=_TIMEOUT_SECONDS) as server:
            server.send_message(message)


class NoMailer:
    """Where no mail server is set: the page is the only place that tells."""

    def send(self, message: EmailMessage) -> None:
        """Let the message go."""


def mailer_for(url: str) -> Mailer:
    """Pick the mailer by the URL's scheme; ValueError for one that is not known."""
    parts = urlsplit(url)
    if parts.scheme == "off":
        return NoMailer()
    if parts.scheme == "smtp" and parts.hostname:
        return SmtpMailer(parts.hostname, parts.port or 25)
    raise ValueError("mail_url must be off: or smtp://HOST:PORT")


def post(session: Session, to: str, language: str, text: Text, path: str, *, now: datetime) -> None:
    """Lay a mail aside in this transaction."""
    values = {"to": to, "language": language, "text": text.to_json(), "path": path}
    tasks.enqueue(session, TASK, new_uuid(), values=values, now=now)


def send(task: Task, mailer: Mailer, *, sender: str, public_url: str) -> None:
    """Send the mail of a task, in the reader's language."""
    translate = translator(task.values["language"])
    text = Text.from_json(task.values["text"]).render(translate)
    message = EmailMessage()
    message["From"], message["To"] = sender, task.values["to"]
    message["Subject"] = translate("News from Printgate")
    message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2] or "localhost")
    message.set_content(f"{text}\n\n{public_url}{task.values['path']}\n")
    mailer.send(message)
