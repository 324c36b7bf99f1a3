"""Forms that keep what was typed: a refusal shows the form again, and says what is wrong.

It is said beside the field that it is about, which is where the eye and the cursor are; what is
about no single field is said above the form.
"""

from flask import render_template, request

from core.errors import InvalidInput, PrintgateError
from core.text import Text

FIELDS = {
    "A code has 1 to 64 small letters, digits and dashes.": "code",
    "A person needs a sign-in name.": "login",
    "A printer's name has 1 to 63 letters of the alphabet, digits, dashes or dots.": "name",
    "An address looks like ipp://HOST:631/ipp/print.": "address",
    "An adjustment needs a reason.": "reason",
    "An amount must be a whole number above zero.": "sheets",
    "CUPS has a queue called {name} already.": "name",
    "Coverage is above 0 and at most 100 per cent.": "coverage",
    "No more can be taken back than was granted.": "sheets",
    "Nothing that prints answers at {address}.": "address",
    "Please choose a file.": "file",
    "Please enter a name.": "name",
    "Please enter a number from 1 to {n}.": "count",
    "Please enter a whole number.": "sheets",
    "Please enter the last day.": "last_day",
    "Please give a reason of at least {n} characters.": "reason",
    "Please type the name {name} to confirm.": "confirm",
    "The sign-in name {login} is taken.": "login",
    "The last day must lie between {today} and {latest}.": "last_day",
    "There is already a printer called {name}.": "name",
    "There is already an office with the code {code}.": "code",
    "This is an address of Printgate itself.": "address",
    "This job can have taken 0 to {n} sheet.": "sheets",
    "{email} is not a mail address.": "email",
}
"""The field that a refusal is about, by the sentence of the refusal."""


def refused(template: str, error: PrintgateError, **context: object) -> tuple[str, int]:
    """Return a form's page again, with its fields as they were sent and the refusal beside them."""
    page = render_template(
        template,
        form=request.values,
        wrong=error.text,
        wrong_field=FIELDS.get(error.text.msgid),
        **context,
    )
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
