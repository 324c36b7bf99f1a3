"""The words for stages, rules and states, and what to do next: one table each."""

import re

from core.importing.plan import Step
from core.people import SYSTEM, Office
from core.text import Text, counted
from docflow.lifecycle import State
from printgate.energy import ASLEEP
from printgate.lifecycle import ACTIVE, Stage
from printgate.permits import Measure, Standing
from printgate.policy import OneSidedAction, Overrider
from printgate.queries import Job
from quotas.accounts import AccountKind
from quotas.forecast import DAYS_MIN, NoForecast, Why
from quotas.ledger import Kind
from quotas.periods import Span
from quotas.units import Unit
from web import limit_words, project_words
from web.scorecard import Code

SYSTEM_NAME = SYSTEM.name
"""How deeds of the system itself are signed."""

STAGES: dict[Stage, Text] = {
    Stage.RECEIVING: Text("arriving"),
    Stage.DECIDING: Text("being read"),
    Stage.ASKED: Text("waits for your decision"),
    Stage.ACCEPTED: Text("on its way to the printer"),
    Stage.SHORT: Text("waits: too few sheets left"),
    Stage.HELD: Text("held: waits for its release"),
    Stage.FORWARDED: Text("on its way to the printer"),
    Stage.RELEASED: Text("at the printer"),
    Stage.CANCELING: Text("being cancelled"),
    Stage.COMPLETED: Text("printed"),
    Stage.CIRCULATED: Text("circulates without paper"),
    Stage.CANCELED: Text("cancelled"),
    Stage.EXPIRED: Text("expired"),
    Stage.REFUSED: Text("refused"),
    Stage.ABORTED: Text("broken off"),
    Stage.UNKNOWN: Text("unknown: please look into the tray"),
}


def _called(msgid: str) -> tuple[Stage, ...]:
    return tuple(stage for stage, text in STAGES.items() if text.msgid == msgid)


STAGE_CHOICES: dict[str, tuple[Stage, ...]] = {
    _called(text.msgid)[0].value: _called(text.msgid) for text in STAGES.values()
}
"""Stages to choose from in a filter, by the first; what people call the same is one choice."""

STAGE_TONES: dict[Stage, str] = {
    Stage.COMPLETED: "good",
    Stage.CIRCULATED: "good",
    Stage.REFUSED: "bad",
    Stage.ABORTED: "bad",
    Stage.UNKNOWN: "bad",
    Stage.EXPIRED: "bad",
    Stage.ASKED: "due",
    Stage.SHORT: "due",
    Stage.HELD: "due",
    Stage.RECEIVING: "busy",
    Stage.DECIDING: "busy",
    Stage.ACCEPTED: "busy",
    Stage.FORWARDED: "busy",
    Stage.RELEASED: "busy",
    Stage.CANCELING: "busy",
}

PRINTER_TONES = {"idle": "good", "processing": "busy", "stopped": "bad"}

NEXT_STEPS: dict[Stage, Text] = {
    Stage.ASKED: Text(
        "Please decide below: circulate it without paper, or print it with a reason."
    ),
    Stage.SHORT: Text("If it is urgent, print it below. Otherwise cancel it, or let it expire."),
    Stage.UNKNOWN: Text(
        "Please look into the tray and enter below how many sheets came out. "
        "It is never printed again by itself."
    ),
    Stage.ABORTED: Text("Nothing more comes out. Please print it again."),
    Stage.EXPIRED: Text("It was not printed. Please print it again if you still need it."),
    Stage.CIRCULATED: Text("Please open the document and choose who shall read it."),
}

STEPS_AFTER_REFUSAL: dict[str, Text] = {
    "two-sided": Text(
        "Please choose a printer that prints both sides; the page “Printers” lists them."
    ),
    "limits.pages": Text("Please print it in parts."),
    "limits.copies": Text("Please ask for fewer copies."),
    "limits.sheets": Text("Please print fewer pages or copies, or print it in parts."),
    "drafts": Text("Please let somebody with a sign-in name send it."),
    "quota": Text(
        "Please print fewer pages or copies, or ask the head of your office for more sheets."
    ),
    **limit_words.STEPS_AFTER_REFUSAL,
    **project_words.STEPS_AFTER_REFUSAL,
    "readable": Text(
        "Please save the document as PDF again and print that; if it fails again, "
        "tell the administrator the number of this job."
    ),
}

GOES_ON_ALONE = Text(
    "It goes on by itself as soon as the printer can; please do not send it again."
)

