"""Two values that should have been equal, so that a person sees where they are not."""

from __future__ import annotations

from difflib import ndiff

MAX_LINES = 40
MAX_WIDTH = 120


def difference_lines(left: str, right: str) -> list[str]:
    """The two texts one above the other, the first difference marked; long ones line by line."""
    if "\n" in left or "\n" in right:
        lines = [line.rstrip("\n") for line in ndiff(left.split("\n"), right.split("\n"))]
        if len(lines) > MAX_LINES:
            lines = [*lines[:MAX_LINES], f"... {len(lines) - MAX_LINES} more lines"]
        return ["- left", "+ right", *lines]
    at = _first_difference(left, right)
    start = max(0, at - MAX_WIDTH // 2)
    lines = [f"left:  {_window(left, start)}", f"right: {_window(right, start)}"]
    if at and left != right:
        lines.append(" " * (len("right: ") + at - start + (1 if start else 0)) + "^")
    return lines


def _first_difference(left: str, right: str) -> int:
    for index, (one, other) in enumerate(zip(left, right, strict=False)):
        if one != other:
            return index
    return min(len(left), len(right))


def _window(text: str, start: int) -> str:
    cut = text[start : start + MAX_WIDTH]
    before = "…" if start else ""
    after = "…" if start + MAX_WIDTH < len(text) else ""
    return f"{before}{cut}{after}"
