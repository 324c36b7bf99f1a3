"""Pictures and rasters become PDF pages that show the same, and say nothing of sides."""

import io
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from PIL import Image

from core.sandbox import Refused
from printgate.analysis import jpeg, pwg
from tests.printgate.analysis.raster import (
    BLACK,
    CMYK,
    SGRAY,
    SRGB,
    Raster,
    document,
    literal,
    repeat,
)
from tests.printgate.analysis.test_pdf import counts, names_in

RED, GREEN, BLUE, WHITE, INK = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0)
IN_INK = ((237, 28, 36), (0, 166, 81), (46, 49, 146))
"""What full inks look like on paper, to engines that know it."""
A4 = (595.276, 841.890)
_TOLERANCE = 12


@pytest.fixture
def files(tmp_path: Path):
    def write(octets: bytes) -> tuple[Path, Path]:
        (tmp_path / "job.doc").write_bytes(octets)
        return tmp_path / "job.doc", tmp_path / "job.out"

    return write


def shown(path: Path, page: int = 0) -> Image.Image:
    with pypdfium2.PdfDocument(path) as opened:
        picture: Image.Image = opened[page].render(scale=1).to_pil()
        return picture.convert("RGB")


def is_at(
    picture: Image.Image,
    x: float,
    y: float,
    color: tuple[int, int, int],
    tolerance: int = _TOLERANCE,
) -> bool:
    """Tell whether a place (shares of width and height) has nearly this colour."""
    found = picture.getpixel((int(x * picture.width), int(y * picture.height)))
    assert isinstance(found, tuple)
    return all(abs(a - b) <= tolerance for a, b in zip(found, color, strict=True))


