"""The pure rules of the gateway: policy, metering, ticket, life of a job, the rules file."""

import itertools
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text import Text
from printgate import metering, permits
from printgate.lifecycle import (
    ACTIVE,
    AT_BACKEND,
    IPP_STATES,
    TRANSITIONS,
    Event,
    JobState,
    Stage,
    WrongStage,
    advance,
    may,
)
from printgate.metering import Usage
from printgate.permits import Allowance, Measure
from printgate.policy import (
    ColourAction,
    DraftAction,
    Exemptions,
    Facts,
    MarkedAction,
    OneSidedAction,
    Outcome,
    Overrider,
    PermitUse,
    PrinterFacts,
    Rules,
    Sender,
    decide,
)
from printgate.rules_file import SHIPPED, RulesError, load_rules
from printgate.ticket import JobTicket
from tests.conftest import NOON

A = PrinterFacts("office-a", two_sided=True)
B = PrinterFacts("office-b", two_sided=False)
ALICE = Sender("general", "alice")
GUEST = Sender("guest")
ONE, LONG, SHORT = "one-sided", "two-sided-long-edge", "two-sided-short-edge"
DRAFT = Text("This is a draft.")
MARK = Text("secret")
BROKEN = Text("broken")


def verdict(
    ticket: JobTicket = JobTicket(),  # noqa: B008  # frozen
    facts: Facts = Facts(pages=3),  # noqa: B008  # frozen
    rules: Rules = Rules(),  # noqa: B008  # frozen
    sender: Sender = ALICE,
    printer: PrinterFacts = A,
    others: tuple[PrinterFacts, ...] = (A, B),
    **more: bool,
):
    found = decide(ticket, facts, rules, sender, printer, others, **more)
    return found, [reason.rule for reason in found.reasons]


@pytest.mark.parametrize("asked", [None, ONE, LONG, SHORT])
def test_two_sided_is_forced_and_said_only_when_it_changes_something(asked: str | None):
    found, rules = verdict(JobTicket(sides=asked, copies=2))
    assert found.outcome is Outcome.PRINT
    assert found.ticket.sides == (asked if asked in (LONG, SHORT) else LONG)
    assert rules == ([] if asked in (LONG, SHORT) else ["two-sided"])
    assert (found.sheets, found.impressions, found.printer) == (4, 6, "office-a")


@pytest.mark.parametrize(
    "exempt",
    [
        Exemptions(offices=frozenset({"general"})),
        Exemptions(persons=frozenset({"alice"})),
        Exemptions(printers=frozenset({"office-a"})),
    ],
)
def test_an_exemption_lets_one_sided_through(exempt: Exemptions):
    found, rules = verdict(JobTicket(sides=ONE), rules=Rules(two_sided_exempt=exempt))
    assert (found.ticket.sides, found.sheets, rules) == (ONE, 3, [])
    other = Sender("legal", "charlie")
    printer = PrinterFacts("office-c", two_sided=True)
    found, _ = verdict(
        JobTicket(sides=ONE), rules=Rules(two_sided_exempt=exempt), sender=other, printer=printer
    )
    assert found.ticket.sides == LONG


@pytest.mark.parametrize(
    ("action", "others", "outcome", "printer", "sides"),
    [
        (OneSidedAction.REROUTE, (A,), Outcome.PRINT, "office-a", LONG),
        (OneSidedAction.REROUTE, (), Outcome.REFUSE, "office-b", None),
        (OneSidedAction.REFUSE, (A,), Outcome.REFUSE, "office-b", None),
        (OneSidedAction.PRINT, (A,), Outcome.PRINT, "office-b", ONE),
    ],
)
def test_what_becomes_of_a_job_at_a_one_sided_printer(action, others, outcome, printer, sides):
    found, rules = verdict(rules=Rules(one_sided_printer=action), printer=B, others=others)
    assert (found.outcome, found.printer, found.ticket.sides) == (outcome, printer, sides)
    assert rules == ["two-sided"]


