"""What linters do not know of the house rules: sizes, words, names, and words that stay at home."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("core", "quotas", "docflow", "printgate", "web", "deploy")
MODULE_LINES_MAX = 500
FUNCTION_LINES_MAX = 60

FOREIGN_WORDS = {
    "core": r"\b(printer|print job|quota|sheets?|toner|draft|ipp|cups)\b",
    "quotas": r"\b(ipp|cups|docflow|opinion|revision)\b",
    "docflow": r"\b(ipp|cups|quota|sheets?|toner|duplex)\b",
}
"""Words of other trades that the names in a package never need."""

PROFILE_WORDS = re.compile(r"\b(embedded|scale-?out)\b", re.IGNORECASE)


def sources(*folders: str) -> list[Path]:
    """Return the Python files that are kept in the repository, below these folders."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    found = [path for path in listed if not folders or path.split("/")[0] in folders]
    return [ROOT / path for path in found if (ROOT / path).exists()]


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_no_module_and_no_function_is_too_long():
    long = []
    for path in sources():
        if "migrations/versions" in path.as_posix():
            continue
        text = path.read_text(encoding="utf-8")
        name = path.relative_to(ROOT)
        if text.count("\n") > MODULE_LINES_MAX:
            long.append(f"{name}: {text.count(chr(10))} lines")
        for each in functions(ast.parse(text)):
            lines = (each.end_lineno or each.lineno) - each.lineno + 1
            if lines > FUNCTION_LINES_MAX:
                long.append(f"{name}: {each.name} has {lines} lines")
    assert long == []


def test_no_file_is_named_for_nothing():
    names = {path.stem for path in sources()}
    assert names & {"utils", "helpers", "common", "misc", "tools"} == set()


def names_and_words(tree: ast.Module) -> Iterator[str]:
    """Yield the names that a module uses and defines, as words."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id.replace("_", " ")
        elif isinstance(node, ast.Attribute):
            yield node.attr.replace("_", " ")
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name.replace("_", " ")


@pytest.mark.parametrize("package", FOREIGN_WORDS)
def test_no_package_speaks_of_another_trade(package: str):
    foreign = re.compile(FOREIGN_WORDS[package], re.IGNORECASE)
    found = set()
    for path in sources(package):
        for words in names_and_words(ast.parse(path.read_text(encoding="utf-8"))):
            if foreign.search(words):
                found.add((path.relative_to(ROOT).as_posix(), words))
    assert found == set()


def test_profiles_are_named_in_deploy_only():
    naming = [
        path.relative_to(ROOT).as_posix()
        for path in sources("core", "quotas", "docflow", "printgate", "web")
        if PROFILE_WORDS.search(path.read_text(encoding="utf-8"))
    ]
    assert naming == []


def test_every_package_says_what_it_is():
    for package in PACKAGES:
        assert (ROOT / package / "README.md").exists(), f"{package} has no README.md"
        assert ast.get_docstring(ast.parse((ROOT / package / "__init__.py").read_text()))


def test_every_folder_of_tests_is_a_package():
    folders = {path.parent for path in sources("tests")}
    assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []
