"""The reader's language, and how dates and numbers are written for them."""

import re
from datetime import date, datetime, timedelta

from flask import g, request
from markupsafe import Markup, escape

from core.i18n import LANGUAGES, closest, translator
from core.text import Scalar, Text, Translate, counted
from quotas.periods import Period, Span
from web.services import services

COOKIE = "printgate-language"
_OF_MACHINES = re.compile("[A-Za-z]")


def language() -> str:
    """Return the person's choice, else the cookie's, else the browser's, else the default."""
    if "language" not in g:
        person = g.get("person")
        browser = [tag for tag, _ in request.accept_languages]
        g.language = closest(
            person.language if person else "", request.cookies.get(COOKIE, ""), *browser
        )
    return str(g.language)


def translate() -> Translate:
    """Return the translator into the reader's language."""
    return translator(language())


def sentence(msgid: str, **values: Scalar | Text) -> str:
    """Return a sentence of a template: `_("{n} sheets", n=3)`."""
    return Text(msgid, values).render(translate())


def counted_sentence(one: str, many: str, n: int, **values: Scalar | Text) -> str:
    """Return a sentence of a template that counts: `_n("{n} sheet", "{n} sheets", 3)`."""
    return counted(one, many, n, **values).render(translate())


def words(text: Text) -> str:
    """Return a stored sentence."""
    return text.render(translate())


def marked(text: Text | str) -> str | Markup:
    """Return a stored sentence in which the names of files, commands and the like stand as code.

    A value without a sentence around it is marked likewise.
    """
    if isinstance(text, str):
        return _marked(text)
    pattern = translate()(text.msgid, text.plural, text.count)
    return Markup(escape(pattern)).format_map(  # noqa: S704  # escaped here, the values there
        {name: _marked(value) for name, value in text.values.items()}
    )


def _marked(value: Scalar | Text) -> str | Markup:
    if isinstance(value, Text):
        return words(value)
    shown = str(value)
    return Markup("<code>{}</code>").format(shown) if _OF_MACHINES.search(shown) else shown


def local_time(moment: datetime | None) -> str:
    """Return a moment in the office's zone: 2026-11-22 14:05."""
    return "" if moment is None else f"{moment.astimezone(services().zone):%Y-%m-%d %H:%M}"


def yuan(fen: int) -> str:
    """Return an amount of money: 123450 is ¥1,234.50."""
    return f"{'−' if fen < 0 else ''}¥{abs(fen) // 100:,}.{abs(fen) % 100:02}"


def last_day(ends_at: datetime) -> str:
    """Return the last whole day before a moment, in the office's zone: 2026-11-22."""
    return f"{(ends_at - timedelta(seconds=1)).astimezone(services().zone):%Y-%m-%d}"


def month(key: str) -> str:
    """Return a period in words: 2026-11 is 2026年11月, 2026-Q4 is 2026年第4季度."""
    period = Period.of_key(key)
    year, number = period.year, period.month
    match period.span:
        case Span.MONTH:
            two = f"{number:02}" if language() == "en" else number
            return sentence("{year}-{month}", year=year, month=two)
        case Span.QUARTER:
            return sentence("{year}, quarter {n}", year=year, n=(number + 2) // 3)
        case Span.YEAR:
            return sentence("the year {year}", year=year)
        case Span.PROJECT:
            return sentence("its whole life")


def day(moment: date | None) -> str:
    """Return a day of the office in words: 2026-11-24 is 2026年11月24日."""
    if moment is None:
        return ""
    english = language() == "en"
    return sentence(
        "{year}-{month}-{day}",
        year=moment.year,
        month=f"{moment.month:02}" if english else moment.month,
        day=f"{moment.day:02}" if english else moment.day,
    )


def sentences(*spoken: str) -> str:
    """Return sentences that follow each other; Chinese has no space between them."""
    return (" " if language() == "en" else "").join(each for each in spoken if each)


def choices() -> dict[str, str]:
    """Return the languages to choose from, each by its own name."""
    return LANGUAGES
