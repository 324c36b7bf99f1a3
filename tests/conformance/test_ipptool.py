"""CUPS' own conformance suites against the gateway: an outside judge.

Debian ships the suites without their six sample documents, and ipptool then drops half of the tests
without a word; so they run from a copy of the .test files beside samples of our own. A suite fails
on any FAIL, on "cannot be read", on fewer PASS than are recorded here, and on a SKIP that has no
reason in SKIPPED.
"""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from deploy.lab.office import Lab, lab_folder
from tests.e2e.rig import Office, running_office

SUITES = Path("/usr/share/cups/ipptool")
PASSES = {"ipp-1.1": 42, "ipp-2.0": 43}

SKIPPED = {
    "Print-URI": "documents are sent, not fetched: the gateway opens no address for a client",
    "Send-URI": "as Print-URI",
    "Create-Job": "skipped by the suite as a part of Send-URI only",
    "Cancel-Job": "skipped by the suite as a part of Send-URI only",
    "PostScript": "not taken: a program, which cannot be counted without running it",
    "4x6": "the virtual printer has no such paper",
    "Standard Sheet": "job-sheets: banner pages would be paper that nobody asked for",
    "2-Up": "the suite matches number-up-supported only where it is one single value",
    "Quality": "the suite looks for an attribute print-quality that no printer has",
}
"""A word of a skipped test's name, and why it is skipped."""


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = lab_folder()
    with (
        Lab(folder) as lab,
        running_office(lab, tmp_path_factory.mktemp("office")) as running,
    ):
        running.grant("guest", 10_000)
        yield running
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Put the suites beside the six documents that they name."""
    folder = tmp_path_factory.mktemp("suites")
    for suite in SUITES.glob("*.test"):
        shutil.copy(suite, folder)
    for size, media in (("a4", "a4"), ("letter", "letter")):
        postscript = folder / f"document-{size}.ps"
        postscript.write_text(
            "%!PS\n/Helvetica findfont 20 scalefont setfont\n"
            + "".join(f"72 700 moveto (page {n}) show showpage\n" for n in range(1, 5))
        )
        subprocess.run(
            ["gs", "-q", "-dBATCH", "-dNOPAUSE", "-sDEVICE=pdfwrite", f"-sPAPERSIZE={media}",
             f"-sOutputFile={folder / f'document-{size}.pdf'}", str(postscript)],
            check=True, timeout=60,
        )  # fmt: skip
    Image.new("RGB", (400, 600), (180, 30, 30)).save(folder / "color.jpg")
    Image.new("L", (400, 600), 120).save(folder / "gray.jpg")
    return folder


@pytest.mark.parametrize("suite", PASSES)
def test_suite(office: Office, samples: Path, suite: str):
    done = subprocess.run(
        ["ipptool", "-tI", "-f", "document-a4.pdf",
         f"ipp://127.0.0.1:{office.port}/printers/office-a", f"{suite}.test"],
        cwd=samples, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    told = done.stdout + done.stderr
    assert "[FAIL]" not in told, told[-6000:]
    assert "cannot be read" not in told.lower()
    assert "unable to" not in told.lower(), told[-3000:]
    assert told.count("[PASS]") >= PASSES[suite], told[-6000:]
    for name in re.findall(r"^\s+(.*?)\s+\[SKIP\]", told, re.MULTILINE):
        assert any(word in name for word in SKIPPED), f"skipped without a reason: {name}"
