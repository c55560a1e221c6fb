"""Places of a text as the Language Server Protocol 3.17 writes them: columns in UTF-16 units."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from typing import Final, NamedTuple

_LINE_END: Final = re.compile(r"\r\n|\n|\r")


class Lines:
    """Where the lines of a text begin."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._starts = [0, *(found.end() for found in _LINE_END.finditer(text))]

    @property
    def count(self) -> int:
        """One more than there are line breaks."""
        return len(self._starts)

    def offset(self, line: int, column: int) -> int:
        """The offset of a place, the nearest one where there is none."""
        if line >= len(self._starts):
            return len(self.text)
        start = self._starts[max(0, line)]
        end = self._starts[line + 1] if line + 1 < len(self._starts) else len(self.text)
        at = start
        while at < end and column > 0 and self.text[at] not in "\r\n":
            column -= 2 if self.text[at] > "\uffff" else 1
            at += 1
        return at

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset."""
        offset = max(0, min(offset, len(self.text)))
        line = bisect_right(self._starts, offset) - 1
        before = self.text[self._starts[line] : offset]
        wide = 0 if before.isascii() else sum(char > "\uffff" for char in before)
        return line, len(before) + wide

    def start(self, line: int) -> int:
        """The offset at which a line begins."""
        return self._starts[line]


class Change(NamedTuple):
    """A piece of a text gets another text."""

    start: tuple[int, int]
    """Line and column."""
    end: tuple[int, int]
    text: str


def changed(lines: Lines, changes: Iterable[Change | str]) -> str:
    """The text after *changes*, one after the other; a String is a whole new text.

    Several that come from the end of the text to its beginning, as editors with many cursors send
    them, take one look at its lines.
    """
    text = lines.text
    reached = len(text) + 1
    """Before it, the text is that of `lines`."""
    for change in changes:
        if isinstance(change, str):
            text, reached = change, 0
            continue
        start, end = sorted((lines.offset(*change.start), lines.offset(*change.end)))
        if end >= reached or change.end[0] >= lines.count:
            lines = Lines(text)
            start, end = sorted((lines.offset(*change.start), lines.offset(*change.end)))
        text = text[:start] + change.text + text[end:]
        reached = start
    return text
