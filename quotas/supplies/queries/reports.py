"""Reports: issued against printed, the share of recycled paper, cartridges."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from quotas.insight import Question, Usage
from quotas.periods import DEFAULT_ZONE, Period
from quotas.supplies.models import ArticleRow, CartridgeRow, MovementRow
from quotas.supplies.queries.stock import Article, article_of
from quotas.supplies.stock import OF_AN_OFFICE, PAPERS, Kind, Material, share_per_cent
from quotas.supplies.variance import Month, Variance, variances
from quotas.supplies.wear import Wear, wear
from quotas.toner import UNITS, Ink
from quotas.units import Unit


@dataclass(frozen=True)
class RecycledShare:
    """How many of the sheets that were issued are of recycled paper."""

    recycled: int
    issued: int

    @property
    def per_cent(self) -> float | None:
        """The share, None where nothing was issued."""
        return share_per_cent(self.recycled, self.issued)


@dataclass(frozen=True)
class Cartridge:
    """A cartridge in a printer, or one that was in it."""

    id: str
    printer: str
    article: Article
    installed_at: datetime
    installed_by: str
    pages_at_installation: int
    removed_at: datetime | None
    pages_at_removal: int | None

    def pages(self, count_now: int) -> int:
        """Return how many pages it has printed, or had when it was taken out.

        A count below that at its installation is of another printer, or of one reset: 0.
        """
        end = count_now if self.pages_at_removal is None else self.pages_at_removal
        return max(0, end - self.pages_at_installation)


def wear_of(
    usage: Usage, cartridge: Cartridge, printer: str, now: datetime, zone: ZoneInfo = DEFAULT_ZONE
) -> Wear:
    """Return how far a cartridge that is in a printer is used, by the printer's name in the ledger.

    What was booked under another name that the printer had is not in it.
    """
    article, since = cartridge.article, cartridge.installed_at
    first, last = (moment.astimezone(zone).date() for moment in (since, now))
    question = Question(UNITS[Ink(article.colour)], first, last, printer=printer)
    booked = usage.total(question).spent - usage.earlier(question, since)
    return wear(booked, article.yield_pages, article.grams)


def variance(
    session: Session, office_id: str, months: Collection[Period], zone: ZoneInfo = DEFAULT_ZONE
) -> list[Variance]:
    """Return issued against printed sheets of an office, month by month in their order.

    Months before anybody was issued paper are left out: the book of issues was not kept then.
    """
    begin = session.scalar(
        select(func.min(MovementRow.period))
        .join(ArticleRow, ArticleRow.id == MovementRow.article_id)
        .where(MovementRow.kind == Kind.ISSUE, ArticleRow.material.in_(PAPERS))
    )
    issued = issued_sheets(session, office_id, months)
    usage = Usage(session, zone)
    return variances(
        Month(
            month.key,
            issued.get(month.key, 0),
            usage.total(_in_days(month, office_id)).spent,
        )
        for month in sorted(months)
        if begin is not None and month.key >= begin
    )


def _in_days(month: Period, office_id: str) -> Question:
    """Ask for all that was printed, in whatever periods the accounts are kept."""
    days = month.days()
    return Question(Unit.SHEETS, days[0], days[-1], office_id)


def issued_sheets(session: Session, office_id: str, months: Collection[Period]) -> dict[str, int]:
    """Return the sheets that an office was issued and did not give back, by month."""
    rows = session.execute(
        select(MovementRow.period, func.sum(-MovementRow.delta * ArticleRow.sheets))
        .select_from(MovementRow)
        .join(ArticleRow, ArticleRow.id == MovementRow.article_id)
        .where(
            MovementRow.office_id == office_id,
            MovementRow.kind.in_(OF_AN_OFFICE),
            ArticleRow.material.in_(PAPERS),
            MovementRow.period.in_([month.key for month in months]),
        )
        .group_by(MovementRow.period)
    )
    return {period: int(sheets) for period, sheets in rows}


def recycled_share(
    session: Session, office_ids: Collection[str], months: Collection[Period]
) -> RecycledShare:
    """Return how much of the paper that offices were issued in these months is recycled."""
    found = recycled_shares(session, office_ids, months).values()
    return RecycledShare(sum(each.recycled for each in found), sum(each.issued for each in found))


def recycled_shares(
    session: Session, office_ids: Collection[str], months: Collection[Period]
) -> dict[str, RecycledShare]:
    """Return the same of each of these offices that was issued paper."""
    rows = session.execute(
        select(
            MovementRow.office_id,
            ArticleRow.material,
            func.sum(-MovementRow.delta * ArticleRow.sheets),
        )
        .select_from(MovementRow)
        .join(ArticleRow, ArticleRow.id == MovementRow.article_id)
        .where(
            MovementRow.office_id.in_(list(office_ids)),
            MovementRow.kind.in_(OF_AN_OFFICE),
            ArticleRow.material.in_(PAPERS),
            MovementRow.period.in_([month.key for month in months]),
        )
        .group_by(MovementRow.office_id, ArticleRow.material)
    )
    sheets: dict[str, dict[str, int]] = {}
    for office_id, material, total in rows:
        sheets.setdefault(office_id or "", {})[material] = int(total)
    return {
        office_id: RecycledShare(each.get(Material.RECYCLED_PAPER, 0), sum(each.values()))
        for office_id, each in sheets.items()
    }


def cartridges(session: Session) -> list[Cartridge]:
    """Return all cartridges: those in their printers first, then the newest."""
    rows = session.execute(
        select(CartridgeRow, ArticleRow)
        .join(ArticleRow, ArticleRow.id == CartridgeRow.article_id)
        .order_by(CartridgeRow.removed_at.is_not(None), CartridgeRow.installed_at.desc())
    )
    return [
        Cartridge(
            row.id,
            row.printer,
            article_of(article),
            row.installed_at,
            row.installed_by,
            row.pages_at_installation,
            row.removed_at,
            row.pages_at_removal,
        )
        for row, article in rows
    ]
