"""Who may open what: every route declares it, and nothing is open by mistake."""

import re

import pytest
from sqlalchemy import func, select

from core.audit import AuditRow
from core.identity import service as identity
from tests.conftest import NOON
from tests.web.conftest import PASSWORD, Site
from web.access import ADMIN, ANYONE, HEAD, OPEN_ENDPOINTS, PERSON
from web.sessions import COOKIE

OPEN = {"/sign-in", "/language", "/healthz", "/readyz", "/metrics", "/release", "/release/pin"}


def routes(site: Site):
    for rule in site.app.url_map.iter_rules():
        if rule.endpoint in OPEN_ENDPOINTS or rule.endpoint.startswith("ipp."):
            continue
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            path = rule.rule.replace("<int:job_id>", str(site.job))
            path = path.replace("<document_id>", site.document).replace("<int:number>", "1")
            path = path.replace("<office_id>", site.cast.office.id).replace("<name>", "office-a")
            path = path.replace("<person_id>", site.cast.bob.id).replace("<task_id>", "x")
            path = path.replace("<request_id>", site.document)
            path = path.replace("<loan_id>", site.document)
            path = path.replace("<int:order_id>", str(site.order))
            path = path.replace("<int:count_id>", str(site.stocktaking))
            path = path.replace("<upload_id>", site.upload).replace("<kind>", "people")
            path = path.replace("<int:number>", str(site.permit)).replace("<act>", "refuse")
            assert "<" not in path, path
            yield method, path, rule.endpoint


def test_every_route_declares_who_may_open_it(site: Site):
    for _, path, endpoint in routes(site):
        access = getattr(site.app.view_functions[endpoint], "access", None)
        assert access in (ANYONE, PERSON, HEAD, ADMIN), endpoint
        assert (access == ANYONE) is (path in OPEN), endpoint


def test_without_a_sign_in_nothing_opens(site: Site):
    browser = site.browser()
    for method, path, _ in routes(site):
        if path in OPEN:
            continue
        answer = browser.get(path) if method == "GET" else browser.post(path)
        if method == "GET":
            assert answer.status_code == 302
            assert answer.location.startswith("/sign-in?next=")
        else:
            assert answer.status_code == 401


@pytest.mark.parametrize("login", ["alice", "dora"])
def test_what_is_the_administrators_opens_to_nobody_else(site: Site, login: str):
    browser = site.browser(login)
    walked = 0
    for method, path, endpoint in routes(site):
        if getattr(site.app.view_functions[endpoint], "access", None) == ADMIN:
            answer = browser.get(path) if method == "GET" else browser.post(path)
            assert answer.status_code == 403, path
            walked += 1
    assert walked > 25


def test_what_is_a_heads_opens_to_heads_and_the_administrator_only(site: Site):
    walked = 0
    shut_out = [site.browser(login) for login in ("alice", "charlie")]
    let_in = [site.browser(login) for login in ("dora", "ada")]
    for method, path, endpoint in routes(site):
        if getattr(site.app.view_functions[endpoint], "access", None) != HEAD:
            continue
        for browser in shut_out:
            answer = browser.get(path) if method == "GET" else browser.post(path)
            assert answer.status_code == 403, path
        if method == "GET":
            for browser in let_in:
                assert browser.get(path).status_code == 200, path
        walked += 1
    assert walked > 12


def test_looking_changes_nothing(site: Site):
    with site.parts.database.snapshot() as session:
        before = session.scalar(select(func.max(AuditRow.seq)))
    browser = site.browser("ada")
    with site.parts.database.snapshot() as session:
        signed_in = session.scalar(select(func.max(AuditRow.seq)))
    for method, path, _ in routes(site):
        if method == "GET" and site.document not in path:
            wanted = 401 if path == "/metrics" else 200
            assert browser.get(path).status_code == wanted, path
    with site.parts.database.snapshot() as session:
        assert session.scalar(select(func.max(AuditRow.seq))) == signed_in
    assert (before, signed_in) == (before, (before or 0) + 1)


@pytest.mark.parametrize("login", ["charlie", "dora", "ada"])
def test_somebody_elses_document_does_not_exist(site: Site, login: str):
    browser = site.browser(login)
    for method, path, _ in routes(site):
        if site.document in path:
            answer = (
                browser.get(path)
                if method == "GET"
                else browser.post(
                    path,
                    action="close",
                    copies="1",
                    reason="会议急用",
                    printer="office-a",
                    text="x",
                )
            )
            assert answer.status_code == 404, path


