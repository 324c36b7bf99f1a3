"""Languages: the catalogue, the choice of one, and its translator. The only home of Babel.

The catalogue is the .po file itself, read at the first use: nothing to compile, nothing to forget.
English sentences are the keys; a sentence without a translation is shown in English, and a test
fails for it.
"""

import gettext
from functools import cache
from io import BytesIO
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from core.text import Translate, in_english

LOCALES = Path(__file__).parent / "locale"
DEFAULT = "zh-CN"
LANGUAGES = {"zh-CN": "简体中文", "en": "English"}
"""Language tag to its own name: every language that everything exists in."""


@cache
def translator(language: str) -> Translate:
    """Return the translator into `language` (a tag such as zh-CN, zh-cn, zh, en; else default)."""
    tag = closest(language)
    if tag == "en":
        return in_english
    folder = LOCALES / tag.replace("-", "_")
    with (folder / "printgate.po").open("rb") as source:
        catalogue = read_po(source, locale=tag.replace("-", "_"))
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    sentences = gettext.GNUTranslations(compiled)

    def translate(msgid: str, plural: str = "", count: int = 1) -> str:
        return sentences.ngettext(msgid, plural, count) if plural else sentences.gettext(msgid)

    return translate


def closest(*wanted: str) -> str:
    """Return the first of `wanted` (language tags, best first) that we have, else the default."""
    for tag in wanted:
        try:
            language = Locale.parse(tag.replace("-", "_")).language
        except (ValueError, TypeError, UnknownLocaleError):
            continue
        for ours in LANGUAGES:
            if ours.split("-")[0] == language:
                return ours
    return DEFAULT
