"""One text that is being written: its tokens, its program, and the last one that was whole.

Places are offsets in characters here. `position` and `offset` translate from and to those of the
Language Server Protocol 3.17: lines from 0, columns in UTF-16 units.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property
from pathlib import Path
from typing import Final

from soli_lang.base.errors import SoliSyntaxError
from soli_lang.base.source import Source
from soli_lang.syntax.parser import parse
from soli_lang.syntax.scanner.scanner import Scanner
from soli_lang.syntax.scanner.tokens import Token
from soli_lang.tools.bindings import Bindings
from soli_lang.tree import nodes

MAX_CHARACTERS: Final = 128 * 1024
"""A longer text is not looked at while it is written: that would take seconds per change."""

_LINE_END: Final = re.compile(r"\r\n|\n|\r")


class Program:
    """A text that parses, with what its names mean."""

    def __init__(self, tree: nodes.Program, tokens: list[Token]) -> None:
        self.tree = tree
        self.text = tree.source.text
        self.tokens = tokens

    @cached_property
    def bindings(self) -> Bindings:
        return Bindings(self.tree, self.tokens)


class Document:
    """The text of one file as the editor has it. A change makes a new one."""

    def __init__(self, path: Path, text: str, before: Document | None = None) -> None:
        self.path = path
        self.is_huge = len(text) > MAX_CHARACTERS
        self.text = "" if self.is_huge else text
        self.source = Source(str(path), self.text)
        self.errors: list[SoliSyntaxError] = []
        """What keeps the text from being a program, once `program` was asked for."""
        self._gave_up = before is not None and before.has_given_up
        self._whole: Program | None = before.known_program if before is not None else None

    @property
    def has_given_up(self) -> bool:
        """Whether not even parts of the text made a program: typing must not wait for that."""
        return self._gave_up

    # --- reading ---------------------------------------------------------------------------------

    @cached_property
    def tokens(self) -> list[Token]:
        return Scanner(self.source).run()

    @cached_property
    def program(self) -> Program | None:
        """What the text says, None while it is no program."""
        try:
            return Program(parse(self.source), self.tokens)
        except SoliSyntaxError as error:
            self.errors = error.all
            return None

    @property
    def known_program(self) -> Program | None:
        """The program, or the last text of this file that was one. Parses nothing anew."""
        return self.__dict__.get("program") or self._whole

    def nearest_program(self) -> Program | None:
        """Like `known_program`; parses when there is none, if need be without the lines at fault.

        Typing must not wait for the parser, which takes longer the more is wrong.
        """
        if self.known_program is None and not self._gave_up:
            self._whole = self.program or _without_faults(self.source)
            self._gave_up = self.known_program is None
        return self.known_program

    def try_again(self) -> None:
        """Look for a program once more: nothing was typed for a moment."""
        self._gave_up = False
        self.nearest_program()

    def there(self, offset: int) -> int:
        """Where *offset* of this text is in the text of `nearest_program`.

        What was typed since then stands in one place, as a rule: before it nothing has moved, and
        behind it everything by the same distance.
        """
        program = self.known_program
        if program is None or program.text is self.text:
            return offset
        old, new = program.text, self.text
        same = _same_beginning(old, new)
        if offset <= same:
            return offset
        return max(same, min(len(old), offset + len(old) - len(new)))

    # --- places ----------------------------------------------------------------------------------

    @cached_property
    def _lines(self) -> list[int]:
        return [0, *(found.end() for found in _LINE_END.finditer(self.text))]

    def offset(self, line: int, column: int) -> int:
        """The offset of a place, the nearest one where there is none."""
        if line >= len(self._lines):
            return len(self.text)
        start = self._lines[max(0, line)]
        end = self._lines[line + 1] if line + 1 < len(self._lines) else len(self.text)
        at = start
        while at < end and column > 0 and self.text[at] not in "\r\n":
            column -= 2 if self.text[at] > "\uffff" else 1
            at += 1
        return at

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset."""
        offset = max(0, min(offset, len(self.text)))
        line = bisect_right(self._lines, offset) - 1
        before = self.text[self._lines[line] : offset]
        wide = 0 if before.isascii() else sum(char > "\uffff" for char in before)
        return line, len(before) + wide

    def token_at(self, offset: int) -> int | None:
        """Index of the token at *offset*, or that ends there."""
        index = bisect_right(self.tokens, offset, key=lambda token: token.start) - 1
        while index >= 0 and self.tokens[index].start == self.tokens[index].end:
            index -= 1
        if index < 0 or self.tokens[index].end < offset:
            return None
        touching = index > 0 and self.tokens[index].start == offset
        if touching and self.tokens[index].type != "NAME" and self.tokens[index - 1].end == offset:
            return index - 1
        return index


def _without_faults(source: Source) -> Program | None:
    """The program without the lines that do not parse: blanked, so that places stay."""
    lines = source.text.split("\n")
    for _ in range(3):
        try:
            one = Source(source.name, "\n".join(lines))
            return Program(parse(one), Scanner(one).run())
        except SoliSyntaxError as error:
            for problem in error.all:
                number = source.position(problem.span.start).line if problem.span else 1
                lines[number - 1] = " " * len(lines[number - 1])
    return None


def _same_beginning(old: str, new: str) -> int:
    """How many characters two texts begin alike: by halves, for comparing slices is fast."""
    low, high = 0, min(len(old), len(new))
    while low < high:
        middle = (low + high + 1) // 2
        if old[low:middle] == new[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
