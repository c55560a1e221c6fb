"""One source through scanner, resolver, grammar and builder, with all its errors gathered."""

from __future__ import annotations

from typing import Any, Final

from lark.exceptions import UnexpectedToken

from ..errors import SoliSyntaxError
from ..nodes import Statement
from ..source import Source
from .builder import Builder
from .context import MAX_ERRORS, Context
from .diagnosis import describe, locate
from .resolver import resolve
from .scanner import Scanner
from .tables import LarkParser
from .tokens import Token

MAX_GRAMMAR_ERRORS: Final = 10
"""Each costs another parse of the whole source."""

_NO_SOURCE: Final = Source("", "")


class _Parser:
    """Lark's parser is tied to one builder, so the two come as a pair."""

    __slots__ = ("builder", "lark")

    def __init__(self) -> None:
        self.builder = Builder(_NO_SOURCE)
        self.lark = LarkParser(self.builder)


_IDLE: Final[list[_Parser]] = []
"""Parsers not in use. Making one is slow; taking one out makes it the taker's alone."""


def read(source: Source) -> list[Statement]:
    """The statements of a program.

    Raises:
        SoliSyntaxError: with all errors found.
    """
    scanner = Scanner(source)
    context = Context(source, scanner.run())
    resolve(context)
    errors = scanner.errors + context.errors
    if errors:
        raise _joined(source, errors)
    parser = _IDLE.pop() if _IDLE else _Parser()
    try:
        return _parse(parser, source, context.out)
    finally:
        parser.builder = parser.builder
        _IDLE.append(parser)


def _parse(parser: _Parser, source: Source, tokens: list[Token]) -> list[Statement]:
    builder = parser.builder
    errors: list[SoliSyntaxError] = []
    while True:
        builder.source, builder.errors = source, []
        try:
            statements: list[Any] = parser.lark.parse(tokens)
        except UnexpectedToken as unexpected:
            error = _refused(source, tokens, unexpected)
            errors.append(error)
            if len(errors) < MAX_GRAMMAR_ERRORS and _cut_out(tokens, unexpected):
                continue
        break
    errors += builder.errors
    if errors:
        raise _joined(source, errors)
    return statements


def _index(tokens: list[Token], token: Any) -> int:
    return next((at for at, one in enumerate(tokens) if one is token), len(tokens))


def _refused(source: Source, tokens: list[Token], unexpected: UnexpectedToken) -> SoliSyntaxError:
    at = _index(tokens, unexpected.token)
    return describe(source, tokens, at, unexpected.expected, locate(tokens, at))


def _cut_out(tokens: list[Token], unexpected: UnexpectedToken) -> bool:
    """Replace the statement with the error, so that the next parse finds errors after it."""
    at = _index(tokens, unexpected.token)
    place = locate(tokens, at)
    if place.start >= place.end or any(
        token.type == "ERROR" for token in tokens[place.start : place.end]
    ):
        return False
    first = tokens[place.start]
    stand_in = Token("ERROR", None, first.start, tokens[place.end - 1].end, False, False)
    tokens[place.start : place.end] = [stand_in]
    return True


def _joined(source: Source, errors: list[SoliSyntaxError]) -> SoliSyntaxError:
    """The first error, carrying the others; one per place."""
    errors.sort(key=lambda error: error.span or (0, 0))
    seen: set[int] = set()
    kept: list[SoliSyntaxError] = []
    for error in errors:
        line = source.position(error.span.start).line if error.span else 0
        if line not in seen and len(kept) < MAX_ERRORS:
            seen.add(line)
            kept.append(error)
    first = kept[0]
    first.also = kept[1:]
    first.incomplete = all(error.incomplete for error in kept)
    return first
