"""PDF: counted by walking the page tree, rewritten, and only the rewritten file is printed.

A PDF can say that it has one page and have fifty (/Count is only a claim), and programs disagree on
which to believe. So the tree is walked, the file is written anew from what was walked, and a second
engine must count the same in the new file: then what is charged is what any printer will print.
What a printer has no use for and an attacker has (scripts, launches, attachments) is left out, and
so is whatever might tell a printer to mark one side only or to make copies of its own.
"""

import warnings
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pikepdf
import pypdf
import pypdfium2
from pypdf.errors import PyPdfError

from core.sandbox import Refused
from printgate.analysis.rewritten import PAGES_MAX, SIZES_MAX, Rewritten

_SIDE_MAX_POINTS = 14_400
_TITLE_MAX = 200
_A4 = (0.0, 0.0, 595.276, 841.890)

_KEPT_IN_CATALOG = frozenset(
    [
        "/Type",
        "/Pages",
        "/Version",
        "/Extensions",
        "/AcroForm",
        "/OCProperties",
        "/OutputIntents",
        "/Lang",
        "/PageLabels",
    ]
)
"""What stays in the catalog. /ViewerPreferences goes: it can ask for one-sided and for copies."""
_ANNOTATIONS_OUT = frozenset(
    ["/FileAttachment", "/Movie", "/Sound", "/Screen", "/RichMedia", "/3D", "/Popup"],
)

_BROKEN = (
    pikepdf.PdfError,
    pikepdf.DependencyError,
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    OverflowError,
    RecursionError,
)
"""What pikepdf raises at a broken file."""
_PAGE_LOST = "Pages tree includes non-dictionary object"
"""What qpdf warns of when it drops a page that is named and not there."""
_REBUILT = "Attempting to reconstruct cross-reference table"
"""What qpdf warns of when it had to look for the objects of a file that was cut or patched."""
_PYPDF_BROKEN = (PyPdfError, *_BROKEN[2:])


def rewrite(source: Path, output: Path) -> Rewritten:
    """Write the PDF that is to be printed and return its pages; Refused with a code if it can't."""
    try:
        written = _rewrite(source, output)
    except pikepdf.PasswordError:
        raise Refused("document-encrypted") from None
    except _BROKEN as error:
        written = _recovered(source, output, str(error))
    _check_count(output, written.pages)
    return written


def _rewrite(source: Path, output: Path) -> Rewritten:
    with pikepdf.open(source, suppress_warnings=True) as document:
        counted = _walk(document)
        found = document.get_warnings()
        if any(_PAGE_LOST in warning for warning in found):
            raise Refused("document-unreadable", "a page is missing")
        rebuilt = any(_REBUILT in warning for warning in found)
        declared = document.Root.Pages.get("/Count")
        sizes: dict[tuple[float, float], None] = {}
        pages = 0
        for page in document.pages:
            pages += 1
            if rebuilt and not _has_contents(page):
                raise Refused("document-unreadable", "a page has lost its contents")
            size = _clean_page(page)
            if len(sizes) < SIZES_MAX:
                sizes[size] = None
        if pages != counted:
            raise Refused("page-count-disputed", f"{counted} and {pages}")
        title = _title(document)
        _clean_catalog(document)
        _clean_streams(document)
        _save(document, output)
        found += document.get_warnings()
    return Rewritten(pages, tuple(sizes), title, bool(found) or declared != pages)


def _save(document: pikepdf.Pdf, output: Path) -> None:
    with warnings.catch_warnings():
        # Fields that no form knows are no news to somebody who only prints them.
        warnings.simplefilter("ignore", pikepdf.PageCopyWarning)
        # Streams go as they are: what explodes when it is unpacked is not unpacked here.
        document.save(
            output,
            encryption=False,
            compress_streams=False,
            stream_decode_level=pikepdf.StreamDecodeLevel.none,
            object_stream_mode=pikepdf.ObjectStreamMode.disable,
        )


def _walk(document: pikepdf.Pdf) -> int:
    """Count the pages of the tree, whatever it declares; stop early at what is no tree.

    pikepdf walks too, but it makes a page of every mention first: a million of them is too late.
    """
    leaves, seen, waiting = 0, set(), [document.Root.Pages]
    while waiting:
        node = waiting.pop()
        if node.objgen in seen and node.objgen != (0, 0):
            raise Refused("document-unreadable", "a part of the page tree is in it twice")
        seen.add(node.objgen)
        for kid in _kids(node):
            if "/Kids" in kid or kid.get("/Type") == "/Pages":
                waiting.append(kid)
            else:
                leaves += 1
            if leaves + len(waiting) > PAGES_MAX:
                raise Refused("document-too-many-pages")
    if leaves == 0:
        raise Refused("document-unreadable", "there is no page")
    return leaves


def _kids(node: pikepdf.Object) -> Iterator[pikepdf.Object]:
    kids = node.get("/Kids")
    if not isinstance(kids, pikepdf.Array):
        raise Refused("document-unreadable", "a part of the page tree has no kids")
    if len(kids) > PAGES_MAX:
        raise Refused("document-too-many-pages")
    for kid in kids:
        # A page that is named and not there: the paper would not be whole.
        if not isinstance(kid, pikepdf.Dictionary):
            raise Refused("document-unreadable", "a page is missing")
        yield kid


