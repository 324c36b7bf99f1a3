"""Addresses that come back from a browser."""

import re

_NEXT = re.compile(r"/(?![/\\])[^\x00-\x1f]*")


def local_path(path: str | None, otherwise: str = "/") -> str:
    """Return a path of ours to go on to, never another site's address."""
    return path if path and _NEXT.fullmatch(path) else otherwise
