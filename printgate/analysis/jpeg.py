"""JPEG: one page, printed as a PDF that carries the picture's own data."""

import warnings
from dataclasses import dataclass
from pathlib import Path

import pikepdf
from PIL import Image, UnidentifiedImageError

from core.sandbox import Refused
from printgate.analysis.rewritten import Rewritten

_A4 = (595.276, 841.890)
_MARGIN = 12.0
_PIXELS_MAX = 200_000_000
_SPACES = {"L": "/DeviceGray", "RGB": "/DeviceRGB", "CMYK": "/DeviceCMYK"}
_EXIF_ORIENTATION = 0x0112

_TURNS = {
    1: (1, 0, 0, 1, 0, 0),
    2: (-1, 0, 0, 1, 1, 0),
    3: (-1, 0, 0, -1, 1, 1),
    4: (1, 0, 0, -1, 0, 1),
    5: (0, -1, -1, 0, 1, 1),
    6: (0, -1, 1, 0, 0, 1),
    7: (0, 1, 1, 0, 0, 0),
    8: (0, 1, -1, 0, 1, 0),
}
"""EXIF's orientations as matrices on the unit square in which PDF draws a picture."""


@dataclass(frozen=True)
class _Picture:
    width: int
    height: int
    mode: str
    orientation: int

    @property
    def shown(self) -> tuple[int, int]:
        """Width and height as a viewer that knows EXIF shows it."""
        lying = self.orientation >= 5
        return (self.height, self.width) if lying else (self.width, self.height)


def to_pdf(source: Path, output: Path) -> Rewritten:
    """Write an A4 page, upright or lying, with the picture as large as it fits."""
    found = _header(source)
    document = pikepdf.new()
    picture = document.make_stream(source.read_bytes())
    picture.Type, picture.Subtype = pikepdf.Name.XObject, pikepdf.Name.Image
    picture.Width, picture.Height, picture.BitsPerComponent = found.width, found.height, 8
    picture.ColorSpace, picture.Filter = pikepdf.Name(_SPACES[found.mode]), pikepdf.Name.DCTDecode
    if found.mode == "CMYK":
        # Adobe writes CMYK pictures inverted, and everybody has followed.
        picture.Decode = [1, 0, 1, 0, 1, 0, 1, 0]
    width, height = found.shown
    page_size = _A4 if height >= width else _A4[::-1]
    add_picture_page(
        document, picture, page_size, found.shown, margin=_MARGIN, turn=_TURNS[found.orientation]
    )
    document.save(output)
    return Rewritten(1, (page_size,))


def add_picture_page(
    document: pikepdf.Pdf,
    picture: pikepdf.Object,
    page_size: tuple[float, float],
    picture_size: tuple[float, float],
    *,
    margin: float = 0.0,
    turn: tuple[int, ...] = _TURNS[1],
) -> None:
    """Add a page of `page_size` points that shows a picture in its middle, scaled to fit.

    `picture_size` is what it is after `turn`, a matrix on the unit square.
    """
    scale = min(
        (page_size[0] - 2 * margin) / picture_size[0], (page_size[1] - 2 * margin) / picture_size[1]
    )
    width, height = picture_size[0] * scale, picture_size[1] * scale
    left, bottom = (page_size[0] - width) / 2, (page_size[1] - height) / 2
    turned = " ".join(str(number) for number in turn)
    drawing = f"q {width:.3f} 0 0 {height:.3f} {left:.3f} {bottom:.3f} cm {turned} cm /Im0 Do Q"
    page = document.add_blank_page(page_size=page_size)
    page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Im0=picture))
    page.Contents = document.make_stream(drawing.encode())


def _header(source: Path) -> _Picture:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(source, formats=["JPEG"]) as picture:
                width, height, mode = *picture.size, picture.mode
                if width * height > _PIXELS_MAX:
                    raise Refused("document-too-complex", f"{width} x {height} pixels")
                orientation = _orientation(picture)
                # Read to the end: a picture that breaks off half-way is found here.
                picture.draft(None, (1, 1))
                picture.load()
    except Image.DecompressionBombError as error:
        raise Refused("document-too-complex", str(error)) from None
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        raise Refused("document-unreadable", str(error)) from None
    if mode not in _SPACES:
        raise Refused("raster-type-not-supported", mode)
    return _Picture(width, height, mode, orientation)


def _orientation(picture: Image.Image) -> int:
    # EXIF is a format of its own within the file; a broken one does not break the picture.
    try:
        found = picture.getexif().get(_EXIF_ORIENTATION, 1)
    except (OSError, SyntaxError, ValueError, TypeError, KeyError, OverflowError):
        return 1
    return found if found in _TURNS else 1
