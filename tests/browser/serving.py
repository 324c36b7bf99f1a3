"""The scene behind a real server, and Debian's Chromium in front of it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import waitress.server
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from core.db import Database
from core.sandbox import Sandbox
from deploy.http import drain, harden
from deploy.lab.process import free_port
from docflow import rendering
from printgate import analysis
from tests.browser.scene import PASSWORD, Scene, build

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PAPER = """<!doctype html><html lang="zh-CN"><meta charset="utf-8"><style>
body{{font:16pt/1.9 "Noto Serif CJK SC",serif;margin:2.5cm}}
h1{{font-size:22pt;text-align:center}}p{{text-indent:2em}}</style>
<h1>节约用纸管理办法</h1><p style="text-align:center;text-indent:0">（讨论稿）</p>
<p>第一条 为了厉行节约，反对浪费，制定本办法。</p>{filling}
<div style="break-before:page"></div><p>第三条 本办法自印发之日起施行。</p>{filling}</html>"""
FILLING = "<p>第二条 文件一律双面印制；讨论稿以电子方式传阅，不印纸质件。</p>" * 6


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start one browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, headless=True, args=list(ARGUMENTS)
        )
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def served(folder: Path, browser: Browser) -> Iterator[tuple[Scene, str]]:
    """Build the scene and serve it on a free port; yield it with its address."""
    paper = folder / "paper.pdf"
    page = browser.new_page()
    page.set_content(PAPER.format(filling=FILLING))
    page.pdf(path=paper, format="A4")
    page.close()
    database = Database(f"sqlite:///{folder / 'scene.db'}")
    database.create_all()
    with Sandbox((*analysis.SANDBOXED, *rendering.SANDBOXED)) as sandbox:
        scene = build(folder, database, sandbox, paper)
        with _listening(scene.app) as address:
            yield scene, address
    database.close()


@contextmanager
def _listening(app: Flask) -> Iterator[str]:
    port = free_port()
    server = waitress.server.create_server(app, host="127.0.0.1", port=port, threads=4)
    harden(server, 60)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        drain(server)
        thread.join(10)
        server.close()


def sign_in(page: Page, address: str, login: str) -> None:
    """Sign in by the form, as a person does."""
    page.goto(f"{address}/sign-in")
    page.get_by_role("textbox").first.fill(login)
    page.locator("input[type=password]").fill(PASSWORD)
    page.locator("main button").click()
    page.wait_for_load_state()


def signed_in(
    browser: Browser, address: str, login: str, language: str, **options: object
) -> BrowserContext:
    """Return a browser window of somebody who reads `language`."""
    context = browser.new_context(locale=language, **options)  # type: ignore[arg-type]
    context.set_default_timeout(15_000)
    if login:
        page = context.new_page()
        sign_in(page, address, login)
        page.close()
    return context
