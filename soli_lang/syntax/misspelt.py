"""Keywords that are misspelt: `dfe f(x)`, `edn`, `cacth e`. Errors are moved to where they are."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from ..base.errors import SoliSyntaxError
from ..base.source import Source, Span
from .scanner.tokens import KEYWORDS

_BEGUN: Final = re.compile(r"[ \t]*([a-z]{2,9})[ \t]+[^\s=.,]")
_ALONE: Final = re.compile(r"[ \t]*([a-z]{2,5})[ \t]*(#.*)?$")
_FIRST: Final = re.compile(r"[ \t]*([a-z]{3,9})\b(?![ \t]*[=.(\[,])")
_BODY_WORDS: Final = (
    "def", "class", "module", "while", "for", "if", "unless", "match", "enum", "try", "interface",
)  # fmt: skip
_HANDLERS: Final = ("catch", "rescue", "finally", "ensure")
_LINES_LOOKED_AT: Final = 100
"""Lines around an error that are searched for the word."""


def misspelt(source: Source, error: SoliSyntaxError, line: int) -> str | None:
    """The hint for an `end` too many, or too few, on *line*; None: no word there is misspelt."""
    if "`end` expected" in error.message:
        found = _nearest(source, line, _ALONE, ("end",))
        if found is not None:
            word, hint, span = found
            error.move(span, f"`{word}` ends no body")
            return hint
    found = _nearest(source, line, _BEGUN, _BODY_WORDS)
    if found is None:
        return None
    word, hint, span = found
    error.move(span, f"`{word}` begins no body")
    return hint


def misspelt_handler(source: Source, error: SoliSyntaxError, line: int) -> str | None:
    """The hint for a `try` on *line* that has no handler: `cacth e` further down."""
    below = source.text.split("\n")[line : line + _LINES_LOOKED_AT]
    for offset, text in enumerate(below, line + 1):
        begun = _FIRST.match(text)
        hint = _meant(begun[1], _HANDLERS) if begun is not None else None
        if begun is not None and hint is not None:
            error.move(_span(source, offset, begun), f"`{begun[1]}` begins no handler")
            return hint
    return None


def _nearest(
    source: Source, line: int, form: re.Pattern[str], words: tuple[str, ...]
) -> tuple[str, str, Span] | None:
    """The nearest line from *line* upwards whose word is one of *words*, misspelt."""
    first = max(0, line - _LINES_LOOKED_AT)
    above = source.text.split("\n")[first:line]
    for offset in range(len(above) - 1, -1, -1):
        begun = form.match(above[offset])
        hint = _meant(begun[1], words) if begun is not None else None
        if begun is not None and hint is not None:
            return begun[1], hint, _span(source, first + offset + 1, begun)
    return None


def _meant(word: str, words: Iterable[str]) -> str | None:
    from ..base.near_names import did_you_mean  # only needed for what is wrong

    if word in KEYWORDS:
        return None
    swapped = [one for one in words if sorted(one) == sorted(word)]
    return f"did you mean '{swapped[0]}'?" if swapped else did_you_mean(word, words)


def _span(source: Source, line: int, begun: re.Match[str]) -> Span:
    start = line_start(source, line)
    return Span(start + begun.start(1), start + begun.end(1))


def line_start(source: Source, line: int) -> int:
    """The offset at which *line* begins; lines count from 1."""
    return sum(len(text) + 1 for text in source.text.split("\n")[: line - 1])


def line_span(source: Source, line: int) -> Span:
    """What stands on *line*, without the white space around it."""
    text = source.text.split("\n")[line - 1]
    start = line_start(source, line) + len(text) - len(text.lstrip())
    return Span(start, start + max(1, len(text.strip())))
