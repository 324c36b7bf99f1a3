"""Why a job is held, and the PIN that releases it.

A job is held because its sender asked for it (job-hold-until, RFC 8011 §5.2.2), because the
office's rules hold every job until its owner stands at the printer, or because it was sent with a
PIN (job-password, PWG 5100.11). The three differ in what releases it. A hold that was asked for is
the sender's own convenience, and whoever may cancel the job over IPP may release it there. The
other two are there so that no paper comes out unwatched, and a name in an IPP request proves
nothing: such a job is released on a page, by its owner's sign-in or by the job's number and PIN.
Where two reasons meet, the one that is harder to release stands.

A PIN may arrive in the clear or as its SHA-256 digest ('none', 'sha2-256'). Both are brought to
the digest, and only a slow, salted hash of the digest is stored. Five wrong tries lock the PIN:
after that only the owner's sign-in releases the job.
"""

import hashlib
from enum import StrEnum

NO_HOLD, INDEFINITE = "no-hold", "indefinite"
HOLD_UNTIL = (NO_HOLD, INDEFINITE)
"""The values of job-hold-until that do something here."""

PIN_OCTETS_MIN = 4
PIN_OCTETS_MAX = 32
PIN_FAILURES_MAX = 5


class Hold(StrEnum):
    """Why a job is held, or is to be held once it is accepted; weakest first."""

    NONE = "none"
    ASKED = "asked"
    RULE = "rule"
    PIN = "pin"


class Encryption(StrEnum):
    """The values of job-password-encryption that are understood."""

    NONE = "none"
    SHA2_256 = "sha2-256"


_STRENGTH = {hold: strength for strength, hold in enumerate(Hold)}
_SHA2_256_OCTETS = 32


def stronger(one: Hold, other: Hold) -> Hold:
    """Return which of two reasons stands when both apply."""
    return max(one, other, key=_STRENGTH.__getitem__)


def hold_until(hold: Hold) -> str:
    """Return job-hold-until for a job that is held for this reason."""
    return NO_HOLD if hold is Hold.NONE else INDEFINITE


def released_by_claim(hold: Hold) -> bool:
    """Tell whether an IPP request in the owner's name, which proves nothing, releases the job."""
    return hold in (Hold.NONE, Hold.ASKED)


def pin_key(password: bytes, encryption: Encryption) -> str | None:
    """Return what a job-password is compared by; None if it is too short, too long or no digest."""
    if encryption is Encryption.SHA2_256:
        return password.hex() if len(password) == _SHA2_256_OCTETS else None
    if not PIN_OCTETS_MIN <= len(password) <= PIN_OCTETS_MAX:
        return None
    return hashlib.sha256(password).hexdigest()


def typed_key(pin: str) -> str:
    """Return what a PIN typed on a page is compared by."""
    return hashlib.sha256(pin.strip().encode()).hexdigest()
