"""What there is: articles with their prices, stores, levels that are watched, budgets."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from core import audit
from core.db import insert_new, locked
from core.errors import Conflict, InvalidInput
from core.identity import queries as identity
from core.people import Actor
from core.text import Text, clean_line
from quotas.errors import EntryDiffers
from quotas.supplies.errors import NoSuchSupply
from quotas.supplies.lifecycle import FEN_MAX, QUANTITY_MAX
from quotas.supplies.models import ArticleRow, BudgetRow, StockRow, StoreRow
from quotas.supplies.stock import PAPERS, SHEETS_MAX, Material
from quotas.supplies.wear import GRAMS_MAX

NAME_LENGTH_MAX = 127
YIELD_MAX = 10**6
YEARS = range(2000, 2100)
COLOURS = ("black", "cyan", "magenta", "yellow")


@dataclass(frozen=True)
class ArticleFields:
    """What an article is. Paper has sheets in a unit; toner a colour, a declared yield, grams."""

    name: str
    material: Material
    price_fen: int
    sheets: int = 0
    colour: str = ""
    yield_pages: int = 0
    grams: int = 0


def add_article(
    session: Session, article_id: str, given: ArticleFields, *, actor: Actor, now: datetime
) -> None:
    """Add an article under the caller's id; Conflict if its name is taken."""
    columns = _checked(given)
    if insert_new(session, ArticleRow, id=article_id, **columns):
        details = {"material": given.material, "price_fen": given.price_fen}
        audit.record(session, actor, "article.add", article_id, details, now)
        return
    known = session.get(ArticleRow, article_id, populate_existing=True)
    if known is None:
        raise Conflict(
            Text("There is already an article called {name}.", {"name": str(columns["name"])})
        )
    if any(getattr(known, name) != value for name, value in columns.items()):
        raise EntryDiffers(Text("An entry with this id exists and says something else."))


def change_price(
    session: Session, article_id: str, price_fen: int, *, actor: Actor, now: datetime
) -> None:
    """Change what a unit is expected to cost; orders and movements keep the price that they had."""
    row = locked(session, ArticleRow, article_id)
    if row is None:
        raise NoSuchSupply(Text("There is no such article."))
    check_fen(price_fen)
    if row.price_fen == price_fen:
        return
    details = {"before_fen": row.price_fen, "price_fen": price_fen}
    row.price_fen = price_fen
    audit.record(session, actor, "article.change-price", article_id, details, now)


def add_store(
    session: Session,
    store_id: str,
    name: str,
    office_id: str | None,
    *,
    actor: Actor,
    now: datetime,
) -> None:
    """Add a store under the caller's id: an office's own, or (None) common to all."""
    given = _name(name)
    if office_id is not None:
        identity.office(session, office_id)
    if insert_new(session, StoreRow, id=store_id, name=given, office_id=office_id):
        audit.record(session, actor, "store.add", store_id, {"office": office_id}, now)
        return
    known = session.get(StoreRow, store_id, populate_existing=True)
    if known is None:
        raise Conflict(Text("There is already a store called {name}.", {"name": given}))
    if (known.name, known.office_id) != (given, office_id):
        raise EntryDiffers(Text("An entry with this id exists and says something else."))


def watch_level(
    session: Session,
    store_id: str,
    article_id: str,
    low_at: int,
    *,
    actor: Actor,
    now: datetime,
) -> None:
    """Have an article marked as low in a store from this level down; 0 watches no more."""
    if type(low_at) is not int or not 0 <= low_at <= QUANTITY_MAX:
        raise InvalidInput(Text("Please enter a whole number."))
    store(session, store_id)
    article(session, article_id)
    insert_new(session, StockRow, store_id=store_id, article_id=article_id, on_hand=0, low_at=0)
    row = locked(session, StockRow, (store_id, article_id))
    assert row is not None
    if row.low_at == low_at:
        return
    row.low_at = low_at
    details = {"article": article_id, "low_at": low_at}
    audit.record(session, actor, "store.watch-level", store_id, details, now)


def set_budget(
    session: Session, office_id: str, year: int, amount_fen: int, *, actor: Actor, now: datetime
) -> None:
    """Set what an office may spend on supplies in a year; what is bound and spent stays."""
    identity.office(session, office_id)
    if year not in YEARS:
        raise InvalidInput(Text("A year lies between 2000 and 2099."))
    check_fen(amount_fen)
    key = {"office_id": office_id, "year": year}
    insert_new(session, BudgetRow, **key, amount_fen=0, bound_fen=0, spent_fen=0)
    row = locked(session, BudgetRow, (office_id, year))
    assert row is not None
    if row.amount_fen == amount_fen:
        return
    details = {"year": year, "before_fen": row.amount_fen, "amount_fen": amount_fen}
    row.amount_fen = amount_fen
    audit.record(session, actor, "budget.set", office_id, details, now)


def article(session: Session, article_id: str) -> ArticleRow:
    """Return an article's row; NoSuchSupply if there is none."""
    row = session.get(ArticleRow, article_id)
    if row is None:
        raise NoSuchSupply(Text("There is no such article."))
    return row


def store(session: Session, store_id: str) -> StoreRow:
    """Return a store's row; NoSuchSupply if there is none."""
    row = session.get(StoreRow, store_id)
    if row is None:
        raise NoSuchSupply(Text("There is no such store."))
    return row


def check_fen(amount: object) -> None:
    """Raise InvalidInput unless something is an amount of money that the books can carry."""
    if type(amount) is not int or not 0 <= amount <= FEN_MAX:
        raise InvalidInput(Text("A price or budget is an amount in yuan such as 23.50."))


def _checked(given: ArticleFields) -> dict[str, str | int]:
    check_fen(given.price_fen)
    paper = given.material in PAPERS
    if paper and (type(given.sheets) is not int or not 0 < given.sheets <= SHEETS_MAX):
        raise InvalidInput(Text("A ream of paper has 1 to 10,000 sheets."))
    if not paper and given.colour not in COLOURS:
        raise InvalidInput(Text("Please choose the colour of the toner."))
    if type(given.yield_pages) is not int or not 0 <= given.yield_pages <= YIELD_MAX:
        raise InvalidInput(Text("A yield is a whole number of pages, 0 if it is not known."))
    if type(given.grams) is not int or not 0 <= given.grams <= GRAMS_MAX:
        raise InvalidInput(
            Text("A cartridge has 1 to 10,000 grams of toner; leave it empty if it is not known.")
        )
    return {
        "name": _name(given.name),
        "material": given.material,
        "price_fen": given.price_fen,
        "sheets": given.sheets if paper else 0,
        "colour": "" if paper else given.colour,
        "yield_pages": 0 if paper else given.yield_pages,
        "grams": 0 if paper else given.grams,
    }


def _name(name: str) -> str:
    given = clean_line(name, NAME_LENGTH_MAX)
    if not given:
        raise InvalidInput(Text("Please enter a name."))
    return given
