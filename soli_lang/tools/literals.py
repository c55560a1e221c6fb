"""Data written as Soli: for programs that are made, such as saved sessions and specs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any


def literal(value: Any, leaf: Callable[[Any], str] = json.dumps) -> str:
    """*value* on one line; *leaf* writes what is no String, Array or Hash."""
    if isinstance(value, str):
        return string_literal(value)
    if isinstance(value, Mapping):
        pairs = ", ".join(
            f"{string_literal(key)}: {literal(item, leaf)}" for key, item in value.items()
        )
        return f"{{ {pairs} }}" if pairs else "{}"
    if isinstance(value, list):
        return f"[{', '.join(literal(item, leaf) for item in value)}]"
    return leaf(value)


def string_literal(text: str) -> str:
    """*text* in quotes; `#{` is written in two pieces, as there is no escape for it."""
    written = json.dumps(text, ensure_ascii=False)
    if not written.isprintable():
        written = json.dumps(text)
    return written.replace("#{", '#" + "{')
