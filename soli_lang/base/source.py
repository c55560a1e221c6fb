"""Source texts and places in them: what every token, node and error points into."""

from __future__ import annotations

from bisect import bisect_right
from typing import NamedTuple


class Span(NamedTuple):
    """A half-open range of characters, `start` to `end`, in one `Source`."""

    start: int
    end: int

    def to(self, other: Span) -> Span:
        """The span from the start of this one to the end of *other*."""
        return Span(self.start, other.end)


NOWHERE = Span(0, 0)


class Position(NamedTuple):
    """A place as people count: both from 1, columns in characters."""

    line: int
    column: int


OF_HOST = "<runtime>"
"""The name of texts that no user wrote: errors do not show them."""


class Source:
    """A program text with the name under which errors show it.

    `name` is a path, or `<repl>`, `<eval>` and the like for text without a file.
    """

    __slots__ = ("_line_starts", "name", "text")

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        self._line_starts: list[int] = []

    def __repr__(self) -> str:
        return f"Source({self.name!r})"

    def _starts(self) -> list[int]:
        if not self._line_starts:
            starts = [0]
            find, at = self.text.find, 0
            while (at := find("\n", at)) >= 0:
                at += 1
                starts.append(at)
            self._line_starts = starts
        return self._line_starts

    def position(self, offset: int) -> Position:
        """Line and column of the character at *offset* (one past the end is allowed)."""
        starts = self._starts()
        line = bisect_right(starts, offset)
        return Position(line, offset - starts[line - 1] + 1)

    def line(self, number: int) -> str:
        """The text of line *number* (from 1) without its line break."""
        starts = self._starts()
        start = starts[number - 1]
        end = starts[number] - 1 if number < len(starts) else len(self.text)
        return self.text[start:end].rstrip("\r")

    def excerpt(self, span: Span) -> str:
        """The first line that *span* touches, with carets beneath the part it covers.

        Tabs are shown as one space, and a character that takes two cells has two carets beneath it,
        so that the carets stand where they should.
        """
        position = self.position(span.start)
        text = self.line(position.line).replace("\t", " ")
        width = max(1, min(span.end - span.start, len(text) - position.column + 1))
        if len(text) > 160:  # a minified line: show what surrounds the place
            cut = max(0, position.column - 60)
            text, column = text[cut : cut + 120], position.column - cut
            width = min(width, max(1, 120 - column + 1))
        else:
            column = position.column
        number = str(position.line)
        margin = " " * len(number)
        before, covered = text[: column - 1], text[column - 1 : column - 1 + width]
        carets = " " * _cells(before) + "^" * max(1, _cells(covered))
        return f"{number} | {text}\n{margin} | {carets}"


def _cells(text: str) -> int:
    """How many cells of a terminal *text* takes: two for most of East Asia and for emoji."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width  # only needed for what is wrong

    return sum(
        0 if combining(char) or char in "\u200d\ufe0f" else 1 + (east_asian_width(char) in "WF")
        for char in text
    )