JOBS, SHEETS = Allowance(7, Measure.JOBS, 2, "seal"), Allowance(7, Measure.SHEETS, 3, "seal")


@pytest.mark.parametrize(
    ("allowance", "ticket", "pages", "printer", "amount", "baseline"),
    [
        (JOBS, JobTicket(sides=ONE), 3, A, 1, 2),
        (SHEETS, JobTicket(sides=ONE), 3, A, 3, 2),
        (SHEETS, JobTicket(sides=ONE, number_up=2), 5, A, 3, 2),
        (JOBS, JobTicket(sides=ONE, copies=40), 2, A, 1, 40),
        (SHEETS, JobTicket(sides=ONE), 1, B, 1, 1),
        (JOBS, JobTicket(sides=ONE), 3, B, 1, 2),
    ],
)
def test_a_permit_lets_one_sided_through(allowance, ticket, pages, printer, amount, baseline):
    sender = replace(ALICE, permit=allowance)
    found, rules = verdict(ticket, Facts(pages=pages), sender=sender, printer=printer)
    assert (found.ticket, found.printer, rules) == (ticket, printer.name, ["permit"])
    assert found.permit == PermitUse(7, amount, baseline)
    # What becomes of the job when the permit is gone is what would without it, with a word on that.
    usual, _ = verdict(ticket, Facts(pages=pages), printer=printer)
    assert found.usual == replace(usual, reasons=(found.usual.reasons[0], *usual.reasons))
    assert found.usual.reasons[0].rule == "permit"


@pytest.mark.parametrize(
    ("allowance", "ticket", "facts", "rules", "said"),
    [
        (JOBS, JobTicket(sides=ONE), Facts(pages=1), Rules(), ["two-sided"]),
        (JOBS, JobTicket(sides=ONE, copies=9), Facts(pages=1), Rules(), ["two-sided"]),
        (JOBS, JobTicket(sides=ONE, number_up=4), Facts(pages=4), Rules(), ["two-sided"]),
        (JOBS, JobTicket(sides=LONG), Facts(pages=3), Rules(), []),
        (JOBS, JobTicket(), Facts(pages=3), Rules(), ["two-sided"]),
        (JOBS, JobTicket(sides=ONE), Facts(pages=3), Rules(two_sided=False), []),
        (JOBS, JobTicket(sides=ONE), Facts(pages=3, draft=DRAFT), Rules(), ["drafts"]),
        (JOBS, JobTicket(sides=ONE), Facts(unreadable=BROKEN), Rules(), ["readable"]),
        (JOBS, JobTicket(sides=ONE), Facts(pages=3), Rules(sheets_max=2), ["two-sided"]),
        (SHEETS, JobTicket(sides=ONE), Facts(pages=4), Rules(), ["permit", "two-sided"]),
    ],
)
def test_what_a_permit_does_not_change(allowance, ticket, facts, rules, said):
    found, reasons = verdict(ticket, facts, rules, replace(ALICE, permit=allowance))
    without, _ = verdict(ticket, facts, rules)
    assert reasons == said
    assert (found.permit, found.usual) == (None, None)
    assert replace(found, reasons=()) == replace(without, reasons=())


@pytest.mark.parametrize("state", permits.State)
@pytest.mark.parametrize("act", permits.Act)
def test_every_pair_of_the_life_of_a_permit(state: permits.State, act: permits.Act):
    open_acts = {
        permits.State.ASKED: {permits.Act.GRANT, permits.Act.REFUSE, permits.Act.WITHDRAW},
        permits.State.GRANTED: {permits.Act.WITHDRAW, permits.Act.REVOKE},
    }
    assert permits.may(state, act) is (act in open_acts.get(state, set()))
    if permits.may(state, act):
        assert permits.TRANSITIONS[state][act] not in (state, permits.State.ASKED)


