"""Sentences for people, kept apart from the language they are read in.

A refusal is decided once and read by many: by a CUPS client in English, by the sender's page in
Chinese, by a mail. So a sentence travels and is stored as its English pattern (the gettext msgid)
and its values; it becomes words only where a reader's language is known (`core.i18n`).
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

Scalar = str | int | float | bool


@dataclass(frozen=True)
class Text:
    """A translatable sentence: `Text("{left} sheets are left.", {"left": 3})`.

    The first argument is always a literal, so that the message catalogue can be extracted.
    A value may itself be a Text (a word that needs translation too). One that counts something is
    made by `counted`, and has a plural and the number that decides between the two.
    """

    msgid: str
    values: Mapping[str, "Scalar | Text"] = field(default_factory=dict)
    plural: str = ""
    count: int = 1

    def __str__(self) -> str:
        """Return the English sentence: for logs and for tests."""
        return self.render(in_english)

    def render(self, translate: "Translate") -> str:
        """Return the sentence in the language of `translate` (msgid in, pattern out)."""
        values = {
            name: value.render(translate) if isinstance(value, Text) else value
            for name, value in self.values.items()
        }
        pattern = translate(self.msgid, self.plural, self.count)
        return pattern.format_map(values) if values else pattern

    def to_json(self) -> dict[str, Any]:
        """Return what a JSON column keeps."""
        counted = {"plural": self.plural, "count": self.count} if self.plural else {}
        return counted | {
            "msgid": self.msgid,
            "values": {
                name: value.to_json() if isinstance(value, Text) else value
                for name, value in self.values.items()
            },
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Text":
        """Rebuild what `to_json` made."""
        return cls(
            stored["msgid"],
            {
                name: cls.from_json(value) if isinstance(value, Mapping) else value
                for name, value in stored["values"].items()
            },
            stored.get("plural", ""),
            stored.get("count", 1),
        )


def counted(one: str, many: str, n: int, **values: "Scalar | Text") -> Text:
    """Return a sentence that counts: `counted("{n} sheet", "{n} sheets", 3)`; {n} is the number.

    Chinese has one form for both, other languages have their own.
    """
    return Text(one, {"n": f"{n:,}", **values}, many, n)


def in_english(msgid: str, plural: str = "", count: int = 1) -> str:
    """Return the English pattern: the key itself."""
    return plural if plural and count != 1 else msgid


def clean_line(text: str, length_max: int) -> str:
    """Return text from outside as one harmless line of at most `length_max` characters.

    Control characters, line breaks and the marks that turn the reading direction are removed:
    they would forge log lines, mail headers and what a reader believes to read.
    """
    kept = "".join(" " if c in "\t\n\r" else c for c in text if _harmless(c))
    return " ".join(kept.split())[:length_max].rstrip()


def _harmless(character: str) -> bool:
    if character in "\t\n\r":
        return True
    return unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


class Translate(Protocol):
    """A translator: an English pattern in, the pattern in the reader's language out."""

    def __call__(self, msgid: str, plural: str = "", count: int = 1, /) -> str:
        """Return the pattern to fill in; with a `plural`, the form that `count` asks for."""
        ...
