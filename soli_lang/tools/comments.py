"""The comment above a definition, which editors and the prompt show."""

from __future__ import annotations

from typing import Final

from ..base.source import Source

MAX_LINES: Final = 20


def comment_above(source: Source, line: int) -> list[str]:
    """The comment lines right above a line, without their signs; the last `MAX_LINES` of them."""
    found: list[str] = []
    while line > 1 and len(found) < MAX_LINES:
        line -= 1
        text = source.line(line).strip()
        if not text.startswith(("#", "//")):
            break
        found.insert(0, text.lstrip("#/").strip())
    return found
