"""Pages in a browser that must not complain, and must not load anything."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

__all__ = ["WINDOWS", "Window", "chromium", "wait_until"]

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE = 120  # seconds, on a machine that has other work
WINDOWS: dict[str, tuple[int, int, Literal["light", "dark"]]] = {
    "desktop": (1280, 900, "light"),
    "phone": (390, 800, "dark"),
}


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser; without it, the test is skipped, or fails where it has to be there."""
    if CHROMIUM is None and "CI" not in os.environ:
        pytest.skip("there is no Chromium on this machine")
    assert CHROMIUM, "the page cannot be tested without Chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield browser
        browser.close()


class Window:
    """A page in which files are opened, one after the other: that is quick once their scripts are compiled.

    Args:
        browser: where it is.
        name: of WINDOWS.
    """

    def __init__(self, browser: Browser, name: str) -> None:
        width, height, scheme = WINDOWS[name]
        self.page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
        self.page.set_default_timeout(PATIENCE * 1000)
        self._complaints: list[str] = []
        self.page.on("console", lambda message: self._complaints.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self._complaints.append(str(error)))
        self.page.on("request", lambda request: _expect_local(request.url, self._complaints))

    @contextmanager
    def opened(self, file: Path) -> Iterator[Page]:
        """The file, as it is at first; at the end there must have been no complaint, and no request to anywhere."""
        self._complaints.clear()
        self.page.goto(file.as_uri())
        yield self.page
        self.page.goto("about:blank")  # so that nothing of it is left
        assert self._complaints == []


def wait_until(page: Page, expression: str) -> None:
    """Evaluate it until it holds: unlike `wait_for_function`, the page's policy against `eval` allows this."""
    deadline = time.monotonic() + PATIENCE
    while not page.evaluate(expression):
        assert time.monotonic() < deadline, f"it never holds: {expression}"
        time.sleep(0.02)


def _expect_local(url: str, complaints: list[str]) -> None:
    if not url.startswith(("file:", "data:", "blob:")):
        complaints.append(f"a request to {url[:200]}")
