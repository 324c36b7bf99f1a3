"""Forms that keep what was typed: a refusal shows the form again, and says what is wrong.

It is said beside the field that it is about, which is where the eye and the cursor are; what is
about no single field is said above the form.
"""

from collections.abc import Mapping

from flask import render_template, request

from core.errors import InvalidInput, PrintgateError
from core.ids import is_uuid
from core.text import Text
from printgate.energy import not_watts

FIELDS = {
    "A project ends on a day that is still to come.": "ends_on",
    "A saving is 0 to 100 per cent.": "percent_less",
    "The account that gives has too little left.": "sheets",
    "A cartridge has 1 to 10,000 grams of toner; leave it empty if it is not known.": "grams",
    "A code has 1 to 64 small letters, digits and dashes.": "code",
    "A correction or scrapping needs a reason.": "reason",
    "A person needs a sign-in name.": "login",
    "A printer's name has 1 to 63 letters of the alphabet, digits, dashes or dots.": "name",
    "A quantity is a whole number of reams or cartridges above zero.": "quantity",
    "A ream of paper has 1 to 10,000 sheets.": "sheets",
    "A year lies between 2000 and 2099.": "year",
    "A yield is a whole number of pages, 0 if it is not known.": "pages",
    "An address looks like ipp://HOST:631/ipp/print.": "address",
    "An adjustment needs a reason.": "reason",
    "An amount must be a whole number above zero.": "sheets",
    "Another open account of this office has the code {code}.": "code",
    "CUPS has a queue called {name} already.": "name",
    "Coverage is above 0 and at most 100 per cent.": "coverage",
    "No more can be granted than was asked for.": "sheets",
    "No more can be taken back than was granted.": "sheets",
    "No more can arrive than was ordered: {n} are missing.": "quantity",
    "No more can be given back than was issued: {n} here.": "quantity",
    "Nothing that prints answers at {address}.": "address",
    "Only {n} is in stock, {needed} can't be taken. If more lies there, take stock.": "quantity",
    "Please choose a file.": "file",
    "Please enter a name.": "name",
    "Please enter sheets as a whole number, zero or more.": "amount",
    "Please enter the first day, as in 2026-11-30.": "starts_on",
    "Please enter what goes on as a whole number of sheets, zero or more.": "carry_max",
    "Please enter a number from 1 to {n}.": "count",
    "Please enter from whom it was bought.": "supplier",
    "Please give a reason.": "reason",
    "Please enter the last day.": "last_day",
    "Please give a reason of at least {n} characters.": "reason",
    "Please type the name {name} to confirm.": "confirm",
    "The code of an account has at most {n} small letter, digit or dash between.": "code",
    "The sign-in name {login} is taken.": "login",
    "The last day must lie between {today} and {latest}.": "last_day",
    "There is already a printer called {name}.": "name",
    "There is already a store called {name}.": "name",
    "There is already an article called {name}.": "name",
    "There is already an office with the code {code}.": "code",
    "This is an address of Printgate itself.": "address",
    "This job can have taken 0 to {n} sheet.": "sheets",
    "{email} is not a mail address.": "email",
}
"""The field that a refusal is about, by the sentence of the refusal."""


class WrongField(InvalidInput):
    """What stands in one field of a form can't be understood."""

    def __init__(self, field: str, text: Text) -> None:
        super().__init__(text)
        self.field = field


def refused(template: str, error: PrintgateError, **context: object) -> tuple[str, int]:
    """Return a form's page again, with its fields as they were sent and the refusal beside them.

    A refusal about a field that the form did not send is said above it.
    """
    about = error.field if isinstance(error, WrongField) else FIELDS.get(error.text.msgid)
    page = render_template(
        template,
        form=request.values,
        wrong=error.text,
        wrong_field=about if about and about in request.values else None,
        **context,
    )
    return page, error.http_status


def given(field: str) -> str:
    """Return a field without the space around it; "" if it was not sent."""
    return request.form.get(field, "").strip()


def ticked(field: str) -> bool:
    """Tell whether a box was ticked."""
    return field in request.form


_WHOLE = Text("Please enter a whole number.")


def whole_number(field: str, sent: Mapping[str, str] | None = None) -> int:
    """Return a number from what was `sent`, else from the form; InvalidInput if it is none."""
    typed = (request.form if sent is None else sent).get(field, "").strip()
    if not (typed.isascii() and typed.isdigit() and len(typed) < 7):
        raise WrongField(field, _WHOLE)
    return int(typed)


def signed_number(field: str, otherwise: Text = _WHOLE) -> int:
    """Return a whole number above or below zero; InvalidInput if it is none."""
    typed = given(field).replace("−", "-").removeprefix("+")
    digits = typed.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 8):
        raise WrongField(field, otherwise)
    return int(typed)


def unsigned_number(field: str, otherwise: Text) -> int:
    """Return a whole number, zero or more; InvalidInput, in these words, if it is none."""
    number = signed_number(field, otherwise)
    if number < 0:
        raise InvalidInput(otherwise)
    return number


def fen(field: str) -> int:
    """Return an amount in yuan as whole fen; InvalidInput if it is none."""
    yuan, _, rest = given(field).replace(",", "").partition(".")
    digits = yuan + rest
    if not (yuan and digits.isascii() and digits.isdigit() and len(rest) <= 2 and len(yuan) <= 9):
        raise WrongField(field, Text("A price or budget is an amount in yuan such as 23.50."))
    return int(yuan) * 100 + int(rest.ljust(2, "0"))


def milliwatts(field: str) -> int | None:
    """Return watts such as 850 or 0.9 as whole milliwatts; None where nothing was entered.

    InvalidInput if it is no such number.
    """
    typed = given(field)
    if not typed:
        return None
    whole, _, rest = typed.partition(".")
    digits = whole + rest
    if not (whole and digits.isascii() and digits.isdigit() and len(rest) <= 3 and len(whole) < 7):
        raise InvalidInput(not_watts(typed))
    return int(whole) * 1000 + int(rest.ljust(3, "0"))


def watts(milliwatts: int | None) -> str:
    """Return milliwatts as watts to be typed over; "" where nobody has entered any."""
    return "" if milliwatts is None else f"{milliwatts / 1000:g}"


def quantity() -> int:
    """Return a number of reams or cartridges; InvalidInput if it is none."""
    typed = given("quantity")
    if not (typed.isascii() and typed.isdigit() and len(typed) < 8):
        raise InvalidInput(Text("A quantity is a whole number of reams or cartridges above zero."))
    return int(typed)


def entry_id() -> str:
    """Return the id that a form carries so that sending it twice enters it once."""
    entry = given("entry")
    if not is_uuid(entry):
        raise InvalidInput(Text("The request can't be understood."))
    return entry


def confirmed(field: str, expected: str) -> None:
    """Raise InvalidInput unless the name that was typed is the name of the thing."""
    if given(field) != expected:
        raise InvalidInput(Text("Please type the name {name} to confirm.", {"name": expected}))
