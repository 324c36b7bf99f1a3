"""What programs ask: does it live, can it work, and its figures."""

import re

from tests.web.conftest import TOKEN, Site


def ask(site: Site, token: str = ""):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return site.app.test_client().get("/metrics", headers=headers)


def test_it_lives_and_can_work(site: Site):
    client = site.app.test_client()
    assert client.get("/healthz").data == b"ok\n"
    assert client.get("/readyz").data == b"ok\n"


def test_figures_are_for_who_shows_the_token(site: Site):
    assert ask(site).status_code == 401
    assert ask(site, "guess").status_code == 401
    answer = ask(site, TOKEN)
    assert answer.status_code == 200
    assert answer.mimetype == "text/plain"
    text = answer.get_data(as_text=True)
    assert 'printgate_jobs{stage="accepted"} 1.0' in text
    assert 'printgate_jobs{stage="refused"} 1.0' in text
    assert 'printgate_printer_ready{printer="office-a"} 1.0' in text
    assert "printgate_sheets_total 0.0" in text
    assert re.search(
        r'printgate_request_seconds_count\{endpoint="probes.metrics",status="401"\} 2', text
    )
    # No person, no title: a collector keeps what it is told for years.
    assert "王芳" not in text
    assert "通知" not in text


def test_without_a_token_there_are_no_figures(site: Site):
    from dataclasses import replace

    from web.services import KEY

    site.app.extensions[KEY] = replace(site.app.extensions[KEY], metrics_token="")
    assert ask(site, "anything").status_code == 404


def test_every_answer_has_its_number_and_an_error_shows_it(site: Site):
    answer = site.browser("alice").get("/jobs")
    assert re.fullmatch("[0-9a-f]{8}", answer.headers["X-Request-Id"])
    other = site.browser("alice").get("/jobs")
    assert other.headers["X-Request-Id"] != answer.headers["X-Request-Id"]
