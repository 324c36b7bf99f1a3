"""The test page: one sheet of A4 that shows what a printer does with it.

Two sides, so that two-sided printing is seen; a frame at 5 mm, so that a cut edge is seen; a row of
greys and a row of colours, so that toner is seen; a large 1 and 2, so that the order is seen. It is
written out here as PDF 1.4 with a font that every printer has: a test page must not need what it
tests.
"""

WIDTH, HEIGHT = 595, 842
_FRAME = 14
_CATALOG_AND_PAGES = 2
_COLOURS = ("1 0 0 0", "0 1 0 0", "0 0 1 0", "0 0 0 1")


def trial_page(printer: str, at: str) -> bytes:
    """Return the PDF for a printer; `at` says when it was made. Both are ASCII."""
    pages = [_page(number, printer, at) for number in (1, 2)]
    kids = " ".join(f"{_CATALOG_AND_PAGES + 1 + 2 * n} 0 R" for n in range(len(pages)))
    font = _CATALOG_AND_PAGES + 1 + 2 * len(pages)
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
    ]
    for content in pages:
        number = len(objects) + 1
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {WIDTH} {HEIGHT}] "
            f"/Resources << /Font << /F {font} 0 R >> >> /Contents {number + 1} 0 R >>"
        )
        objects.append(f"<< /Length {len(content)} >>\nstream\n{content}\nendstream")
    objects.append("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
    return _assembled(objects)


def _page(number: int, printer: str, at: str) -> str:
    lines = [
        f"1 w {_FRAME} {_FRAME} {WIDTH - 2 * _FRAME} {HEIGHT - 2 * _FRAME} re S",
        _text(200, 520, 200, str(number)),
        _text(24, 760, 60, f"Printgate: test page of {printer}"),
        _text(12, 735, 60, f"Side {number} of 2, {at}. One sheet, if it is two-sided."),
    ]
    for step in range(11):
        lines.append(f"{step / 10:.1f} g {60 + 43 * step} 300 40 40 re f")
    for step, colour in enumerate(_COLOURS):
        lines.append(f"{colour} k {60 + 118 * step} 220 110 40 re f")
    return "\n".join(lines)


def _text(size: int, y: int, x: int, words: str) -> str:
    escaped = "".join(f"\\{c}" if c in "\\()" else c for c in words)
    return f"0 g BT /F {size} Tf {x} {y} Td ({escaped}) Tj ET"


def _assembled(objects: list[str]) -> bytes:
    """Return a PDF of these objects, numbered from 1, the catalog first."""
    document = bytearray(b"%PDF-1.4\n")
    places = []
    for number, content in enumerate(objects, start=1):
        places.append(len(document))
        document += f"{number} 0 obj\n{content}\nendobj\n".encode("ascii", "replace")
    table = len(document)
    document += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    for place in places:
        document += f"{place:010} 00000 n \n".encode()
    trailer = f"<< /Size {len(objects) + 1} /Root 1 0 R >>"
    document += f"trailer\n{trailer}\nstartxref\n{table}\n%%EOF\n".encode()
    return bytes(document)
