"""The rules of the emergency pool, on values."""

from dataclasses import replace
from datetime import timedelta

import pytest

from core.people import Actor
from quotas.emergency import TRANSITIONS, Event, State, Use, judges, missing
from tests.conftest import NOON

USE = Use("job", "office", 5, "alice", "王芳", NOON, NOON + timedelta(days=3), State.DUE)
JUSTIFIED = replace(USE, state=State.JUSTIFIED, reason="会议", justified_at=NOON)
ALICE = Actor("王芳", "alice", "office")
HEAD = Actor("李建国", "dora", "office", heads=frozenset({"office"}))
HEAD_OF_OTHER = Actor("周", "zhou", "other", heads=frozenset({"other"}))
ADMIN = Actor("管理员", "ada", "other", admin=True)
HEAD_WHO_DREW = Actor("王芳", "alice", "office", heads=frozenset({"office"}), admin=True)


@pytest.mark.parametrize(
    ("left", "needed", "lacks"), [(0, 5, 5), (3, 5, 2), (5, 5, 0), (9, 5, 0), (-4, 5, 9)]
)
def test_a_job_draws_what_it_lacks(left: int, needed: int, lacks: int):
    assert missing(left, needed) == lacks


@pytest.mark.parametrize(
    ("use", "actor", "can"),
    [
        (USE, ALICE, {Event.JUSTIFY}),
        (USE, HEAD, set()),
        (USE, ADMIN, set()),
        (JUSTIFIED, ALICE, set()),
        (JUSTIFIED, HEAD, {Event.ACCEPT, Event.OBJECT}),
        (JUSTIFIED, ADMIN, {Event.ACCEPT, Event.OBJECT}),
        (JUSTIFIED, HEAD_OF_OTHER, set()),
        (JUSTIFIED, HEAD_WHO_DREW, set()),
        (replace(JUSTIFIED, state=State.ACCEPTED), HEAD, set()),
        (replace(JUSTIFIED, state=State.OBJECTED), HEAD, set()),
    ],
)
def test_who_can_do_what(use: Use, actor: Actor, can: set[Event]):
    assert use.events_for(actor) == can


def test_a_reason_is_overdue_until_it_is_given_and_late_ones_stay_late():
    due = USE.due_at
    assert [USE.overdue(due - timedelta(seconds=1)), USE.overdue(due)] == [False, True]
    late = replace(JUSTIFIED, justified_at=due + timedelta(seconds=1))
    assert not late.overdue(due + timedelta(days=9))
    assert (late.late(), JUSTIFIED.late(), USE.late()) == (True, False, False)


@pytest.mark.parametrize(
    ("heads", "told"),
    [
        (["dora"], ("dora",)),
        (["alice", "dora"], ("dora",)),
        (["alice"], ("ada",)),
        ([], ("ada",)),
    ],
)
def test_another_head_judges_or_else_the_administrators(heads: list[str], told: tuple[str, ...]):
    assert judges(heads, ["ada", "alice"], drawn_by="alice") == told


def test_nothing_leads_back():
    order = list(State)
    for (source, _), target in TRANSITIONS.items():
        assert order.index(target) > order.index(source)
