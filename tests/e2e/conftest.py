import shutil
from collections.abc import Iterator
from pathlib import Path

import pikepdf
import pytest

from deploy.lab.office import Lab, lab_folder
from tests.e2e.rig import Office, running_office


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    folder = lab_folder()
    with Lab(folder) as running:
        yield running
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def office(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with running_office(lab, tmp_path_factory.mktemp("office")) as running:
        yield running


@pytest.fixture(scope="session")
def pdf(tmp_path_factory: pytest.TempPathFactory):
    """Make a PDF with so many pages; each has a line of its own."""
    folder = tmp_path_factory.mktemp("pdf")

    def make(pages: int) -> Path:
        path = folder / f"{pages}.pdf"
        if not path.exists():
            document = pikepdf.new()
            for number in range(pages):
                page = document.add_blank_page(page_size=(595, 842))
                font = pikepdf.Dictionary(
                    Type=pikepdf.Name.Font,
                    Subtype=pikepdf.Name.Type1,
                    BaseFont=pikepdf.Name.Helvetica,
                )
                page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font))
                words = f"BT /F1 12 Tf 72 700 Td (Page {number + 1}) Tj ET"
                page.Contents = document.make_stream(words.encode())
            document.save(path)
        return path

    return make