@pytest.mark.parametrize(
    ("state", "left", "over", "standing"),
    [
        ("asked", 5, False, "asked"),
        ("asked", 5, True, "over"),
        ("granted", 1, False, "valid"),
        ("granted", 0, False, "used-up"),
        ("granted", 1, True, "over"),
        ("granted", 0, True, "over"),
        ("refused", 5, True, "refused"),
        ("withdrawn", 5, True, "withdrawn"),
        ("revoked", 5, False, "revoked"),
    ],
)
def test_what_a_permit_is_worth(state: str, left: int, over: bool, standing: str):
    now = NOON + timedelta(seconds=0 if over else -1)
    assert permits.standing(permits.State(state), left, NOON, now) == standing


def test_what_a_permit_counts_and_keeps():
    assert [permits.needed(measure, 5) for measure in Measure] == [1, 5]
    assert [permits.kept(Measure.JOBS, 1, sheets) for sheets in (0, 1, 9)] == [0, 1, 1]
    assert [permits.kept(Measure.SHEETS, 5, sheets) for sheets in (0, 4, 9)] == [0, 4, 5]


def test_nothing_is_forced_when_the_rule_is_off():
    found, rules = verdict(rules=Rules(two_sided=False), printer=B)
    assert (found.outcome, found.ticket.sides, found.sheets, rules) == (Outcome.PRINT, None, 3, [])


@pytest.mark.parametrize(
    ("action", "sender", "outcome"),
    [
        (DraftAction.DIVERT, ALICE, Outcome.CIRCULATE),
        (DraftAction.ASK, ALICE, Outcome.ASK),
        (DraftAction.PRINT, ALICE, Outcome.PRINT),
        (DraftAction.DIVERT, GUEST, Outcome.REFUSE),
        (DraftAction.ASK, GUEST, Outcome.REFUSE),
        (DraftAction.PRINT, GUEST, Outcome.PRINT),
    ],
)
def test_drafts(action: DraftAction, sender: Sender, outcome: Outcome):
    facts = Facts(pages=3, draft=DRAFT)
    found, rules = verdict(facts=facts, rules=Rules(drafts=action), sender=sender)
    assert found.outcome is outcome
    if outcome is not Outcome.PRINT:
        assert rules == ["drafts"]
    after_all, _ = verdict(facts=facts, rules=Rules(drafts=action), sender=sender, wants_paper=True)
    assert after_all.outcome is Outcome.PRINT
    exempt = Rules(drafts=action, drafts_exempt=Exemptions(offices=frozenset({sender.office})))
    assert verdict(facts=facts, rules=exempt, sender=sender)[0].outcome is Outcome.PRINT


@pytest.mark.parametrize(
    ("ticket", "pages", "rule"),
    [
        (JobTicket(), 501, "limits.pages"),
        (JobTicket(copies=101), 1, "limits.copies"),
        (JobTicket(copies=100), 30, "limits.sheets"),
        (JobTicket(page_ranges=((1, 500),)), 600, None),
        (JobTicket(page_ranges=((4, 9),)), 3, "limits.pages"),
        (JobTicket(), 500, None),
    ],
)
def test_limits(ticket: JobTicket, pages: int, rule: str | None):
    found, rules = verdict(ticket, Facts(pages=pages))
    assert found.outcome is (Outcome.REFUSE if rule else Outcome.PRINT)
    if rule:
        assert rules == [rule]


