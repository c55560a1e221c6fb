"""Source text to nodes: the public door of the language's front end.

    program = parse(Source("hello.soli", 'print("hello")'))

The way there: `syntax.scanner` (characters to tokens), `syntax.resolver` (context decided, with
tokens of no width), `syntax.lalr` (runs the tables that Lark makes of `grammar/soli.lark`, which
`syntax.tables` keeps in a cache: Lark itself is imported only where these are missing), and
`syntax.builder` (nodes). What is refused gets its words from `syntax.diagnosis`.
"""

from __future__ import annotations

from ..base.collecting import Paused
from ..base.errors import SoliSyntaxError
from ..base.source import Source, Span
from ..tree.nodes import Body, Program
from .lalr import Pay

__all__ = ["parse"]


def parse(source: Source, pay: Pay | None = None) -> Program:
    """Read a whole program; *pay* is told of the tokens that each pass goes through.

    Raises:
        SoliSyntaxError: if it is none. `also` holds further errors, all in source order, and
            `incomplete` tells that the text only stops too early.
    """
    _check_characters(source)
    from .parsing import read  # reads the grammar's tables: only when something is parsed

    with Paused():
        statements = read(source, pay)
    span = Span(0, len(source.text))
    return Program(span, source, Body(span, tuple(statements)))


def _check_characters(source: Source) -> None:
    """Strings hold whole characters; half of one in a literal would break every encoder later."""
    if source.text.isascii():
        return
    try:
        source.text.encode()
    except UnicodeEncodeError as error:
        span = Span(error.start, error.start + 1)
        raise SoliSyntaxError(
            "the text is not Unicode: half a character", span, source, stage="Lexer error"
        ) from None
