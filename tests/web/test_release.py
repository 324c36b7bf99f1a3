"""The release page: my held jobs, the way by number and PIN, and what others may not."""

import pytest

from printgate import queries as printing
from printgate.holding import PIN_FAILURES_MAX
from printgate.lifecycle import Stage
from printgate.policy import Facts
from tests.web.conftest import Site, send
from tests.web.test_pages import text

PIN = "2468"


def held(site: Site, title: str = "保密通知", pin: str = "") -> int:
    return send(site.parts, site.cast.alice, site.cast, title, Facts(pages=1), pin)


def stage(site: Site, job: int) -> Stage:
    with site.parts.database.snapshot() as session:
        return printing.job(session, job).stage


def test_my_held_jobs_one_and_all(site: Site):
    one, two, three = held(site, "甲"), held(site, "乙", PIN), held(site, "丙")
    alice = site.browser("alice")
    page = text(alice.get("/release"))
    assert all(title in page for title in "甲乙丙")
    assert "全部放行（3 个）" in page
    assert "去放行保留的作业" in text(alice.get("/jobs"))
    answer = alice.post(f"/jobs/{one}/release", **{"from": "release"})
    assert answer.location == "/release"
    assert "甲" not in text(alice.get("/release"))
    assert alice.post("/release/all").location == "/release"
    assert {stage(site, job) for job in (one, two, three)} == {Stage.ACCEPTED}
    assert "您没有等待放行的作业" in text(alice.get("/release"))
    assert alice.post(f"/jobs/{one}/release").status_code == 409


def test_a_held_job_is_kept_longer_by_its_owner_alone(site: Site):
    job, path = held(site), "/jobs/{}/renew"
    alice = site.browser("alice")
    assert path.format(job) in text(alice.get(f"/jobs/{job}"))
    assert alice.post(path.format(job)).location == f"/jobs/{job}"
    assert site.browser("bob").post(path.format(job)).status_code in (403, 404)
    assert site.browser("charlie").post(path.format(job)).status_code == 404
    assert alice.post(path.format(99999)).status_code == 404
    assert alice.client.put(path.format(job)).status_code == 405
    alice.post(f"/jobs/{job}/release")
    assert alice.post(path.format(job)).status_code == 409


def test_hold_and_release_on_the_page_of_a_job(site: Site):
    alice, path = site.browser("alice"), f"/jobs/{site.job}"
    assert "/hold" in text(alice.get(path))
    assert alice.post(f"{path}/hold").location == path
    page = text(alice.get(path))
    assert "等待放行" in page
    assert f"{path}/release" in page
    assert f"{path}/hold" not in page
    assert alice.post(f"{path}/release").location == path
    assert stage(site, site.job) is Stage.ACCEPTED
    assert alice.post(f"/jobs/{site.refused}/hold").status_code == 409


@pytest.mark.parametrize("deed", ["hold", "release"])
@pytest.mark.parametrize(
    ("login", "status"), [("bob", 404), ("charlie", 404), ("dora", 403), (None, 401)]
)
def test_only_the_owner_holds_and_releases(site: Site, deed: str, login: str | None, status: int):
    job = held(site) if deed == "release" else site.job
    before = stage(site, job)
    browser = site.browser(login)
    assert browser.post(f"/jobs/{job}/{deed}").status_code == status
    assert stage(site, job) is before
    if login == "dora":
        assert f"/jobs/{job}/{deed}" not in text(browser.get(f"/jobs/{job}"))
    # What is no job of the pages is an address of the gateway, which takes IPP only.
    assert browser.post("/jobs/abc/release").status_code == 415
    assert "保密通知" not in text(browser.get("/release"))


def test_the_administrator_releases_for_who_cannot_sign_in(site: Site):
    job = held(site)
    assert site.browser("ada").post(f"/jobs/{job}/release").status_code == 302
    assert stage(site, job) is Stage.ACCEPTED


def test_by_number_and_pin_without_a_sign_in(site: Site):
    job = held(site, "机要", PIN)
    browser = site.browser()
    page = text(browser.get(f"/release?job={job}"))
    assert f'value="{job}"' in page
    assert "机要" not in page
    answer = browser.post("/release/pin", job=str(job), pin="1357")
    assert answer.status_code == 403
    assert stage(site, job) is Stage.HELD
    page = text(browser.post("/release/pin", job=str(job), pin=PIN))
    assert f"作业 {job} 已送往 office-a" in page
    assert "机要" not in page
    assert stage(site, job) is Stage.ACCEPTED


def test_every_no_is_the_same(site: Site):
    asked, guarded = held(site), held(site, "机要", PIN)
    locked = held(site, "锁定", PIN)
    browser = site.browser()
    for _ in range(PIN_FAILURES_MAX):
        browser.post("/release/pin", job=str(locked), pin="0000")
    pages = set()
    for job, pin in (
        (guarded, "0000"), (asked, PIN), (asked, ""), (locked, PIN), (99999, PIN),
        (site.job, PIN), (site.refused, PIN), ("x", PIN), ("-1", PIN), ("9" * 40, PIN), ("", ""),
    ):  # fmt: skip
        answer = browser.post("/release/pin", job=str(job), pin=pin)
        assert answer.status_code == 403, job
        page = answer.get_data(as_text=True)
        pages.add(page[page.index('role="alert"') : page.index("<label")])
    assert len(pages) == 1
    assert stage(site, guarded) is Stage.HELD
    assert browser.get("/release/pin").status_code == 404
    alice = site.browser("alice")
    assert text(alice.get("/release")).count("密码已锁定") == 1
    assert alice.post(f"/jobs/{locked}/release").status_code == 302


def test_what_was_typed_stays_and_the_pin_does_not(site: Site):
    answer = site.browser(language="en").post("/release/pin", job="12", pin="secret")
    page = answer.get_data(as_text=True)
    assert 'value="12"' in page
    assert "secret" not in page
    assert "No job waits under this number and PIN" in page