def test_somebody_elses_job(site: Site):
    path = f"/jobs/{site.job}"
    for login, status in (
        ("alice", 200),
        ("bob", 404),
        ("charlie", 404),
        ("dora", 200),
        ("ada", 200),
    ):
        assert site.browser(login).get(path).status_code == status
    # The head sees sheets and rules; the title is masked unless the office shows titles.
    assert "通知" in site.browser("alice").get(path).get_data(as_text=True)
    assert "通知" not in site.browser("dora").get(path).get_data(as_text=True)
    assert site.browser("bob").post(f"{path}/cancel").status_code == 404


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/jobs/99999", 404),
        ("/jobs/abc", 404),
        ("/jobs/-1", 404),
        ("/documents/x", 404),
        ("/documents/00000000-0000-4000-8000-000000000000", 404),
        ("/nowhere", 404),
        ("/jobs?page=x", 200),
        ("/jobs?page=9999999999", 200),
        ("/office?month=2026-13", 200),
        ("/office?office=x", 404),
        ("/office/statement", 403),
        ("/office/jobs", 403),
        ("/admin", 403),
    ],
)
def test_malformed_missing_and_forbidden(site: Site, path: str, status: int):
    answer = site.browser("alice").get(path)
    assert answer.status_code == status
    assert "Traceback" not in answer.get_data(as_text=True)


def test_wrong_methods(site: Site):
    browser = site.browser("alice")
    assert browser.get(f"/jobs/{site.job}/cancel").status_code == 404
    assert browser.post("/office").status_code == 405
    assert browser.post("/printers").status_code == 415


def test_a_form_without_its_token_changes_nothing(site: Site):
    browser = site.browser("alice")
    for method, path, _ in routes(site):
        if method == "POST":
            assert browser.post(path, token="forged").status_code == 400, path
    assert site.browser("alice").get(f"/jobs/{site.job}").status_code == 200


def test_headers_on_every_page(site: Site):
    for path in ("/", "/sign-in", "/nowhere", f"/documents/{site.document}", "/static/app.css"):
        answer = site.browser("alice").get(path)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        if not path.startswith("/static"):
            assert answer.headers["Cache-Control"] == "no-store"
            page = answer.get_data(as_text=True)
            # Scripts come from our own files only, never out of a page.
            page = re.sub(r'<script src="/static/\w+\.js" defer></script>', "", page)
            assert not re.search(r"\sstyle=|<script|\son\w+=|https?://", page)


def test_a_session_gets_a_new_secret_and_ends_in_the_database(site: Site):
    browser = site.browser()
    browser.get("/sign-in")
    planted = browser.client.get_cookie(COOKIE)
    assert planted is not None
    browser.post("/sign-in", login="alice", password=PASSWORD)
    cookie = browser.client.get_cookie(COOKIE)
    assert cookie is not None
    assert cookie.value != planted.value
    assert cookie.http_only
    assert cookie.same_site == "Lax"
    with site.parts.database.snapshot() as session:
        assert identity.find_session(session, planted.value, now=NOON) is None
    browser.post("/sign-out")
    with site.parts.database.snapshot() as session:
        assert identity.find_session(session, cookie.value, now=NOON) is None
    assert browser.get("/").status_code == 302


@pytest.mark.parametrize("login", ["alice", "nobody", ""])
def test_a_wrong_password_and_a_wrong_name_get_the_same_answer(site: Site, login: str):
    answer = site.browser().post("/sign-in", login=login, password="wrong")
    assert answer.status_code == 403
    assert "登录名或密码不对" in answer.get_data(as_text=True)


@pytest.mark.parametrize("onward", ["https://evil.example/", "//evil.example", "/\\evil", "x", ""])
def test_a_sign_in_never_leads_to_another_site(site: Site, onward: str):
    answer = site.browser().post("/sign-in", login="alice", password=PASSWORD, next=onward)
    assert answer.location == "/"
    kept = site.browser().post("/sign-in", login="alice", password=PASSWORD, next="/jobs?page=2")
    assert kept.location == "/jobs?page=2"


def test_the_probes(site: Site):
    assert site.browser().get("/healthz").status_code == 200
    assert site.browser().get("/readyz").status_code == 200
