from collections.abc import Iterator
from pathlib import Path

import pikepdf
import pytest
from PIL import Image

from core.sandbox import Sandbox
from docflow.errors import PageUnreadable
from docflow.rendering import SANDBOXED, WIDTHS, PageImages

DIGEST = "a" * 64


@pytest.fixture
def images(tmp_path: Path) -> Iterator[PageImages]:
    with Sandbox(SANDBOXED) as sandbox:
        yield PageImages(sandbox, tmp_path / "pages")


@pytest.fixture
def paper(tmp_path: Path) -> Path:
    document = pikepdf.new()
    document.add_blank_page(page_size=(595, 842))
    document.add_blank_page(page_size=(842, 595))
    document.save(tmp_path / "paper.pdf")
    return tmp_path / "paper.pdf"


def test_a_page_is_drawn_once_at_the_next_larger_width(images: PageImages, paper: Path):
    first = images.page(DIGEST, paper, 1, 900)
    with Image.open(first.path) as picture:
        assert picture.format == "PNG"
        assert abs(picture.width - 960) <= 1
    paper.unlink()
    assert images.page(DIGEST, paper, 1, 900) == first


def test_a_width_beyond_the_largest_is_the_largest(images: PageImages, paper: Path):
    with Image.open(images.page(DIGEST, paper, 2, 10_000).path) as picture:
        assert abs(picture.width - WIDTHS[-1]) <= 1
        assert picture.width > picture.height


def test_what_cannot_be_drawn_leaves_nothing(images: PageImages, paper: Path, tmp_path: Path):
    with pytest.raises(PageUnreadable):
        images.page(DIGEST, paper, 3, 480)
    paper.write_bytes(b"no pdf")
    with pytest.raises(PageUnreadable):
        images.page("b" * 64, paper, 1, 480)
    assert list((tmp_path / "pages").iterdir()) == []
