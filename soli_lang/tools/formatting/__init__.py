"""`format_source`: a program in its usual shape. Same meaning, same line breaks, same comments.

It works on tokens, not on nodes: the author's line breaks and comments stay where they are; what
changes is the indentation (two spaces per level), the spaces between tokens, and blank lines.
"""

from __future__ import annotations

from ...base.source import Source
from ...syntax.parser import parse
from ...tree.nodes import Node, Program
from .layout import laid_out
from .pieces import read_pieces

__all__ = ["MeaningChanged", "format_source", "same_meaning"]


class MeaningChanged(Exception):
    """Formatting would have changed the program: our bug. The text is left as it was."""


def format_source(source: Source) -> str:
    """The text of *source*, formatted.

    Raises SoliSyntaxError when it is no program, MeaningChanged rather than a changed program.
    """
    before = parse(source)
    text = laid_out(read_pieces(source))
    if text != source.text:
        after = parse(Source(source.name, text))
        if not same_meaning(before, after):
            raise MeaningChanged(source.name)
    return text


def same_meaning(left: Program, right: Program) -> bool:
    """Whether two programs are the same but for where in their sources things stand."""
    pending: list[tuple[object, object]] = [(left.body, right.body)]
    while pending:
        one, other = pending.pop()
        if type(one) is not type(other):
            return False
        if isinstance(one, Node):
            names = (name for name in type(one).field_names if name not in ("span", "source"))
            pending.extend((getattr(one, name), getattr(other, name)) for name in names)
        elif isinstance(one, tuple) and isinstance(other, tuple):
            if len(one) != len(other):
                return False
            pending.extend(zip(one, other, strict=True))
        elif repr(one) != repr(other):
            return False
    return True
