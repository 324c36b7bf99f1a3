"""Everything a person reads exists in both languages."""

import re
from pathlib import Path

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from core.i18n import LOCALES

ROOT = Path(__file__).parents[1]
METHODS = [("**/templates/**.html", "jinja2"), ("**.py", "python")]
KEYWORDS = dict.fromkeys(("_", "Text", "sentence", "bad_request", "translate"))
PLACE = re.compile(r"\{\w+\}")


def used() -> set[str]:
    found = set()
    for package in ("core", "quotas", "docflow", "printgate", "web", "deploy"):
        rows = extract_from_dir(ROOT / package, METHODS, {}, KEYWORDS)
        found |= {str(row[2]) for row in rows}
    return found


def test_the_catalogue_is_complete_and_has_nothing_too_many():
    with (LOCALES / "zh_CN" / "printgate.po").open("rb") as source:
        catalogue = read_po(source, locale="zh_CN")
    entries = {str(message.id): message for message in catalogue if message.id}
    assert sorted(used() - set(entries)) == []
    assert sorted(set(entries) - used()) == []
    for msgid, message in entries.items():
        assert message.string, msgid
        assert not message.fuzzy, msgid
        assert sorted(PLACE.findall(msgid)) == sorted(PLACE.findall(str(message.string))), msgid
