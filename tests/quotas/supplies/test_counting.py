"""Stocktaking, cartridges and reports, on both databases."""

from datetime import timedelta
from typing import Any

import pytest

from core import audit
from core.errors import Forbidden, InvalidInput
from core.ids import new_uuid
from core.people import SYSTEM, Actor
from quotas import rollups
from quotas import service as ledger
from quotas.errors import EntryDiffers
from quotas.insight import Usage
from quotas.periods import DEFAULT_ZONE, Period
from quotas.supplies.errors import NoSuchSupply, OutOfStock, SecondPersonNeeded, WrongState
from quotas.supplies.lifecycle import CountState
from quotas.supplies.queries import counting as queries
from quotas.supplies.queries import reports
from quotas.supplies.service import cartridges, counting
from quotas.supplies.service.cartridges import Installation
from quotas.supplies.service.counting import Count
from quotas.supplies.stock import Kind
from quotas.supplies.variance import Meaning
from quotas.supplies.wear import Wear
from quotas.units import Unit
from tests.conftest import NOON
from tests.contracts.at_once import at_once, failures
from tests.quotas.supplies.conftest import PAPER, RECYCLED, SHELF, STORE, TONER, Depot

pytestmark = pytest.mark.both_databases


def opened(depot: Depot, store: str = SHELF, actor: Actor | None = None, key: str = "") -> int:
    with depot.database.transaction() as session:
        return counting.open_stocktaking(
            session, key or new_uuid(), store, actor=actor or depot.dora, now=NOON
        ).id


def count(depot: Depot, number: int, counted: int, reason: str = "", **more) -> None:
    counts = {more.get("article", PAPER): Count(counted, reason)}
    with depot.database.transaction() as session:
        counting.enter(
            session, number, more.get("entry", new_uuid()), counts,
            actor=more.get("actor", depot.dora), now=NOON,
        )  # fmt: skip


def close(depot: Depot, number: int, actor: Actor | None = None):
    with depot.database.transaction() as session:
        return counting.close(session, number, actor=actor or depot.ada, now=NOON)


def differences(depot: Depot, number: int) -> dict[str, int | None]:
    with depot.database.snapshot() as session:
        found = queries.stocktaking_for(session, number, depot.ada)
        return {each.article.id: each.difference for each in queries.lines(session, found)}


def test_what_was_counted_is_booked_by_a_second_person(depot: Depot):
    depot.move(Kind.RECEIPT, 10, store_id=SHELF)
    depot.move(Kind.RECEIPT, 3, store_id=SHELF, article_id=TONER)
    number = opened(depot)
    assert differences(depot, number) == {PAPER: None, TONER: None}
    count(depot, number, 8, "两包受潮已扔")
    with pytest.raises(WrongState, match="1 article"):
        close(depot, number)
    count(depot, number, 3, article=TONER)
    assert differences(depot, number) == {PAPER: -2, TONER: 0}
    assert depot.on_hand(store=SHELF) == 10
    for _ in range(2):
        assert close(depot, number).state is CountState.CLOSED
    assert (depot.on_hand(store=SHELF), depot.on_hand(TONER, SHELF)) == (8, 3)
    with depot.database.snapshot() as session:
        found = queries.stocktaking_for(session, number, depot.dora)
        deeds = [record.action for record in audit.records_of(session, str(number))]
    assert (found.closer, found.state) == (depot.cast.ada.name, CountState.CLOSED)
    assert deeds == [f"stocktaking.{each}" for each in ("open", "enter", "enter", "close")]
    for late in (lambda: count(depot, number, 1), lambda: abandon(depot, number)):
        with pytest.raises(WrongState):
            late()


def abandon(depot: Depot, number: int, actor: Actor | None = None):
    with depot.database.transaction() as session:
        return counting.abandon(session, number, actor=actor or depot.dora, now=NOON)


def test_what_is_issued_between_counting_and_closing_is_kept(depot: Depot):
    depot.move(Kind.RECEIPT, 10, store_id=SHELF)
    number = opened(depot)
    count(depot, number, 9, "少一包", entry="e")
    depot.move(Kind.ISSUE, 4, store_id=SHELF)
    # The same form again is no new count, though the book has moved meanwhile.
    count(depot, number, 9, "少一包", entry="e")
    assert differences(depot, number) == {PAPER: -1}
    close(depot, number)
    assert depot.on_hand(store=SHELF) == 5


def test_a_count_that_later_movements_prove_wrong_is_not_booked(depot: Depot):
    depot.move(Kind.RECEIPT, 10, store_id=SHELF)
    number = opened(depot)
    count(depot, number, 2, "找不到")
    depot.move(Kind.ISSUE, 9, store_id=SHELF)
    with pytest.raises(WrongState, match="count it again"):
        close(depot, number)
    count(depot, number, 1)
    close(depot, number)
    assert depot.on_hand(store=SHELF) == 1


