"""PWG raster pages, written octet by octet after PWG 5102.4."""

import struct
from dataclasses import dataclass

SYNC = b"RaS2"
BLACK, SGRAY, SRGB, CMYK = 3, 18, 19, 6


@dataclass(frozen=True)
class Raster:
    """The header of a page: enough of it for a reader that wants only the pixels."""

    width: int
    height: int
    space: int = SGRAY
    bits_per_color: int = 8
    colors: int = 1
    dpi: int = 300
    duplex: bool = False
    tumble: bool = False
    copies: int = 1
    declared_pages: int = 0
    order: int = 0

    @property
    def bits_per_pixel(self) -> int:
        return self.bits_per_color * self.colors

    @property
    def line_octets(self) -> int:
        return -(-self.width * self.bits_per_pixel // 8)

    def header(self) -> bytes:
        octets = bytearray(1796)
        octets[:9] = b"PwgRaster"
        for place, value in (
            (272, self.duplex),
            (276, self.dpi),
            (280, self.dpi),
            (340, self.copies),
            (368, self.tumble),
            (372, self.width),
            (376, self.height),
            (384, self.bits_per_color),
            (388, self.bits_per_pixel),
            (392, self.line_octets),
            (396, self.order),
            (400, self.space),
            (420, self.colors),
            (452, self.declared_pages),
        ):
            struct.pack_into(">I", octets, place, value)
        return bytes(octets)

    def page(self, *lines: bytes) -> bytes:
        """Return the page; each of `lines` is coded already, with its number of repeats."""
        return self.header() + b"".join(lines)

    def plain(self, pixel: bytes) -> bytes:
        """Return a page of which each pixel (each eight, at one bit) is the same."""
        chunks = self.line_octets // len(pixel)
        line = b"".join(
            bytes([min(128, chunks - done) - 1]) + pixel for done in range(0, chunks, 128)
        )
        return self.page(*(repeat(line, each) for each in repeats(self.height)))


def repeats(height: int) -> list[int]:
    """Return how often the lines of a plain page are repeated: 256 times at the most."""
    return [min(256, height - done) for done in range(0, height, 256)]


def repeat(line: bytes, times: int = 1) -> bytes:
    return bytes([times - 1]) + line


def literal(*pixels: bytes) -> bytes:
    """Return a run of different pixels; 2 to 128 of them."""
    return bytes([257 - len(pixels)]) + b"".join(pixels)


def document(*pages: bytes) -> bytes:
    return SYNC + b"".join(pages)
