"""The task that checks the system, in the server's own parts; the languages of the command."""

import threading
from pathlib import Path

import pytest
from click.testing import CliRunner

from core import checkups
from core.checkups import Checkup
from core.people import SYSTEM
from core.settings import Settings
from core.tasks import service as tasks
from deploy import checks, checkup, proofs
from deploy.__main__ import cli
from deploy.bootstrap import Opened, opened
from web.words import CHECKS


@pytest.fixture
def site(tmp_path: Path):
    settings = Settings(data_dir=str(tmp_path), printing_url=f"cups://{tmp_path / 'no.sock'}")
    with opened(settings) as parts:
        yield parts


def ask(site: Opened) -> None:
    with site.parts.database.transaction() as session:
        checkups.ask(session, actor=SYSTEM, now=site.parts.clock.now())


def last(site: Opened) -> Checkup:
    with site.parts.database.snapshot() as session:
        found = checkups.last(session)
    assert found is not None
    return found


def test_a_check_that_is_asked_for_is_done_by_the_runner_and_kept(site: Opened):
    ask(site)
    assert last(site).running
    assert site.runner.run_due()
    done = last(site)
    assert not done.running
    assert {each.check for each in done.bad} == {"cups"}
    every = set(checks.CHECKS) | set(proofs.PROOFS)
    silent_without_cups = {"cups-settings", "cups-jobs"}
    assert {each.check for each in done.findings} == every - silent_without_cups
    assert every | set(checkup.CAUSES) <= set(CHECKS)
    assert all(each.mend and each.cause for each in done.bad)


def test_a_check_ends_when_the_process_is_to_end_and_is_left_to_another(site: Opened):
    stop = threading.Event()
    work = checkup.task(site.settings, site.parts, stopping=stop.is_set)
    ask(site)
    with site.parts.database.transaction() as session:
        task = tasks.claim_due(session, now=site.parts.clock.now())
    assert task is not None
    stop.set()
    assert work(task) is not None
    assert last(site).running
    stop.clear()
    assert work(task) is None
    assert not last(site).running


def test_a_check_that_breaks_is_a_finding(site: Opened, monkeypatch):
    def broken(*_: object):
        raise OSError("no such disk")

    monkeypatch.setitem(checks.CHECKS, "spool", broken)
    found = {each.check: each for each in checkup.look(site.settings, site.parts.database)}
    assert found["spool"].bad
    assert "no such disk" in str(found["spool"].what)


@pytest.mark.parametrize(
    ("arguments", "locale", "said"),
    [
        ((), "zh_CN.UTF-8", "异常 打印系统"),
        ((), "en_GB.UTF-8", "BAD Print system"),
        ((), "C", "BAD Print system"),
        (("--lang", "zh-CN"), "C", "异常 打印系统"),
        (("--lang", "en"), "zh_CN.UTF-8", "BAD Print system"),
        (("--json",), "zh_CN.UTF-8", '"check": "cups"'),
    ],
)
def test_the_doctor_speaks_the_language_of_the_terminal(
    tmp_path: Path, arguments: tuple[str, ...], locale: str, said: str
):
    environment = {
        "PRINTGATE_DATA_DIR": str(tmp_path),
        "PRINTGATE_PRINTING_URL": "cups:///nowhere/sock",
        "LC_ALL": "",
        "LC_MESSAGES": locale,
        "LANG": "en_US.UTF-8",
    }
    told = CliRunner().invoke(cli, ["doctor", *arguments], env=environment)
    assert told.exit_code == 1
    assert said in told.stdout
