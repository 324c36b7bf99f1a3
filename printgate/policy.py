"""What becomes of a job: a pure function from ticket, facts and rules to a decision.

The rules are tried in one fixed order, from "may not exist" to "how it prints": a document that
cannot be read, a secrecy mark, a draft, colour, limits, two-sided. The first rule that ends the
job's way to paper wins; rules that only change the ticket add their reason and let the job go on.
Every reason carries the rule's name and a sentence, so that the sender, the page and the audit
trail all say the same thing. Nothing here looks at a quota: the account itself is the authority on
that. A permit lets a job that asks for one side past the two-sided rule; the decision then says
what it takes from the permit, and what becomes of the job if that is gone.
Whether a job goes to paper at once or waits for its owner's release is decided last, and changes
nothing else about it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from core.text import Scalar, Text, counted
from printgate.metering import ONE_SIDED, estimate, pages_selected
from printgate.permits import Allowance, needed
from printgate.ticket import JobTicket
from quotas.emergency import Pool

TWO_SIDED = "two-sided-long-edge"
GREY = "monochrome"
COLOUR, _MAY_BE_COLOUR = "color", (None, "auto", "color", "highlight")
"""Values of print-color-mode (PWG 5100.13 §5.2.3); without one the document decides."""


class Outcome(StrEnum):
    """Where the job goes."""

    PRINT = "print"
    CIRCULATE = "circulate"
    ASK = "ask"
    REFUSE = "refuse"


class DraftAction(StrEnum):
    """What the office does with a draft that was sent to a printer."""

    DIVERT = "divert"
    ASK = "ask"
    PRINT = "print"


class OneSidedAction(StrEnum):
    """What happens when two-sided is due and the printer has only one side."""

    REROUTE = "reroute"
    REFUSE = "refuse"
    PRINT = "print"


class MarkedAction(StrEnum):
    """What happens to a paper with a secrecy mark."""

    REFUSE = "refuse"
    PRINT = "print"


class ColourAction(StrEnum):
    """What happens to colour, for whoever is not exempt."""

    PRINT = "print"
    GREY = "grey"
    REFUSE = "refuse"


class Overrider(StrEnum):
    """Who may print a draft after all, with a reason."""

    OWNER = "owner"
    HEAD = "head"
    ADMIN = "admin"


@dataclass(frozen=True)
class Exemptions:
    """Who and what a rule does not bind: office codes, sign-in names, printer names."""

    offices: frozenset[str] = frozenset()
    persons: frozenset[str] = frozenset()
    printers: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Rules:
    """The office's print rules; the file they come from is described in rules.toml."""

    two_sided: bool = True
    two_sided_exempt: Exemptions = field(default_factory=Exemptions)
    one_sided_printer: OneSidedAction = OneSidedAction.REROUTE
    pages_max: int = 500
    copies_max: int = 100
    sheets_max: int = 1000
    drafts: DraftAction = DraftAction.DIVERT
    drafts_exempt: Exemptions = field(default_factory=Exemptions)
    drafts_override: frozenset[Overrider] = frozenset({Overrider.OWNER, Overrider.HEAD})
    marked: MarkedAction = MarkedAction.REFUSE
    colour: ColourAction = ColourAction.PRINT
    colour_exempt: Exemptions = field(default_factory=Exemptions)
    hold: bool = False
    hold_exempt: Exemptions = field(default_factory=Exemptions)
    emergency: Pool | None = None
    """The emergency pool; None where there is none."""


@dataclass(frozen=True)
class Sender:
    """For whom the job is: the office's code and the sign-in name (empty for a guest)."""

    office: str
    login: str = ""
    permit: Allowance | None = None
    """What they may still print on one side, if anything."""


@dataclass(frozen=True)
class PrinterFacts:
    """What a printer is called and whether it can mark both sides."""

    name: str
    two_sided: bool


@dataclass(frozen=True)
class Facts:
    """What is known of a document; `unreadable` and `marked` are sentences or None."""

    pages: int = 0
    draft: Text | None = None
    marked: Text | None = None
    unreadable: Text | None = None
    unreadable_code: str = ""


@dataclass(frozen=True)
class Reason:
    """Which rule spoke, and what it says to the sender."""

    rule: str
    text: Text


@dataclass(frozen=True)
class PermitUse:
    """What a decision takes from a permit, and what the job would have taken two-sided."""

    number: int
    amount: int
    two_sided_sheets: int


