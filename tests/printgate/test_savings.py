"""Sheets that were saved: by hand, and what must hold of every job."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from printgate.metering import estimate
from printgate.savings import Saving, saved_by_circulating, saving
from printgate.ticket import JobTicket

ONE, LONG, SHORT = "one-sided", "two-sided-long-edge", "two-sided-short-edge"


def ticket(sides=None, number_up=1, copies=1, **more) -> JobTicket:
    return JobTicket(sides=sides, number_up=number_up, copies=copies, **more)


@pytest.mark.parametrize(
    ("asked", "printed", "pages", "sheets", "saved"),
    [
        # The rule made it two-sided.
        (ticket(ONE), ticket(LONG), 8, 4, Saving(4, 4, 0)),
        (ticket(ONE, copies=3), ticket(LONG, copies=3), 3, 6, Saving(6, 3, 0)),
        (ticket(ONE), ticket(LONG), 1, 1, Saving(1, 0, 0)),
        # The sender asked for it: two-sided, but no saving of the rule.
        (ticket(LONG), ticket(LONG), 8, 4, Saving(4, 0, 0)),
        (ticket(SHORT), ticket(SHORT), 8, 4, Saving(4, 0, 0)),
        # The sender said nothing: the printer's default is two-sided.
        (ticket(), ticket(LONG), 8, 4, Saving(4, 0, 0)),
        # One-sided it stayed.
        (ticket(ONE), ticket(ONE), 8, 8, Saving(0, 0, 0)),
        (ticket(), ticket(), 8, 8, Saving(0, 0, 0)),
        # n-up, and both.
        (ticket(LONG, 2), ticket(LONG, 2), 8, 2, Saving(2, 0, 2)),
        (ticket(ONE, 2), ticket(LONG, 2), 8, 2, Saving(2, 2, 4)),
        (ticket(ONE, 4), ticket(ONE, 4), 8, 2, Saving(0, 0, 6)),
        # A3 counts two, page ranges choose.
        (ticket(ONE, media="iso_a3_297x420mm"), ticket(LONG, media="iso_a3_297x420mm"), 4, 4,
         Saving(4, 4, 0)),
        (ticket(ONE, page_ranges=((1, 2),)), ticket(LONG, page_ranges=((1, 2),)), 50, 1,
         Saving(1, 1, 0)),
        # It broke off, it never came out, nobody knows its pages.
        (ticket(ONE), ticket(LONG), 8, 1, Saving(1, 1, 0)),
        (ticket(ONE, 2), ticket(LONG, 2), 8, 1, Saving(1, 1, 2)),
        (ticket(ONE), ticket(LONG), 8, 0, Saving()),
        (ticket(ONE), ticket(LONG), 0, 5, Saving()),
    ],
)  # fmt: skip
def test_what_one_job_saved(asked, printed, pages, sheets, saved):
    assert saving(asked, printed, pages, sheets) == saved


SIDES = st.sampled_from([None, ONE, LONG, SHORT])


@given(
    SIDES, SIDES, st.sampled_from([1, 2, 4, 6, 9, 16]), st.integers(1, 5), st.integers(1, 60),
    st.integers(0, 300),
)  # fmt: skip
def test_what_was_saved_and_what_came_out_is_the_job_as_it_was_asked_for(
    wanted, given_sides, number_up, copies, pages, sheets
):
    asked, printed = ticket(wanted, number_up, copies), ticket(given_sides, number_up, copies)
    saved = saving(asked, printed, pages, sheets)
    assert min(saved.by_two_sided, saved.by_number_up) >= 0
    both = (given_sides or ONE) != ONE
    assert saved.two_sided_sheets == (sheets if both else 0)
    if not (wanted == ONE and both):
        assert saved.by_two_sided == 0
    whole = estimate(pages, copies=copies, sides=given_sides or ONE, number_up=number_up).sheets
    before = ONE if wanted == ONE and both else given_sides or ONE
    one_up = estimate(pages, copies=copies, sides=before).sheets
    total = saved.by_two_sided + saved.by_number_up
    if sheets >= whole:
        assert total + whole == one_up
    else:
        assert total <= (one_up - whole) * sheets // whole


@pytest.mark.parametrize(
    ("pages", "opened", "printed", "saved"),
    [(5, 4, 0, 12), (5, 0, 0, 0), (5, 4, 5, 7), (5, 1, 9, 0), (1, 3, 0, 3)],
)
def test_what_a_circulating_draft_saved(pages, opened, printed, saved):
    assert saved_by_circulating(pages, opened, printed) == saved
