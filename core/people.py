"""Offices, persons and actors as values.

A name that arrives with a print job is a claim, never an identity. Names are normalised once
(NFKC, case folded, surrounding space removed) where they enter, and compared exactly after that:
comparing "almost equal" names later is how one person becomes two, or two become one.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from enum import StrEnum

_CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_EMAIL = re.compile(r"[!-?A-~]{1,64}@[A-Za-z0-9.-]{1,190}")


class Role(StrEnum):
    """What a person may do beyond looking after their own things."""

    HEAD = "head"
    ADMIN = "admin"


@dataclass(frozen=True)
class Office:
    """An organisational unit that has people and a share of the paper."""

    id: str
    code: str
    name: str
    guest: bool = False
    titles_visible: bool = False
    """Whether the head sees the titles of the people's jobs."""


@dataclass(frozen=True)
class Person:
    """Somebody who prints, writes or decides."""

    id: str
    login: str
    name: str
    office_id: str
    email: str = ""
    language: str = ""
    active: bool = True
    admin: bool = False
    heads: frozenset[str] = field(default_factory=frozenset)
    """The ids of the offices that this person heads."""


@dataclass(frozen=True)
class Actor:
    """Who does a deed: a person, or the system itself (`person_id` None)."""

    name: str
    person_id: str | None = None
    office_id: str | None = None
    admin: bool = False
    heads: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def of(cls, person: Person) -> "Actor":
        """Return the person as the one who acts."""
        return cls(person.name, person.id, person.office_id, person.admin, person.heads)

    def may_see_office(self, office_id: str) -> bool:
        """Tell whether the figures of an office are open to this actor."""
        return self.admin or office_id in self.heads


SYSTEM = Actor("Printgate")


def normalise_login(claim: str) -> str:
    """Return the form in which sign-in names are stored and looked up."""
    return unicodedata.normalize("NFKC", claim).strip().casefold()


def valid_code(code: str) -> bool:
    """Tell whether an office can have this code: 1 to 64 small letters, digits and dashes."""
    return _CODE.fullmatch(code) is not None


def valid_email(email: str) -> bool:
    """Tell whether this is a mail address that mail can be sent to."""
    return _EMAIL.fullmatch(email) is not None
