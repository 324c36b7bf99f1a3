"""Chaining what was entered before entries were chained: once, by the first nightly check.

An entry's digest lies in a record of the transaction that wrote it (`books.enter`). What an older
version entered has none: one record covers all of it, by a digest over their digests in order.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from core import audit
from core.people import SYSTEM
from quotas.auditing import sealed
from quotas.chain import BOOK, Chain


def seal_earlier(session: Session, chain: Chain, *, now: datetime) -> int:
    """Chain all entries that no record names, if that was never done; return how many they are.

    `chain` is what a snapshot has shown: entries and records of one moment, for an entry that is
    seen without the record that was committed with it would be sealed as one that has none.
    """
    if sealed(session):
        return 0
    details = {"to": chain.loose_to, "entries": chain.loose, "digest": chain.loose_digest}
    audit.record(session, SYSTEM, "ledger.seal", BOOK, details, now)
    return chain.loose
