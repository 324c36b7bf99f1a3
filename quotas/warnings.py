"""When people are warned that an account runs out: at 80, 95 and 100 per cent of what was granted.

Only what came out counts: what is reserved may become free again, and a warning can't be taken
back. Each level is told once in a period, and only the highest of those that were passed at one
stroke. A grant that grows takes an account below a level again; reaching it a second time in the
same period is no news. Where nothing was granted, the first sheet is all of it.
"""

from quotas.ledger import Balance

LEVELS = (100, 95, 80)
"""Per cent of what was granted, the highest first."""


def reached(balance: Balance) -> int:
    """Return the highest level that a balance has reached; 0 if it is below all."""
    if balance.spent <= 0:
        return 0
    share = 100 * balance.spent
    return next((level for level in LEVELS if share >= level * balance.granted), 0)


def due(balance: Balance, warned: int) -> int:
    """Return the level to warn of, where `warned` is the highest told in this period; 0: none."""
    level = reached(balance)
    return level if level > warned else 0
