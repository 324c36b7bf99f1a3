"""The README names every file, setting and error code."""

import inspect
import re
from dataclasses import fields
from pathlib import Path

import core
from core import db, errors
from core.settings import Settings

FOLDER = Path(core.__file__).parent
README = (FOLDER / "README.md").read_text(encoding="utf-8")


def test_every_file_has_its_line_and_every_line_its_file():
    listed = set(re.findall(r"^\| `([a-z_0-9]+(?:\.py|/))` \|", README, re.MULTILINE))
    there = {path.name for path in FOLDER.glob("*.py")} - {"__init__.py"}
    there |= {f"{path.parent.name}/" for path in FOLDER.glob("*/__init__.py")}
    assert listed == there


def test_every_setting_is_explained_as_the_program_does():
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*?) \| .*?\|$", README.split("## Settings")[1], re.M))
    for each in fields(Settings):
        assert each.metadata["meaning"] in rows[each.name], each.name


def test_every_error_code_is_explained_with_its_status():
    for module in (errors, db):
        for _, kind in inspect.getmembers(module, inspect.isclass):
            if kind.__module__ == module.__name__ and issubclass(kind, errors.PrintgateError):
                if kind is errors.PrintgateError:
                    continue
                assert re.search(rf"^\| `{kind.code}` \|.*\| {kind.http_status} \|$", README, re.M)
