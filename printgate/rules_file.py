"""Reading the print rules from their TOML file; every wrong key and value is named at once."""

import tomllib
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from core.people import normalise_login
from printgate.policy import (
    ColourAction,
    DraftAction,
    Exemptions,
    MarkedAction,
    OneSidedAction,
    Overrider,
    Rules,
)
from quotas.emergency import Pool

SHIPPED = Path(__file__).with_name("rules.toml")

_EXEMPT = {"exempt-offices": list, "exempt-persons": list, "exempt-printers": list}
_KEYS: dict[str, dict[str, type]] = {
    "two-sided": {"force": bool, "one-sided-printer": OneSidedAction, **_EXEMPT},
    "limits": {"pages-max": int, "copies-max": int, "sheets-max": int},
    "drafts": {"action": DraftAction, "override": list, **_EXEMPT},
    "secrecy": {"marked": MarkedAction},
    "colour": {"action": ColourAction, **_EXEMPT},
    "hold": {"default": bool, **_EXEMPT},
    "emergency": {"enabled": bool, "sheets-max": int, "hours": int, "days": int},
}


_NUMBER_MAX = 1_000_000
"""The largest number of anything: so many days lie within what a clock knows."""


class RulesError(Exception):
    """The rules cannot be used; `problems` names each thing that is wrong."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def load_rules(path: Path = SHIPPED) -> Rules:
    """Read the rules of a file over those that ship; RulesError if anything in it is wrong."""
    shipped = _read(SHIPPED)
    ours = _read(path) if path != SHIPPED else {}
    problems = _problems(ours)
    if problems:
        raise RulesError([f"{path.name}: {problem}" for problem in problems])
    merged = {section: shipped[section] | ours.get(section, {}) for section in shipped}
    return _rules(merged)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RulesError([f"{path.name}: {error}"]) from error


def _problems(given: Mapping[str, Any]) -> list[str]:
    problems = []
    for section, values in given.items():
        if section not in _KEYS or not isinstance(values, Mapping):
            problems.append(f"[{section}]: there is no such section")
            continue
        for key, value in values.items():
            problem = _problem(_KEYS[section].get(key), key, value)
            if problem:
                problems.append(f"[{section}] {key}: {problem}")
    return problems


def _problem(kind: type | None, key: str, value: object) -> str | None:
    if kind is None:
        return "there is no such key"
    if kind is list:
        return _list_problem(key, value)
    if issubclass(kind, StrEnum):
        choices = [str(choice) for choice in kind]
        return None if value in choices else f"{value!r} is none of {', '.join(choices)}"
    if type(value) is not kind:
        return f"{value!r} is not {kind.__name__}"
    if kind is int and isinstance(value, int) and value < 1:
        return f"{value!r} is not above zero"
    if kind is int and isinstance(value, int) and value > _NUMBER_MAX:
        return f"{value!r} is above {_NUMBER_MAX}"
    return None


def _list_problem(key: str, value: object) -> str | None:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        return f"{value!r} is not a list of names"
    wrong = [each for each in value if key == "override" and each not in list(Overrider)]
    return f"{', '.join(wrong)}: none of {', '.join(Overrider)}" if wrong else None


def _rules(given: Mapping[str, Mapping[str, Any]]) -> Rules:
    two_sided, limits, drafts = given["two-sided"], given["limits"], given["drafts"]
    return Rules(
        two_sided=two_sided["force"],
        two_sided_exempt=_exemptions(two_sided),
        one_sided_printer=OneSidedAction(two_sided["one-sided-printer"]),
        pages_max=limits["pages-max"],
        copies_max=limits["copies-max"],
        sheets_max=limits["sheets-max"],
        drafts=DraftAction(drafts["action"]),
        drafts_exempt=_exemptions(drafts),
        drafts_override=frozenset(Overrider(each) for each in drafts["override"]),
        marked=MarkedAction(given["secrecy"]["marked"]),
        colour=ColourAction(given["colour"]["action"]),
        colour_exempt=_exemptions(given["colour"]),
        hold=given["hold"]["default"],
        hold_exempt=_exemptions(given["hold"]),
        emergency=_pool(given["emergency"]),
    )


def _pool(given: Mapping[str, Any]) -> Pool | None:
    if not given["enabled"]:
        return None
    wait, justify = timedelta(hours=given["hours"]), timedelta(days=given["days"])
    return Pool(given["sheets-max"], wait, justify)


def _exemptions(section: Mapping[str, Any]) -> Exemptions:
    return Exemptions(
        offices=frozenset(section["exempt-offices"]),
        persons=frozenset(normalise_login(each) for each in section["exempt-persons"]),
        printers=frozenset(section["exempt-printers"]),
    )
