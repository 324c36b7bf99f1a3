"""One browser and one served scene for all tests of the pages in a browser."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Response

import deploy.migrations.tables  # noqa: F401  # all tables are known to every test
from tests.browser.scene import Scene
from tests.browser.serving import chromium, served, signed_in


@dataclass
class Desk:
    """A browser in front of the served scene; each reader's window stays open."""

    browser: Browser
    scene: Scene
    address: str
    _windows: dict[tuple[str, str], BrowserContext] = field(default_factory=dict)

    def window(self, login: str, language: str) -> BrowserContext:
        """Return the window of somebody who is signed in ("" for nobody)."""
        key = (login, language)
        if key not in self._windows:
            self._windows[key] = signed_in(self.browser, self.address, login, language)
        return self._windows[key]

    def close(self) -> None:
        """Close the windows."""
        for window in self._windows.values():
            window.close()

    def new_window(self, login: str, **options: object) -> BrowserContext:
        """Return a window of its own, for what changes how a window is."""
        return signed_in(self.browser, self.address, login, "zh-CN", **options)


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder: Path = tmp_path_factory.mktemp("scene")
    with chromium() as browser, served(folder, browser) as (scene, address):
        opened = Desk(browser, scene, address)
        yield opened
        opened.close()


@dataclass
class Watch:
    """What went wrong in a page: console errors, scripts that broke, requests that failed."""

    wrong: list[str]

    @classmethod
    def over(cls, page: Page, expected_status: int = 200) -> "Watch":
        """Watch a page from now on."""
        wrong: list[str] = []

        def answered(response: Response) -> None:
            if response.status >= 400 and response.status != expected_status:
                wrong.append(f"{response.status} {response.url}")

        def told(kind: str, words: str) -> None:
            # The browser itself reports the status of a page that is meant to be an error.
            if kind in ("error", "warning") and f"status of {expected_status}" not in words:
                wrong.append(words)

        page.on("console", lambda message: told(message.type, message.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("requestfailed", lambda request: wrong.append(f"failed: {request.url}"))
        page.on("response", answered)
        return cls(wrong)
