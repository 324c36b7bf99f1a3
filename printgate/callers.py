"""Who prints: from the name that a client claims to a person, or to the guest office.

`requesting-user-name` (RFC 8011 §9.3) is a claim that nothing proves until printing has passwords.
A claim that belongs to no known person is refused, saying whom to ask, or booked to the guest
office and marked unverified, as the office has decided.
"""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from core.identity import queries as identity
from core.people import Actor, Office, Person
from core.text import Text
from printgate.errors import UnknownPerson

CLAIM_LENGTH_MAX = 255


@dataclass(frozen=True)
class Caller:
    """For whom a job is; `person` is None for a guest."""

    claimed_name: str
    person: Person | None
    office: Office

    @property
    def actor(self) -> Actor:
        """The caller as the one who acts."""
        if self.person is not None:
            return Actor.of(self.person)
        return Actor(self.claimed_name or "anonymous", office_id=self.office.id)


def identify(session: Session, claim: str, *, unknown_person: str) -> Caller:
    """Return for whom a job with this claimed name is; UnknownPerson if it may not print.

    `unknown_person` is the setting of that name: refuse or guest.
    """
    claim = claim[:CLAIM_LENGTH_MAX]
    person = identity.person_by_login(session, claim)
    if person is not None:
        return Caller(claim, person, identity.office(session, person.office_id))
    guest = identity.guest_office(session) if unknown_person == "guest" else None
    if guest is not None:
        return Caller(claim, None, guest)
    raise UnknownPerson(_whom_to_ask(session, claim))


def _whom_to_ask(session: Session, claim: str) -> Text:
    names = ", ".join(person.name for person in identity.administrators(session))
    if names:
        return Text(
            'Nobody called "{name}" is known here. Please ask {administrators} to add you.',
            {"name": claim, "administrators": names},
        )
    return Text('Nobody called "{name}" is known here.', {"name": claim})
