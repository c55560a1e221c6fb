"""`make docs`: the site of docs/ is made without a warning, and needs nothing from elsewhere."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from soli_runtime.tools.reference import Reference, pages

from .support.corpus import ROOT

_LOADED = re.compile(r"<(?:script|link|img|iframe)\b[^>]*?(?:src|href)=\"?([^\s\">]+)")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, made as `make docs` does it."""
    folder = tmp_path_factory.mktemp("site")
    mkdocs = Path(sys.executable).with_name("mkdocs")
    done = subprocess.run(
        [mkdocs, "build", "--strict", "--site-dir", folder],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    return folder


def test_every_page_is_in_the_site(site: Path) -> None:
    """Also those that no menu lists."""
    for page in (ROOT / "docs").rglob("*.md"):
        made = page.relative_to(ROOT / "docs").with_suffix(".html")
        made = made.with_name("index.html") if page.name == "README.md" else made
        assert (site / made).is_file(), made


def test_the_reference_is_generated(site: Path) -> None:
    """A page for each type and class, though only the overview is committed."""
    for name in pages(Reference()):
        made = "index.html" if name == "README.md" else name.replace(".md", ".html")
        assert (site / "reference" / made).is_file(), name
    assert "upcase" in (site / "reference" / "string.html").read_text("utf-8")


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    """No fonts, no scripts, no styles of other hosts: it is read offline."""
    pages = list(site.rglob("*.html"))
    loaded = {target for page in pages for target in _LOADED.findall(page.read_text("utf-8"))}

    assert len(pages) > 50
    assert any(target.endswith(".js") for target in loaded)
    assert [target for target in loaded if re.match(r"(?:https?:)?//", target)] == []
    styles = "".join(style.read_text("utf-8") for style in site.rglob("*.css"))
    assert re.findall(r"url\(['\"]?(?:https?:)?//[^)]*", styles) == []


def test_soli_is_highlighted_by_our_lexer(site: Path) -> None:
    """Keywords are marked as such."""
    page = (site / "guide" / "functions.html").read_text("utf-8")

    assert re.search(r'<span class="k\w*">def</span>', page)


def test_the_search_knows_every_page_of_the_guide(site: Path) -> None:
    """Its index has their words."""
    text = (site / "search" / "search_index.json").read_text("utf-8")
    found = {entry["location"].partition("#")[0] for entry in json.loads(text)["docs"]}

    assert {"tutorial.html", "howto/jobs.html", "guide/strings.html"} <= found