RULES: dict[str, Text] = {
    "two-sided": Text("Two-sided"),
    "colour": Text("Colour"),
    "permit": Text("Permit"),
    "limits.pages": Text("Most pages"),
    "limits.copies": Text("Most copies"),
    "limits.sheets": Text("Most sheets"),
    "drafts": Text("Drafts circulate"),
    "drafts.override": Text("Draft printed after all"),
    "hold": Text("Held until released"),
    "test": Text("Test page"),
    "emergency": Text("Emergency pool"),
    "quota": Text("Quota"),
    **limit_words.RULES,
    **project_words.RULES,
    "secrecy": Text("Secrecy"),
    "readable": Text("Readable document"),
    "storage": Text("Safekeeping"),
    "backend": Text("Print system"),
}

PERMIT_STANDINGS: dict[Standing, Text] = {
    Standing.ASKED: Text("waits for a decision"),
    Standing.VALID: Text("valid"),
    Standing.USED_UP: Text("used up"),
    Standing.OVER: Text("over"),
    Standing.REFUSED: Text("refused"),
    Standing.WITHDRAWN: Text("withdrawn"),
    Standing.REVOKED: Text("revoked"),
}

PERMIT_TONES: dict[Standing, str] = {
    Standing.ASKED: "due",
    Standing.VALID: "good",
    Standing.REFUSED: "bad",
    Standing.REVOKED: "bad",
}

PRINTER_STATES = {
    "idle": Text("ready"),
    "processing": Text("printing"),
    "stopped": Text("stopped"),
}

STATE_REASONS: dict[str, Text] = {
    "connecting-to-device": Text("can't be reached"),
    "cover-open": Text("cover open"),
    "cups-waiting-for-job-completed": Text("printing"),
    "door-open": Text("door open"),
    "input-tray-missing": Text("tray missing"),
    "job-printing": Text("printing"),
    "job-queued": Text("waiting its turn"),
    "marker-supply-empty": Text("toner empty"),
    "marker-supply-low": Text("toner low"),
    "marker-waste-almost-full": Text("waste toner box almost full"),
    "marker-waste-full": Text("waste toner box full"),
    "media-empty": Text("out of paper"),
    "media-jam": Text("paper jam"),
    "media-low": Text("paper low"),
    "media-needed": Text("needs paper"),
    "offline-report": Text("switched off or unreachable"),
    "other": Text("needs a look"),
    "output-area-full": Text("output tray full"),
    "paused": Text("paused"),
    "printer-stopped": Text("the printer is stopped"),
    "shutdown": Text("switched off"),
    "spool-area-full": Text("no room for documents"),
    "toner-empty": Text("toner empty"),
    "toner-low": Text("toner low"),
    **dict.fromkeys(ASLEEP, Text("asleep")),
}

CURES: dict[str, Text] = {
    "connecting-to-device": Text(
        "Please see whether it is switched on and its cable is plugged in."
    ),
    "cover-open": Text("Please close the cover."),
    "door-open": Text("Please close the door."),
    "input-tray-missing": Text("Please put the tray back."),
    "marker-supply-empty": Text("Please change the cartridge."),
    "marker-supply-low": Text("Please have a new cartridge ready."),
    "media-empty": Text("Please put paper in."),
    "media-jam": Text("Please take the jammed paper out."),
    "media-needed": Text("Please put paper in."),
    "offline-report": Text("Please see whether it is switched on and its cable is plugged in."),
    "paused": Text("The administrator has to start it again."),
    "toner-empty": Text("Please change the cartridge."),
    "toner-low": Text("Please have a new cartridge ready."),
}

DOCUMENT_STATES: dict[State, Text] = {
    State.CIRCULATING: Text("circulating"),
    State.CLOSED: Text("closed"),
    State.WITHDRAWN: Text("withdrawn"),
}

GRANT_STATES = {
    "open": Text("on its way"),
    "used": Text("printed"),
    "void": Text("not printed"),
}

ENTRY_KINDS: dict[Kind, Text] = {
    Kind.GRANT: Text("grant"),
    Kind.EMERGENCY: Text("emergency pool"),
    Kind.ADJUST: Text("adjustment"),
    Kind.TRANSFER: Text("transfer"),
    Kind.CARRY: Text("carried over"),
    Kind.RESERVE: Text("reserved"),
    Kind.RENEW: Text("renewed"),
    Kind.SETTLE: Text("settled"),
    Kind.RELEASE: Text("released"),
    Kind.EXPIRE: Text("expired"),
    Kind.BOOK: Text("booked"),
}

ACCOUNT_KINDS: dict[AccountKind, Text] = {
    AccountKind.OFFICE: Text("office"),
    AccountKind.PERSON: Text("person"),
    AccountKind.PROJECT: Text("project"),
}

SPANS: dict[Span, Text] = {
    Span.MONTH: Text("a month"),
    Span.QUARTER: Text("a quarter"),
    Span.YEAR: Text("a year"),
}

UNITS: dict[Unit, Text] = {
    Unit.SHEETS: Text("Sheets"),
    Unit.TONER: Text("Toner"),
    Unit.CYAN: Text("Cyan toner"),
    Unit.MAGENTA: Text("Magenta toner"),
    Unit.YELLOW: Text("Yellow toner"),
}

