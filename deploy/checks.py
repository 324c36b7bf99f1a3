"""What `doctor` looks at: books, records, the spool, tasks, CUPS, and ways past the gateway."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from core import audit
from core.checkups import Finding
from core.clock import SystemClock
from core.db import Database
from core.identity import queries as identity
from core.settings import Settings
from core.tasks import service as tasks
from core.text import Text, counted
from printgate import queries as printing
from printgate.backend.cups import CupsBackend
from printgate.errors import BackendUnavailable
from printgate.spool import Spool
from quotas import emergency_queries, lending_queries, limit_queries
from quotas import queries as quotas
from quotas.auditing import unbalanced_transfers
from quotas.queries import Discrepancy
from quotas.supplies.queries import orders, stock
from web import pdf

BACK_TO_BACKUP = Text("Stop the service and restore the last good backup.")

Check = Callable[[Settings, Database], Iterator[Finding]]


def _books(_settings: Settings, database: Database) -> Iterator[Finding]:
    with database.snapshot() as session:
        wrong, lopsided = quotas.discrepancies(session), unbalanced_transfers(session)
        persons = limit_queries.person_discrepancies(session)
        names = {office.id: office.name for office in identity.offices(session)}
    for each in wrong:
        what = _differs(each, names.get(each.office_id, each.office_id))
        yield Finding("ledger", True, what, BACK_TO_BACKUP)
    for transfer in lopsided:
        what = Text("The two entries of transfer {id} do not cancel out.", {"id": transfer})
        yield Finding("ledger", True, what, BACK_TO_BACKUP)
    for person in persons:
        what = Text(
            "Account {account}, {month}: the reservations of one person are {reserved} in all, "
            "but {folded} by their entries.",
            {
                "account": person.account_id,
                "month": person.period,
                "reserved": person.reserved,
                "folded": person.folded,
            },
        )
        yield Finding("ledger", True, what, BACK_TO_BACKUP)
    if not wrong and not lopsided and not persons:
        yield Finding("ledger", False, Text("Every balance is the sum of its entries."))


def _pools(_settings: Settings, database: Database) -> Iterator[Finding]:
    """Prove that what each office drew from the emergency pool is its uses, and its entries."""
    with database.snapshot() as session:
        wrong = emergency_queries.pool_discrepancies(session)
    for each in wrong:
        what = Text(
            "Account {account}, {month}: {drawn} were drawn from the emergency pool, "
            "but {used} by its uses and {entered} by the ledger.",
            {
                "account": each.account_id,
                "month": each.period,
                "drawn": each.drawn,
                "used": each.used,
                "entered": each.entered,
            },
        )
        yield Finding("emergency", True, what, BACK_TO_BACKUP)
    if not wrong:
        what = Text("What was drawn from the emergency pool is what its uses and the ledger say.")
        yield Finding("emergency", False, what)


def _loans(_settings: Settings, database: Database) -> Iterator[Finding]:
    """Prove that what offices lent and gave back is what the ledger moved for it."""
    with database.snapshot() as session:
        wrong = lending_queries.discrepancies(session)
    for each in wrong:
        what = Text(
            "Loan {id}: lent {lent} and returned {returned}, but {by_entries} and {back} by the "
            "ledger.",
            {
                "id": each.loan_id,
                "lent": each.lent,
                "returned": each.returned,
                "by_entries": each.lent_by_entries,
                "back": each.returned_by_entries,
            },
        )
        yield Finding("loans", True, what, BACK_TO_BACKUP)
    if not wrong:
        what = Text("What offices lent and gave back is what the ledger moved.")
        yield Finding("loans", False, what)


def _supplies(_settings: Settings, database: Database) -> Iterator[Finding]:
    with database.snapshot() as session:
        levels = stock.discrepancies(session)
        budgets = orders.budget_discrepancies(session)
        names = {office.id: office.name for office in identity.offices(session)}
        articles = {article.id: article.name for article in stock.articles(session)}
        stores = stock.store_names(session)
    for level in levels:
        what = Text(
            "{article} in {store}: {stored} in the stock, but {folded} by its movements.",
            {
                "article": articles[level.article_id],
                "store": stores[level.store_id],
                "stored": level.stored,
                "folded": level.folded,
            },
        )
        yield Finding("supplies", True, what, BACK_TO_BACKUP)
    for budget in budgets:
        stored, folded = (
            "/".join(f"{fen / 100:.2f}" for fen in sums) for sums in (budget.stored, budget.folded)
        )
        what = Text(
            "{office}, {year}: bound and spent are ¥{stored} in the budget, "
            "but ¥{folded} by its orders.",
            {
                "office": names[budget.office_id],
                "year": budget.year,
                "stored": stored,
                "folded": folded,
            },
        )
        yield Finding("supplies", True, what, BACK_TO_BACKUP)
    if not levels and not budgets:
        yield Finding("supplies", False, Text("Stock and budgets are the sums of their entries."))


def _differs(each: Discrepancy, office: str) -> Text:
    account = {"office": office, "unit": each.unit.value, "month": each.period}
    if each.stored == each.folded:
        return Text(
            "{office}, {unit}, {month}: the balance holds {held}, but {reserved} are reserved.",
            {**account, "held": each.stored.held, "reserved": each.open_reservations},
        )
    stored, folded = (
        f"{figures.granted}/{figures.held}/{figures.spent}"
        for figures in (each.stored, each.folded)
    )
    return Text(
        "{office}, {unit}, {month}: granted, reserved and used are {stored} in the balance, "
        "but {folded} by its entries.",
        {**account, "stored": stored, "folded": folded},
    )


def _chain(_settings: Settings, database: Database) -> Iterator[Finding]:
    with database.snapshot() as session:
        broken = audit.first_broken_seq(session)
    if broken is None:
        yield Finding("audit", False, Text("The chain of records is whole."))
    else:
        what = Text("The chain of records breaks at record {number}.", {"number": broken})
        mend = Text("Keep the database as it is, and compare it with the backups.")
        yield Finding("audit", True, what, mend)


def _spool(settings: Settings, database: Database) -> Iterator[Finding]:
    with database.snapshot() as session:
        known = printing.spooled_uuids(session)
    orphans = Spool(settings.spool, settings.document_octets_max).uuids() - known
    if orphans:
        what = counted(
            "{n} job that waits for nothing has files in the spool.",
            "{n} jobs that wait for nothing have files in the spool.",
            len(orphans),
        )
        mend = Text(
            "Remove {files} for: {uuids}",
            {"files": f"{settings.spool}/UUID.*", "uuids": ", ".join(sorted(orphans)[:5])},
        )
        yield Finding("spool", True, what, mend)
    else:
        yield Finding("spool", False, Text("Every file in the spool belongs to a waiting job."))


def _tasks(_settings: Settings, database: Database) -> Iterator[Finding]:
    with database.snapshot() as session:
        due, failing = tasks.depth(session, now=SystemClock().now())
    what = Text("Tasks that are due: {due}; that have failed: {failed}.", _numbers(due, failing))
    mend = Text("The page “Background work” and the log say why they fail.") if failing else None
    yield Finding("tasks", bool(failing), what, mend)


def _numbers(due: int, failed: int) -> dict[str, int]:
    return {"due": due, "failed": failed}


def _printing(settings: Settings, database: Database) -> Iterator[Finding]:
    try:
        with CupsBackend(settings.printing_url) as backend:
            queues = {queue.name for queue in backend.queues()}
    except BackendUnavailable as error:
        mend = Text("Start cupsd, or mend the setting {name}.", {"name": "printing_url"})
        yield Finding("cups", True, error.text, mend)
        return
    with database.snapshot() as session:
        offered = printing.offered_printers(session)
        foreign = printing.foreign_jobs(session)
    for printer in offered:
        if printer.queue not in queues:
            what = Text(
                "Printer {printer}: CUPS has no queue {queue}.",
                {"printer": printer.name, "queue": printer.queue},
            )
            mend = Text("Make the queue in CUPS again, or retire the printer on its page.")
            yield Finding("cups", True, what, mend)
    what = counted("CUPS answers, with {n} queue.", "CUPS answers, with {n} queues.", len(queues))
    yield Finding("cups", False, what)
    if foreign:
        what = counted(
            "{n} job went past the gateway.", "{n} jobs went past the gateway.", len(foreign)
        )
        mend = Text("See the page “Administration”, and close the way that they took.")
        yield Finding("foreign-jobs", True, what, mend)
    else:
        yield Finding("foreign-jobs", False, Text("Every job in CUPS came through the gateway."))


def _past_the_gateway(settings: Settings, _database: Database) -> Iterator[Finding]:
    """Try to print past the gateway, as anybody on this machine could; it must fail."""
    parts = urlsplit(settings.printing_url)
    target = parts.path if not parts.hostname else f"{parts.hostname}:{parts.port or 631}"
    reached = _reached_as_nobody(target) if os.geteuid() == 0 else None
    if reached is None:
        what = Text("Not tried to print past the gateway: only root can try as another person.")
    elif reached:
        what = Text("Anybody on this machine can print to {target}.", {"target": target})
    else:
        what = Text("Nobody else on this machine can reach {target}.", {"target": target})
    mend = Text("Let cupsd listen only on a socket in a folder that only Printgate may enter.")
    yield Finding("past-the-gateway", bool(reached), what, mend if reached else None)
    folder = Path(parts.path).parent
    if not parts.hostname and folder.exists():
        mode = folder.stat().st_mode & 0o777
        if mode & 0o007:
            what = Text("The folder of CUPS' socket is open to all: {mode}.", {"mode": f"{mode:o}"})
            mend = Text("Run: {command}", {"command": f"chmod o= {folder}"})
            yield Finding("past-the-gateway", True, what, mend)


def _reached_as_nobody(target: str) -> bool:
    # Alone with the standard library: all of ours would take a second, and rights are given up.
    tried = subprocess.run(  # noqa: S603  # our own interpreter and module
        [sys.executable, "-I", "-S", Path(__file__).with_name("reaching.py"), target],
        capture_output=True,
        check=False,
        timeout=30,
    )
    return tried.returncode == 0


def _fonts(_settings: Settings, _database: Database) -> Iterator[Finding]:
    try:
        found = pdf.font()
    except pdf.NoFont as error:
        command = f"apt-get install {pdf.FONT_PACKAGE}"
        yield Finding("fonts", True, error.text, Text("Run: {command}", {"command": command}))
    else:
        what = Text("Reports in PDF are written with {font}.", {"font": found.path})
        yield Finding("fonts", False, what)


CHECKS: dict[str, Check] = {
    "ledger": _books,
    "emergency": _pools,
    "loans": _loans,
    "supplies": _supplies,
    "audit": _chain,
    "spool": _spool,
    "tasks": _tasks,
    "cups": _printing,
    "past-the-gateway": _past_the_gateway,
    "fonts": _fonts,
}
