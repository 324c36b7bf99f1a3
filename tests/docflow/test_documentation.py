"""The README of the package names every error code, state and action."""

from pathlib import Path

from docflow import errors
from docflow.lifecycle import Action

README = Path(__file__).parents[2] / "docflow" / "README.md"


def test_every_error_code_is_explained():
    text = README.read_text(encoding="utf-8")
    for each in vars(errors).values():
        if isinstance(each, type) and each.__module__ == errors.__name__:
            assert f"`{each.code}`" in text, each  # type: ignore[attr-defined]


def test_every_action_is_in_the_table_of_rights():
    text = README.read_text(encoding="utf-8").lower()
    words = {
        Action.NAME_READERS: "name readers",
        Action.GIVE_OPINION: "give an opinion",
        Action.ASK_PRINT: "ask for paper",
        Action.CLOSE: "close",
        Action.WITHDRAW: "withdraw",
    }
    assert all(words[action] in text for action in Action)