def _has_contents(page: pikepdf.Page) -> bool:
    """Tell whether a page of a damaged file still has what it shows; a blank one had little."""
    contents = page.get("/Contents")
    pieces = list(contents) if isinstance(contents, pikepdf.Array) else [contents]
    return all(isinstance(piece, pikepdf.Stream) for piece in pieces)


def _clean_page(page: pikepdf.Page) -> tuple[float, float]:
    """Take what acts out of a page, give it a sound size, and return that size in points."""
    for name in ("/AA", "/AF"):
        if name in page:
            del page[name]
    annotations = page.get("/Annots")
    if isinstance(annotations, pikepdf.Array):
        page.Annots = pikepdf.Array([each for each in annotations if _clean_annotation(each)])
    elif annotations is not None:
        del page["/Annots"]
    return _size(page)


def _clean_annotation(annotation: pikepdf.Object) -> bool:
    """Take the actions off an annotation and tell whether the rest may stay."""
    if not isinstance(annotation, pikepdf.Dictionary):
        return False
    if str(annotation.get("/Subtype", "")) in _ANNOTATIONS_OUT:
        return False
    for name in ("/A", "/AA", "/PA", "/FS", "/AF", "/Popup"):
        if name in annotation:
            del annotation[name]
    # A field's own actions stand in what its widgets have for a parent.
    parent = annotation.get("/Parent")
    if isinstance(parent, pikepdf.Dictionary) and "/AA" in parent:
        del parent["/AA"]
    return True


def _size(page: pikepdf.Page) -> tuple[float, float]:
    box = _box(page)
    # Some programs inherit it, some take a default of their own when it is broken: so it is said.
    page.MediaBox = pikepdf.Array(box)
    scale = 1.0
    with suppress(*_BROKEN):
        scale = float(page.get("/UserUnit", 1))
    width, height = abs(box[2] - box[0]) * scale, abs(box[3] - box[1]) * scale
    if not (1 <= width <= _SIDE_MAX_POINTS and 1 <= height <= _SIDE_MAX_POINTS):
        raise Refused("document-too-complex", f"a page of {width:.0f} x {height:.0f} points")
    return round(width, 1), round(height, 1)


def _box(page: pikepdf.Page) -> tuple[float, ...]:
    with suppress(*_BROKEN):
        box = tuple(float(number) for number in page.mediabox)
        if len(box) == len(_A4):
            return box
    return _A4


def _clean_catalog(document: pikepdf.Pdf) -> None:
    root = document.Root
    for name in set(root.keys()) - _KEPT_IN_CATALOG:
        del root[name]
    form = root.get("/AcroForm")
    if isinstance(form, pikepdf.Dictionary):
        _clean_form(form)


def _clean_streams(document: pikepdf.Pdf) -> None:
    """Empty what is PostScript: some ways to paper hand it to the printer as it is, sides and all.

    PDF 1.3 to 1.7 have it as a kind of XObject, and as a form's other self (/Subtype2).
    """
    for thing in document.objects:
        if isinstance(thing, pikepdf.Stream):
            if thing.get("/Subtype") == "/PS":
                thing.write(b"")
                thing.Subtype, thing.BBox = pikepdf.Name.Form, pikepdf.Array([0, 0, 0, 0])
            for name in ("/Subtype2", "/PS"):
                if name in thing:
                    del thing[name]


def _clean_form(form: pikepdf.Dictionary) -> None:
    for name in ("/XFA", "/CO"):
        if name in form:
            del form[name]
    fields, waiting = 0, [form.get("/Fields")]
    while waiting and fields <= PAGES_MAX:
        kids = waiting.pop()
        for field in kids if isinstance(kids, pikepdf.Array) else ():
            fields += 1
            if _clean_annotation(field):
                waiting.append(field.get("/Kids"))


def _title(document: pikepdf.Pdf) -> str:
    with suppress(*_BROKEN):
        return str(document.docinfo.get("/Title", ""))[:_TITLE_MAX]
    return ""


def _recovered(source: Path, output: Path, reason: str) -> Rewritten:
    """Try the second engine, which reads some files that the first does not."""
    copy = output.with_suffix(".copy")
    try:
        with pypdfium2.PdfDocument(source) as document:
            if len(document) > PAGES_MAX:
                raise Refused("document-too-many-pages")
            document.save(copy)
        written = _rewrite(copy, output)
    except (pypdfium2.PdfiumError, pikepdf.PasswordError, *_BROKEN):
        raise Refused(_why_not(source), reason) from None
    finally:
        copy.unlink(missing_ok=True)
    return Rewritten(written.pages, written.sizes, written.title, repaired=True)


def _check_count(output: Path, pages: int) -> None:
    """Let a second engine count what was written; where it differs, a third has the last word."""
    seen = 0
    with suppress(pypdfium2.PdfiumError), pypdfium2.PdfDocument(output) as document:
        seen = len(document)
    if seen != pages and _arbiter(output) != pages:
        raise Refused("page-count-disputed", f"{pages} and {seen}")


def _arbiter(path: Path) -> int:
    with suppress(*_PYPDF_BROKEN):
        return len(pypdf.PdfReader(path).pages)
    return 0


def _why_not(source: Path) -> str:
    """Tell a file that is encrypted in a way that nobody here knows from a broken one."""
    try:
        encrypted = pypdf.PdfReader(source).is_encrypted
    except NotImplementedError:
        encrypted = True
    except _PYPDF_BROKEN:
        encrypted = False
    return "document-encrypted" if encrypted else "document-unreadable"
