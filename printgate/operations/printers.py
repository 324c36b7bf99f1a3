"""Printers: Get-Printer-Attributes, Identify-Printer, CUPS-Get-Default, CUPS-Get-Printers."""

from dataclasses import replace

from core import notices
from core.identity import queries as identity
from core.text import Text
from printgate import queries
from printgate.errors import NoSuchPrinter
from printgate.ipp.answer import requested
from printgate.ipp.errors import IppError
from printgate.ipp.tags import GroupTag, Status
from printgate.ipp.values import Group, Message
from printgate.operations.exchange import Exchange
from printgate.operations.printer_attributes import (
    FORMATS,
    printer_attributes,
    requested_groups,
)
from printgate.parts import Parts
from printgate.queries import Printer


def get_printer_attributes(parts: Parts, exchange: Exchange) -> Message:
    """Tell about a printer (RFC 8011 §4.2.5)."""
    asked = exchange.attributes.get("document-format")
    if asked is not None and asked.first.text() not in FORMATS:
        raise IppError(
            Status.DOCUMENT_FORMAT_NOT_SUPPORTED,
            Text("Documents of the format {name} are not taken.", {"name": asked.first.text()}),
            (asked,),
        )
    with parts.database.snapshot() as session:
        printer, sent = exchange.printer(session), queries.sent_jobs(session)
    return exchange.answer(groups=[_told(parts, exchange, printer, sent)])


def identify_printer(parts: Parts, exchange: Exchange) -> Message:
    """Show which printer this is (PWG 5100.13 §5.2): as a line in the administrators' news."""
    with parts.database.snapshot() as session:
        printer = exchange.printer(session)
        people = identity.administrators(session)
    text = Text("Somebody wants to know which printer {printer} is.", {"printer": printer.name})
    with parts.database.transaction() as session:
        for person in people:
            notices.notify(session, person.id, text, "/printers", now=parts.clock.now())
    return exchange.answer()


def cups_get_default(parts: Parts, exchange: Exchange) -> Message:
    """Tell about the default printer (CUPS' own operation)."""
    with parts.database.snapshot() as session:
        try:
            printer = queries.default_printer(session)
        except NoSuchPrinter as error:
            raise IppError(Status.NOT_FOUND, error.text) from None
        sent = queries.sent_jobs(session)
    return exchange.answer(groups=[_told(parts, exchange, printer, sent)])


def cups_get_printers(parts: Parts, exchange: Exchange) -> Message:
    """Tell about all printers (CUPS' own operation)."""
    with parts.database.snapshot() as session:
        found, sent = queries.offered_printers(session), queries.sent_jobs(session)
    limit = exchange.number("limit") or len(found)
    return exchange.answer(groups=[_told(parts, exchange, each, sent) for each in found[:limit]])


def _told(parts: Parts, exchange: Exchange, printer: Printer, sent: dict[str, int]) -> Group:
    if parts.spool.is_full:
        reasons = (*printer.state_reasons, "spool-area-full")
        printer = replace(printer, state_reasons=reasons)
    everything = printer_attributes(parts, printer, exchange, sent.get(printer.id, 0))
    asked = exchange.attributes.get("requested-attributes")
    return Group(
        GroupTag.PRINTER, tuple(requested(everything, asked, requested_groups(everything)))
    )
