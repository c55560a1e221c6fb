"""Rows of text as columns, and the routes of an app as rows."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from ..loading.app import App
from ..routing.routes import WEBSOCKET


def columns(rows: Sequence[Sequence[str]]) -> str:
    """The rows below each other, each cell as wide as its column."""
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        lines.append("  ".join(cells).rstrip() + "\n")
    return "".join(lines)


def route_rows(app: App) -> list[tuple[str, ...]]:
    """Method, path, target, where its function is, and what runs before it, in order."""
    rows: list[tuple[str, ...]] = []
    for method, pattern, target in app.table:
        shown_method = "WS" if method == WEBSOCKET else method
        before = ", ".join(stage.name for stage in target.stages)
        place = _near(target.handler.place)
        rows.append((shown_method, pattern, target.handler.name, place, before))
    return rows


def _near(place: str) -> str:
    """`FILE:LINE` as seen from here."""
    path, _, line = place.rpartition(":")
    if not path:
        return place
    here = os.path.relpath(path)
    return f"{here}:{line}" if not here.startswith("..") else f"{Path(path)}:{line}"
