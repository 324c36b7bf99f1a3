"""The command line: every command, and what it answers to wrong settings, rules and arguments."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from core.clock import SystemClock
from core.db import Database
from core.identity import queries as identity
from deploy.__main__ import cli
from deploy.ports import holder_of
from quotas import queries as quotas
from quotas.periods import Period
from quotas.units import Unit

ROOT = Path(__file__).parents[2]


def run(*arguments: str, folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": os.defpath,
        "PRINTGATE_DATA_DIR": str(folder),
        "PRINTGATE_PRINTING_URL": "cups:///nowhere/sock",
    }
    environment |= {f"PRINTGATE_{key.upper()}": value for key, value in settings.items()}
    return subprocess.run(
        [sys.executable, "-m", "deploy", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("command", sorted(cli.commands))
def test_every_command_explains_itself(tmp_path: Path, command: str):
    told = run(command, "--help", folder=tmp_path)
    assert told.returncode == 0
    help_text = cli.commands[command].get_short_help_str(200)
    assert help_text.split(":")[0][:30] in " ".join(told.stdout.split())


def test_all_wrong_settings_are_named_at_once(tmp_path: Path):
    told = run("serve", folder=tmp_path, port="x", host="", unknown_person="maybe", colour="red")
    assert told.returncode == 2
    assert "port" in told.stderr
    assert "unknown_person" in told.stderr
    assert "colour" in told.stderr
    assert "Traceback" not in told.stderr


def test_wrong_rules_are_named_at_once(tmp_path: Path):
    rules = tmp_path / "rules.toml"
    rules.write_text('[limits]\npages-max = 0\n[drafts]\naction = "burn"\n')
    told = run("serve", folder=tmp_path, rules_file=str(rules))
    assert told.returncode == 2
    assert "pages-max" in told.stderr
    assert "burn" in told.stderr


def test_a_wrong_table_of_holidays_is_named(tmp_path: Path):
    table = tmp_path / "days.toml"
    table.write_text("[2027]\non = [2027-01-04]\n")
    told = run("serve", folder=tmp_path, workdays_file=str(table))
    assert told.returncode == 2
    assert "2027-01-04 is a weekday" in told.stderr
    assert "Traceback" not in told.stderr


@pytest.mark.parametrize("more", [(), ("--rebuild",)])
def test_the_sums_are_brought_up_to_date(tmp_path: Path, more: tuple[str, ...]):
    assert run("office", "general", "办公室", "--sheets", "500", folder=tmp_path).returncode == 0
    told = run("rollups", *more, folder=tmp_path)
    assert (told.returncode, "the sums are those of the ledger" in told.stdout) == (0, True)


def test_a_profile_that_is_not_there(tmp_path: Path):
    told = run("--profile", "moon", "migrate", folder=tmp_path)
    assert told.returncode == 2
    assert "moon" in told.stderr


def test_the_first_office_and_the_first_people(tmp_path: Path):
    assert run("office", "general", "办公室", "--sheets", "500", folder=tmp_path).returncode == 0
    twice = run("office", "general", "办公室", folder=tmp_path)
    assert (twice.returncode, "general" in twice.stderr) == (2, True)
    added = run(
        "person", "Admin ", "管理员", "--office", "general", "--admin", "--password", "long enough",
        folder=tmp_path,
    )  # fmt: skip
    assert added.returncode == 0
    for arguments in (
        ("person", "admin", "另一个", "--office", "general", "--password", "long enough"),
        ("person", "b", "乙", "--office", "nowhere", "--password", "long enough"),
        ("person", "c", "丙", "--office", "general", "--password", "short"),
        ("printer", "p", "--queue", "q"),
    ):
        refused = run(*arguments, folder=tmp_path)
        assert refused.returncode == 2, arguments
        assert "Traceback" not in refused.stderr
    database = Database(f"sqlite:///{tmp_path / 'printgate.db'}")
    with database.snapshot() as session:
        (office,) = identity.offices(session)
        (person,) = identity.administrators(session)
        period = Period.of_moment(SystemClock().now())
        left = quotas.balance(session, office.id, Unit.SHEETS, period).left
    database.close()
    assert (person.login, person.office_id, left) == ("admin", office.id, 500)


def test_a_file_is_shown_and_only_then_imported(tmp_path: Path):
    assert run("office", "general", "办公室", folder=tmp_path).returncode == 0
    people = tmp_path / "people.csv"
    people.write_text("登录名,姓名,单位代码\nsunlei,孙磊,general\n", encoding="gb18030")
    command = ("import", "people", str(people), "--lang", "en")
    shown = run(*command, folder=tmp_path)
    assert (shown.returncode, "sunlei 孙磊 is added" in shown.stdout) == (0, True)
    assert "1 added" in run(*command, "--apply", folder=tmp_path).stdout
    again = run(*command, "--apply", folder=tmp_path)
    assert (again.returncode, again.stdout) == (0, "0 added, 0 changed, 1 as they are.\n")
    people.write_text("login,name,office\na,b,nowhere\nb,,general\n")
    wrong = run(*command, "--apply", folder=tmp_path)
    assert wrong.returncode == 2
    assert "Line 2, column “office”" in wrong.stderr
    assert "Line 3, column “name”" in wrong.stderr
    database = Database(f"sqlite:///{tmp_path / 'printgate.db'}")
    with database.snapshot() as session:
        assert [each.login for each in identity.everybody(session)] == ["sunlei"]
    database.close()


def test_a_seed_is_for_an_empty_database_only(tmp_path: Path):
    assert run("seed", "--me", "tester", folder=tmp_path).returncode == 0
    again = run("seed", folder=tmp_path)
    assert (again.returncode, "not empty" in again.stderr) == (2, True)


def test_the_doctor_says_that_cups_is_missing_and_how_to_mend_it(tmp_path: Path):
    told = run("doctor", "--json", folder=tmp_path)
    assert told.returncode == 1
    findings = json.loads(told.stdout)
    bad = {finding["check"]: finding for finding in findings if finding["bad"]}
    assert set(bad) == {"cups"}
    assert bad["cups"]["mend"]


def test_who_holds_a_port():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        assert f"(pid {os.getpid()})" in holder_of(held.getsockname()[1])
