"""Files that lie, break or explode, made afresh by whoever needs one.

They are written octet by octet and not with a PDF library, which would repair them.
"""

import zlib
from collections.abc import Mapping
from pathlib import Path

import pikepdf

GIGABYTE = 1024**3
_ROOT = b"<< /Type /Catalog /Pages 2 0 R >>"


def raw_pdf(objects: Mapping[int, bytes], trailer: bytes = b"") -> bytes:
    """Return a PDF of the given objects (1 is the catalog) with a sound xref table."""
    body, places = bytearray(b"%PDF-1.7\n"), {}
    for number, octets in objects.items():
        places[number] = len(body)
        body += b"%d 0 obj\n" % number + octets + b"\nendobj\n"
    size, start = max(objects) + 1, len(body)
    body += b"xref\n0 %d\n0000000000 65535 f \n" % size
    for number in range(1, size):
        body += (
            b"%010d 00000 n \n" % places[number] if number in places else b"0000000000 00001 f \n"
        )
    body += b"trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n" % (
        size,
        trailer,
        start,
    )
    return bytes(body)


def stream(octets: bytes, entries: bytes = b"") -> bytes:
    """Return a stream object's text."""
    return b"<< /Length %d %s >>\nstream\n" % (len(octets), entries) + octets + b"\nendstream"


def text_content(words: str) -> bytes:
    """Return a content stream that shows a line of Latin text."""
    return b"BT /F1 12 Tf 72 700 Td (%s) Tj ET" % words.encode("ascii")


def page(entries: bytes = b"", box: bytes = b"[0 0 595 842]") -> bytes:
    """Return a page object's text; its contents are object 3."""
    return (
        b"<< /Type /Page /Parent 2 0 R /MediaBox %s /Contents 3 0 R /Resources << /Font << /F1 "
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> %s >>" % (box, entries)
    )


def pages(count: int, declared: int | None = None, **other: bytes) -> bytes:
    """Return a PDF of so many pages whose page tree declares another number, if one is given."""
    numbers = range(10, 10 + count)
    kids = b" ".join(b"%d 0 R" % number for number in numbers)
    claim = count if declared is None else declared
    objects = {
        1: other.get("root", _ROOT),
        2: b"<< /Type /Pages /Count %d /Kids [%s] >>" % (claim, kids),
        3: stream(other.get("content", text_content("A page of text."))),
    }
    objects |= dict.fromkeys(
        numbers, page(other.get("entries", b""), other.get("box", b"[0 0 595 842]"))
    )
    return raw_pdf(objects)


def tree(root_pages: bytes, more: Mapping[int, bytes] | None = None) -> bytes:
    """Return a PDF whose page tree is what is given; object 10 is a sound page."""
    content = stream(text_content("A page of text."))
    return raw_pdf({1: _ROOT, 2: root_pages, 3: content, 10: page(), **(more or {})})


def cycle() -> bytes:
    """Return a page tree that is its own kid."""
    return tree(b"<< /Type /Pages /Count 2 /Kids [10 0 R 2 0 R] >>")


def long_cycle() -> bytes:
    """Return a page tree with a loop of three below it."""
    node = b"<< /Type /Pages /Parent 2 0 R /Count 1 /Kids [10 0 R %d 0 R] >>"
    return tree(
        b"<< /Type /Pages /Count 2 /Kids [20 0 R] >>", {20: node % 21, 21: node % 22, 22: node % 20}
    )


def doubling(levels: int) -> bytes:
    """Return a page tree of so many levels, each of which names the next one twice."""
    nodes = {
        20 + level: b"<< /Type /Pages /Count %d /Kids [%d 0 R %d 0 R] >>"
        % (2 ** (levels - level), 21 + level, 21 + level)
        for level in range(levels)
    }
    nodes[20 + levels] = b"<< /Type /Pages /Count 1 /Kids [10 0 R] >>"
    return tree(b"<< /Type /Pages /Count %d /Kids [20 0 R] >>" % 2**levels, nodes)


def same_page_often(times: int) -> bytes:
    """Return a page tree that names one page so many times."""
    return tree(b"<< /Type /Pages /Count %d /Kids [%s] >>" % (times, b"10 0 R " * times))


def deep_tree(levels: int) -> bytes:
    """Return a page tree of so many levels with one page at its end."""
    nodes = {
        20 + level: b"<< /Type /Pages /Count 1 /Kids [%d 0 R] >>" % (21 + level)
        for level in range(levels)
    }
    nodes[20 + levels] = b"<< /Type /Pages /Count 1 /Kids [10 0 R] >>"
    return tree(b"<< /Type /Pages /Count 1 /Kids [20 0 R] >>", nodes)


def deep_array(levels: int) -> bytes:
    """Return a PDF whose catalog holds an array in an array in an array."""
    root = b"<< /Type /Catalog /Pages 2 0 R /Odd %s%s >>" % (b"[" * levels, b"]" * levels)
    return pages(1, root=root)


