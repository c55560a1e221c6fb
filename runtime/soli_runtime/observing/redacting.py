"""What is taken out of texts before they are kept or shown elsewhere: secrets, by their names."""

from __future__ import annotations

import json
import re
from typing import Any

REDACTED = "[redacted]"
_SECRET = re.compile(
    r"cookie|authorization|token|password|passwd|secret|api[-_]?key|csrf|credential|session",
    re.IGNORECASE,
)
_PAIR = re.compile(r"""(\\{0,3})"([^"\\]*)\1": ?\1"((?:[^"\\]|\\.)*?)\1\"""")
"""A name and its text, also inside of a text: then the quotes have backslashes before them."""

_BEGINS_AS_JSON = ("{", "[", '"')


def is_secret(name: str) -> bool:
    """Whether what stands under *name* is nobody else's business."""
    return _SECRET.search(name) is not None


def redacted(value: Any, name: str = "") -> Any:
    """A copy of *value* as JSON can hold it, with secrets taken out by their names."""
    if name and is_secret(name) and value is not None:
        return REDACTED
    if isinstance(value, dict):
        return {str(key): redacted(item, str(key)) for key, item in value.items()}
    if isinstance(value, list):
        return [redacted(item) for item in value]
    if isinstance(value, str):
        return redacted_text(value) if value.startswith(_BEGINS_AS_JSON) else value
    return value if value is None or isinstance(value, bool | int | float) else str(value)


def redacted_text(text: str) -> str:
    """A message or written value, with secrets taken out of the Hashes in it."""
    try:
        value = json.loads(text)
        if not isinstance(value, dict | list | str):
            return text
        again = redacted(value)
        return text if again == value else json.dumps(again, ensure_ascii=False)
    except (ValueError, RecursionError):  # no JSON, or nested deeper than anybody means it
        return _PAIR.sub(_without_secret, text)


def _without_secret(pair: re.Match[str]) -> str:
    mark, name = pair[1] + '"', pair[2]
    return f"{mark}{name}{mark}: {mark}{REDACTED}{mark}" if is_secret(name) else pair[0]
