"""Layout while one types: the indentation of a line, the `end` of a block, a few lines only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from soli_lang.base.errors import SoliSyntaxError
from soli_lang.base.source import Source, Span
from soli_lang.syntax.parser import parse
from soli_lang.tools.formatting.indenting import (
    CLOSING_WORDS,
    indentation_of_last_line,
    indentation_of_next_line,
)

from .documents import Document

Edit = tuple[Span, str]
MAX_BLOCK: Final = 20_000
"""Characters of a definition in which a missing `end` is looked for."""

_OPENS: Final = re.compile(
    r"\s*(?:export |static |private |protected |public )*"
    r"(?:def|fn|class|module|enum|interface|if|unless|while|for|try|begin|match)\b"
    r"|.*\bdo(?: *\|[^|]*\|)?\s*\Z"
)
_BEGINS: Final = re.compile(r"^(?=[^\s#/])(?!end\b|else\b|elsif\b|catch\b|rescue\b|[)\]}])", re.M)


def at_line_end(document: Document, offset: int, typed: str) -> list[Edit]:
    """What to change when *typed* was just written before *offset*."""
    if typed == "\n":
        return [*_new_line(document.text, offset)]
    return [*_closing(document.text, offset)]


def _closing(text: str, offset: int) -> Iterator[Edit]:
    """A word that closes a block, alone on its line, goes to where the block begins."""
    start = text.rfind("\n", 0, offset) + 1
    word = text[start:offset].strip()
    rest = text[offset : _line_end(text, offset)]
    if rest.strip() or not (word in CLOSING_WORDS or word in ("}", "]", ")")):
        return
    wanted = indentation_of_last_line(text[:offset])
    indented = offset - len(word) - start
    if wanted is not None and text[start : start + indented] != wanted:
        yield Span(start, start + indented), wanted


def _new_line(text: str, offset: int) -> Iterator[Edit]:
    """The indentation of a new line, and `end` below it for a block that has none."""
    start = text.rfind("\n", 0, offset) + 1
    end = _line_end(text, offset)
    if start == 0 or text[start:end].strip():
        return
    above = text[text.rfind("\n", 0, start - 1) + 1 : start - 1]
    wanted = indentation_of_next_line(text[: start - 1])
    if wanted is None:
        return
    below = ""
    if _OPENS.match(above) and _misses_end(text, end):
        below = f"{above[: len(above) - len(above.lstrip())]}end"
    if below and end == len(text):
        yield Span(start, end), f"{wanted}\n{below}"
        return
    if text[start:end] != wanted:
        yield Span(start, end), wanted
    if below:  # on the next line, so that the cursor stays where it is
        yield Span(end + 1, end + 1), f"{below}\n"


def _misses_end(text: str, at: int) -> bool:
    """Whether the definition around *at* is one only with another `end` there."""
    begins = [found.start() for found in _BEGINS.finditer(text)]
    first = max((one for one in begins if one <= at), default=0)
    last = min((one for one in begins if one > at), default=len(text))
    block = text[first:last]
    if len(block) > MAX_BLOCK or _is_program(block):
        return False
    return _is_program(f"{text[first:at]}\nend{text[at:last]}")


def _is_program(text: str) -> bool:
    try:
        parse(Source("", text))
    except SoliSyntaxError:
        return False
    return True


def _line_end(text: str, offset: int) -> int:
    end = text.find("\n", offset)
    return len(text) if end < 0 else end


def within(document: Document, formatted: str, first: int, last: int) -> list[Edit]:
    """What makes lines *first* to *last* those of *formatted*: the lines with text are the same."""
    new = [line for line in formatted.split("\n") if line.strip()]
    found: list[Edit] = []
    at = count = 0
    for number, line in enumerate(document.text.split("\n")):
        if line.strip():
            if first <= number <= last and count < len(new) and line != new[count]:
                found.append((Span(at, at + len(line)), new[count]))
            count += 1
        at += len(line) + 1
    return found
