"""Tokens of a text that is being written, made of those of an earlier version of it.

A keystroke changes little: what stands before the line of the change is as it was. Places where a
line begins outside of strings are safe to begin at: the scanner looks back only for what may be a
key (docs/spec §1.6).
"""

from __future__ import annotations

from bisect import bisect_left
from functools import cached_property
from typing import Final

from soli_lang.base.source import Source
from soli_lang.syntax.scanner.scanner import Scanner
from soli_lang.syntax.scanner.tokens import Token

_BEFORE_KEYS: Final = frozenset({"LBRACE", "COMMA", "LPAR"})


class Scanned:
    """A text with its tokens."""

    def __init__(self, text: str, tokens: list[Token]) -> None:
        self.text = text
        self.tokens = tokens

    @cached_property
    def _beginnings(self) -> tuple[list[int], list[int]]:
        """Where lines begin outside of strings: offsets, and indexes of their first tokens."""
        offsets, indexes = [], []
        depth = 0
        for index, token in enumerate(self.tokens):
            before = self.tokens[index - 1].type if index else ""
            if depth == 0 and token.newline and before not in _BEFORE_KEYS:
                offsets.append(token.start)
                indexes.append(index)
            if token.type == "STR_BEGIN":
                depth += 1
            elif token.type == "STR_END":
                depth -= 1
        return offsets, indexes

    def same_as(self, text: str) -> int:
        """How many characters *text* begins with as this one does."""
        return same_beginning(self.text, text)

    def tokens_of(self, text: str, same: int) -> list[Token]:
        """The tokens of *text*, which begins with the same *same* characters as this one."""
        offsets, indexes = self._beginnings
        at = bisect_left(offsets, same) - 1
        if at < 0:
            return scan(text)
        start, index = offsets[at], indexes[at]
        return self.tokens[:index] + [_moved(one, start, index) for one in scan(text[start:])]


def scan(text: str) -> list[Token]:
    """All tokens of *text*, `EOF` too."""
    return Scanner(Source("", text)).run()


def _moved(token: Token, distance: int, count: int) -> Token:
    """*token*, with so many characters and so many tokens before its text."""
    is_first = token.start == 0
    value = token.value
    if token.type == "STR_BEGIN" and isinstance(value, int):
        value += count  # the index of the token that ends the string
    return Token(
        token.type,
        value,
        token.start + distance,
        token.end + distance,
        token.newline or is_first,
        token.space or is_first,
    )


def same_beginning(old: str, new: str) -> int:
    """How many characters two texts begin alike: by halves, for comparing slices is fast."""
    low, high = 0, min(len(old), len(new))
    while low < high:
        middle = (low + high + 1) // 2
        if old[low:middle] == new[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