def test_a_difference_needs_a_reason_and_a_count_is_a_number(depot: Depot):
    depot.move(Kind.RECEIPT, 10, store_id=SHELF)
    number = opened(depot)
    with pytest.raises(InvalidInput, match="A4 复印纸: the book says 10, 9 were counted"):
        count(depot, number, 9)
    wrong: Any
    for wrong in (-1, 1.5, 10**7):
        with pytest.raises(InvalidInput):
            count(depot, number, wrong, "x")
    with pytest.raises(NoSuchSupply):
        count(depot, number, 1, "x", article="nothing")
    with pytest.raises(WrongState):
        close(depot, number)
    assert differences(depot, number) == {PAPER: None}


def test_who_opens_counts_and_closes(depot: Depot):
    depot.move(Kind.RECEIPT, 10, store_id=SHELF)
    depot.move(Kind.RECEIPT, 1)
    number = opened(depot, actor=depot.ada)
    count(depot, number, 10)
    for actor in (depot.ada, depot.dora):
        with pytest.raises(SecondPersonNeeded):
            close(depot, number, actor)
    abandon(depot, number)
    assert abandon(depot, number).state is CountState.ABANDONED
    charlie, alice = Actor.of(depot.cast.charlie), Actor.of(depot.cast.alice)
    for actor in (charlie, alice):
        with pytest.raises(NoSuchSupply):
            opened(depot, actor=actor)
    with pytest.raises(Forbidden):
        opened(depot, STORE)
    common = opened(depot, STORE, depot.ada)
    count(depot, common, 1, actor=depot.ada)
    with pytest.raises(NoSuchSupply):
        close(depot, common, charlie)
    assert close(depot, common, depot.dora).state is CountState.CLOSED
    with pytest.raises(NoSuchSupply):
        close(depot, 10**6)


def test_a_store_is_counted_by_one_document_at_a_time(depot: Depot):
    first = opened(depot, key="k")
    assert opened(depot, key="k") == first
    with pytest.raises(WrongState):
        opened(depot)
    with pytest.raises(EntryDiffers):
        opened(depot, STORE, depot.ada, key="k")
    opened(depot, STORE, depot.ada)
    abandon(depot, first)
    outcomes = at_once(6, lambda _: opened(depot))
    assert failures(outcomes, WrongState) == []
    assert sum(isinstance(each, int) for each in outcomes) == 1
    with depot.database.snapshot() as session:
        assert queries.count_stocktakings(session, depot.ada) == 3
        assert len(queries.stocktakings(session, depot.dora, limit=9)) == 3
        assert queries.stocktakings(session, Actor("x", "x"), limit=9) == []


def test_one_stocktaking_closed_by_many_at_once_is_booked_once(depot: Depot):
    depot.move(Kind.RECEIPT, 10, store_id=SHELF)
    number = opened(depot)
    count(depot, number, 7, "少三包")
    outcomes = at_once(8, lambda _: close(depot, number))
    assert failures(outcomes) == []
    assert depot.on_hand(store=SHELF) == 7


def install(depot: Depot, key: str = "", pages: int = 100, days: int = 0, **more: str) -> None:
    fields = {"printer": "p", "article_id": TONER, "store_id": STORE, **more}
    new = Installation(key or new_uuid(), office_id=depot.office, pages=pages, **fields)
    with depot.database.transaction() as session:
        cartridges.install(session, new, actor=depot.ada, now=NOON + timedelta(days=days))


def in_printers(depot: Depot) -> list[reports.Cartridge]:
    with depot.database.snapshot() as session:
        return reports.cartridges(session)


def test_a_cartridge_comes_from_the_store_and_ends_the_one_before(depot: Depot):
    with pytest.raises(OutOfStock):
        install(depot)
    depot.move(Kind.RECEIPT, 2, article_id=TONER)
    for _ in range(2):
        install(depot, "first", 100)
    assert depot.on_hand(TONER) == 1
    install(depot, "second", 2600, days=40)
    now, before = in_printers(depot)
    assert (now.id, now.pages_at_installation, now.removed_at) == ("second", 2600, None)
    assert (before.id, before.pages_at_removal) == ("first", 2600)
    assert (now.pages(2650), now.pages(10), before.pages(9999)) == (50, 0, 2500)
    install(depot, "first", 100)
    assert depot.on_hand(TONER) == 0
    assert [each.id for each in in_printers(depot)] == ["second", "first"]


