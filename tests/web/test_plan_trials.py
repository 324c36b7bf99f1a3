"""The page of the dry run: what drafts would have refused, beside what really was refused."""

import re
from datetime import timedelta

from core.clock import FrozenClock
from core.people import SYSTEM, Actor
from printgate import queries, refusals
from printgate.lifecycle import Stage
from printgate.policy import Facts
from printgate.queries import JobSearch
from printgate.ticket import JobTicket
from quotas import service
from quotas.limits import Limits
from quotas.units import Unit
from tests.conftest import NOON
from tests.web.conftest import Browser, Site, send
from tests.web.test_admin_plans import PLAN, deeds, post
from tests.web.test_pages import text

PATH = "/admin/plans/trial"


def in_december(site: Site, clock: FrozenClock) -> Browser:
    """Return Ada's browser in the month after the one in which all was printed."""
    clock.move(timedelta(days=14))
    return site.browser("ada")


def row(page: str, name: str) -> list[str]:
    """Return the cells of an office's row, without their mark-up."""
    found = next(each for each in page.split("<tr>") if f">{name}</a>" in each)
    cells = re.findall(r"<td[^>]*>(.*?)</td>", found, re.DOTALL)
    return [re.sub(r"<[^>]*>", "", each).strip() for each in cells]


def drafted(ada: Browser, office: str, amount: str) -> None:
    sent = {**PLAN, "base": "fixed", "amount": amount, "carry_max": "0"}
    assert post(ada, offices=office, **sent).status_code == 302


def test_without_a_plan_all_is_as_it_was(site: Site, clock: FrozenClock):
    page = text(in_december(site, clock).get(f"{PATH}?span=2026-11"))
    cells = row(page, site.cast.office.name)
    assert cells[1:4] == ["无计划，按实际情况", "20", ""]
    assert cells[4:8] == ["1 个作业 150 张", "1 个作业 150 张", "0 个作业", "0 个作业"]
    assert cells[8] == "2026年11月23日"


def test_a_draft_refuses_more_or_less_than_was_refused(site: Site, clock: FrozenClock):
    ada, office = in_december(site, clock), site.cast.office
    before = deeds(site)
    for amount, found in (
        ("1", ["1", "1 个作业 150 张", "2 个作业 152 张", "1 个作业 2 张", "0 个作业"]),
        ("151", ["151", "1 个作业 150 张", "1 个作业 150 张", "0 个作业", "0 个作业"]),
        ("152", ["152", "1 个作业 150 张", "0 个作业", "0 个作业", "1 个作业 150 张"]),
    ):
        drafted(ada, office.id, amount)
        page = text(ada.get(f"{PATH}?span=2026-11"))
        assert row(page, office.name)[3:8] == found
    assert deeds(site) == before + 3


def test_whose_jobs_it_would_refuse(site: Site, clock: FrozenClock):
    send(site.parts, site.cast.bob, site.cast, "简报", Facts(pages=6))
    ada, office = in_december(site, clock), site.cast.office
    drafted(ada, office.id, "2")
    page = text(ada.get(f"{PATH}?span=2026-11&office={office.id}"))
    people = page.split('id="people"')[1].split("</section>")[0]
    cells = [re.sub(r"<[^>]*>", " ", each).split() for each in re.split("<tr[^>]*>", people)[1:]]
    assert cells[-1][-3:] == ["合计", "2", "153"]
    assert cells[1:-1] == [[site.cast.alice.name, "1", "150"], [site.cast.bob.name, "1", "3"]]
    assert "2026年11月23日" in page.split('id="empty"')[1]
    assert site.cast.alice.name not in text(ada.get(f"{PATH}?span=2026-11")).split("<main")[1]
    empty = text(ada.get(f"{PATH}?span=2026-11&office={site.cast.other.id}"))
    assert "不会有作业因余额不足被拒绝" in empty


def test_what_makes_no_sense_is_as_if_it_were_not_asked(site: Site, clock: FrozenClock):
    ada = in_december(site, clock)
    for asked in ("", "?span=2026-12", "?span=x", "?span=9999", "?span=project", "?office=x"):
        page = text(ada.get(PATH + asked))
        assert '<option value="2026-Q3" selected>' in page
        assert site.cast.other.name in page


def test_what_was_refused_for_another_reason_is_no_part_of_it(site: Site):
    month = (NOON - timedelta(days=9), NOON + timedelta(days=9))
    with site.parts.database.transaction() as session:
        service.set_limits(session, site.cast.office.id, Limits(1, None), actor=SYSTEM, now=NOON)
    send(site.parts, site.cast.bob, site.cast, "简报", Facts(pages=6))
    named = JobTicket(job_account_id="nobodys")
    send(site.parts, site.cast.bob, site.cast, "简报", Facts(pages=2), ticket=named)
    with site.parts.database.transaction() as session:
        account = service.open_account(session, site.cast.office.id, Unit.SHEETS, now=NOON)
        service.close_account(session, account, actor=SYSTEM, now=NOON)
    send(site.parts, site.cast.bob, site.cast, "简报", Facts(pages=2))
    with site.parts.database.snapshot() as session:
        every = JobSearch(stages=(Stage.REFUSED,))
        assert queries.count_jobs(session, every, Actor.of(site.cast.ada)) == 4
        found = list(refusals.refused_for_quota(session, *month))
        assert list(refusals.refused_for_quota(session, *month, site.cast.other.id)) == []
        assert list(refusals.refused_for_quota(session, month[1], month[1])) == []
    assert [(each.needed, each.person_id) for each in found] == [(150, site.cast.alice.id)]
