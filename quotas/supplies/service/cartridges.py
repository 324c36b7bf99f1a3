"""Cartridges in printers: putting one in takes it from a store and ends the one before it."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import update
from sqlalchemy.orm import Session

from core import audit
from core.db import insert_new, table
from core.errors import InvalidInput
from core.people import Actor
from core.text import Text
from quotas.errors import EntryDiffers
from quotas.periods import DEFAULT_ZONE
from quotas.supplies.errors import WrongState
from quotas.supplies.models import CartridgeRow
from quotas.supplies.service import catalogue, stock
from quotas.supplies.stock import Kind, Material

_CARTRIDGES = table(CartridgeRow)


@dataclass(frozen=True)
class Installation:
    """A cartridge that goes into a printer, at an office's expense.

    `pages` is how many pages the printer had printed by then; who calls knows it.
    """

    id: str
    printer: str
    article_id: str
    store_id: str
    office_id: str
    pages: int


def install(
    session: Session,
    new: Installation,
    *,
    actor: Actor,
    now: datetime,
    zone: ZoneInfo = DEFAULT_ZONE,
) -> None:
    """Put a cartridge in: one is issued from the store, and the one in its place ends.

    OutOfStock if none lies there. The same id again changes nothing.
    """
    article = catalogue.article(session, new.article_id)
    if article.material != Material.TONER:
        raise InvalidInput(Text("Only toner goes into a printer's cartridge place."))
    if not new.printer or type(new.pages) is not int or new.pages < 0:
        raise InvalidInput(Text("Please choose the printer."))
    # The issue comes first: of two with one id the second waits there, and finds the first.
    issue = stock.NewMovement(
        f"{new.id}:install", new.store_id, new.article_id, Kind.ISSUE, 1, office_id=new.office_id
    )
    stock.move(session, issue, actor=actor, now=now, zone=zone)
    known = session.get(CartridgeRow, new.id, populate_existing=True)
    if known is not None:
        if (known.printer, known.article_id) != (new.printer, new.article_id):
            raise EntryDiffers(Text("An entry with this id exists and says something else."))
        return
    session.execute(
        update(_CARTRIDGES)
        .where(
            _CARTRIDGES.c.printer == new.printer,
            _CARTRIDGES.c.colour == article.colour,
            _CARTRIDGES.c.removed_at.is_(None),
        )
        .values(removed_at=now, pages_at_removal=new.pages)
    )
    installed = insert_new(
        session,
        CartridgeRow,
        id=new.id,
        printer=new.printer,
        article_id=new.article_id,
        colour=article.colour,
        installed_at=now,
        installed_by=actor.name,
        pages_at_installation=new.pages,
    )
    if not installed:
        raise WrongState(Text("Somebody has just put another cartridge into this place."))
    details = {"article": new.article_id, "printer": new.printer, "pages": new.pages}
    audit.record(session, actor, "cartridge.install", new.id, details, now)
