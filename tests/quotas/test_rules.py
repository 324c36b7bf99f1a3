from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quotas.ledger import ENDS, Balance, Delta, Kind, State, delta_of, fold
from quotas.periods import Period
from quotas.toner import UNITS
from quotas.units import AMOUNT_MAX, Unit, toner_pages, valid_amount

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("kind", "amount", "used", "delta"),
    [
        (Kind.GRANT, 5, 0, Delta(granted=5)),
        (Kind.ADJUST, -5, 0, Delta(granted=-5)),
        (Kind.RESERVE, 5, 0, Delta(held=5)),
        (Kind.SETTLE, 5, 3, Delta(held=-5, spent=3)),
        (Kind.SETTLE, 5, 8, Delta(held=-5, spent=8)),
        (Kind.RELEASE, 5, 0, Delta(held=-5)),
        (Kind.EXPIRE, 5, 0, Delta(held=-5)),
        (Kind.BOOK, 5, 0, Delta(spent=5)),
    ],
)
def test_what_each_entry_does(kind: Kind, amount: int, used: int, delta: Delta):
    assert delta_of(kind, amount, used) == delta


def test_every_kind_and_every_end_is_covered():
    assert set(ENDS.values()) == set(State) - {State.RESERVED}


@given(st.lists(st.tuples(*[st.integers(-1000, 1000)] * 3)))
def test_a_balance_is_the_sum_of_its_entries(entries):
    folded = fold(Delta(*entry) for entry in entries)
    sums = [sum(column) for column in zip(*entries, strict=True)] or [0, 0, 0]
    assert folded == Balance(*sums)
    assert folded.left == sums[0] - sums[1] - sums[2]


@pytest.mark.parametrize(
    ("moment", "key"),
    [
        (datetime(2026, 11, 30, 15, 59, 59, tzinfo=UTC), "2026-11"),
        (datetime(2026, 11, 30, 16, 0, tzinfo=UTC), "2026-12"),
        (datetime(2026, 12, 31, 16, 0, tzinfo=UTC), "2027-01"),
        (datetime(2028, 2, 29, 12, 0, tzinfo=UTC), "2028-02"),
    ],
)
def test_a_month_begins_at_local_midnight(moment: datetime, key: str):
    period = Period.of_moment(moment, SHANGHAI)
    assert period.key == key
    start, end = period.bounds(SHANGHAI)
    assert start <= moment < end


@given(st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31)))  # noqa: DTZ001
def test_every_moment_lies_in_exactly_one_month(naive):
    moment = naive.replace(tzinfo=UTC)
    for zone in (SHANGHAI, ZoneInfo("Europe/Berlin"), ZoneInfo("UTC")):
        period = Period.of_moment(moment, zone)
        around = (period.previous(), period, period.next())
        inside = [p for p in around if p.bounds(zone)[0] <= moment < p.bounds(zone)[1]]
        assert inside == [period]
        assert period.next().previous() == period == Period.of_key(period.key)
        assert moment.astimezone(zone).date() in period.days()


@pytest.mark.parametrize(
    "key",
    [
        "",
        "226",
        "2026-13",
        "2026-Q0",
        "2026-Q5",
        "2026-Q",
        "2026-",
        "2026-00",
        "26-1",
        "2026-11-01",
        "２０-11",
    ],
)
def test_what_is_no_month(key: str):
    with pytest.raises(ValueError, match="not a month"):
        Period.of_key(key)


@pytest.mark.parametrize("amount", [0, -1, 1.0, "1", None, True, AMOUNT_MAX + 1])
def test_what_is_no_amount(amount: object):
    assert not valid_amount(amount)


def test_units():
    assert valid_amount(AMOUNT_MAX)
    assert toner_pages(1_500_000) == 1.5
    assert set(Unit) == {"sheets", *UNITS.values()}
