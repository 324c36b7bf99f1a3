"""What an import would do: a plan, made before anything is done, shown, and then carried out.

A file says what shall be. A line names one thing by its key (an office's code, a sign-in name) and
says what each of its columns shall be afterwards; a column that the file does not have is left as
it is, and so is every thing that no line names: an import never removes anything. Each line becomes
one item: something to add, something to change (field by field, old and new), or nothing to do. A
line that can't be followed is a fault, and a file with a fault is not imported at all.

A plan is made from the file and from what is there. Its digest covers both: the items, and of each
the whole of what was there. Who agrees to a plan agrees to a digest; when the same file makes
another digest later, something has changed in between, and the plan has to be looked at again.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from core.importing.table import FAULTS_MAX, Fault, Row, Table
from core.text import Text, clean_line

Value = str | Text
_Target = TypeVar("_Target")
_NAME_LENGTH_MAX = 255


class Step(StrEnum):
    """What an item does."""

    ADD = "add"
    CHANGE = "change"
    KEEP = "keep"


@dataclass(frozen=True)
class Change:
    """A field, what it is now and what it will be; what is added was nothing."""

    label: Text
    old: Value
    new: Value


@dataclass(frozen=True)
class Item(Generic[_Target]):
    """What one line of the file does."""

    line: int
    key: str
    name: str
    """What people call the thing."""
    step: Step
    changes: tuple[Change, ...]
    target: _Target
    """What shall be, for the one who carries it out."""
    state: tuple[str, ...] = ()
    """All that was there of it: what the digest covers beside the item."""


@dataclass(frozen=True)
class Plan(Generic[_Target]):
    """What a file would do to what is there."""

    items: tuple[Item[_Target], ...]
    faults: tuple[Fault, ...]
    absent: int = 0
    """How many things no line names: they stay as they are."""

    @property
    def ready(self) -> bool:
        """Whether it can be carried out, and would do something."""
        return not self.faults and any(item.step is not Step.KEEP for item in self.items)

    def count(self, step: Step) -> int:
        """Return how many items do this."""
        return Counter(item.step for item in self.items)[step]

    def only(self, step: Step) -> list[Item[_Target]]:
        """Return the items that do this, in the order of the file."""
        return [item for item in self.items if item.step is step]

    @property
    def digest(self) -> str:
        """What stands for this plan and for what it was made against (SHA-256)."""
        said = [
            [item.line, item.key, item.name, item.step, item.state, *map(_said, item.changes)]
            for item in self.items
        ]
        faults = [[fault.line, fault.column, fault.text.to_json()] for fault in self.faults]
        written = json.dumps([said, faults], ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(written.encode()).hexdigest()


class Findings:
    """The faults of a file, as they are found; no more are kept than anybody would read."""

    def __init__(self, table: Table) -> None:
        self._headers = table.headers
        self._found = list(table.faults)

    def add(self, row: Row, column: str, text: Text) -> None:
        """Note what is wrong with a cell."""
        self._found.append(Fault(row.line, self._headers.get(column, ""), text))

    def name(self, row: Row, column: str, otherwise: Text) -> str:
        """Return a cell that has to hold a name, as one harmless line; "" if it is at fault."""
        given = clean_line(row.cells[column], len(row.cells[column]))
        if not given:
            self.add(row, column, otherwise)
        elif len(given) > _NAME_LENGTH_MAX:
            self.add(row, column, too_long(_NAME_LENGTH_MAX))
            return ""
        return given

    def first_time(self, row: Row, column: str, key: str, seen: dict[str, int]) -> bool:
        """Tell whether no line before this one has the same key; else that is a fault."""
        before = seen.setdefault(key, row.line)
        if before != row.line:
            self.add(
                row,
                column,
                Text(
                    "Line {line} says the same. Please delete one of the two lines.",
                    {"line": before},
                ),
            )
        return before == row.line

    def all(self) -> tuple[Fault, ...]:
        """Return the faults in the order of the file."""
        # Those of the table stand first: a file that is too long says so, whatever else is wrong.
        return tuple(sorted(self._found[:FAULTS_MAX], key=lambda fault: fault.line))


def too_long(length_max: int) -> Text:
    """Return what is said of a cell that is too long for its field."""
    return Text("A cell may have {n} characters. Please shorten it.", {"n": f"{length_max:,}"})


def differences(
    labels: Mapping[str, Text], old: Mapping[str, Value], new: Mapping[str, Value]
) -> tuple[Change, ...]:
    """Return the fields of `new` that are not what they were."""
    return tuple(
        Change(labels[name], old.get(name, ""), value)
        for name, value in new.items()
        if old.get(name, "") != value
    )


def said_yes_or_no(answer: bool) -> Text:  # the value itself
    """Return the word for a cell that says yes or no."""
    return Text("yes") if answer else Text("no")


def _said(change: Change) -> list[object]:
    return [_plain(each) for each in (change.label, change.old, change.new)]


def _plain(value: Value) -> object:
    return value.to_json() if isinstance(value, Text) else value


def absent(named: Iterable[str], there: Iterable[str]) -> int:
    """Return how many of the keys that are there no line names."""
    return len(set(there) - set(named))
