"""What is counted is what any engine counts in the file that is printed."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pikepdf
import pypdf
import pypdfium2
import pytest

from core.sandbox import Refused
from printgate.analysis import pdf
from printgate.analysis.lines import first_lines
from printgate.analysis.rewritten import PAGES_MAX, Rewritten
from tests.printgate.analysis import hostile

A4 = (595.0, 842.0)


@pytest.fixture
def written(tmp_path: Path):
    """Rewrite octets and return what was found and the new file."""

    def run(octets: bytes) -> tuple[Rewritten, Path]:
        source, output = tmp_path / "job.doc", tmp_path / "job.out"
        source.write_bytes(octets)
        found = pdf.rewrite(source, output)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["job.doc", "job.out"]
        return found, output

    return run


def refusal(run, octets: bytes) -> str:
    with pytest.raises(Refused) as refused:
        run(octets)
    return refused.value.code


def counts(path: Path) -> set[int]:
    """Count with four engines, one of which is no part of ours."""
    told = subprocess.run(["pdfinfo", path], capture_output=True, text=True, check=True).stdout
    (line,) = [line for line in told.splitlines() if line.startswith("Pages:")]
    with pikepdf.open(path) as first, pypdfium2.PdfDocument(path) as second:
        return {len(first.pages), len(second), len(pypdf.PdfReader(path).pages), int(line[6:])}


@pytest.mark.parametrize(
    ("octets", "pages"),
    [
        (hostile.pages(1), 1),
        (hostile.pages(6), 6),
        (hostile.pages(6, 1), 6),
        (hostile.pages(6, 0), 6),
        (hostile.pages(6, -5), 6),
        (hostile.pages(6, 999_999), 6),
        (hostile.same_page_often(3), 3),
        (hostile.deep_tree(90), 1),
        (hostile.xref_loop(), 3),
        (hostile.in_a_printer_language(hostile.pages(2)), 2),
        (hostile.pages(PAGES_MAX), PAGES_MAX),
    ],
    ids=[
        "one",
        "six",
        "says 1",
        "says 0",
        "says -5",
        "says 999,999",
        "one page three times",
        "deep",
        "xref loop",
        "PJL",
        "as many as may be",
    ],
)
def test_pages_are_counted_by_walking(written, octets: bytes, pages: int):
    found, output = written(octets)
    assert found.pages == pages
    assert counts(output) == {pages}
    with pikepdf.open(output) as document:
        assert document.Root.Pages.Count == pages


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        (hostile.pages(0), "document-unreadable"),
        (hostile.pages(0, 3), "document-unreadable"),
        (hostile.cycle(), "document-unreadable"),
        (hostile.long_cycle(), "document-unreadable"),
        (hostile.doubling(30), "document-unreadable"),
        (hostile.deep_tree(5000), "document-unreadable"),
        (hostile.pages(PAGES_MAX + 1), "document-too-many-pages"),
        (hostile.pages(PAGES_MAX + 1, 1), "document-too-many-pages"),
        (hostile.pages(1, box=b"[0 0 0 0]"), "document-too-complex"),
        (hostile.pages(1, box=b"[0 0 1000000000 842]"), "document-too-complex"),
        (b"%PDF-1.7\n", "document-unreadable"),
        (b"%PDF-1.7\n" + b"\xff" * 999, "document-unreadable"),
    ],
    ids=[
        "no pages",
        "no pages, says 3",
        "cycle",
        "long cycle",
        "doubling",
        "too deep",
        "too many",
        "too many, says 1",
        "no size",
        "too large",
        "nothing",
        "garbage",
    ],
)
def test_what_is_no_document_is_refused(written, octets: bytes, code: str):
    assert refusal(written, octets) == code


def test_a_lie_is_noted(written):
    assert not written(hostile.pages(2))[0].repaired
    assert written(hostile.pages(2, 1))[0].repaired


def test_a_file_without_its_end_is_whole_if_its_pages_are(written):
    octets = hostile.pages(20)
    found, output = written(octets[: octets.index(b"trailer")])
    assert (found.pages, found.repaired) == (20, True)
    assert counts(output) == {20}


@pytest.mark.parametrize("share", [0.3, 0.6, 0.8])
def test_a_file_that_has_lost_pages_is_refused(written, share: float):
    octets = hostile.pages(20)
    assert refusal(written, octets[: int(len(octets) * share)]) == "document-unreadable"


def test_a_file_that_has_lost_what_a_page_shows_is_refused(written):
    objects = {
        1: b"<< /Type /Catalog /Pages 2 0 R >>",
        2: b"<< /Type /Pages /Count 1 /Kids [4 0 R] >>",
        4: hostile.page().replace(b"/Contents 3 0 R", b"/Contents 9 0 R"),
        9: hostile.stream(hostile.text_content("Never seen.")),
    }
    octets = hostile.raw_pdf(objects)
    assert written(octets)[0].pages == 1
    assert refusal(written, octets[: octets.index(b"9 0 obj")]) == "document-unreadable"


def test_every_prefix_is_read_or_refused(written):
    octets = hostile.pages(2)
    outcomes: set[str | int] = set()
    for length in range(0, len(octets), 17):
        try:
            found, _ = written(octets[:length])
        except Refused as refused:
            outcomes.add(refused.code)
        else:
            outcomes.add(found.pages)
    assert outcomes == {"document-unreadable", 2}


@pytest.mark.parametrize("user", ["user", ""])
def test_passwords(written, tmp_path: Path, user: str):
    octets = hostile.locked(tmp_path / "locked", hostile.pages(3), user)
    source = octets.read_bytes()
    for path in tmp_path.glob("locked*"):
        path.unlink()
    if user:
        assert refusal(written, source) == "document-encrypted"
    else:
        found, output = written(source)
        assert found.pages == 3
        with pikepdf.open(output) as document:
            assert not document.is_encrypted
        assert first_lines(output)[0][0].text == "Apageoftext."


def test_a_lock_that_nobody_here_knows(written):
    lock = b"/Encrypt << /Filter /Adobe.PubSec /V 4 /SubFilter /adbe.pkcs7.s5 /Recipients [] >>"
    octets = hostile.raw_pdf(
        {
            1: b"<< /Type /Catalog /Pages 2 0 R >>",
            2: b"<< /Type /Pages /Count 1 /Kids [10 0 R] >>",
            3: hostile.stream(hostile.text_content("Locked.")),
            10: hostile.page(),
        },
        lock + b" /ID [(0123456789abcdef) (0123456789abcdef)]",
    )
    assert refusal(written, octets) == "document-encrypted"


def test_no_printer_language_reaches_the_printer(written):
    octets = hostile.in_a_printer_language(hostile.pages(2))
    assert b"@PJL SET DUPLEX=OFF" in octets
    _, output = written(octets)
    assert output.read_bytes().startswith(b"%PDF-")
    assert b"PJL" not in output.read_bytes()


def test_nothing_asks_for_one_side_or_for_copies(written):
    wishes = (
        b"<< /Duplex /Simplex /NumCopies 5 /PickTrayByPDFSize true /PrintPageRange [0 0] "
        b"/PrintScaling /None >>"
    )
    root = b"<< /Type /Catalog /Pages 2 0 R /ViewerPreferences %s >>" % wishes
    found, output = written(hostile.pages(2, root=root))
    assert found.pages == 2
    names = names_in(output)
    assert not names & {"/ViewerPreferences", "/Duplex", "/NumCopies", "/PickTrayByPDFSize"}


def test_no_postscript_reaches_the_printer(written):
    wish = b"<< /Duplex false >> setpagedevice"
    box = b"/BBox [0 0 9 9]"
    objects = {
        1: b"<< /Type /Catalog /Pages 2 0 R >>",
        2: b"<< /Type /Pages /Count 1 /Kids [10 0 R] >>",
        3: hostile.stream(b"/P Do /F Do"),
        10: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 3 0 R "
        b"/Resources << /XObject << /P 20 0 R /F 21 0 R >> >> >>",
        20: hostile.stream(wish, b"/Type /XObject /Subtype /PS"),
        21: hostile.stream(b"n", b"/Type /XObject /Subtype /Form /Subtype2 /PS /PS 22 0 R " + box),
        22: hostile.stream(wish),
    }
    _, output = written(hostile.raw_pdf(objects))
    assert b"setpagedevice" not in output.read_bytes()
    assert not names_in(output) & {"/PS", "/Subtype2"}


def test_nothing_acts(written):
    octets = hostile.armed()
    for name in (b"/JavaScript", b"/Launch", b"/EmbeddedFile", b"/OpenAction", b"/XFA"):
        assert name in octets
    _, output = written(octets)
    assert not names_in(output) & {
        *("/OpenAction", "/AA", "/A", "/JavaScript", "/JS", "/Launch", "/XFA"),
        *("/Names", "/AF", "/EmbeddedFile", "/EmbeddedFiles", "/EF", "/FS", "/Outlines"),
    }
    assert b"MZ executable" not in output.read_bytes()
    assert first_lines(output)[0][0].text == "Apageoftext."


def test_a_field_s_parent_does_not_act(written):
    script = b"<< /S /JavaScript /JS (app.alert\\(1\\)) >>"
    octets = hostile.raw_pdf(
        {
            1: b"<< /Type /Catalog /Pages 2 0 R >>",
            2: b"<< /Type /Pages /Count 1 /Kids [10 0 R] >>",
            3: hostile.stream(hostile.text_content("A form.")),
            10: hostile.page(b"/Annots [20 0 R]"),
            20: b"<< /Type /Annot /Subtype /Widget /Rect [0 0 9 9] /Parent 21 0 R >>",
            21: b"<< /FT /Tx /T (a) /Kids [20 0 R] /AA << /K %s >> >>" % script,
        }
    )
    _, output = written(octets)
    assert not names_in(output) & {"/AA", "/JS"}


def names_in(path: Path) -> set[str]:
    """Return every name in a file, as key or as value."""
    with pikepdf.open(path) as document:
        return set(_names(document))


def _names(document: pikepdf.Pdf) -> Iterator[str]:
    waiting: list[object] = [*document.objects, document.trailer]
    while waiting:
        thing = waiting.pop()
        if isinstance(thing, pikepdf.Name):
            yield str(thing)
        if isinstance(thing, pikepdf.Dictionary | pikepdf.Stream):
            yield from thing.keys()
            waiting += [each for _, each in thing.items() if not _is_reference(each)]
        elif isinstance(thing, pikepdf.Array):
            waiting += [each for each in thing if not _is_reference(each)]


def _is_reference(thing: object) -> bool:
    return isinstance(thing, pikepdf.Object) and thing.is_indirect


@pytest.mark.parametrize(
    ("given", "sizes"),
    [
        ({}, (A4,)),
        ({"box": b"[10 20 605 862]"}, (A4,)),
        ({"box": b"[595 842 0 0]"}, (A4,)),
        ({"box": b"[0 0 /x]"}, ((612.0, 792.0),)),
        ({"entries": b"/UserUnit 2"}, ((1190.0, 1684.0),)),
        ({"entries": b"/UserUnit (x)"}, (A4,)),
    ],
)
def test_page_sizes(written, given, sizes):
    assert written(hostile.pages(2, **given))[0].sizes == sizes


def test_a_size_may_be_inherited(written):
    octets = hostile.raw_pdf(
        {
            1: b"<< /Type /Catalog /Pages 2 0 R >>",
            2: b"<< /Type /Pages /Count 1 /Kids [10 0 R] /MediaBox [0 0 842 1191] >>",
            10: b"<< /Type /Page /Parent 2 0 R >>",
        }
    )
    found, output = written(octets)
    assert found.sizes == ((842.0, 1191.0),)
    with pikepdf.open(output) as document:
        assert [float(side) for side in document.pages[0].obj.MediaBox] == [0, 0, 842, 1191]


def test_the_title(written, tmp_path: Path):
    with pikepdf.new() as document:
        document.add_blank_page()
        document.docinfo["/Title"] = "（秘密）情况报告" + "x" * 1000
        document.save(tmp_path / "titled")
    octets = (tmp_path / "titled").read_bytes()
    (tmp_path / "titled").unlink()
    title = written(octets)[0].title
    assert title.startswith("（秘密）情况报告")
    assert len(title) == 200


def test_a_page_shown_turned_is_read_as_it_is_shown(written):
    words = b"BT /F1 12 Tf 0 1 -1 0 100 72 Tm (Upright.) Tj ET"
    _, output = written(hostile.pages(1, content=words, entries=b"/Rotate 90"))
    (line,), no_text = first_lines(output)
    assert (line.text, line.slanted, no_text) == ("Upright.", False, False)
    assert line.top < 0.25
    _, output = written(hostile.pages(1, content=words))
    assert first_lines(output)[0][0].slanted


def test_the_first_three_pages_and_the_last_are_read(written):
    _, output = written(hostile.pages(9))
    assert [line.page for line in first_lines(output)[0]] == [0, 1, 2, 8]


def test_no_text_is_said(written):
    _, output = written(hostile.pages(1, content=b"0 0 9 9 re f"))
    assert first_lines(output) == ([], True)
