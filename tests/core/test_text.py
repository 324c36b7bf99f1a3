import pytest

from core.i18n import LANGUAGES, closest, translator
from core.text import Text, clean_line, counted


def test_a_sentence_keeps_its_values_through_storage_and_reads_in_both_languages():
    text = Text("{reason} and {n}", {"reason": Text("There is no such job."), "n": 3})
    again = Text.from_json(text.to_json())
    assert again == text
    assert str(again) == "There is no such job. and 3"
    assert again.render(translator("zh-CN")) == "没有这个作业。 and 3"


@pytest.mark.parametrize(
    ("n", "english", "chinese"),
    [(0, "0 sheets", "0 张"), (1, "1 sheet", "1 张"), (1234, "1,234 sheets", "1,234 张")],
)
def test_a_sentence_that_counts_has_the_form_of_its_number(n: int, english: str, chinese: str):
    again = Text.from_json(counted("{n} sheet", "{n} sheets", n).to_json())
    assert str(again) == english
    assert again.render(translator("en")) == english
    assert again.render(translator("zh-CN")) == chinese
    inside = Text("{reason} and {n}", {"reason": again, "n": n})
    assert str(inside) == f"{english} and {n}"


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (("zh-cn",), "zh-CN"),
        (("zh",), "zh-CN"),
        (("zh-TW",), "zh-CN"),
        (("en-GB",), "en"),
        (("fr", "en"), "en"),
        (("fr",), "zh-CN"),
        (("", "x", "-", "c" * 300), "zh-CN"),
        ((), "zh-CN"),
    ],
)
def test_the_closest_language(wanted: tuple[str, ...], found: str):
    assert closest(*wanted) == found
    assert found in LANGUAGES


@pytest.mark.parametrize(
    ("dirty", "clean"),
    [
        ("a\r\nb\tc", "a b c"),
        ("关于\u202e通知\u0007", "关于通知"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("x" * 300, "x" * 255),
        ("\ud800broken", "broken"),
        ("  spaced   out ", "spaced out"),
        ("\u2028line", "line"),
        ("", ""),
    ],
)
def test_text_from_outside_becomes_one_harmless_line(dirty: str, clean: str):
    assert clean_line(dirty, 255) == clean
