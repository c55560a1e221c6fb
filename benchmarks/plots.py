"""Bar charts as SVG, small enough to be committed. No library needed."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from . import sockets
from .report import figure
from .scenarios import SCENARIOS

NAMES = {
    "c": "C, epoll",
    "soli": "Soli handler",
    "python": "Python handler",
    "node": "Node ws",
    "aiohttp": "aiohttp",
    "websockets": "websockets",
}
OURS = ("soli", "python")
PLOTTED = ("echo-100", "echo-1000", "room-1", "room-50", "room-deflate", "connects", "idle")
LABEL, BAR, LINE, GAP, TITLE, VALUE = 110, 300, 18, 14, 20, 90
INK, MINE, OTHER = "#555555", "#2f6fb2", "#b9bfc6"

Bar = tuple[str, float, str, bool]
"""Label, value, text of the value, whether it is ours."""


def draw(results: dict[str, Any], folder: Path) -> None:
    """Write `sockets.svg` and `programs.svg` for what *results* has."""
    folder.mkdir(parents=True, exist_ok=True)
    panels = [panel for panel in map(_panel, _plotted(results)) if panel[1]]
    if panels:
        (folder / "sockets.svg").write_text(svg(panels), "utf-8")
    found = results.get("programs")
    if found:
        bars = [(row["title"], row["ratio"], f"{row['ratio']:.1f}", True) for row in found.values()]
        title = "CPU time as a multiple of CPython running the same program"
        (folder / "programs.svg").write_text(svg([(title, bars)], label=190), "utf-8")


def _plotted(results: dict[str, Any]) -> list[tuple[Any, dict[str, Any]]]:
    known = {scenario.name: scenario for scenario in SCENARIOS}
    measured = results.get("sockets", {})
    return [(known[name], measured[name]) for name in PLOTTED if name in measured]


def _panel(measured: tuple[Any, dict[str, Any]]) -> tuple[str, list[Bar]]:
    scenario, rows = measured
    bars: list[Bar] = []
    for name, title in NAMES.items():
        value = sockets.median(rows.get(name, []), scenario.key)
        if value is not None:
            bars.append((title, value, figure(value), name in OURS))
    direction = ", less is better" if scenario.less_is_better else ""
    return f"{scenario.title} ({scenario.unit}{direction})", bars


def svg(panels: list[tuple[str, list[Bar]]], label: int = LABEL) -> str:
    """Panels of horizontal bars, each with a scale of its own that begins at zero."""
    lines: list[str] = []
    y = GAP
    for title, bars in panels:
        lines.append(_text(0, y + 12, title, weight="bold"))
        y += TITLE
        most = max(value for _, value, _, _ in bars)
        for name, value, shown, ours in bars:
            width = max(1.0, BAR * value / most) if most else 1.0
            color = MINE if ours else OTHER
            lines.append(_text(label - 8, y + 12, name, anchor="end"))
            lines.append(
                f'<rect x="{label}" y="{y + 2}" width="{width:.1f}" height="{LINE - 5}" '
                f'fill="{color}"/>'
            )
            lines.append(_text(label + width + 6, y + 12, shown))
            y += LINE
        y += GAP
    width = label + BAR + VALUE
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{y}" '
        f'viewBox="0 0 {width} {y}" font-family="sans-serif" font-size="12">\n'
        f'<rect width="{width}" height="{y}" fill="#ffffff"/>\n' + "\n".join(lines) + "\n</svg>\n"
    )


def _text(x: float, y: float, text: str, *, anchor: str = "start", weight: str = "normal") -> str:
    return (
        f'<text x="{x:.1f}" y="{y}" fill="{INK}" text-anchor="{anchor}" font-weight="{weight}">'
        f"{escape(text)}</text>"
    )
