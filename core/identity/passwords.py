"""Passwords as argon2id hashes: the only place that knows argon2."""

import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

_HASHER = PasswordHasher()
# Checked when there is no such person, so that a wrong name takes as long as a wrong password.
_NOBODY = _HASHER.hash("nobody has this password")


# Nothing that is read as something else, on paper or over the telephone.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_GROUPS, _GROUP_LENGTH = 4, 4


def new_password() -> str:
    """Return a password of 79 random bits that can be read out: abcd-efgh-jkmn-pqrs."""
    return "-".join(
        "".join(secrets.choice(_LETTERS) for _ in range(_GROUP_LENGTH)) for _ in range(_GROUPS)
    )


def hash_password(password: str) -> str:
    """Return the argon2id hash that is stored."""
    return _HASHER.hash(password)


def verify_password(stored: str, password: str) -> bool:
    """Tell whether `password` belongs to `stored`; an empty `stored` never matches."""
    try:
        _HASHER.verify(stored or _NOBODY, password)
    except (VerifyMismatchError, InvalidHashError):
        return False
    return bool(stored)
