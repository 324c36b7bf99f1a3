"""How far a cartridge is used up, on values."""

import pytest

from quotas.supplies.wear import Wear, wear
from quotas.units import TONER_UNITS_PER_PAGE


@pytest.mark.parametrize(
    ("pages", "declared", "grams", "said"),
    [
        (0, 3000, 120, Wear(0, 0, 0)),
        (1500, 3000, 120, Wear(1500, 50, 60)),
        (1500, 3000, 0, Wear(1500, 50)),
        (1500, 0, 120, Wear(1500)),
        (3600, 3000, 120, Wear(3600, 120, 144)),
        (14, 3000, 120, Wear(14, 0, 1)),
        (15, 3000, 120, Wear(15, 1, 1)),
    ],
)
def test_the_share_of_the_yield(pages: int, declared: int, grams: int, said: Wear):
    assert wear(pages * TONER_UNITS_PER_PAGE, declared, grams) == said


def test_a_page_that_is_not_whole_yet_counts_for_the_share():
    assert wear(TONER_UNITS_PER_PAGE // 2, 1, 0) == Wear(0, 50)
