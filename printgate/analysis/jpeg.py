"""JPEG: one page, printed as a PDF that carries the picture's own data."""

import warnings
from pathlib import Path

import pikepdf
from PIL import Image, UnidentifiedImageError

from core.sandbox import Refused

_A4 = (595.276, 841.890)
_MARGIN = 12.0
_PIXELS_MAX = 200_000_000
_SPACES = {"L": "/DeviceGray", "RGB": "/DeviceRGB", "CMYK": "/DeviceCMYK"}


def to_pdf(source: Path, output: Path) -> int:
    """Write an A4 page, upright or lying, with the picture as large as it fits; return 1."""
    width, height, mode = _header(source)
    document = pikepdf.new()
    picture = document.make_stream(source.read_bytes())
    picture.Type, picture.Subtype = pikepdf.Name.XObject, pikepdf.Name.Image
    picture.Width, picture.Height, picture.BitsPerComponent = width, height, 8
    picture.ColorSpace, picture.Filter = pikepdf.Name(_SPACES[mode]), pikepdf.Name.DCTDecode
    if mode == "CMYK":
        # Adobe writes CMYK pictures inverted, and everybody has followed.
        picture.Decode = [1, 0, 1, 0, 1, 0, 1, 0]
    page_size = _A4 if height >= width else _A4[::-1]
    add_picture_page(document, picture, page_size, (width, height))
    document.save(output)
    return 1


def add_picture_page(
    document: pikepdf.Pdf,
    picture: pikepdf.Object,
    page_size: tuple[float, float],
    picture_size: tuple[float, float],
    margin: float = _MARGIN,
) -> None:
    """Add a page of `page_size` points that shows a picture in its middle, scaled to fit."""
    scale = min(
        (page_size[0] - 2 * margin) / picture_size[0], (page_size[1] - 2 * margin) / picture_size[1]
    )
    width, height = picture_size[0] * scale, picture_size[1] * scale
    left, bottom = (page_size[0] - width) / 2, (page_size[1] - height) / 2
    drawing = f"q {width:.3f} 0 0 {height:.3f} {left:.3f} {bottom:.3f} cm /Im0 Do Q"
    page = document.add_blank_page(page_size=page_size)
    page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Im0=picture))
    page.Contents = document.make_stream(drawing.encode())


def _header(source: Path) -> tuple[int, int, str]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(source, formats=["JPEG"]) as picture:
                width, height, mode = *picture.size, picture.mode
                if width * height > _PIXELS_MAX:
                    raise Refused("document-too-complex", f"{width} x {height} pixels")
                # Read to the end: a picture that breaks off half-way is found here.
                picture.draft(None, (1, 1))
                picture.load()
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError) as error:
        raise Refused("document-unreadable", str(error)) from None
    if mode not in _SPACES:
        raise Refused("raster-type-not-supported", mode)
    return width, height, mode
