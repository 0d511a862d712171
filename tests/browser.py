"""Debian's chromium without a network, driven by playwright: open a page from disk and see what it did."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Dialog, Page, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
WIDE = (1440, 900)
PHONE = (390, 844)

needs_chromium = pytest.mark.skipif(
    not CHROMIUM.exists(), reason=f"{CHROMIUM} is absent: apt-get install chromium, then run this test again"
)


@dataclass
class Watched:
    """An open page and everything that a well-behaved report never does."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    """Console errors and warnings, uncaught exceptions, policy violations."""
    dialogs: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    """Every address asked for, the page's own included."""
    navigations: list[str] = field(default_factory=list)


@contextmanager
def launched() -> Iterator[Browser]:
    """A headless chromium for several pages."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def opened(
    browser: Browser,
    path: Path,
    *,
    size: tuple[int, int] = WIDE,
    scheme: Literal["light", "dark"] = "light",
    javascript: bool = True,
    anchor: str = "",
) -> Iterator[Watched]:
    """The file at `path`, opened from `file://` in a fresh profile that has no network."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme=scheme,
        java_script_enabled=javascript,
        offline=True,
    )
    try:
        watched = Watched(page=context.new_page())
        _watch(watched)
        watched.page.goto(f"{path.as_uri()}#{anchor}" if anchor else path.as_uri())
        yield watched
    finally:
        context.close()


def _watch(watched: Watched) -> None:
    page = watched.page

    def dismiss(dialog: Dialog) -> None:
        watched.dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("console", lambda message: watched.complaints.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: watched.complaints.append(f"exception: {error}"))
    page.on("dialog", dismiss)
    page.on("request", lambda request: watched.requests.append(request.url))
    page.on("framenavigated", lambda frame: watched.navigations.append(frame.url))