@pytest.mark.parametrize("rolled", [False, True])
def test_a_cartridge_is_used_by_what_was_booked_since_it_was_put_in(depot: Depot, rolled: bool):
    """Of 3,000 pages: none of before, none of another printer or ink, also on its first day."""
    depot.move(Kind.RECEIPT, 1, article_id=TONER)
    hour = timedelta(hours=1)
    with depot.database.transaction() as session:
        for at, printer, unit, pages in (
            (NOON - hour, "office-a", Unit.TONER, 500),
            (NOON, "office-a", Unit.TONER, 30),
            (NOON + hour, "office-a", Unit.TONER, 150),
            (NOON + hour, "office-b", Unit.TONER, 700),
            (NOON + hour, "office-a", Unit.CYAN, 700),
            (NOON + timedelta(days=40), "office-a", Unit.TONER, 300),
        ):
            ledger.book(
                session, new_uuid(), depot.office, unit, pages * 1_000_000, printer=printer,
                actor=SYSTEM, now=at,
            )  # fmt: skip
    install(depot)
    if rolled:
        with depot.database.transaction() as session:
            rollups.roll(session, rollups.newest(session), DEFAULT_ZONE)
    (cartridge,) = in_printers(depot)
    with depot.database.snapshot() as session:
        usage, now = Usage(session, DEFAULT_ZONE), NOON + timedelta(days=41)
        assert reports.wear_of(usage, cartridge, "office-a", now) == Wear(480, 16)
        assert reports.wear_of(usage, cartridge, "office-b", now) == Wear(700, 23)
        assert reports.wear_of(usage, cartridge, "office-c", now) == Wear(0, 0)


def test_what_is_no_cartridge(depot: Depot):
    depot.move(Kind.RECEIPT, 2, article_id=TONER)
    depot.move(Kind.RECEIPT, 2)
    for wrong in ({"article_id": PAPER}, {"printer": ""}, {"pages": -1}):
        with pytest.raises(InvalidInput):
            install(depot, **wrong)
    install(depot, "k")
    with pytest.raises(EntryDiffers):
        install(depot, "k", printer="q")
    assert depot.on_hand(TONER) == 1


def test_two_cartridges_for_one_place_at_once(depot: Depot):
    depot.move(Kind.RECEIPT, 9, article_id=TONER)
    install(depot)
    outcomes = at_once(6, lambda number: install(depot, f"at-once-{number}", 200 + number))
    assert failures(outcomes, WrongState) == []
    found = in_printers(depot)
    assert sum(each.removed_at is None for each in found) == 1
    assert depot.on_hand(TONER) == 9 - len(found)


def printed(depot: Depot, sheets: int, period: Period) -> None:
    at = period.bounds()[0] + timedelta(days=3)
    with depot.database.transaction() as session:
        ledger.book(
            session, new_uuid(), depot.office, Unit.SHEETS, sheets, actor=SYSTEM, now=at
        )  # fmt: skip


def test_issued_against_printed_and_the_share_of_recycled_paper(depot: Depot):
    october, november = Period(2026, 10), Period(2026, 11)
    before = NOON - timedelta(days=30)
    printed(depot, 700, Period(2026, 9))
    with depot.database.snapshot() as session:
        assert reports.variance(session, depot.office, [october, november]) == []
    depot.move(Kind.RECEIPT, 20)
    depot.move(Kind.RECEIPT, 20, article_id=RECYCLED)
    depot.move(Kind.RECEIPT, 3, article_id=TONER)
    depot.move(Kind.ISSUE, 4, now=before)
    depot.move(Kind.RETURN, 1)
    depot.move(Kind.ISSUE, 2, article_id=RECYCLED)
    depot.move(Kind.ISSUE, 1, article_id=TONER)
    depot.move(Kind.ISSUE, 5, office_id=depot.cast.other.id)
    printed(depot, 1200, october)
    printed(depot, 1400, november)
    with depot.database.snapshot() as session:
        months = [november, october, Period(2026, 9)]
        found = reports.variance(session, depot.office, months)
        guests = reports.variance(session, depot.cast.guests.id, months)
        share = reports.recycled_share(session, [depot.office], months)
        nothing = reports.recycled_share(session, [depot.cast.guests.id], months)
    assert [
        (each.month.period, each.month.issued, each.month.printed, each.running, each.meaning)
        for each in found
    ] == [
        ("2026-10", 2000, 1200, 800, Meaning.MORE_ISSUED),
        ("2026-11", 1500, 1400, 900, Meaning.MORE_ISSUED),
    ]
    # The book of issues was begun in October, whoever they were for.
    assert [each.month.period for each in guests] == ["2026-10", "2026-11"]
    assert {each.meaning for each in guests} == {Meaning.NOTHING}
    assert (share.recycled, share.issued) == (2000, 3500)
    assert share.per_cent == pytest.approx(57.14, abs=0.01)
    assert nothing.per_cent is None
