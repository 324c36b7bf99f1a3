"""Documents that cannot rot: what they name exists, and what exists they name."""

import re
from pathlib import Path

import pytest

from deploy.lab.cupsd import FILES_SETTINGS, SETTINGS

ROOT = Path(__file__).parents[1]
DOCUMENTS = [
    path
    for path in sorted(ROOT.rglob("*.md"))
    if not {".venv", "build", "state", "node_modules"} & set(path.relative_to(ROOT).parts)
]
_LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
_CODE = re.compile(r"`([a-z_]+/[\w./-]+)`")
_TARGET = re.compile(r"^([a-z]+):", re.MULTILINE)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_and_every_named_file_is_there(path: Path):
    text = path.read_text(encoding="utf-8")
    links = [link for link in _LINK.findall(text) if "://" not in link]
    missing = [link for link in links if not (path.parent / link).exists()]
    # A file is named from the root, or from the folder of the document that names it.
    missing += [
        name
        for name in _CODE.findall(text)
        if (ROOT / name.split("/")[0]).is_dir()
        and not (ROOT / name).exists()
        and not (path.parent / name).exists()
    ]
    assert missing == []


def test_every_chore_is_explained_where_people_look():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(_TARGET.findall(makefile)):
        assert re.search(rf"^{target}:.*## ", makefile, re.MULTILINE), f"make help lacks {target}"
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert {"make demo", "make test", "make help"} <= set(re.findall(r"make [a-z]+", readme))


def test_every_library_has_a_home_in_the_architecture():
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").lower()
    for line in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines():
        name = re.match(r"([\w-]+)", line)
        if name:
            assert name[1].lower() in text, f"ARCHITECTURE.md lacks {name[1]}"


def test_the_guide_has_every_setting_of_cups():
    guide = (ROOT / "docs" / "administrator.md").read_text(encoding="utf-8")
    missing = [
        f"{name} {value}"
        for name, value in {**SETTINGS, **FILES_SETTINGS}.items()
        if f"    {name} {value}\n" not in guide and name not in ("LogLevel", "MaxLogSize")
    ]
    assert missing == []


def test_nothing_of_one_machine_is_written_down():
    places = re.compile(r"/(work|root)/|pypi\.org|registry\.npmjs|deb\.debian\.org")
    for path in DOCUMENTS:
        assert not places.search(path.read_text(encoding="utf-8")), path
