"""The README names every file, error code, state and kind of movement."""

import re
from pathlib import Path

from quotas import supplies
from quotas.supplies import errors
from quotas.supplies.lifecycle import State
from quotas.supplies.stock import Kind

FOLDER = Path(supplies.__file__).parent
README = (FOLDER / "README.md").read_text(encoding="utf-8")


def test_every_error_code_is_explained_with_its_status():
    for each in vars(errors).values():
        if isinstance(each, type) and each.__module__ == errors.__name__:
            found = re.search(rf"^\| `{each.code}` \|.*\| (\d+) \|$", README, re.MULTILINE)  # type: ignore[attr-defined]
            assert found, each
            assert found[1] == str(each.http_status)  # type: ignore[attr-defined]


def test_every_state_and_movement_is_named():
    assert all(state in README for state in (*State, *Kind))


def test_every_file_has_its_line():
    told = set(re.findall(r"^\| `([\w./]+)` \|", README, re.MULTILINE))
    there = {path.name for path in FOLDER.glob("*.py")} - {"__init__.py"}
    assert told == there | {"service/", "queries/"}
    for folder in ("service", "queries"):
        for path in (FOLDER / folder).glob("*.py"):
            assert path.name == "__init__.py" or f"`{path.name}`" in README, path
