"""The README names every command, file and unit."""

import re
from pathlib import Path

import deploy
from deploy.__main__ import cli

FOLDER = Path(deploy.__file__).parent
README = (FOLDER / "README.md").read_text(encoding="utf-8")


def test_every_command_has_its_line_and_every_line_its_command():
    section = README.split("## Commands")[1].split("##")[0]
    assert set(re.findall(r"^\| `([a-z]+)` \|", section, re.MULTILINE)) == set(cli.commands)


def test_every_file_has_its_line_and_every_line_its_file():
    listed = set(re.findall(r"^\| `([a-z_]+(?:\.py|/))` \|", README, re.MULTILINE))
    there = {path.name for path in FOLDER.glob("*.py")} - {"__init__.py"}
    there |= {f"{path.name}/" for path in FOLDER.iterdir() if path.is_dir()} - {"__pycache__/"}
    assert listed == there


def test_every_unit_runs_a_command_that_there_is():
    for unit in (FOLDER / "systemd").glob("*.service"):
        (command,) = re.findall(
            r"^ExecStart=\S+ -m deploy (?:--profile scaleout )?(\w+)",
            unit.read_text(encoding="utf-8"),
            re.MULTILINE,
        )
        assert command in cli.commands, unit