@dataclass(frozen=True)
class Decision:
    """What becomes of the job, on which printer, with which ticket, and why."""

    outcome: Outcome
    ticket: JobTicket
    printer: str
    sheets: int = 0
    impressions: int = 0
    reasons: tuple[Reason, ...] = ()
    hold: bool = False
    """Whether the rules hold it until its owner releases it."""
    pool: Pool | None = None
    """From what it may be printed if the office's account is short; None: then it is refused."""
    permit: PermitUse | None = None
    """The permit that it depends on; what becomes of the job without it is `usual`."""
    usual: "Decision | None" = None


def decide(
    ticket: JobTicket,
    facts: Facts,
    rules: Rules,
    sender: Sender,
    printer: PrinterFacts,
    others: Sequence[PrinterFacts] = (),
    *,
    wants_paper: bool = False,
) -> Decision:
    """Return what becomes of a job.

    `others` are the printers that a job may be sent to instead, nearest first. `wants_paper` says
    that somebody who may do so has asked for paper with a reason: the draft rule then stands back.
    """
    refusal = _refusal(facts, rules)
    if refusal is not None:
        return Decision(Outcome.REFUSE, ticket, printer.name, reasons=(refusal,))
    if not wants_paper:
        diversion = _diversion(ticket, facts, rules, sender, printer)
        if diversion is not None:
            return diversion
    usual = _on_paper(ticket, facts, rules, sender, printer, others)
    permit = sender.permit
    if permit is None or ticket.sides != ONE_SIDED:
        return usual
    free = replace(rules, two_sided=False)
    return _by_permit(usual, permit, _on_paper(ticket, facts, free, sender, printer, others))


def exempt(exemptions: Exemptions, sender: Sender, printer: str) -> bool:
    """Tell whether a rule with these exemptions does not bind this sender at this printer."""
    return (
        sender.office in exemptions.offices
        or sender.login in exemptions.persons
        or printer in exemptions.printers
    )


def _refusal(facts: Facts, rules: Rules) -> Reason | None:
    if facts.unreadable is not None:
        return Reason("readable", facts.unreadable)
    if facts.marked is not None and rules.marked is MarkedAction.REFUSE:
        return Reason("secrecy", facts.marked)
    return None


def _diversion(
    ticket: JobTicket, facts: Facts, rules: Rules, sender: Sender, printer: PrinterFacts
) -> Decision | None:
    if facts.draft is None or exempt(rules.drafts_exempt, sender, printer.name):
        return None
    if not sender.login and rules.drafts is not DraftAction.PRINT:
        text = Text("{draft} A guest can't circulate one.", {"draft": facts.draft})
        return Decision(Outcome.REFUSE, ticket, printer.name, reasons=(Reason("drafts", text),))
    outcomes = {DraftAction.DIVERT: Outcome.CIRCULATE, DraftAction.ASK: Outcome.ASK}
    outcome = outcomes.get(rules.drafts)
    if outcome is None:
        return None
    return Decision(outcome, ticket, printer.name, reasons=(Reason("drafts", facts.draft),))


def _on_paper(
    ticket: JobTicket,
    facts: Facts,
    rules: Rules,
    sender: Sender,
    printer: PrinterFacts,
    others: Sequence[PrinterFacts],
) -> Decision:
    allowed, coloured = _colour(ticket, rules, sender, printer)
    if allowed is None:
        return Decision(Outcome.REFUSE, ticket, printer.name, reasons=coloured)
    ticket = allowed
    reasons: tuple[Reason, ...] = ()
    target: PrinterFacts | None = printer
    if rules.two_sided and not exempt(rules.two_sided_exempt, sender, printer.name):
        asked = ticket.sides
        ticket, target, reasons = _two_sided(ticket, rules, printer, others)
        if target is None:
            return Decision(
                Outcome.REFUSE, replace(ticket, sides=asked), printer.name, 0, 0, reasons
            )
    reasons = (*coloured, *reasons)
    pages = pages_selected(facts.pages, ticket.page_ranges)
    usage = estimate(
        pages,
        copies=ticket.copies,
        sides=ticket.sides or ONE_SIDED,
        number_up=ticket.number_up,
        media=ticket.media or "",
    )
    limit = _limit(pages, ticket.copies, usage.sheets, rules)
    if limit is not None:
        return Decision(Outcome.REFUSE, ticket, printer.name, reasons=(limit,))
    assert target is not None
    held = rules.hold and not exempt(rules.hold_exempt, sender, target.name)
    if held:
        reasons = (
            *reasons,
            Reason("hold", Text("Jobs are held here until their owner releases them.")),
        )
    return Decision(
        Outcome.PRINT,
        ticket,
        target.name,
        usage.sheets,
        usage.impressions,
        reasons,
        held,
        rules.emergency,
    )