@pytest.mark.parametrize(
    ("action", "asked", "printed"),
    [
        (ColourAction.PRINT, "color", "color"),
        (ColourAction.PRINT, None, None),
        (ColourAction.GREY, "color", "monochrome"),
        (ColourAction.GREY, "auto", "monochrome"),
        (ColourAction.GREY, None, "monochrome"),
        (ColourAction.GREY, "bi-level", "bi-level"),
        (ColourAction.REFUSE, "color", "refused"),
        (ColourAction.REFUSE, "auto", "monochrome"),
        (ColourAction.REFUSE, None, "monochrome"),
        (ColourAction.REFUSE, "monochrome", "monochrome"),
    ],
)
@pytest.mark.parametrize("may", ["nobody", "person", "office", "printer"])
def test_colour(action: ColourAction, asked: str | None, printed: str | None, may: str):
    """Whoever is exempt prints as they ask; what is changed or refused names the rule."""
    exempt = {
        "nobody": Exemptions(),
        "person": Exemptions(persons=frozenset({"alice"})),
        "office": Exemptions(offices=frozenset({"general"})),
        "printer": Exemptions(printers=frozenset({"office-a"})),
    }
    rules = Rules(colour=action, colour_exempt=exempt[may])
    ticket = JobTicket(sides=LONG, print_color_mode=asked)
    found, said = verdict(ticket, rules=rules)
    if may != "nobody":
        printed = asked
    assert said == ([] if printed == asked else ["colour"])
    if printed == "refused":
        assert (found.outcome, found.sheets, found.ticket) == (Outcome.REFUSE, 0, ticket)
    else:
        assert found.outcome is Outcome.PRINT
        assert found.ticket == replace(ticket, print_color_mode=printed)


def test_the_strongest_rule_speaks_first():
    everything = Facts(pages=9999, draft=DRAFT, marked=MARK, unreadable=BROKEN)
    assert verdict(facts=everything)[1] == ["readable"]
    assert verdict(facts=replace(everything, unreadable=None))[1] == ["secrecy"]
    assert verdict(facts=replace(everything, unreadable=None, marked=None))[1] == ["drafts"]
    printed = Rules(marked=MarkedAction.PRINT)
    assert verdict(facts=Facts(pages=1, marked=MARK), rules=printed)[0].outcome is Outcome.PRINT
    for wants_paper in (False, True):
        found, _ = verdict(facts=replace(everything, pages=1), wants_paper=wants_paper)
        assert found.outcome is Outcome.REFUSE


@pytest.mark.parametrize(
    ("pages", "copies", "sides", "number_up", "media", "usage"),
    [
        (3, 2, LONG, 1, "iso_a4_210x297mm", (4, 6)),
        (1, 1, LONG, 1, "", (1, 1)),
        (1, 2, LONG, 1, "", (2, 2)),
        (3, 1, ONE, 1, "", (3, 3)),
        (9, 1, LONG, 4, "", (2, 3)),
        (3, 1, LONG, 1, "iso_a3_297x420mm", (4, 3)),
        (3, 1, LONG, 1, "iso_a5_148x210mm", (2, 3)),
        (2, 1, LONG, 1, "na_letter_8.5x11in", (1, 2)),
    ],
)
def test_sheets_before_printing(pages, copies, sides, number_up, media, usage):
    found = metering.estimate(pages, copies=copies, sides=sides, number_up=number_up, media=media)
    assert (found.sheets, found.impressions) == usage
    assert found.estimated


@pytest.mark.parametrize(
    ("impressions", "pages", "copies", "sides", "sheets", "estimated"),
    [
        (6, 3, 2, LONG, 4, False),
        (4, 3, 2, LONG, 3, False),
        (3, 10, 1, LONG, 2, False),
        (3, 10, 1, ONE, 3, False),
        (0, 3, 2, LONG, 0, False),
        (2**31 - 1, 3, 2, LONG, 4, True),
        (-2, 3, 2, LONG, 0, True),
    ],
)
def test_sheets_afterwards_clamped(impressions, pages, copies, sides, sheets, estimated):
    found = metering.measured(impressions, pages, copies=copies, sides=sides)
    assert found == Usage(sheets, max(0, min(impressions, pages * copies)), estimated)


@given(st.integers(1, 500), st.integers(1, 50), st.sampled_from([ONE, LONG]), st.integers(0, 10**6))
def test_what_came_out_is_never_more_than_was_reserved(pages, copies, sides, impressions):
    before = metering.estimate(pages, copies=copies, sides=sides)
    after = metering.measured(impressions, pages, copies=copies, sides=sides)
    assert 0 <= after.sheets <= before.sheets
    assert metering.measured(before.impressions, pages, copies=copies, sides=sides) == Usage(
        before.sheets, before.impressions, estimated=False
    )


