"""Is a program read as it is written? What is told without another parser.

Whatever way a tree is written in, the text must be read as that tree, and every node must stand
where its text does. So a parser that takes one way of writing for something else is found out by
the other ways.
"""

from __future__ import annotations

from random import Random

from soli_lang.base.errors import SoliSyntaxError, render
from soli_lang.base.source import Source
from soli_lang.syntax.parser import parse
from soli_lang.tree import nodes

from .places import misplaced
from .printing import Printer, same
from .printing_expressions import Unprintable

NO_PROGRAM = "it is no program"
"""A mistake of the templates. Made small it would say nothing."""


def rewritten(text: str, seed: int) -> str:
    """*text* in other words, by chance; itself where that cannot be."""
    try:
        return Printer(Random(seed)).program(parse(Source("first", text)))
    except (SoliSyntaxError, Unprintable):
        return text


def misread(text: str, seed: int) -> str | None:
    """What is wrong with the tree of *text*, or with that of the same tree written otherwise."""
    try:
        tree = parse(Source("first", text))
        for chance in (None, Random(seed)):
            other = Printer(chance).program(tree)
            found = _read_otherwise(tree, other)
            if found:
                return f"{found}\n  written as\n{other}"
    except SoliSyntaxError as error:
        return f"{NO_PROGRAM}\n  {render(error)}"
    except Unprintable:
        pass
    wrong = next(misplaced(tree), None)
    return f"a place\n  {wrong}" if wrong else None


def _read_otherwise(tree: nodes.Program, text: str) -> str | None:
    try:
        again = parse(Source("again", text))
    except SoliSyntaxError as error:
        return f"the same tree is refused\n  {render(error)}"
    if not same(tree, again):
        one, other = Printer().program(tree), Printer().program(again)
        return f"another tree\n  {_first_difference(one, other)}"
    wrong = next(misplaced(again), None)
    return f"a place\n  {wrong}" if wrong else None


def _first_difference(one: str, other: str) -> str:
    pairs = zip(one.split("\n"), other.split("\n"), strict=False)
    return next((f"{a!r} is read as {b!r}" for a, b in pairs if a != b), "(printed alike)")
