"""Forms that keep what was typed: a refusal shows the form again, and says what is wrong."""

from flask import render_template, request

from core.errors import InvalidInput, PrintgateError
from core.text import Text


def refused(template: str, error: PrintgateError, **context: object) -> tuple[str, int]:
    """Return a form's page again, with its fields as they were sent and the refusal above them."""
    page = render_template(template, form=request.form, wrong=error.text, **context)
    return page, error.http_status


def given(field: str) -> str:
    """Return a field without the space around it; "" if it was not sent."""
    return request.form.get(field, "").strip()


def ticked(field: str) -> bool:
    """Tell whether a box was ticked."""
    return field in request.form


def signed_number(field: str) -> int:
    """Return a whole number above or below zero; InvalidInput if it is none."""
    typed = given(field).replace("−", "-").removeprefix("+")
    digits = typed.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 8):
        raise InvalidInput(Text("Please enter a whole number."))
    return int(typed)


def confirmed(field: str, expected: str) -> None:
    """Raise InvalidInput unless the name that was typed is the name of the thing."""
    if given(field) != expected:
        raise InvalidInput(Text("Please type the name {name} to confirm.", {"name": expected}))
