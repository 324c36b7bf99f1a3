"""Everything a person reads exists in both languages."""

import re
from pathlib import Path

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from core.i18n import LOCALES

ROOT = Path(__file__).parents[1]
METHODS = [("**/templates/**.html", "jinja2"), ("**.py", "python")]
COUNTING = ("_n", "counted", "counted_sentence")
KEYWORDS = {
    **dict.fromkeys(("_", "Text", "sentence", "bad_request", "translate")),
    **dict.fromkeys(COUNTING, (1, 2)),
}
PLACE = re.compile(r"\{\w+\}")


def used() -> set[str | tuple[str, ...]]:
    """Return the sentences; one that counts is a pair of singular and plural."""
    found = set()
    for package in ("core", "quotas", "docflow", "printgate", "web", "deploy"):
        rows = extract_from_dir(ROOT / package, METHODS, {}, KEYWORDS)
        found |= {row[2] for row in rows}
    return found


def test_the_catalogue_is_complete_and_has_nothing_too_many():
    with (LOCALES / "zh_CN" / "printgate.po").open("rb") as source:
        catalogue = read_po(source, locale="zh_CN")
    entries = {message.id: message for message in catalogue if message.id}
    assert sorted(used() - set(entries), key=str) == []
    assert sorted(set(entries) - used(), key=str) == []
    for msgid, message in entries.items():
        assert not message.fuzzy, msgid
        said = _forms(msgid) + _forms(message.string)
        assert all(said), msgid
        assert len({tuple(sorted(PLACE.findall(each))) for each in said}) == 1, msgid


def _forms(sentence: object) -> list[str]:
    return list(sentence) if isinstance(sentence, list | tuple) else [str(sentence or "")]
