"""`doctor --strict` finds each kind of damage, says where it comes from and how to mend it."""

import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from core.settings import load
from deploy import doctor
from tests.faults.rig import ROOT, Server, doctor_is_content, paper

Damage = Callable[[sqlite3.Connection, Path], object]

DAMAGES: dict[str, tuple[set[str], Damage]] = {
    "a task is gone": (
        {"moving"},
        lambda tables, _spool: tables.execute("DELETE FROM tasks WHERE name='printgate.forward'"),
    ),
    "a task is not worked on": (
        {"moving"},
        # The claim of the worker that was killed may still run, and is no damage: it is over, too.
        lambda tables, _spool: tables.execute(
            "UPDATE tasks SET due_at='2026-01-01 00:00:00', claimed_until='2026-01-01 00:00:00'"
        ),
    ),
    "a reservation ended by itself": (
        {"ledger", "reservations"},
        lambda tables, _spool: tables.execute("UPDATE reservations SET state='released'"),
    ),
    "a job is over and its sheets are not free": (
        {"reservations", "spool", "files"},
        lambda tables, _spool: tables.execute("UPDATE jobs SET stage='canceled'"),
    ),
    "a balance was changed": (
        {"ledger"},
        lambda tables, _spool: tables.execute("UPDATE balances SET spent=spent+1"),
    ),
    "a level of stock was changed": (
        {"supplies"},
        lambda tables, _spool: tables.execute("UPDATE stock SET on_hand=on_hand+1"),
    ),
    "a budget's sums were changed": (
        {"supplies"},
        lambda tables, _spool: tables.execute("UPDATE supply_budgets SET spent_fen=spent_fen+1"),
    ),
    "the sums for reading were changed": (
        {"rollups"},
        lambda tables, _spool: tables.executescript(
            "INSERT OR REPLACE INTO rolled VALUES (1, 0, 'Asia/Shanghai'); DELETE FROM rollups; "
            "INSERT INTO rollups SELECT id, '2026-11-24', '2026-11', '', 'p', 'job', 5, 1 "
            "FROM accounts LIMIT 1"
        ),
    ),
    "a tally was changed": (
        {"tallies"},
        lambda tables, _spool: tables.execute(
            "INSERT INTO job_tallies SELECT id, '2020-01-01', 1, 1, 0, 0, 0, 0, 0, 0 "
            "FROM offices LIMIT 1"
        ),
    ),
    "a record was changed": (
        {"audit"},
        lambda tables, _spool: tables.execute(
            "UPDATE audit_records SET actor_name='x' WHERE seq=3"
        ),
    ),
    "a file belongs to nobody": (
        {"spool", "files"},
        lambda _tables, spool: (spool / "0000.doc").write_bytes(b"x"),
    ),
    "a document changed in the spool": (
        {"files"},
        lambda _tables, spool: next(spool.glob("*.out")).write_bytes(b"x"),
    ),
    "CUPS lost a released job": (
        {"moving"},
        lambda tables, _spool: tables.execute(
            "UPDATE jobs SET stage='released', backend_job_id=99999"
        ),
    ),
}


@pytest.fixture(scope="module")
def damaged(lab, template, tmp_path_factory) -> Server:
    """Return a server that was killed with one job on its way, as the ground for all damage."""
    from tests.faults.rig import state_of_an_office

    folder = tmp_path_factory.mktemp("ground")
    lab.backend.run("cancel", "-a", "-x")
    with state_of_an_office(lab, folder, template):
        made = Server(lab, folder)
        made.start()
        lab.backend.stop()
        try:
            assert made.send(paper(2)).acknowledged
            made.kill()
        finally:
            lab.backend.start()
            lab.backend.wait()
        made.database.close()
    return made


@pytest.mark.parametrize("what", DAMAGES)
def test_damage_is_found(damaged: Server, tmp_path: Path, what: str):
    expected, damage = DAMAGES[what]
    shutil.copytree(damaged.settings.data, tmp_path / "state")
    environment = {**damaged.environment, "PRINTGATE_DATA_DIR": str(tmp_path / "state")}
    with sqlite3.connect(tmp_path / "state" / "printgate.db") as tables:
        damage(tables, tmp_path / "state" / "spool")
    tables.close()
    for path in (tmp_path / "state" / "spool").iterdir():
        subprocess.run(["touch", "-d", "-1 hour", str(path)], check=True)
    settings = load(environment=environment, system_file=None)
    bad = [each for each in doctor.examine(settings, strict=True) if each.bad]
    assert {each.check for each in bad} == expected, bad
    assert all(each.mend and each.cause for each in bad)


def test_the_command(damaged: Server):
    def run() -> tuple[int, list[dict[str, object]]]:
        done = subprocess.run(
            [sys.executable, "-m", "deploy", "doctor", "--strict", "--json"],
            env={"PATH": "/usr/bin:/bin", **damaged.environment},
            cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        return done.returncode, json.loads(done.stdout)

    code, found = run()
    assert (code, [each for each in found if each["bad"]]) == (0, [])
    damaged.lab.backend.stop()
    try:
        code, found = run()
    finally:
        damaged.lab.backend.start()
        damaged.lab.backend.wait()
    assert code == 1
    assert {each["check"] for each in found if each["bad"]} == {"cups"}
    doctor_is_content(damaged)


def test_two_servers_never_share_a_folder(server: Server):
    server.start()
    second = subprocess.run(
        [sys.executable, "-m", "deploy", "serve"],
        env={"PATH": "/usr/bin:/bin", **server.environment},
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert second.returncode == 2
    assert "another Printgate works in" in second.stderr
