"""From coverage to standard pages, ink by ink."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quotas.toner import (
    UNITS,
    Coverage,
    Ink,
    TonerUse,
    assumed,
    milligrams,
    share_of_yield,
    uses,
)
from quotas.units import Unit

SHARES = st.integers(0, 1_000_000)


@pytest.mark.parametrize(
    ("impressions", "coverage", "amount"), [(3, 0.05, 3_000_000), (1, 0.12, 2_400_000)]
)
def test_a_default_coverage_is_an_estimate_in_black(impressions, coverage, amount):
    assert list(uses(impressions, assumed(coverage))) == [TonerUse(Ink.BLACK, amount, True)]


@given(st.integers(0, 10_000), SHARES, SHARES)
def test_toner_is_exact_and_ink_by_ink(impressions: int, black: int, yellow: int):
    found = {each.ink: each for each in uses(impressions, Coverage(black, 0, 0, yellow, True))}
    assert set(found) <= {Ink.BLACK, Ink.YELLOW}
    for ink, share in ((Ink.BLACK, black), (Ink.YELLOW, yellow)):
        amount = impressions * share * 20
        assert (found[ink].amount if ink in found else 0) == amount
    assert not any(each.estimated for each in found.values())


def test_every_ink_has_a_unit_of_its_own():
    assert len(set(UNITS.values())) == len(Ink)
    assert TonerUse(Ink.MAGENTA, 1, True).unit is Unit.MAGENTA


@pytest.mark.parametrize("share", [-1, 1_000_001, 0.5, True])
def test_what_covers_no_page(share: object):
    with pytest.raises(ValueError, match="cyan"):
        Coverage(cyan=share)  # type: ignore[arg-type]


def test_shares_of_a_cartridge_and_grams():
    assert share_of_yield(1_500_000_000, 3000) == 500_000
    assert milligrams(2_500_000, 30) == 75
    with pytest.raises(ValueError, match="yields"):
        share_of_yield(1, 0)
