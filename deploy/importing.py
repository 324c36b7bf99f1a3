"""Importing a file from the command line: what it would do, and only then doing it."""

from collections.abc import Iterator
from pathlib import Path

from core.clock import SystemClock
from core.db import Database
from core.importing import service
from core.importing.plan import Plan, Step, Value
from core.importing.service import Asking
from core.importing.table import OCTETS_MAX, Fault
from core.people import SYSTEM
from core.text import Scalar, Text, Translate
from quotas.periods import DEFAULT_ZONE
from web import words
from web.imports import KINDS


def import_file(
    database: Database, kind: str, path: Path, translate: Translate, *, apply: bool
) -> tuple[bool, list[str]]:
    """Return whether the file could be (or was) imported, and the lines that say so.

    Without `apply` nothing is done.
    """
    with path.open("rb") as source:
        content = source.read(OCTETS_MAX + 1)
    asking = Asking(SYSTEM, SystemClock().now(), DEFAULT_ZONE)
    with database.snapshot() as session:
        _, plan = service.look(session, KINDS[kind], content, asking)
    told = list(_told(plan, translate))
    if plan.faults:
        return False, told
    if apply and plan.ready:
        with database.transaction() as session:
            service.carry_out(session, KINDS[kind], content, plan.digest, asking)
        told.append(_said(Text("All of it was imported."), translate))
    elif plan.ready:
        told.append(_said(Text("Nothing was imported yet: --apply does it."), translate))
    return True, told


def _told(plan: Plan[object], translate: Translate) -> Iterator[str]:
    for fault in plan.faults:
        yield _said(_fault(fault), translate)
    for item in plan.items:
        if item.step is Step.KEEP or plan.faults:
            continue
        yield f"{item.line}: {item.key} {item.name} {_said(words.STEPS[item.step], translate)}"
        if item.step is Step.CHANGE:
            for change in item.changes:
                label, old, new = (
                    _said(each, translate) for each in (change.label, change.old, change.new)
                )
                yield f"    {label}: {old} → {new}"
    if not plan.faults:
        counts = {step.value: plan.count(step) for step in Step}
        yield _said(Text("{add} added, {change} changed, {keep} as they are.", counts), translate)


def _fault(fault: Fault) -> Text:
    values: dict[str, Scalar | Text] = {
        "line": fault.line,
        "column": fault.column,
        "what": fault.text,
    }
    if fault.column:
        return Text("Line {line}, column “{column}”: {what}", values)
    return Text("Line {line}: {what}", values)


def _said(value: Value, translate: Translate) -> str:
    return value.render(translate) if isinstance(value, Text) else value
