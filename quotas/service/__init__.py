"""The verbs of accounts. Every one may be called again with the same id and answers the same.

The authority on "is there enough?" is one conditional UPDATE, in the transaction of the entry: it
changes one row, or it changes none and is refused. Whatever was read before is only good for
explaining.
"""

from quotas.service.accounts import (
    close_account,
    hold_office_accounts,
    open_account,
    open_person_account,
    open_project,
    return_rest,
    set_terms,
)
from quotas.service.grants import adjust, grant, transfer
from quotas.service.limits import set_limits, set_person_limit
from quotas.service.proposals import Proposal, confirm, correct, propose, reject
from quotas.service.reservations import (
    Reservation,
    book,
    book_toner,
    expire,
    heed_jump,
    release,
    renew,
    reserve,
    settle,
)
from quotas.service.sealing import seal_earlier
from quotas.service.turning import drop_plan, set_plan, turn

__all__ = [
    "Proposal",
    "Reservation",
    "adjust",
    "book",
    "book_toner",
    "close_account",
    "confirm",
    "correct",
    "drop_plan",
    "expire",
    "grant",
    "heed_jump",
    "hold_office_accounts",
    "open_account",
    "open_person_account",
    "open_project",
    "propose",
    "reject",
    "release",
    "renew",
    "reserve",
    "return_rest",
    "seal_earlier",
    "set_limits",
    "set_person_limit",
    "set_plan",
    "set_terms",
    "settle",
    "transfer",
    "turn",
]