def _colour(
    ticket: JobTicket, rules: Rules, sender: Sender, printer: PrinterFacts
) -> tuple[JobTicket | None, tuple[Reason, ...]]:
    """Return the ticket as the rule lets it print, None if it does not, and what it says.

    A job that leaves it to the document is printed in grey even where colour is refused.
    """
    free = rules.colour is ColourAction.PRINT or exempt(rules.colour_exempt, sender, printer.name)
    if free or ticket.print_color_mode not in _MAY_BE_COLOUR:
        return ticket, ()
    if rules.colour is ColourAction.REFUSE and ticket.print_color_mode == COLOUR:
        refused = Text("You may not print in colour here. Please print it in grey.")
        return None, (Reason("colour", refused),)
    text = Text("Printing is in grey here, but for those who may print in colour.")
    return replace(ticket, print_color_mode=GREY), (Reason("colour", text),)


def _by_permit(usual: Decision, permit: Allowance, free: Decision) -> Decision:
    """Return a decision by a permit, where one is needed and enough of it is left."""
    same = (usual.outcome, usual.printer, usual.sheets) == (free.outcome, free.printer, free.sheets)
    if same or free.outcome is not Outcome.PRINT:
        return usual
    amount = needed(permit.measure, free.sheets)
    values: dict[str, Scalar | Text] = {"number": permit.number, "why": permit.why}
    if amount > permit.left:
        text = counted(
            "Permit {number} has {n} sheet left, which is too little for this job.",
            "Permit {number} has {n} sheets left, which is too little for this job.",
            permit.left,
            number=permit.number,
        )
        return replace(usual, reasons=(Reason("permit", text), *usual.reasons))
    spent = Reason("permit", Text("Permit {number} is used up by now.", values))
    by_permit = Reason("permit", Text("On one side by permit {number}: {why}", values))
    return replace(
        free,
        reasons=(by_permit, *free.reasons),
        # A permit is used once for a job, and a job that waited would use it again.
        pool=None,
        permit=PermitUse(permit.number, amount, usual.sheets),
        usual=replace(usual, reasons=(spent, *usual.reasons)),
    )


def _two_sided(
    ticket: JobTicket, rules: Rules, printer: PrinterFacts, others: Sequence[PrinterFacts]
) -> tuple[JobTicket, PrinterFacts | None, tuple[Reason, ...]]:
    asked = ticket.sides or ONE_SIDED
    sides = asked if asked != ONE_SIDED else TWO_SIDED
    turned = (
        () if asked == sides else (Reason("two-sided", Text("Printing is always two-sided here.")),)
    )
    if printer.two_sided:
        return replace(ticket, sides=sides), printer, turned
    if rules.one_sided_printer is OneSidedAction.PRINT:
        text = Text(
            "{printer} prints one side only; the job was let through.", {"printer": printer.name}
        )
        return replace(ticket, sides=ONE_SIDED), printer, (Reason("two-sided", text),)
    target = next((other for other in others if other.two_sided), None)
    if rules.one_sided_printer is OneSidedAction.REROUTE and target is not None:
        text = Text(
            "{printer} prints one side only, so the job goes to {target}, which prints both.",
            {"printer": printer.name, "target": target.name},
        )
        return replace(ticket, sides=sides), target, (Reason("two-sided", text),)
    text = Text(
        "{printer} prints one side only and printing is always two-sided here. "
        "Please choose another printer.",
        {"printer": printer.name},
    )
    return ticket, None, (Reason("two-sided", text),)


def _limit(pages: int, copies: int, sheets: int, rules: Rules) -> Reason | None:
    checks = (
        (
            "limits.pages",
            pages,
            rules.pages_max,
            counted(
                "A job may have {n} page at the most; this one has {count}.",
                "A job may have {n} pages at the most; this one has {count}.",
                rules.pages_max,
                count=pages,
            ),
        ),
        (
            "limits.copies",
            copies,
            rules.copies_max,
            counted(
                "A job may have {n} copy at the most; this one asks for {count}.",
                "A job may have {n} copies at the most; this one asks for {count}.",
                rules.copies_max,
                count=copies,
            ),
        ),
        (
            "limits.sheets",
            sheets,
            rules.sheets_max,
            counted(
                "A job may take {n} sheet at the most; this one would take {count}.",
                "A job may take {n} sheets at the most; this one would take {count}.",
                rules.sheets_max,
                count=sheets,
            ),
        ),
    )
    for rule, count, most, text in checks:
        if count > most:
            return Reason(rule, text)
    if pages < 1:
        return Reason("limits.pages", Text("The page ranges of this job choose no page."))
    return None
