"""PWG raster (PWG 5102.4): pages of run-length coded pixels, printed as a PDF of the same pixels.

A raster page carries its own Duplex and Tumble in its header, past which an attribute of the job
would be powerless. So no raster reaches a printer: each page becomes a picture on a page of the
same size, and sides is decided by the ticket alone. The headers' page counts are not believed; the
pages are counted as they are read.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pikepdf

from core.sandbox import Refused
from printgate.analysis.jpeg import add_picture_page
from printgate.analysis.rewritten import SIZES_MAX, Rewritten

_SYNC = b"RaS2"
_HEADER_OCTETS = 1796
_PAGES_MAX = 1000
_LINE_OCTETS_MAX = 200_000
_PAGE_OCTETS_MAX = 1_200_000_000
_POINTS_PER_INCH = 72.0
_SIDE_MIN, _SIDE_MAX = 3.0, 14_400.0
"""What a side of a PDF page may measure in points."""

# cupsColorSpace and bits per pixel: the PDF colour space, bits per component, and Decode.
_TYPES: dict[tuple[int, int, int], tuple[str, int, bool]] = {
    (18, 8, 8): ("/DeviceGray", 8, False),
    (18, 16, 16): ("/DeviceGray", 16, False),
    (0, 8, 8): ("/DeviceGray", 8, False),
    (3, 8, 8): ("/DeviceGray", 8, True),
    (3, 1, 1): ("/DeviceGray", 1, True),
    (19, 8, 24): ("/DeviceRGB", 8, False),
    (19, 16, 48): ("/DeviceRGB", 16, False),
    (20, 8, 24): ("/DeviceRGB", 8, False),
    (1, 8, 24): ("/DeviceRGB", 8, False),
    (6, 8, 32): ("/DeviceCMYK", 8, False),
}


@dataclass(frozen=True)
class _Header:
    dpi: tuple[int, int]
    width: int
    height: int
    bits_per_color: int
    bits_per_pixel: int
    line_octets: int
    color_space: int

    @property
    def chunk(self) -> int:
        """Octets that one run repeats: a pixel, or eight pixels of one bit."""
        return max(1, self.bits_per_pixel // 8)

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in points."""
        return (
            round(self.width / self.dpi[0] * _POINTS_PER_INCH, 1),
            round(self.height / self.dpi[1] * _POINTS_PER_INCH, 1),
        )


def to_pdf(source: Path, output: Path) -> Rewritten:
    """Write a PDF with a page for each raster page."""
    document = pikepdf.new()
    pages, sizes = 0, dict[tuple[float, float], None]()
    with source.open("rb") as stream:
        if stream.read(4) != _SYNC:
            raise Refused("document-format-mismatch")
        for header in _headers(stream):
            pages += 1
            if pages > _PAGES_MAX:
                raise Refused("document-too-many-pages")
            _add_page(document, header, stream)
            if len(sizes) < SIZES_MAX:
                sizes[header.size] = None
    if pages == 0:
        raise Refused("document-unreadable", "there is no page")
    # 16 bits a component are PDF 1.5.
    document.save(output, min_version="1.5")
    return Rewritten(pages, tuple(sizes))


def _headers(stream: BinaryIO) -> Iterator[_Header]:
    while octets := stream.read(_HEADER_OCTETS):
        if len(octets) != _HEADER_OCTETS:
            raise Refused("document-unreadable", "a page header is cut short")
        # PWG 5102.4 §4.3: HWResolution at 276, Width 372, Height 376, BitsPerColor 384,
        # BitsPerPixel 388, BytesPerLine 392, ColorOrder 396, ColorSpace 400.
        dpi = struct.unpack_from(">II", octets, 276)
        width, height = struct.unpack_from(">II", octets, 372)
        bits_color, bits_pixel, line, order, space = struct.unpack_from(">IIIII", octets, 384)
        header = _Header(dpi, width, height, bits_color, bits_pixel, line, space)
        _check(header, order)
        yield header


def _check(header: _Header, order: int) -> None:
    if order != 0 or _kind(header) not in _TYPES:
        raise Refused("raster-type-not-supported", str(_kind(header)))
    expected = -(-header.width * header.bits_per_pixel // 8)
    sound = header.line_octets == expected and 0 < expected <= _LINE_OCTETS_MAX
    sound = sound and header.height > 0 and all(50 <= dpi <= 4800 for dpi in header.dpi)
    sound = sound and all(_SIDE_MIN <= side <= _SIDE_MAX for side in header.size)
    if not sound:
        raise Refused("document-unreadable", "a page header makes no sense")
    if expected * header.height > _PAGE_OCTETS_MAX:
        raise Refused("document-too-complex")


def _kind(header: _Header) -> tuple[int, int, int]:
    return header.color_space, header.bits_per_color, header.bits_per_pixel


def _add_page(document: pikepdf.Pdf, header: _Header, stream: BinaryIO) -> None:
    space, bits, inverted = _TYPES[_kind(header)]
    # Packed again line by line: a page of pixels is never whole in memory.
    packer, pieces = zlib.compressobj(1), []
    for line, times in _lines(header, stream):
        pieces.append(packer.compress(line * times))
    pieces.append(packer.flush())
    picture = pikepdf.Stream(document, b"".join(pieces))
    picture.Type, picture.Subtype = pikepdf.Name.XObject, pikepdf.Name.Image
    picture.Width, picture.Height = header.width, header.height
    picture.BitsPerComponent, picture.ColorSpace = bits, pikepdf.Name(space)
    picture.Filter = pikepdf.Name.FlateDecode
    if inverted:
        picture.Decode = [1, 0]
    add_picture_page(document, picture, header.size, header.size)


def _lines(header: _Header, stream: BinaryIO) -> Iterator[tuple[bytes, int]]:
    left = header.height
    while left > 0:
        times = min(_octet(stream) + 1, left)
        yield _line(header, stream), times
        left -= times


def _line(header: _Header, stream: BinaryIO) -> bytes:
    chunk, pieces, missing = header.chunk, [], header.line_octets
    while missing > 0:
        code = _octet(stream)
        if code == 128:
            # To the end of the line in white: zeros on black, ones on white.
            pieces.append(bytes(missing) if header.color_space in (3, 6) else b"\xff" * missing)
            break
        count = (257 - code) * chunk if code > 128 else (code + 1) * chunk
        if count > missing:
            raise Refused("document-unreadable", "a line is longer than its page is wide")
        octets = stream.read(count if code > 128 else chunk)
        if len(octets) != (count if code > 128 else chunk):
            raise Refused("document-unreadable", "a page is cut short")
        pieces.append(octets if code > 128 else octets * (code + 1))
        missing -= count
    return b"".join(pieces)


def _octet(stream: BinaryIO) -> int:
    octet = stream.read(1)
    if not octet:
        raise Refused("document-unreadable", "a page is cut short")
    return octet[0]
