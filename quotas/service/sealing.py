"""Chaining what was entered before entries were chained: once, by the first nightly check.

An entry's digest lies in a record of the transaction that wrote it (`books.enter`). What an older
version entered has none: one record covers all of it, by a digest over their digests in order.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from core import audit
from core.people import SYSTEM
from quotas.auditing import read_chain
from quotas.chain import BOOK


def seal_earlier(session: Session, *, now: datetime) -> int:
    """Chain all entries that no record names, if that was never done; return how many they are."""
    chain = read_chain(session)
    if chain.sealed_to is not None:
        return 0
    details = {"to": chain.loose_to, "entries": chain.loose, "digest": chain.loose_digest}
    audit.record(session, SYSTEM, "ledger.seal", BOOK, details, now)
    return chain.loose
