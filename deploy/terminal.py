"""The language of whoever sits at the terminal."""

import os

from core.i18n import closest, translator
from core.text import Translate


def translate(language: str | None = None) -> Translate:
    """Return the translator into a language; without one, into that of the terminal's locale."""
    # In the order of POSIX.1-2017 §8.2; the locale C is English.
    names = (os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    locale = next(filter(None, names), "").partition(".")[0]
    return translator(closest(language or locale, "en"))