def photograph(mode: str = "RGB", orientation: int = 1, size: tuple[int, int] = (80, 60)) -> bytes:
    """Return a JPEG: red, green, blue and black quarters, read from left to right."""
    picture = Image.new("RGB", size)
    half = (size[0] // 2, size[1] // 2)
    for color, corner in ((RED, (0, 0)), (GREEN, (half[0], 0)), (BLUE, (0, half[1]))):
        picture.paste(color, (*corner, corner[0] + half[0], corner[1] + half[1]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    octets = io.BytesIO()
    picture.convert(mode).save(octets, "JPEG", quality=95, subsampling=0, exif=exif)
    return octets.getvalue()


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_picture_is_one_page_of_a4(files, mode: str):
    source, output = files(photograph(mode))
    found = jpeg.to_pdf(source, output)
    assert (found.pages, found.sizes) == (1, (A4[::-1],))
    assert counts(output) == {1}
    picture = shown(output)
    assert picture.width > picture.height
    assert is_at(picture, 0.5, 0.005, WHITE)
    if mode == "L":
        assert is_at(picture, 0.25, 0.25, (76, 76, 76))
    else:
        colors = IN_INK if mode == "CMYK" else (RED, GREEN, BLUE)
        for x, y, color in zip((0.25, 0.75, 0.25), (0.25, 0.25, 0.75), colors, strict=True):
            assert is_at(picture, x, y, color)
    assert is_at(picture, 0.75, 0.75, INK, 60 if mode == "CMYK" else _TOLERANCE)


@pytest.mark.parametrize(
    ("orientation", "expected"),
    [
        (1, ["red", "green", "blue", "ink"]),
        (2, ["green", "red", "ink", "blue"]),
        (3, ["ink", "blue", "green", "red"]),
        (4, ["blue", "ink", "red", "green"]),
        (5, ["red", "blue", "green", "ink"]),
        (6, ["blue", "red", "ink", "green"]),
        (7, ["ink", "green", "blue", "red"]),
        (8, ["green", "ink", "red", "blue"]),
        (0, ["red", "green", "blue", "ink"]),
        (99, ["red", "green", "blue", "ink"]),
    ],
)
def test_a_camera_s_turn_is_followed(files, orientation: int, expected: list[str]):
    source, output = files(photograph(orientation=orientation))
    found = jpeg.to_pdf(source, output)
    lying = not 5 <= orientation <= 8
    assert found.sizes == ((A4[::-1] if lying else A4),)
    picture = shown(output)
    quarters = [
        next(
            name
            for name, color in (("red", RED), ("green", GREEN), ("blue", BLUE), ("ink", INK))
            if is_at(picture, x, y, color)
        )
        for x, y in ((0.3, 0.3), (0.7, 0.3), (0.3, 0.7), (0.7, 0.7))
    ]
    assert quarters == expected


def test_a_picture_s_data_are_printed_as_they_are(files):
    octets = photograph()
    source, output = files(octets)
    jpeg.to_pdf(source, output)
    assert octets in output.read_bytes()


@pytest.mark.parametrize("share", [0.02, 0.3, 0.7])
def test_a_picture_cut_short_is_refused(files, share: float):
    octets = photograph(size=(800, 600))
    with pytest.raises(Refused) as refused:
        jpeg.to_pdf(*files(octets[: int(len(octets) * share)]))
    assert refused.value.code == "document-unreadable"


def test_a_picture_that_claims_to_be_huge_is_refused(files):
    octets = bytearray(photograph())
    frame = octets.index(b"\xff\xc0")
    octets[frame + 5 : frame + 9] = b"\xff\xff\xff\xff"
    with pytest.raises(Refused) as refused:
        jpeg.to_pdf(*files(bytes(octets)))
    assert refused.value.code == "document-too-complex"


PLAIN = [
    ("1 bit black", Raster(64, 64, BLACK, 1), b"\xff", INK),
    ("1 bit white", Raster(64, 64, BLACK, 1), b"\x00", WHITE),
    ("8 bit black", Raster(64, 64, BLACK), b"\xff", INK),
    ("sgray", Raster(64, 64, SGRAY), b"\x80", (128, 128, 128)),
    ("sgray of 16 bits", Raster(64, 64, SGRAY, 16), b"\x80\x00", (128, 128, 128)),
    ("srgb", Raster(64, 64, SRGB, 8, 3), b"\xff\x00\x00", RED),
    ("srgb of 16 bits", Raster(64, 64, SRGB, 16, 3), b"\x00\x00\x00\x00\xff\xff", BLUE),
    ("cmyk", Raster(64, 64, CMYK, 8, 4), b"\x00\x00\x00\xff", INK),
]


@pytest.mark.parametrize(("what", "page", "pixel", "color"), PLAIN, ids=[each[0] for each in PLAIN])
def test_every_kind_of_pixel(files, what: str, page: Raster, pixel: bytes, color):
    source, output = files(document(page.plain(pixel)))
    found = pwg.to_pdf(source, output)
    assert (found.pages, found.sizes) == (1, ((15.4, 15.4),))
    picture = shown(output)
    assert is_at(picture, 0.5, 0.5, color, 60 if what == "cmyk" else _TOLERANCE)


def test_runs_repeats_and_the_rest_of_a_line(files):
    page = Raster(60, 60, SRGB, 8, 3, dpi=72)
    red, green, blue, white = (bytes(color) for color in (RED, GREEN, BLUE, WHITE))
    runs = repeat(bytes([29]) + red + literal(*([green, blue] * 15)), 30)
    # 0x80: the rest of the line is white.
    cleared = repeat(bytes([29]) + blue + b"\x80", 30)
    source, output = files(document(page.page(runs, cleared)))
    assert pwg.to_pdf(source, output).sizes == ((60.0, 60.0),)
    with pikepdf.open(output) as opened:
        pixels = opened.pages[0].Resources.XObject.Im0.read_bytes()
    upper = red * 30 + (green + blue) * 15
    assert pixels == upper * 30 + (blue * 30 + white * 30) * 30


@pytest.mark.parametrize("duplex", [False, True])
def test_a_header_says_nothing_to_the_printer(files, duplex: bool):
    page = Raster(64, 64, duplex=duplex, tumble=True, copies=7, declared_pages=900)
    source, output = files(document(page.plain(b"\x00"), page.plain(b"\xff"), page.plain(b"\x00")))
    assert pwg.to_pdf(source, output).pages == 3
    assert counts(output) == {3}
    assert b"PwgRaster" not in output.read_bytes()
    assert not names_in(output) & {"/ViewerPreferences", "/Duplex", "/NumCopies", "/Tumble"}


def test_pages_of_different_sizes(files):
    pages = [Raster(64, 64), Raster(64, 128), Raster(64, 64)]
    source, output = files(document(*(page.plain(b"\x00") for page in pages)))
    found = pwg.to_pdf(source, output)
    assert (found.pages, found.sizes) == (3, ((15.4, 15.4), (15.4, 30.7)))


def test_a_raster_cut_short_anywhere_is_refused(files):
    page = Raster(16, 4, SRGB, 8, 3, dpi=72)
    whole = document(page.plain(b"\x01\x02\x03"), page.plain(b"\x04\x05\x06"))
    ends = {len(document(page.plain(b"123"))), len(whole)}
    for length in range(5, len(whole) + 1):
        if length in ends:
            assert pwg.to_pdf(*files(whole[:length])).pages in (1, 2)
            continue
        with pytest.raises(Refused) as refused:
            pwg.to_pdf(*files(whole[:length]))
        assert refused.value.code == "document-unreadable"


BAD_HEADERS = [
    ("no lines", Raster(64, 0), "document-unreadable"),
    ("no width", Raster(0, 64), "document-unreadable"),
    ("no resolution", Raster(64, 64, dpi=0), "document-unreadable"),
    ("a speck", Raster(4, 4), "document-unreadable"),
    ("planes", Raster(64, 64, order=1), "raster-type-not-supported"),
    ("two bits", Raster(64, 64, SGRAY, 2), "raster-type-not-supported"),
    ("unknown colours", Raster(64, 64, 48), "raster-type-not-supported"),
    ("huge", Raster(60_000, 400_000, SRGB, 8, 3, dpi=4800), "document-too-complex"),
    ("a line too long", Raster(2**31, 64), "document-unreadable"),
]


@pytest.mark.parametrize(("what", "page", "code"), BAD_HEADERS, ids=[e[0] for e in BAD_HEADERS])
def test_headers_that_make_no_sense(files, what: str, page: Raster, code: str):
    with pytest.raises(Refused) as refused:
        pwg.to_pdf(*files(document(page.header())))
    assert refused.value.code == code


def test_a_line_that_runs_over_is_refused(files):
    page = Raster(10, 1)
    with pytest.raises(Refused) as refused:
        pwg.to_pdf(*files(document(page.page(repeat(bytes([99]) + b"\x00")))))
    assert refused.value.code == "document-unreadable"


def test_no_page_at_all(files):
    with pytest.raises(Refused) as refused:
        pwg.to_pdf(*files(document()))
    assert refused.value.code == "document-unreadable"
