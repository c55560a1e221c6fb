"""Where one may stop in a file, and in which function that is."""

from __future__ import annotations

from bisect import bisect_left
from typing import Any

from ...base.source import Source, Span
from ...evaluator.watching import is_stop
from ...tree import nodes

Function = tuple[Span, str]


class ProgramFile:
    """One file of a program that is debugged (a `WatchedFile`)."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.stops: list[bool] = [False] * (source.text.count("\n") + 3)
        self.first: dict[int, int] = {}
        """By line: the offset of the first statement that begins there."""
        self._lines: list[int] = []
        self._statements: list[tuple[int, int]] = []
        """First and last lines of those that have no statements in them."""
        self._functions: list[Function] = []

    def know(self, body: nodes.Body) -> None:
        """Look for statements and functions."""
        for node in nodes.walk(body):
            if node.__class__ is nodes.FunctionNode:
                self._functions.append((node.span, node.name))
            if node.__class__ is nodes.Body:
                for statement in node.statements:
                    self._note(statement)
        self._lines = sorted(self.first)

    def _note(self, statement: Any) -> None:
        if not is_stop(statement):
            return
        start = statement.span.start
        line = self.source.position(start).line
        self.first[line] = min(start, self.first.get(line, start))
        if not any(node.__class__ is nodes.Body for node in nodes.walk(statement)):
            last = self.source.position(max(start, statement.span.end - 1)).line
            self._statements.append((line, last))

    def line_for(self, line: int) -> int | None:
        """Where a breakpoint for *line* goes: there, where the statement around it begins, or to
        the next line with code. None: there is none."""
        if line in self.first:
            return line
        around = [one for one, last in self._statements if one < line <= last]
        if around:
            return max(around)
        index = bisect_left(self._lines, line)
        return self._lines[index] if index < len(self._lines) else None

    def function_at(self, offset: int) -> str:
        """The name of the function in which the text at *offset* is."""
        names = [name for span, name in self._functions if span.start <= offset < span.end]
        if not names:
            return "main program"
        if names[-1] != "<lambda>":
            return names[-1]
        named = [name for name in names if name != "<lambda>"]
        return f"block in {named[-1] if named else 'main program'}"

    def watch(self, lines: set[int], *, all_lines: bool) -> None:
        """Look at statements of these *lines*, or of all."""
        for line in range(len(self.stops)):
            self.stops[line] = all_lines or line in lines