JOB_KINDS: dict[str, Text] = {
    "job": Text("print jobs"),
    "draft": Text("drafts printed after all"),
    "test": Text("test pages"),
    "": Text("other"),
}
"""Kinds of document, by their label in the ledger."""

NO_FORECAST: dict[Why, Text] = {
    Why.TOO_FEW: Text(
        "No forecast yet: it needs the use of at least {needed} working days, and there are {seen}."
    ),
    Why.UNUSED: Text("No forecast: nothing was used in the last eight weeks."),
    Why.NOTHING_GRANTED: Text("No forecast: nothing was granted for this period."),
}

PART_COLUMNS = (
    Code.PAPER,
    Code.PLAN,
    Code.PLAN_SHARE,
    Code.TWO_SIDED_SHARE,
    Code.CIRCULATED,
    Code.TONER,
    Code.REFUSED,
    Code.AFTER_ALL,
)
"""The figures of the scorecard that are shown of each office or month beside the others."""

CHECKS: dict[str, Text] = {
    "ledger": Text("Ledger"),
    "emergency": Text("Emergency pool"),
    "loans": Text("Loans between offices"),
    "supplies": Text("Stock and budgets"),
    "audit": Text("Audit trail"),
    "ledger-chain": Text("Chain of the ledger"),
    "spool": Text("Spool"),
    "tasks": Text("Background work"),
    "cups": Text("Print system"),
    "foreign-jobs": Text("Uncontrolled paper"),
    "past-the-gateway": Text("Ways past the gateway"),
    "database": Text("Database"),
    "reservations": Text("Reservations"),
    "rollups": Text("Sums for reading"),
    "tallies": Text("Tallies of jobs"),
    "moving": Text("Jobs under way"),
    "permits": Text("Permits"),
    "files": Text("Files"),
    "fonts": Text("Fonts"),
    "cups-settings": Text("Settings of the print system"),
    "cups-jobs": Text("Jobs in the print system"),
}

TASKS: dict[str, Text] = {
    "core.checkup": Text("checking the system"),
    "core.discard-upload": Text("forgetting files that were not imported"),
    "core.mail": Text("sending mail"),
    "printgate.cancel": Text("cancelling at the print system"),
    "printgate.decide": Text("reading documents"),
    "printgate.discard": Text("clearing the spool"),
    "printgate.forward": Text("handing jobs to the print system"),
}

IMPORTS: dict[str, Text] = {
    "offices": Text("Offices"),
    "people": Text("People"),
    "grants": Text("Grants"),
}
"""What a file can hold."""

IMPORT_KEYS: dict[str, Text] = {
    "offices": Text("An office is known by its code: a new code adds an office."),
    "people": Text(
        "A person is known by the sign-in name. Who is added gets no password: an administrator "
        "gives one on the person's page. Printing needs none."
    ),
    "grants": Text(
        "A grant is added to what an office has. A line without an entry number is entered once "
        "for its office and period, however often the file comes; a number grants more."
    ),
}

STEPS: dict[str, Text] = {
    Step.ADD: Text("is added"),
    Step.CHANGE: Text("is changed"),
    Step.KEEP: Text("stays as it is"),
}

STEP_TONES: dict[str, str] = {Step.ADD: "good", Step.CHANGE: "due"}

DELIMITERS: dict[str, Text] = {
    ",": Text("separated by commas"),
    ";": Text("separated by semicolons"),
    "\t": Text("separated by tabs"),
}

OVERRIDERS: dict[Overrider, Text] = {
    Overrider.OWNER: Text("its owner"),
    Overrider.HEAD: Text("the head of the office"),
    Overrider.ADMIN: Text("the administrator"),
}

ONE_SIDED_PRINTER: dict[OneSidedAction, Text] = {
    OneSidedAction.REROUTE: Text("A job for a printer with one side goes to one that prints both."),
    OneSidedAction.REFUSE: Text("A job for a printer with one side is refused."),
    OneSidedAction.PRINT: Text("A job for a printer with one side is let through."),
}

SIDES = {
    "one-sided": Text("one side"),
    "two-sided-long-edge": Text("two-sided, long edge"),
    "two-sided-short-edge": Text("two-sided, short edge"),
}

DOCUMENT_TONES: dict[State, str] = {State.CIRCULATING: "busy", State.CLOSED: "good"}

SUPPLIES = {
    "toner": Text("toner"),
    "wasteToner": Text("waste toner box (room left)"),
    "ink": Text("ink"),
    "paper": Text("paper"),
}

COLOURS = {
    "black": Text("black"),
    "cyan": Text("cyan"),
    "magenta": Text("magenta"),
    "yellow": Text("yellow"),
}

