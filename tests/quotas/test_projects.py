"""What is a project's code."""

import pytest

from quotas.projects import CODE_LENGTH_MAX, folded, valid_code


@pytest.mark.parametrize("code", ["a", "7", "hy-2026", "a" * CODE_LENGTH_MAX])
def test_codes(code: str):
    assert valid_code(code)


@pytest.mark.parametrize(
    "code", ["", "-a", "a-", "HY", "a b", "会议", "a_b", "é", "a\n", "a" * (CODE_LENGTH_MAX + 1)]
)
def test_no_codes(code: str):
    assert not valid_code(code)


def test_capitals_and_blanks_are_no_other_code():
    assert folded(" HY-2026 ") == "hy-2026"
