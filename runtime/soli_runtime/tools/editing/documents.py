"""One text that is being written: its tokens, its program, and the last one that was whole.

Places are offsets in characters here. `position` and `offset` translate from and to those of the
Language Server Protocol 3.17: lines from 0, columns in UTF-16 units.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Final

from soli_lang.base.errors import SoliSyntaxError
from soli_lang.base.source import Source
from soli_lang.syntax.parser import parse
from soli_lang.syntax.scanner.tokens import Token
from soli_lang.tools.bindings import Bindings
from soli_lang.tree import nodes

from .cursor import Cursor
from .lines import Lines
from .scanning import Scanned, same_beginning, scan

MAX_CHARACTERS: Final = 128 * 1024
"""A longer text is not looked at while it is written: that would take seconds per change."""


class Program:
    """A text that parses, with what its names mean."""

    def __init__(self, tree: nodes.Program, tokens: Callable[[], list[Token]]) -> None:
        self.tree = tree
        self.text = tree.source.text
        self._made = tokens

    @cached_property
    def tokens(self) -> list[Token]:
        return self._made()

    @cached_property
    def bindings(self) -> Bindings:
        return Bindings(self.tree, self.tokens)


class Document:
    """The text of one file as the editor has it. A change makes a new one."""

    def __init__(self, path: Path, text: str, before: Document | None = None) -> None:
        self.path = path
        self.whole_text = text
        """What the editor has, however long it is."""
        self.is_huge = len(text) > MAX_CHARACTERS
        self.text = "" if self.is_huge else text
        self.source = Source(str(path), self.text)
        self.errors: list[SoliSyntaxError] = []
        """What keeps the text from being a program, once `program` was asked for."""
        self._gave_up = before is not None and before.has_given_up
        self._whole: Program | None = before.known_program if before is not None else None
        self._scanned: Scanned | None = before.scanned() if before is not None else None

    @property
    def has_given_up(self) -> bool:
        """Whether not even parts of the text made a program: typing must not wait for that."""
        return self._gave_up

    # --- reading ---------------------------------------------------------------------------------

    @cached_property
    def tokens(self) -> list[Token]:
        return self._tokens_of(self.text)

    def _tokens_of(self, text: str) -> list[Token]:
        known = self._scanned
        return scan(text) if known is None else known.tokens_of(text, known.same_as(text))

    def scanned(self) -> Scanned | None:
        """The last version of the text whose tokens are known."""
        tokens = self.__dict__.get("tokens")
        return self._scanned if tokens is None else Scanned(self.text, tokens)

    def cursor(self, offset: int) -> Cursor:
        """What stands before a place."""
        return Cursor(self.text, offset, self._tokens_of(self.text[:offset]))

    @cached_property
    def program(self) -> Program | None:
        """What the text says, None while it is no program."""
        try:
            return Program(parse(self.source), lambda: self.tokens)
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
        same = same_beginning(old, new)
        if offset <= same:
            return offset
        return max(same, min(len(old), offset + len(old) - len(new)))

    # --- places ----------------------------------------------------------------------------------

    @cached_property
    def lines(self) -> Lines:
        """Of `text`."""
        return Lines(self.text)

    def offset(self, line: int, column: int) -> int:
        """The offset of a place, the nearest one where there is none."""
        return self.lines.offset(line, column)

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset."""
        return self.lines.position(offset)

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
            return _blanked(one)
        except SoliSyntaxError as error:
            for problem in error.all:
                number = source.position(problem.span.start).line if problem.span else 1
                lines[number - 1] = " " * len(lines[number - 1])
    return None


def _blanked(source: Source) -> Program:
    return Program(parse(source), lambda: scan(source.text))