TRAYS = {
    "bottom": Text("lower tray"),
    "by-pass-tray": Text("by-pass tray"),
    "large-capacity": Text("large tray"),
    "main": Text("main tray"),
    "manual": Text("manual feed"),
    "middle": Text("middle tray"),
    "photo": Text("photo tray"),
    "top": Text("upper tray"),
}
"""Keywords of media-source (RFC 8011 §5.2.11, PWG 5100.13): how printers call their trays."""

UNKNOWN_LEVELS = {
    -3: Text("some is left; the printer does not say how much"),
}
"""Levels below zero (PWG 5100.13): nothing is known, or only that it is not empty."""

ADVICE: dict[int, Text] = {
    400: Text("Please go back and check what you entered."),
    401: Text("You find the page again after signing in."),
    403: Text("If you need it for your work, please ask the administrator."),
    404: Text("It may have been removed, or it belongs to somebody else. The menu leads on."),
    405: Text("Please use the menu and the buttons of the pages."),
    409: Text("Somebody may have been quicker. Please go back and reload the page."),
    413: Text("Please send it in parts."),
    500: Text("Please try again in a minute."),
    503: Text("Please try again in a minute."),
}


def stage_choices() -> list[tuple[str, Text]]:
    """Return the stages to choose from, as values of a form and words."""
    return [(value, STAGES[stages[0]]) for value, stages in STAGE_CHOICES.items()]


def counted_by(measure: Measure, n: int) -> Text:
    """Return an amount of what a permit counts."""
    if measure is Measure.JOBS:
        return counted("{n} job", "{n} jobs", n)
    return counted("{n} sheet", "{n} sheets", n)


def permit_choices() -> list[tuple[str, Text]]:
    """Return the standings of permits to choose from, as values of a form and words."""
    return [(standing.value, text) for standing, text in PERMIT_STANDINGS.items()]


def named(offices: dict[str, Office]) -> list[tuple[str, str]]:
    """Return offices to choose from."""
    return [(office.id, office.name) for office in offices.values()]


def themselves(names: list[str]) -> list[tuple[str, str]]:
    """Return choices whose words are the names themselves."""
    return [(name, name) for name in names]


def reason(keyword: str) -> Text:
    """Return the words for an IPP state reason; report and warning endings say no more."""
    return STATE_REASONS.get(_known(keyword, STATE_REASONS)) or Text("needs a look")


def cure(keywords: tuple[str, ...]) -> Text | None:
    """Return what somebody at the printer can do about its state reasons, if we know it."""
    known = (CURES.get(_known(keyword, CURES)) for keyword in keywords)
    return next((each for each in known if each is not None), None)


def no_forecast(found: NoForecast) -> Text:
    """Return why there is no forecast."""
    told = NO_FORECAST.get(found.why) or Text("A forecast is made for the period that runs.")
    return Text(told.msgid, {"needed": DAYS_MIN, "seen": found.seen})  # both are in the table


def next_step(job: Job) -> Text | None:
    """Return what the sender of a job should do now, or None if there is nothing to do."""
    if job.stage is Stage.REFUSED and job.reasons:
        return STEPS_AFTER_REFUSAL.get(job.reasons[-1].rule)
    if job.stage in ACTIVE and job.state_reasons:
        return GOES_ON_ALONE
    return NEXT_STEPS.get(job.stage)


def lacks_sheets(job: Job) -> bool:
    """Tell whether a job was refused because its account had too few sheets left."""
    return job.stage is Stage.REFUSED and bool(job.reasons) and job.reasons[-1].rule == "quota"


def supply_name(kind: str, name: str) -> Text | str:
    """Return what a supply is called; a name that the printer's maker gave it stays as it is."""
    if kind == "paper":
        tray = re.fullmatch(r"tray-(\d+)", name)
        return Text("tray {n}", {"n": tray[1]}) if tray else TRAYS.get(name, name)
    if kind == "wasteToner":
        return SUPPLIES[kind]
    colour = COLOURS.get(name.split(" ")[0].lower())
    if colour is None or kind not in SUPPLIES:
        return name
    return Text("{colour} {supply}", {"colour": colour, "supply": SUPPLIES[kind]})


def unknown_level(level: int) -> Text:
    """Return the words for a level below zero."""
    return UNKNOWN_LEVELS.get(level) or Text("not known: the printer does not say")


def on_its_way(jobs: list[Job]) -> str:
    """Return what changes when a job of these goes on; "" when none is on its way."""
    if not any(job.stage in ACTIVE for job in jobs):
        return ""
    return " ".join(f"{job.id}:{job.stage}:{','.join(job.state_reasons)}" for job in jobs)


def _known(keyword: str, table: dict[str, Text]) -> str:
    for ending in ("-report", "-warning", "-error"):
        if keyword not in table:
            keyword = keyword.removesuffix(ending)
    return keyword
