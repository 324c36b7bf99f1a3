"""The scorecard of an economical office (节约型机关): what is shown, by which definition.

Each figure has a definition with a version and a date. Whoever changes how a figure is made gives
its definition the next version and the day from which on it is shown by it; the page shows both
beside the figure, so that a figure in an old report can be told from one in a new report.

`Facts` are what the packages' queries say; `figures` is a pure function from facts to figures.
Shares are in tenths of a per cent, whole numbers like all others, and have no value where there is
nothing to be a share of.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from core.text import Text
from printgate.savings import saved_by_circulating
from printgate.tallies import Figure, Listed, Tally


class Unit(StrEnum):
    """What a figure counts."""

    SHEETS = "sheets"
    JOBS = "jobs"
    DOCUMENTS = "documents"
    STANDARD_PAGES = "standard-pages"
    KILOWATT_HOURS = "kilowatt-hours"
    """Counted in watt-hours."""
    SHARE = "share"
    """Tenths of a per cent."""


@dataclass(frozen=True)
class Definition:
    """What a figure is, in words, since when."""

    title: Text
    unit: Unit
    meaning: Text
    version: int = 1
    since: date = date(2026, 11, 24)


class Code(StrEnum):
    """The figures of the scorecard."""

    PAPER = "paper"
    PLAN = "plan"
    PLAN_SHARE = "plan-share"
    TWO_SIDED = "two-sided"
    TWO_SIDED_SHARE = "two-sided-share"
    SAVED_BY_TWO_SIDED = "saved-by-two-sided"
    SAVED_BY_NUMBER_UP = "saved-by-number-up"
    CIRCULATED = "circulated"
    WITHOUT_PAPER = "without-paper"
    SAVED_BY_CIRCULATING = "saved-by-circulating"
    TONER = "toner"
    CYAN = "toner-cyan"
    MAGENTA = "toner-magenta"
    YELLOW = "toner-yellow"
    RECYCLED_SHARE = "recycled-share"
    REFUSED = "refused"
    AFTER_ALL = "after-all"
    STANDBY = "standby-energy"
    REROUTED = "rerouted"
    OVERRUN = "overrun"


_TONER = Text(
    "Toner charged, in standard pages of 5 % coverage; estimated where it is not measured."
)
_INKS = {
    Code.TONER: Text("Toner"),
    Code.CYAN: Text("Cyan toner"),
    Code.MAGENTA: Text("Magenta toner"),
    Code.YELLOW: Text("Yellow toner"),
}

DEFINITIONS: dict[Code, Definition] = {
    Code.PAPER: Definition(
        Text("Paper used"),
        Unit.SHEETS,
        Text(
            "Sheets of A4 that the accounts of the office, its people and its projects were "
            "charged for; A3 counts two."
        ),
    ),
    Code.PLAN: Definition(
        Text("Plan"),
        Unit.SHEETS,
        Text(
            "Sheets granted to the office and its people for periods that lie within this time, "
            "and moved to its projects in it; corrections included."
        ),
    ),
    Code.PLAN_SHARE: Definition(
        Text("Paper against the plan"), Unit.SHARE, Text("Paper used as a share of the plan.")
    ),
    Code.TWO_SIDED: Definition(
        Text("Two-sided sheets"),
        Unit.SHEETS,
        Text("Sheets of jobs that were printed on both sides, by the day the job was over."),
    ),
    Code.TWO_SIDED_SHARE: Definition(
        Text("Two-sided share"),
        Unit.SHARE,
        Text("Two-sided sheets as a share of the sheets of all jobs that are over."),
    ),
    Code.SAVED_BY_TWO_SIDED: Definition(
        Text("Saved by the two-sided rule"),
        Unit.SHEETS,
        Text(
            "Of jobs whose sender asked for one side and that the rule printed on both: the sheets "
            "as asked for, less those that came out. Who asked for two-sided, or for nothing, "
            "saved nothing through the rule."
        ),
    ),
    Code.SAVED_BY_NUMBER_UP: Definition(
        Text("Saved by several pages on a side"),
        Unit.SHEETS,
        Text(
            "Of jobs with several pages on a side: the sheets with one page on a side, less those "
            "with several, both on the sides that were asked for."
        ),
    ),
    Code.CIRCULATED: Definition(
        Text("Drafts circulated"),
        Unit.JOBS,
        Text("Jobs with a draft that went into circulation and not to paper."),
    ),
    Code.WITHOUT_PAPER: Definition(
        Text("Documents circulated without paper"),
        Unit.DOCUMENTS,
        Text(
            "Documents that began to circulate, were opened by a reader, and of which nothing was "
            "printed until now."
        ),
    ),
    Code.SAVED_BY_CIRCULATING: Definition(
        Text("Saved by circulating"),
        Unit.SHEETS,
        Text(
            "Of drafts that were sent to a printer and circulated: a two-sided copy for each "
            "reader who opened it until now, less what was printed of it after all. Readers who "
            "did not open it count nothing."
        ),
    ),
    **{code: Definition(title, Unit.STANDARD_PAGES, _TONER) for code, title in _INKS.items()},
    Code.RECYCLED_SHARE: Definition(
        Text("Recycled share"),
        Unit.SHARE,
        Text(
            "Sheets of recycled paper as a share of the sheets that the office was issued from "
            "stock, returns taken off."
        ),
    ),
    Code.REFUSED: Definition(
        Text("Refused jobs"), Unit.JOBS, Text("Jobs that a rule or the account refused.")
    ),
    Code.AFTER_ALL: Definition(
        Text("Drafts printed after all"),
        Unit.JOBS,
        Text("Jobs with a draft that somebody had printed with a reason."),
    ),
    Code.STANDBY: Definition(
        Text("Standby energy of printers"),
        Unit.KILOWATT_HOURS,
        Text(
            "Estimated: the hours in which printers were ready, stood still or slept, times the "
            "watts from their labels; time in which nobody looked is left out. Printers are "
            "shared, so it is a figure of all offices together."
        ),
        since=date(2026, 12, 1),
    ),
}

FIGURES: dict[Code, Figure] = {
    Code.TWO_SIDED: Figure.TWO_SIDED_SHEETS,
    Code.SAVED_BY_TWO_SIDED: Figure.SAVED_BY_TWO_SIDED,
    Code.SAVED_BY_NUMBER_UP: Figure.SAVED_BY_NUMBER_UP,
    Code.CIRCULATED: Figure.CIRCULATED,
    Code.REFUSED: Figure.REFUSED,
    Code.AFTER_ALL: Figure.AFTER_ALL,
}
"""Which are sums over jobs; the list of these jobs is behind them."""

EXCEPTIONS: dict[Code, Definition] = {
    Code.REROUTED: Definition(
        Text("Rerouted jobs"),
        Unit.JOBS,
        Text("Jobs that were printed on another printer than the one they were sent to."),
        since=date(2026, 12, 1),
    ),
    Code.OVERRUN: Definition(
        Text("Sheets above what was reserved"),
        Unit.SHEETS,
        Text("Of jobs of which more came out than was reserved for them: how many sheets more."),
        since=date(2026, 12, 1),
    ),
}
"""Figures that a report has and the scorecard does not."""

DEFINED = DEFINITIONS | EXCEPTIONS

OF_JOBS: dict[Code, Figure | Listed] = {
    **FIGURES,
    Code.REROUTED: Listed.REROUTED,
    Code.OVERRUN: Listed.OVERRUN,
}
"""All that are sums over jobs, with those of a report."""

OF_DOCUMENTS = (Code.WITHOUT_PAPER, Code.SAVED_BY_CIRCULATING)
"""Which are sums over documents."""


SAVINGS = (Code.SAVED_BY_TWO_SIDED, Code.SAVED_BY_NUMBER_UP, Code.SAVED_BY_CIRCULATING)
"""The methods by which sheets are saved; no sheet is saved by two of them."""


@dataclass(frozen=True)
class Paperless:
    """A document that circulated: who read it without paper, and what was printed of it."""

    document_id: str
    office_id: str
    owner_name: str
    diverted: bool
    """Whether it was sent to a printer first."""
    pages: int
    opened: int
    printed: int

    def counts(self, code: Code) -> int:
        """Return what it counts for a figure."""
        if code is Code.WITHOUT_PAPER:
            return int(self.opened > 0 and self.printed == 0)
        if code is Code.SAVED_BY_CIRCULATING and self.diverted:
            return saved_by_circulating(self.pages, self.opened, self.printed)
        return 0


@dataclass(frozen=True)
class Facts:
    """What the figures of an office and a span of days are made from."""

    spent: int = 0
    granted: int = 0
    inks: Mapping[Code, int] = field(default_factory=dict)
    """In millionths of a standard page, as it is booked."""
    recycled: int = 0
    issued: int = 0
    """Sheets of recycled paper, and of all paper, that were issued."""
    tally: Tally = field(default_factory=Tally)
    documents: tuple[Paperless, ...] = ()
    standby: int | None = None
    """Watt-hours; None where nothing is known, and of a single office."""


def figures(facts: Facts) -> dict[Code, int | None]:
    """Return every figure of the scorecard; None where there is nothing to say."""
    return {
        Code.PAPER: facts.spent,
        Code.PLAN: facts.granted or None,
        Code.PLAN_SHARE: share(facts.spent, facts.granted),
        Code.TWO_SIDED_SHARE: share(facts.tally.two_sided_sheets, facts.tally.sheets),
        **{code: facts.inks.get(code, 0) for code in _INKS},
        Code.RECYCLED_SHARE: share(facts.recycled, facts.issued),
        Code.STANDBY: facts.standby,
        **{code: facts.tally.of(figure) for code, figure in FIGURES.items()},
        **{code: sum(each.counts(code) for each in facts.documents) for code in OF_DOCUMENTS},
    }


def saved(found: Mapping[Code, int | None]) -> int:
    """Return the sheets that were saved by all methods together."""
    return sum(found[code] or 0 for code in SAVINGS)


def share(part: int, whole: int) -> int | None:
    """Return a part in tenths of a per cent of the whole; None where there is no whole."""
    return None if whole <= 0 else round(1000 * part / whole)
