"""Makes the pictures of the README again: `python -m tests.browser.screenshots`."""

from pathlib import Path
from tempfile import TemporaryDirectory

import deploy.migrations.tables  # noqa: F401  # the scene needs every table
from tests.browser.serving import chromium, served, signed_in

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
HOST = "print.example:8631"
OCTETS_MAX = 200_000
PICTURES = {
    # name: (who looks, address, height)
    "jobs": ("wangfang", "/jobs", 780),
    "office": ("lijianguo", "/office", 1000),
    "document": ("wangfang", "/documents/{document}", 980),
    "printers": ("wangfang", "/printers", 980),
}


def main() -> None:
    """Draw each page as its reader sees it, in Chinese, 1280 pixels wide."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (
        TemporaryDirectory() as folder,
        chromium() as browser,
        served(Path(folder), browser) as (scene, address),
    ):
        # The address on the pages is the one that a reader of the README would see.
        inner = scene.app.wsgi_app
        scene.app.wsgi_app = lambda environ, start: inner(  # type: ignore[assignment, method-assign]
            {**environ, "HTTP_HOST": HOST}, start
        )
        for name, (login, path, height) in PICTURES.items():
            window = signed_in(browser, address, login, "zh-CN")
            page = window.new_page()
            page.set_viewport_size({"width": 1280, "height": height})
            page.goto(address + scene.path(path))
            page.wait_for_load_state("networkidle")
            picture = FOLDER / f"{name}.png"
            page.screenshot(path=picture)
            window.close()
            if picture.stat().st_size > OCTETS_MAX:
                raise SystemExit(f"{picture} is larger than {OCTETS_MAX} octets")


if __name__ == "__main__":
    main()