def zeros(octets: int) -> bytes:
    """Return a zlib stream that unpacks to so many zeros; a gigabyte takes no time to make."""
    block = 1024 * 1024
    packer = zlib.compressobj(9)
    first = packer.compress(bytes(block)) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(bytes(block)) + packer.flush(zlib.Z_FULL_FLUSH)
    checksum = ((octets % 65521) << 16 | 1).to_bytes(4, "big")
    last = b"\x03\x00"
    return first + again * (octets // block - 1) + last + checksum


def content_bomb(octets: int = GIGABYTE) -> bytes:
    """Return one page whose contents unpack to so many octets."""
    objects = {1: _ROOT, 2: b"<< /Type /Pages /Count 1 /Kids [10 0 R] >>", 10: page()}
    twice = zlib.compress(zeros(octets), 9)
    objects[3] = stream(twice, b"/Filter [/FlateDecode /FlateDecode]")
    return raw_pdf(objects)


def object_stream_bomb(octets: int = GIGABYTE) -> bytes:
    """Return a PDF whose catalog is said to be in an object stream of so many octets."""
    body = bytearray(b"%PDF-1.7\n")
    place = len(body)
    entries = b"/Type /ObjStm /N 1 /First 4 /Filter [/FlateDecode /FlateDecode]"
    packed = zlib.compress(zeros(octets), 9)
    body += b"4 0 obj\n" + stream(packed, entries) + b"\nendobj\n"
    start = len(body)
    rows = [(0, 0, 65535), (2, 4, 0), (2, 4, 1), (0, 0, 0), (1, place, 0), (1, start, 0)]
    table = b"".join(
        bytes([kind]) + where.to_bytes(4, "big") + part.to_bytes(2, "big")
        for kind, where, part in rows
    )
    entries = b"/Type /XRef /Size 6 /W [1 4 2] /Root 1 0 R"
    body += b"5 0 obj\n" + stream(table, entries) + b"\nendobj\n"
    body += b"startxref\n%d\n%%%%EOF\n" % start
    return bytes(body)


def laughs(levels: int) -> bytes:
    """Return one page with forms that each show the next one ten times."""
    resources = b"/Resources << /XObject << /F %d 0 R >> >>"
    form = b"/Type /XObject /Subtype /Form /BBox [0 0 595 842] "
    objects = {
        1: _ROOT,
        2: b"<< /Type /Pages /Count 1 /Kids [10 0 R] >>",
        10: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 3 0 R "
        + resources % 20
        + b" >>",
        3: stream(b"/F Do " * 10),
    }
    for level in range(levels):
        objects[20 + level] = stream(b"/F Do " * 10, form + resources % (21 + level))
    objects[20 + levels] = stream(b"0 0 1 1 re f", form)
    return raw_pdf(objects)


def form_in_itself() -> bytes:
    """Return one page with a form that shows itself."""
    resources = b"/Resources << /XObject << /F 20 0 R >> >>"
    entries = b"/Type /XObject /Subtype /Form /BBox [0 0 595 842] " + resources
    return raw_pdf(
        {
            1: _ROOT,
            2: b"<< /Type /Pages /Count 1 /Kids [10 0 R] >>",
            3: stream(b"/F Do"),
            10: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 3 0 R "
            + resources
            + b" >>",
            20: stream(b"/F Do", entries),
        }
    )


def xref_loop() -> bytes:
    """Return a sound PDF whose xref table names itself as the one before it."""
    octets = pages(3)
    start = int(octets.rsplit(b"startxref\n", 1)[1].split(b"\n")[0])
    return octets.replace(b"/Root 1 0 R ", b"/Root 1 0 R /Prev %d " % start, 1)


def many_objects(count: int) -> bytes:
    """Return one page and so many objects that nothing refers to."""
    return tree(
        b"<< /Type /Pages /Count 1 /Kids [10 0 R] >>",
        dict.fromkeys(range(20, 20 + count), b"<< /A 1 >>"),
    )


def armed() -> bytes:
    """Return a PDF with scripts, a launch and an attachment wherever one can be."""
    script = b"<< /S /JavaScript /JS (app.alert\\(1\\)) >>"
    launch = b"<< /S /Launch /F (calc.exe) >>"
    attached = stream(b"MZ executable", b"/Type /EmbeddedFile")
    objects = {
        1: b"<< /Type /Catalog /Pages 2 0 R /OpenAction %s /AA << /WC %s >> /Names << /JavaScript "
        b"<< /Names [(a) %s] >> /EmbeddedFiles << /Names [(a) 30 0 R] >> >> /AF [30 0 R] /Outlines "
        b"<< /First << /Title (x) /A %s >> >> /AcroForm << /Fields [] /XFA (x) >> >>"
        % (script, script, script, launch),
        2: b"<< /Type /Pages /Count 1 /Kids [10 0 R] >>",
        3: stream(text_content("A page of text.")),
        10: page(
            b"/AA << /O %s >> /Annots [<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] /A %s >> << "
            b"/Type /Annot /Subtype /FileAttachment /Rect [0 0 9 9] /FS 30 0 R >> << /Type /Annot "
            b"/Subtype /Widget /Rect [0 0 9 9] /A %s /AA << /D %s >> >>]"
            % (script, launch, script, script)
        ),
        30: b"<< /Type /Filespec /F (a.exe) /EF << /F 31 0 R >> >>",
        31: attached,
    }
    return raw_pdf(objects)


def locked(path: Path, source: bytes, user: str, owner: str = "owner") -> Path:
    """Write `source` encrypted with a user's and an owner's password."""
    plain = path.with_suffix(".plain")
    plain.write_bytes(source)
    with pikepdf.open(plain) as document:
        document.save(path, encryption=pikepdf.Encryption(user=user, owner=owner))
    return path


def in_a_printer_language(octets: bytes) -> bytes:
    """Return a PDF as printer drivers wrap it."""
    return (
        b"\x1b%-12345X@PJL JOB\r\n@PJL SET DUPLEX=OFF\r\n@PJL ENTER LANGUAGE=PDF\r\n"
        + octets
        + b"\x1b%-12345X@PJL EOJ\r\n\x1b%-12345X"
    )
