"""One source through scanner, resolver, grammar and builder, with all its errors gathered."""

from __future__ import annotations

from typing import Any, Final

from ..base.errors import SoliSyntaxError
from ..base.source import Source
from ..tree.nodes import Statement
from .builder.builder import Builder
from .lalr import END, Pay, Refused, run
from .resolver.context import MAX_ERRORS, Context
from .resolver.resolver import resolve
from .scanner.scanner import Scanner
from .scanner.tokens import Token
from .tables import tables

MAX_GRAMMAR_ERRORS: Final = 10
"""Each costs another parse of the whole source."""
CHARACTERS_PER_TOKEN: Final = 4
"""For a price before there are tokens."""


def read(source: Source, pay: Pay | None = None) -> list[Statement]:
    """The statements of a program; *pay* is told of the tokens that each pass goes through.

    Raises:
        SoliSyntaxError: with all errors found.
    """
    scanner = Scanner(source)
    if pay is not None:
        pay(len(source.text) // CHARACTERS_PER_TOKEN)
    context = Context(source, scanner.run())
    if pay is not None:
        pay(len(context.tokens))
    resolve(context)
    errors = scanner.errors + context.errors
    if errors:
        raise _joined(source, errors)
    size = len(source.text)
    context.out.append(Token(END, None, size, size, False, False))
    return _parse(source, context.out, pay)


def _parse(source: Source, tokens: list[Token], pay: Pay | None) -> list[Statement]:
    errors: list[SoliSyntaxError] = []
    statements: list[Any] = []
    while True:
        builder = Builder(source)
        try:
            statements = run(tables(), tokens, builder, pay)
        except Refused as refused:
            from .diagnosis import describe, locate  # here: only needed for what is wrong

            place = locate(tokens, refused.at)
            errors.append(describe(source, tokens, refused.at, refused.expected, place))
            if len(errors) < MAX_GRAMMAR_ERRORS and _cut_out(tokens, place.start, place.end):
                continue
        break
    errors += builder.errors
    if errors:
        raise _joined(source, errors)
    return statements


def _cut_out(tokens: list[Token], start: int, end: int) -> bool:
    """Replace the statement with the error, so that the next parse finds errors after it."""
    if start >= end or any(token.type == "ERROR" for token in tokens[start:end]):
        return False
    last = tokens[end - 1]
    tokens[start:end] = [Token("ERROR", None, tokens[start].start, last.end, False, False)]
    return True


def _joined(source: Source, errors: list[SoliSyntaxError]) -> SoliSyntaxError:
    """The first error, carrying the others; one per line."""
    errors.sort(key=lambda error: error.span or (0, 0))
    seen: set[int] = set()
    kept: list[SoliSyntaxError] = []
    for error in errors:
        line = source.position(error.span.start).line if error.span else 0
        if line not in seen and len(kept) < MAX_ERRORS:
            seen.add(line)
            kept.append(error)
    from .foreign_shapes import explain, without_followers  # only needed for what is wrong

    explain(source, kept)
    kept = without_followers(kept)
    first = kept[0]
    first.also = kept[1:]
    first.incomplete = all(error.incomplete for error in kept)
    return first
