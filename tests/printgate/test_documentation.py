"""The README names everything that the package offers, so that it cannot grow old unseen."""

import inspect
import re
from pathlib import Path

import pytest

import printgate
from core.errors import PrintgateError
from core.settings import Settings
from printgate import errors, gateway, spool
from printgate.ipp.tags import Operation
from printgate.lifecycle import IPP_STATES, TRANSITIONS, Event, Stage
from printgate.operations import HANDLERS

FOLDER = Path(printgate.__file__).parent
README = (FOLDER / "README.md").read_text(encoding="utf-8")
ERRORS = {
    error
    for module in (errors, spool)
    for _, error in inspect.getmembers(module, inspect.isclass)
    if issubclass(error, PrintgateError) and error.__module__ == module.__name__
}
STAGE_ROWS = {
    cells[0].strip("` "): cells for cells in
    (line.strip("|").split("|") for line in README.splitlines() if line.startswith("| `"))
    if cells[0].strip("` ") in list(Stage)
}  # fmt: skip


def test_every_file_has_its_line_and_every_line_its_file():
    listed = set(re.findall(r"^\| `([a-z_]+(?:\.py|\.toml|/))` \|", README, re.MULTILINE))
    there = {path.name for path in FOLDER.iterdir() if path.suffix in (".py", ".toml")}
    there |= {f"{path.name}/" for path in FOLDER.iterdir() if (path / "__init__.py").exists()}
    assert listed == there - {"__init__.py"}


def test_every_operation_is_listed_and_no_other():
    section = README.split("## IPP operations")[1].split("Notes on attributes")[0]
    listed = re.findall(r"^\| ((?:[A-Z][A-Za-z]+-?)+) \|", section, re.MULTILINE)
    names = {Operation(code).name.replace("_", "-") for code in HANDLERS}
    assert {name.upper() for name in listed} == names
    assert len(listed) == len(names)


@pytest.mark.parametrize("error", sorted(ERRORS, key=str))
def test_every_error_code_is_explained_with_its_http_and_ipp_status(error: type[PrintgateError]):
    (row,) = re.findall(rf"^\| `{error.code}` \|(.*)\|$", README, re.MULTILINE)
    _, http, ipp = (cell.strip() for cell in row.split("|"))
    assert http == str(error.http_status)
    status = next(gateway.STATUSES[kind] for kind in error.__mro__ if kind in gateway.STATUSES)
    word = ipp.removeprefix("client-error-").removeprefix("server-error-")
    assert word.replace("-", "_").upper() == status.name
    assert ipp.startswith("server" if status >= 0x0500 else "client")


@pytest.mark.parametrize("stage", list(Stage))
def test_every_stage_has_a_row_with_its_events_and_its_ipp_state(stage: Stage):
    _, _, events, told = STAGE_ROWS[stage]
    named = {word for word in re.findall(r"`([a-z-]+)`", events) if word in list(Event)}
    if "as released" in events:
        named |= set(TRANSITIONS[Stage.RELEASED])
    assert named == {str(event) for event in TRANSITIONS[stage]}
    state, reasons = IPP_STATES[stage]
    assert told.strip().startswith(state)
    assert reasons[-1] in told


def test_the_settings_named_here_exist():
    section = README.split("## Settings")[1]
    listed = re.findall(r"^\| `([a-z_]+)` \|", section, re.MULTILINE)
    assert set(listed) <= set(Settings.__dataclass_fields__)
    assert {"hold_expires_hours", "ask_expires_hours", "rules_file"} <= set(listed)
