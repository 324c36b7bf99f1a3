"""The README of the package names every error code and every kind of entry."""

from pathlib import Path

from quotas import errors
from quotas.ledger import State

README = Path(__file__).parents[2] / "quotas" / "README.md"


def test_every_error_code_is_explained():
    text = README.read_text(encoding="utf-8")
    for each in vars(errors).values():
        if isinstance(each, type) and each.__module__ == errors.__name__:
            assert f"`{each.code}`" in text, each  # type: ignore[attr-defined]


def test_every_end_of_a_reservation_is_named():
    text = README.read_text(encoding="utf-8")
    assert all(state in text for state in State)
