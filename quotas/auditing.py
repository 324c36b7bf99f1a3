"""Proofs that read the whole ledger: transfers give nothing away, and nobody rewrote anything."""

import hashlib

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from core import audit
from core.db import table
from quotas.chain import BOOK, SEALED, Chain, content
from quotas.models import EntryRow

_TOGETHER = 500


def unbalanced_transfers(session: Session) -> list[str]:
    """Return every transfer or carry-over in which not as much was given as was got."""
    query = (
        select(EntryRow.transfer_id)
        .where(EntryRow.transfer_id.is_not(None))
        .group_by(EntryRow.transfer_id)
        .having(or_(func.sum(EntryRow.granted) != 0, func.count() != 2))
    )
    return [key for key in session.scalars(query) if key is not None]


def sealed(session: Session) -> bool:
    """Tell whether a record covers what is older than the chain."""
    return any(each.action == SEALED for each in audit.records_of(session, BOOK))


def read_chain(session: Session) -> Chain:
    """Compare every entry with what the audit trail says of it (chain.py)."""
    last = session.scalar(select(func.max(EntryRow.seq))) or 0
    named, broken = bytearray(last + 1), []
    some: dict[str, str] = {}
    for digests in audit.attested(session, BOOK):
        some |= digests
        if len(some) >= _TOGETHER:
            broken += _compare(session, some, named)
            some = {}
    broken += _compare(session, some, named)
    seal = next((r for r in audit.records_of(session, BOOK) if r.action == SEALED), None)
    sealed_to = int(seal.details["to"]) if seal else -1
    loose, earlier = hashlib.sha256(), hashlib.sha256()
    count = 0
    query = select(table(EntryRow)).order_by(EntryRow.seq).execution_options(yield_per=1000)
    for row in session.execute(query):
        if named[row.seq]:
            continue
        said = audit.digest(content(row._asdict())).encode()
        if row.seq <= sealed_to:
            earlier.update(said)
        else:
            loose.update(said)
            count += 1
    return Chain(
        tuple(broken),
        count,
        loose.hexdigest(),
        last,
        sealed_to if seal else None,
        seal is None or earlier.hexdigest() == seal.details["digest"],
    )


def _compare(session: Session, digests: dict[str, str], named: bytearray) -> list[str]:
    """Mark the entries that are as their digests say; return the ids of the others."""
    missing = set(digests)
    rows = session.execute(select(table(EntryRow)).where(EntryRow.id.in_(list(digests))))
    for row in rows:
        named[row.seq] = 1
        if audit.digest(content(row._asdict())) == digests[row.id]:
            missing.discard(row.id)
    return sorted(missing)