@pytest.mark.parametrize(
    ("pages", "ranges", "selected"),
    [(10, (), 10), (10, ((2, 3), (5, 99)), 8), (3, ((4, 5),), 0), (3, ((1, 1), (3, 3)), 2)],
)
def test_page_ranges(pages, ranges, selected):
    assert metering.pages_selected(pages, ranges) == selected


def test_a_ticket_survives_storage_and_becomes_options_once():
    ticket = JobTicket(
        copies=2, sides=LONG, media="iso_a4_210x297mm", media_source="tray-1",
        page_ranges=((1, 2), (4, 4)), number_up=2, print_color_mode="monochrome",
    )  # fmt: skip
    assert JobTicket.from_json(ticket.to_json()) == ticket
    assert JobTicket.from_json({}) == JobTicket()
    assert ticket.cups_options() == {
        "copies": "2",
        "sides": LONG,
        "number-up": "2",
        "print-color-mode": "monochrome",
        "media": "iso_a4_210x297mm,tray-1",
        "page-ranges": "1-2,4-4",
    }


@pytest.mark.parametrize(("stage", "event"), list(itertools.product(Stage, Event)))
def test_every_stage_and_event(stage: Stage, event: Event):
    if may(stage, event):
        assert advance(stage, event) is TRANSITIONS[stage][event]
        assert stage in ACTIVE or stage is Stage.UNKNOWN
    else:
        with pytest.raises(WrongStage):
            advance(stage, event)


def test_the_stages_tell_a_cups_client_what_it_must_believe():
    assert set(IPP_STATES) == set(TRANSITIONS) == set(Stage)
    held = {stage for stage, (state, _) in IPP_STATES.items() if state is JobState.PENDING_HELD}
    assert held == {Stage.ASKED, Stage.SHORT, Stage.HELD}
    finished = {JobState.COMPLETED, JobState.CANCELED, JobState.ABORTED}
    for stage, (state, _) in IPP_STATES.items():
        assert (state in finished) is (stage not in ACTIVE)
    # What was let go is never created again: nothing prints twice.
    for stage in AT_BACKEND | {Stage.UNKNOWN}:
        assert not {Event.FORWARD, Event.ACCEPT, Event.RELEASE} & set(TRANSITIONS[stage])


def test_the_rules_that_ship_are_the_defaults():
    assert load_rules(SHIPPED) == Rules()


def test_a_file_of_rules_replaces_what_it_names(tmp_path: Path):
    path = tmp_path / "rules.toml"
    path.write_text(
        '[drafts]\naction = "ask"\noverride = ["admin"]\n'
        '[two-sided]\nexempt-persons = ["Alice "]\n[limits]\npages-max = 5\n'
        '[colour]\naction = "grey"\nexempt-offices = ["general"]\n'
    )
    rules = load_rules(path)
    assert rules.colour is ColourAction.GREY
    assert rules.colour_exempt.offices == {"general"}
    assert rules.drafts is DraftAction.ASK
    assert rules.drafts_override == {Overrider.ADMIN}
    assert rules.two_sided_exempt.persons == {"alice"}
    assert (rules.pages_max, rules.copies_max) == (5, 100)


def test_everything_wrong_in_a_file_is_named_at_once(tmp_path: Path):
    path = tmp_path / "rules.toml"
    path.write_text(
        '[drafts]\naction = "burn"\noverride = ["cat"]\n[paint]\nx = 1\n'
        '[limits]\npages-max = 0\ncopies-max = "3"\nsheets = 1\n[two-sided]\nforce = 1\n'
        "exempt-offices = [1]\n"
    )
    with pytest.raises(RulesError) as caught:
        load_rules(path)
    assert len(caught.value.problems) == 8
    path.write_text("[drafts")
    with pytest.raises(RulesError):
        load_rules(path)
    with pytest.raises(RulesError):
        load_rules(tmp_path / "none.toml")
