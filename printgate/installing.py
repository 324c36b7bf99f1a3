"""Bringing printers in and trying them: what an administrator does with CUPS and the printers.

CUPS and the printer are asked before any transaction is open. A printer is only ever added because
a person named it: nothing that announces itself on the network becomes a queue.
"""

import hashlib
import re
from collections.abc import Iterable

from core.errors import Conflict, InvalidInput
from core.people import Actor
from core.text import Text
from printgate import queries
from printgate.backend.port import DeviceAttributes, Queue
from printgate.errors import BackendUnavailable, NoSuchPrinter
from printgate.ipp.decode import decode_bytes
from printgate.ipp.tags import GroupTag
from printgate.parts import Parts
from printgate.queries import Job, Printer
from printgate.service import printers, trial
from printgate.trial_page import trial_page

_ADDRESS = re.compile(
    r"ipp://(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:]{2,45}\])(?::[0-9]{1,5})?/[A-Za-z0-9/._~-]{0,255}"
)


def free_queues(parts: Parts) -> list[Queue]:
    """Return the queues of CUPS that no printer uses; BackendUnavailable if it does not answer."""
    queues = parts.backend.queues()
    with parts.database.snapshot() as session:
        used = {printer.queue for printer in queries.printers(session)}
    return [queue for queue in queues if queue.name not in used]


def offer_queue(parts: Parts, name: str, queue_name: str, *, actor: Actor) -> Printer:
    """Offer a queue that CUPS has as a printer."""
    _check_name(parts, name)
    queue = next((each for each in free_queues(parts) if each.name == queue_name), None)
    if queue is None:
        raise NoSuchPrinter(Text("There is no free queue of this name."))
    device = parts.devices.describe(queue.device_uri)
    return _offer(parts, name, queue, device, actor)


def add_by_address(parts: Parts, name: str, address: str, *, actor: Actor) -> Printer:
    """Make a driverless queue to the printer at an ipp:// address, and offer it.

    BackendUnavailable if CUPS or the printer does not answer; then nothing is added.
    """
    given = address.strip()
    if not _ADDRESS.fullmatch(given):
        raise InvalidInput(Text("An address looks like ipp://HOST:631/ipp/print."))
    _check_name(parts, name)
    if any(queue.name == name for queue in parts.backend.queues()):
        raise Conflict(Text("CUPS has a queue called {name} already.", {"name": name}))
    device = parts.devices.describe(given)
    if device is None:
        raise BackendUnavailable(
            Text("Nothing that prints answers at {address}.", {"address": given})
        )
    with parts.database.snapshot() as session:
        if _is_one_of(device, queries.printers(session)):
            raise InvalidInput(Text("This is an address of Printgate itself."))
    queue = parts.backend.add_queue(name, given)
    return _offer(parts, name, queue, device, actor)


def print_trial_page(parts: Parts, name: str, office_id: str, *, title: str, actor: Actor) -> Job:
    """Print a test page at a printer, at an office's expense."""
    now = parts.clock.now()
    local = now.astimezone(parts.terms.zone)
    page = trial_page(name, f"{local:%Y-%m-%d %H:%M}")
    digest = hashlib.sha256(page).hexdigest()
    with parts.database.transaction() as session:
        job = trial.order(
            session,
            name,
            office_id,
            title=title,
            digest=digest,
            workdays=parts.terms.workdays,
            actor=actor,
            now=now,
        )
        parts.spool.put_made(job.uuid, page)
    return job


def _check_name(parts: Parts, name: str) -> None:
    with parts.database.snapshot() as session:
        printers.check_name(session, name)


def _offer(
    parts: Parts, name: str, queue: Queue, device: DeviceAttributes | None, actor: Actor
) -> Printer:
    now = parts.clock.now()
    with parts.database.transaction() as session:
        made = printers.add_printer(session, name, queue, actor=actor, now=now)
        printers.printer_seen(session, made.id, queue, device, now=now)
    return made


def _is_one_of(device: DeviceAttributes, known: Iterable[Printer]) -> bool:
    """Tell whether one of our own printers answered: a job to it would go round for ever."""
    if not device.encoded:
        return False
    uuid = decode_bytes(device.encoded)[0].group(GroupTag.PRINTER).get("printer-uuid")
    return uuid is not None and uuid.first.text() in {f"urn:uuid:{each.id}" for each in known}
