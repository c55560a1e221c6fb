"""A real browser: the system's Chromium, driven by Playwright. Nothing is ever downloaded."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

PATIENCE_MILLISECONDS = 20_000
"""How long a page may take for what must come: Playwright's five seconds pass while Chromium alone
waits before it connects again to a server that was down."""

expect.set_options(timeout=PATIENCE_MILLISECONDS)

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One browser for the tests of this folder, with a new user data folder.

    Not for the whole session: while Playwright runs, its event loop counts as running, and no
    other test could start one.
    """
    chromium = os.environ.get("SOLI_TEST_BROWSER") or shutil.which("chromium")
    assert chromium, "no Chromium here: run `make setup`, or name it with SOLI_TEST_BROWSER"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def person(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Somebody with a browser profile of their own: a new context per call.

    No script of any page may have failed by the end of the test.
    """
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def arrive(**options: Any) -> BrowserContext:
        context = browser.new_context(**options)
        context.set_default_timeout(PATIENCE_MILLISECONDS)
        context.on("weberror", lambda failure: errors.append(str(failure.error)))
        contexts.append(context)
        return context

    yield arrive
    for context in contexts:
        context.close()
    assert errors == []
