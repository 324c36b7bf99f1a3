"""Pages as pictures, so that a document can be read in any browser, on a phone too.

A page is drawn in the sandbox, once for each size, and kept beside the document store; the picture
is named by the document's digest, so it can never be out of date. The text of the page goes with
it, for those who have pages read to them.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.ids import new_uuid
from core.sandbox import Refused, Sandbox, SandboxError
from core.text import Text
from docflow.errors import PageUnreadable

FUNCTION = "docflow.rendering:draw_page"
SANDBOXED = (FUNCTION,)

WIDTHS = (480, 960, 1440)
_PIXELS_MAX = 12_000_000
_TIMEOUT_SECONDS = 15.0
_TEXT_MAX = 10_000


@dataclass(frozen=True)
class PageImage:
    """A page as a PNG file, and its text."""

    path: Path
    text: str


class PageImages:
    """Draws pages and keeps the pictures."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self._sandbox, self._folder = sandbox, folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def page(self, digest: str, source: Path, number: int, width: int) -> PageImage:
        """Return page `number` (from 1 on) at the smallest width we draw that is at least `width`.

        Raises PageUnreadable if it can't be drawn.
        """
        chosen = next((each for each in WIDTHS if each >= width), WIDTHS[-1])
        name = self._folder / f"{digest}-{number}-{chosen}"
        picture, words = name.with_suffix(".png"), name.with_suffix(".json")
        if not (picture.exists() and words.exists()):
            self._draw(source, number, chosen, picture, words)
        return PageImage(picture, json.loads(words.read_text(encoding="utf-8")))

    def _draw(self, source: Path, number: int, width: int, picture: Path, words: Path) -> None:
        temporary = self._folder / f"{new_uuid()}.part"
        try:
            found: dict[str, Any] = self._sandbox.call(
                FUNCTION,
                str(source.absolute()),
                number,
                width,
                str(temporary.absolute()),
                timeout_seconds=_TIMEOUT_SECONDS,
            )
        except SandboxError as error:
            temporary.unlink(missing_ok=True)
            raise PageUnreadable(Text("This page can't be shown as a picture.")) from error
        words.write_text(json.dumps(found["text"], ensure_ascii=False), encoding="utf-8")
        temporary.rename(picture)


def draw_page(source: str, number: int, width: int, output: str) -> dict[str, Any]:
    """Draw a page as PNG of so many pixels across and return its text. Runs in the sandbox."""
    import pypdfium2  # only the child loads the engine

    with pypdfium2.PdfDocument(source) as document:
        if not 1 <= number <= len(document):
            raise Refused("no-such-page")
        page = document[number - 1]
        across, down = page.get_size()
        scale = width / across
        if across * down * scale * scale > _PIXELS_MAX:
            scale = (_PIXELS_MAX / (across * down)) ** 0.5
        page.render(scale=scale).to_pil().save(output, format="PNG", optimize=False)
        return {"text": page.get_textpage().get_text_bounded()[:_TEXT_MAX]}
