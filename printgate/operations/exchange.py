"""One request on its way through: the message, its document, who asks, and how to answer."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from core.i18n import closest, translator
from core.text import Text, Translate
from printgate import queries
from printgate.callers import Caller, identify
from printgate.ipp.answer import answer
from printgate.ipp.rules import target_path
from printgate.ipp.tags import Status
from printgate.ipp.values import Attribute, Group, Message
from printgate.parts import Parts
from printgate.queries import Job, Printer

PRINTER_PATH = "/printers/"
DEFAULT_PATHS = ("/", "", "/ipp/print", "/ipp/print/", "/jobs", "/jobs/")


@dataclass(frozen=True)
class Exchange:
    """One request; `read` streams what follows the attributes, `expected` is how much that is."""

    request: Message
    attributes: Group
    read: Callable[[int], bytes]
    expected: int | None
    operations: tuple[int, ...]
    """The operations that are supported."""
    base_uri: str
    """How the client reached us: ipp://HOST:PORT without a path."""
    cups_numbers: bool = False
    """Whether the client is a CUPS that knows account errors by CUPS' own numbers only."""

    @property
    def language(self) -> str:
        """The language of the answer's sentences, as an IPP language tag (lower case)."""
        return self._tag.lower()

    @property
    def translate(self) -> Translate:
        """The translator into the language of the answer."""
        return translator(self._tag)

    @property
    def _tag(self) -> str:
        wanted = self.attributes.get("attributes-natural-language")
        # English is what an IPP client gets that asks for a language we do not have.
        return closest(wanted.first.text() if wanted else "en", "en")

    def words(self, text: Text) -> str:
        """Return a sentence in the client's language."""
        return text.render(self.translate)

    def text_of(self, name: str) -> str:
        """Return the first value of an operation attribute as text, "" if it is not given."""
        found = self.attributes.get(name)
        return found.first.text() if found else ""

    def flag(self, name: str, *, default: bool) -> bool:
        """Return a boolean operation attribute."""
        found = self.attributes.get(name)
        return default if found is None else bool(found.first.content)

    def number(self, name: str) -> int | None:
        """Return an integer operation attribute, None if it is not given."""
        found = self.attributes.get(name)
        content = found.first.content if found else None
        return content if isinstance(content, int) else None

    def caller(self, session: Session, parts: Parts) -> Caller:
        """Return for whom this request is; UnknownPerson if they may not print."""
        claim = self.text_of("requesting-user-name")
        return identify(session, claim, unknown_person=parts.terms.unknown_person)

    def printer(self, session: Session) -> Printer:
        """Return the printer that "printer-uri" names; NoSuchPrinter if there is none."""
        path, _ = target_path(self.attributes)
        if path.startswith(PRINTER_PATH):
            return queries.printer(session, path.removeprefix(PRINTER_PATH).rstrip("/"))
        if path in DEFAULT_PATHS:
            return queries.default_printer(session)
        return queries.printer(session, path.strip("/"))

    def job(self, session: Session) -> Job:
        """Return the job that is named; NoSuchJob if there is none at the named printer."""
        _, job_id = target_path(self.attributes)
        return queries.job(session, job_id or 0)

    def printer_uri(self, name: str) -> str:
        """Return the address of a printer as this client reaches it."""
        return printer_uri(self.base_uri, name)

    def pages_uri(self, path: str) -> str:
        """Return the address of a page as this client reaches it."""
        return pages_uri(self.base_uri, path)

    def job_uri(self, job: Job) -> str:
        """Return the address of a job as this client reaches it."""
        return f"{self.base_uri}/jobs/{job.id}"

    def answer(
        self,
        status: Status = Status.OK,
        groups: Iterable[Group] = (),
        *,
        message: Text | None = None,
        unsupported: Iterable[Attribute] = (),
    ) -> Message:
        """Return the answer to this request."""
        return answer(
            self.request,
            status,
            groups=groups,
            message=self.words(message) if message else "",
            natural_language=self.language,
            unsupported=unsupported,
        )


def printer_uri(base_uri: str, name: str) -> str:
    """Return the address of a printer."""
    return f"{base_uri}{PRINTER_PATH}{name}"


def pages_uri(base_uri: str, path: str) -> str:
    """Return the address of a page."""
    return base_uri.replace("ipp://", "http://", 1) + path
