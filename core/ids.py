"""Keys that we make ourselves, so that a caller can keep one before it asks for anything."""

import secrets
from uuid import UUID, uuid4


def new_uuid() -> str:
    """Return a random UUID in its 36-character form (RFC 9562, version 4)."""
    return str(uuid4())


def is_uuid(text: str) -> bool:
    """Tell whether `text` is a UUID in the exact form that `new_uuid` makes."""
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def new_token() -> str:
    """Return 256 random bits for a secret that travels in a cookie, URL-safe."""
    return secrets.token_urlsafe(32)
