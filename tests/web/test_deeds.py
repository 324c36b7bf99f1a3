"""Every deed that the code records has words on the page of the audit trail, and no other has."""

import ast
from collections.abc import Iterator
from pathlib import Path

from docflow.lifecycle import Action
from printgate.lifecycle import Event
from printgate.permits import Act
from quotas.emergency import Event as EmergencyEvent
from quotas.lending import Event as LoanEvent
from quotas.requests import Event as RequestEvent
from quotas.supplies.lifecycle import Event as OrderEvent
from quotas.supplies.stock import Kind
from web.deeds import DEEDS

ROOT = Path(__file__).parents[2]
PACKAGES = ("core", "quotas", "docflow", "printgate", "web", "deploy")
MADE_UP = {
    "job.{event}": {f"job.{event}" for event in Event},
    "stock.{kind}": {f"stock.{kind}" for kind in Kind},
    "order.{event}": {f"order.{event}" for event in OrderEvent},
    "permit.{act}": {f"permit.{act}" for act in Act},
    "request.{event}": {f"request.{event}" for event in RequestEvent},
    "emergency.{event}": {f"emergency.{event}" for event in EmergencyEvent},
    "loan.{event}": {f"loan.{event}" for event in LoanEvent},
    "document.{action}": {f"document.{action}" for action in (Action.CLOSE, Action.WITHDRAW)},
}
"""Deeds whose verb is a value: what it can be."""


def recorded() -> Iterator[str]:
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and ast.unparse(node.func) == "audit.record":
                    deed = node.args[2]
                    if isinstance(deed, ast.Constant):
                        yield str(deed.value)
                    else:
                        yield from MADE_UP[ast.unparse(deed)[2:-1]]


def test_every_deed_has_words():
    assert set(recorded()) == set(DEEDS)
