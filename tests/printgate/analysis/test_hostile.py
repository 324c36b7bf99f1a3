"""Files that lie, break or explode end with a clear answer, and the next one is read at once."""

import resource
import time
from collections.abc import Callable, Iterator

import pytest

from core.sandbox import ChildLimits, Sandbox
from printgate import analysis
from printgate.analysis import Analyser
from tests.printgate.analysis import hostile

ANSWER_SECONDS_MAX = 60
"""Generous: it is for a machine on which others run too; most take less than one."""
ORDINARY = hostile.pages(3)

FILES: list[tuple[str, Callable[[], bytes], set[object]]] = [
    ("no page", lambda: hostile.pages(0), {"document-unreadable"}),
    ("no page but says 7", lambda: hostile.pages(0, 7), {"document-unreadable"}),
    ("says fewer pages", lambda: hostile.pages(6, 1), {6}),
    ("says more pages", lambda: hostile.pages(6, 999_999), {6}),
    ("cycle", hostile.cycle, {"document-unreadable"}),
    ("long cycle", hostile.long_cycle, {"document-unreadable"}),
    ("a billion pages", lambda: hostile.doubling(30), {"document-unreadable"}),
    (
        "a million mentions",
        lambda: hostile.same_page_often(10**6),
        {"document-too-many-pages", "document-too-complex"},
    ),
    ("deep tree", lambda: hostile.deep_tree(50_000), {"document-unreadable"}),
    ("deep array", lambda: hostile.deep_array(10**6), {1, "document-unreadable"}),
    ("content bomb", hostile.content_bomb, {"document-too-complex"}),
    ("object stream bomb", hostile.object_stream_bomb, {"document-too-complex"}),
    ("a billion laughs", lambda: hostile.laughs(9), {"document-too-complex"}),
    ("a form in itself", hostile.form_in_itself, {1}),
    ("xref loop", hostile.xref_loop, {3}),
    ("many objects", lambda: hostile.many_objects(300_000), {1}),
    ("scripts everywhere", hostile.armed, {1}),
    ("printer language", lambda: hostile.in_a_printer_language(hostile.pages(2)), {2}),
    ("a page without size", lambda: hostile.pages(1, box=b"[0 0 0 0]"), {"document-too-complex"}),
    ("too many pages", lambda: hostile.pages(5001), {"document-too-many-pages"}),
    ("cut short", lambda: hostile.pages(20)[:2500], {"document-unreadable"}),
]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(analysis.SANDBOXED) as opened:
        yield opened


@pytest.mark.parametrize(("what", "make", "answers"), FILES, ids=[each[0] for each in FILES])
def test_each_has_its_answer_and_the_next_is_read(analyse, what, make, answers: set[object]):
    document, start = make(), time.monotonic()
    facts = analyse(document, seconds=ANSWER_SECONDS_MAX / 2)
    assert time.monotonic() - start < ANSWER_SECONDS_MAX
    assert not facts.timed_out
    assert (facts.unreadable or facts.pages) in answers
    if facts.unreadable:
        assert facts.unreadable_text is not None
        assert facts.pages == 0
    after = analyse(ORDINARY)
    assert (after.unreadable, after.pages) == (None, 3)


def test_no_child_takes_more_memory_than_it_may(tmp_path):
    source = tmp_path / "bomb"
    with Sandbox(analysis.SANDBOXED) as own:
        for make in (hostile.content_bomb, hostile.object_stream_bomb):
            source.write_bytes(make())
            facts = Analyser(own).analyse(
                source, tmp_path / "out", "", job_name="", timeout_seconds=ANSWER_SECONDS_MAX
            )
            assert facts.unreadable == "document-too-complex"
    # The largest of all children that have ended so far.
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    assert largest < ChildLimits().memory_octets


def test_a_wrong_password_is_said_and_an_owner_s_is_none(analyse, tmp_path):
    locked = hostile.locked(tmp_path / "locked", hostile.pages(3), "user")
    assert analyse(locked).unreadable == "document-encrypted"
    owned = hostile.locked(tmp_path / "owned", hostile.pages(3), "")
    assert (analyse(owned).unreadable, analyse(owned).pages) == (None, 3)
