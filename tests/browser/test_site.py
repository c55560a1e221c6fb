"""The site of docs/ in a browser, from a disk: the search works without any server."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import BrowserContext

from ..support.corpus import ROOT


def test_the_search_finds_a_page_without_a_server(
    tmp_path: Path, person: Callable[..., BrowserContext]
) -> None:
    """Browsers start no workers for `file:` pages: `iframe-worker.js` stands in."""
    mkdocs = Path(sys.executable).with_name("mkdocs")
    subprocess.run(
        [mkdocs, "build", "--quiet", "--site-dir", tmp_path],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        timeout=120,
        check=True,
    )
    asked: list[str] = []
    page = person().new_page()
    page.on("request", lambda request: asked.append(request.url))

    page.goto((tmp_path / "index.html").as_uri())
    page.get_by_role("textbox", name="Search").press_sequentially("template")
    found = page.locator(".md-search-result__link[href*='howto/templates.html']")
    found.filter(visible=True).first.wait_for()

    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
