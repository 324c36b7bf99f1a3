"""The stock of the scene: what the demo has, cartridges in printers, a stocktaking under way."""

from datetime import timedelta

from sqlalchemy.orm import Session

from core.ids import new_uuid
from core.people import Actor, Office, Person
from deploy.seed_supplies import Keepers, seed_supplies
from printgate import queries as printing
from quotas.supplies.service import cartridges, counting, orders
from quotas.supplies.service.cartridges import Installation
from quotas.supplies.service.orders import Request
from tests.conftest import NOON


def fill(session: Session, offices: dict[str, Office], people: dict[str, Person]) -> dict[str, int]:
    """Add the stock; return the numbers of purchases and stocktakings by what they are."""
    admin, general = Actor.of(people["admin"]), Actor.of(people["lijianguo"])
    keepers = Keepers(admin, general, Actor.of(people["zhaomin"]))
    made = seed_supplies(session, offices, keepers, NOON)
    asked = Request(
        new_uuid(), offices["general"].id, made.stores["shelf"], made.articles["recycled"], 400,
        "改用再生纸，一次备足全年用量",
    )  # fmt: skip
    costly = orders.request(session, asked, actor=general, now=NOON - timedelta(hours=3)).id
    for days, pages in ((18, 0), (2, 120)):
        new = Installation(
            new_uuid(), printing.printer(session, "office-a").id, made.articles["toner"],
            made.stores["common"], offices["general"].id, pages,
        )  # fmt: skip
        cartridges.install(session, new, actor=admin, now=NOON - timedelta(days=days))
    at = NOON - timedelta(hours=1)
    counting_now = counting.open_stocktaking(
        session, new_uuid(), made.stores["common"], actor=admin, now=at
    ).id
    counts = {made.articles["a3"]: counting.Count(5, "一包借给会议处，未登记")}
    counting.enter(session, counting_now, new_uuid(), counts, actor=admin, now=at)
    return {
        "bought": made.bought,
        "costly": costly,
        "counted": made.stocktaking,
        "counting": counting_now,
    }
