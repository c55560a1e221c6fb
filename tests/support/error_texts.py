"""The texts of all errors in the code, as a table to be read.

    python -m tests.support.error_texts            # each text, with the places that raise it
    python -m tests.support.error_texts runtime    # those of one package

What a text has in braces stands for a value. `tests/test_error_texts.py` keeps them alike.
"""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("soli_lang", "stdlib", "runtime")
RAISED = ("Error", "Refused", "Refusal", "Invalid", "Failed")
"""How names of errors that somebody may see end."""
NAMES = frozenset({"error", "unexpected"})
"""Methods that make one of a text."""


def texts_in(path: Path) -> Iterator[tuple[str, int]]:
    """Each text with its line."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", None) or getattr(node.func, "attr", "")
        if name.endswith(RAISED) or name in NAMES:
            text = next(filter(None, map(_text, node.args[:2])), None)
            if text and " " in text:
                yield text, node.lineno


def _text(node: ast.expr) -> str | None:
    """What *node* writes, if it is a text: `{name}` for each value in it."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if not isinstance(node, ast.JoinedStr):
        return None
    parts = [
        f"{{{ast.unparse(part.value)}}}" if isinstance(part, ast.FormattedValue) else part.value
        for part in node.values
        if isinstance(part, ast.FormattedValue | ast.Constant)
    ]
    return "".join(parts)


def table(*packages: str) -> dict[str, list[str]]:
    """Places by text, the texts in alphabetical order."""
    places = defaultdict(list)
    for package in packages or PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            for text, line in texts_in(path):
                places[text].append(f"{path.relative_to(ROOT)}:{line}")
    return dict(sorted(places.items()))


if __name__ == "__main__":
    for text, places in sorted(table(*sys.argv[1:]).items(), key=lambda row: -len(row[1])):
        print(f"{len(places):3}  {text}    {', '.join(places)}")
