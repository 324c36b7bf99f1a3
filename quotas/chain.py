"""What the audit trail says of the ledger, so that nobody can rewrite it unseen.

The trail is a chain of hashes. Each entry's digest is put into a record of the very transaction
that writes the entry, so the chain covers the ledger too: an entry that is changed no longer has
its digest, one that is removed is named by a record and not there, and one that is slipped in is
named by none. Nothing but the hashing is added to what a job waits for.

What was entered by a version that did not do this yet is covered by one record: a digest over the
digests of all those entries in order, and the number of the last of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

BOOK = "ledger"
"""What records call our entries (`core.audit.attest`)."""
SEALED = "ledger.seal"
"""The record that covers what is older than the chain; its subject is `BOOK`."""

_TEXTS = ("printer", "label", "reason", "actor")
_PLAIN = (
    "id", "account_id", "period", "kind", "granted", "held", "spent", "reservation_id",
    "transfer_id", "person_id", "estimated",
)  # fmt: skip


@dataclass(frozen=True)
class Chain:
    """What comparing the ledger with the trail has shown."""

    broken: tuple[str, ...]
    """The ids of entries that are not as a record has them, or not there."""
    loose: int
    """How many entries no record names, of those that one should name."""
    loose_digest: str
    loose_to: int
    """The number of the last entry."""
    sealed_to: int | None
    """Up to which entry one record covers what is older than the chain; None if none does yet."""
    sealed_whole: bool
    """Whether that record still fits."""


def content(columns: Mapping[str, Any]) -> list[object]:
    """Return what the digest of an entry covers: all that its row says, but for its number."""
    at = columns["at"]
    assert isinstance(at, datetime)
    return [
        *(columns[name] for name in _PLAIN),
        # PostgreSQL cannot hold U+0000 and keeps this in its place (core/db.py).
        *(columns[name].replace("\0", "\ufffd") for name in _TEXTS),
        at.astimezone(UTC).isoformat(timespec="microseconds"),
    ]
