"""Keeps a flood of like lines from filling the log and holding up the loop.

Warnings and errors that are alike share an allowance per second. What is past it is not even
formatted; when the second is over one line says how many there were.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LINES_PER_WINDOW = 10
"""Like lines that are written within a window."""

WINDOW_SECONDS = 1.0

MAX_KINDS = 1000
"""Kinds of lines that are told apart at a time; further ones share one allowance."""

TELLING = ("handler", "kind", "reason", "cause", "job", "logger")
"""Fields that tell kinds of lines apart. None of them holds what a client may choose: who makes
up paths does not get a fresh allowance for each."""

Kind = tuple[str, ...]


class _Window:
    __slots__ = ("level", "lines", "names", "since")

    def __init__(self, level: str, since: float, names: dict[str, Any]) -> None:
        self.level = level
        self.since = since
        self.lines = 0
        self.names = names


class Floods:
    """Decides which lines are written. *now* is seconds of the log's clock."""

    def __init__(self) -> None:
        self._windows: dict[Kind, _Window] = {}

    def allows(self, now: float, level: str, event: str, fields: Mapping[str, Any]) -> bool:
        """Whether one more line of that kind is written; if not it is counted."""
        names = {name: fields[name] for name in TELLING if name in fields}
        kind = (level, event, *map(str, names.values()))
        window = self._windows.get(kind)
        if window is None:
            if len(self._windows) >= MAX_KINDS:
                kind, names, event = ("", ""), {}, "other"
                window = self._windows.get(kind)
            if window is None:
                window = _Window(level, now, {"of": event, **names})
                self._windows[kind] = window
        window.lines += 1
        return window.lines <= LINES_PER_WINDOW

    def over(self, now: float) -> list[tuple[str, dict[str, Any]]]:
        """Forget the windows that are over by *now*; level and fields of a line for each flood.

        A clock that was set back ends them too.
        """
        ended = {
            kind: window
            for kind, window in self._windows.items()
            if not 0 <= now - window.since < WINDOW_SECONDS
        }
        for kind in ended:
            del self._windows[kind]
        return [_summary(window) for window in ended.values() if window.lines > LINES_PER_WINDOW]

    def all(self) -> list[tuple[str, dict[str, Any]]]:
        """The same for all windows, over or not."""
        return self.over(float("inf"))


def _summary(window: _Window) -> tuple[str, dict[str, Any]]:
    return window.level, {**window.names, "times": window.lines - LINES_PER_WINDOW}
