"""A hook of MkDocs: links that leave docs/ become plain words, since the site has nothing there."""

from __future__ import annotations

import posixpath
import re
from typing import Any

_LINK = re.compile(r"\[((?:[^\[\]]|\[[^\]]*\])+)\]\((?!https?:)([^()#\s]+)(#[^()\s]*)?\)")


def on_page_markdown(markdown: str, *, page: Any, config: Any, files: Any) -> str:
    """*markdown* of *page*, in which every link leads to a page or to another site."""
    folder = posixpath.dirname(page.file.src_uri)

    def link(found: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(folder, found[2]))
        return str(found[1]) if target.startswith("..") else found[0]

    return _LINK.sub(link, markdown)
