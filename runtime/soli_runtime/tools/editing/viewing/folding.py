"""What can be folded, and what grows around a place when one selects more."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from soli_lang.base.source import Span
from soli_lang.tree import nodes

from ..documents import Document

_FOLDED: Final = (
    nodes.ClassDecl, nodes.EnumDecl, nodes.InterfaceDecl, nodes.FunctionNode, nodes.If,
    nodes.While, nodes.For, nodes.Try, nodes.Match, nodes.HashLiteral, nodes.ArrayLiteral,
    nodes.Call,
)  # fmt: skip
_COMMENT: Final = re.compile(r"[ \t]*(?:#|//)")
_IMPORT: Final = re.compile(r"import\b")


class Fold(NamedTuple):
    """Lines, counted from 0; the first one stays visible."""

    first: int
    last: int
    kind: str = ""
    """`comment`, `imports`, or nothing."""


def folds(document: Document) -> list[Fold]:
    """Constructs of more than one line, each first line once, and runs of comments and imports."""
    found: dict[int, Fold] = {}
    program = document.program
    for node in nodes.walk(program.tree.body) if program is not None else ():
        if isinstance(node, _FOLDED):
            first = document.position(node.span.start)[0]
            last = document.position(node.span.end)[0] - 1  # `end` stays visible, too
            if last > first and (first not in found or found[first].last < last):
                found[first] = Fold(first, last)
    for fold in _runs(document):
        found.setdefault(fold.first, fold)
    return [found[first] for first in sorted(found)]


def _runs(document: Document) -> Iterator[Fold]:
    lines = document.text.split("\n")
    for pattern, kind in ((_COMMENT, "comment"), (_IMPORT, "imports")):
        start = None
        for number, line in enumerate([*lines, ""]):
            if pattern.match(line):
                start = number if start is None else start
            else:
                if start is not None and number - start > 1:
                    yield Fold(start, number - 1, kind)
                start = None


def selections(document: Document, offset: int) -> list[Span]:
    """Spans around *offset*, the smallest first, each larger than the one before."""
    found: list[Span] = []
    index = document.token_at(offset)
    if index is not None:
        found.append(document.tokens[index].span)
    program = document.program
    if program is not None:
        pending: list[nodes.Node] = [program.tree.body]
        around: list[Span] = []
        while pending:
            node = pending.pop()
            if node.span.start <= offset <= node.span.end:
                around.append(node.span)
                pending.extend(nodes.children(node))
        found += sorted(around, key=lambda one: one.end - one.start)
    found.append(Span(0, len(document.text)))
    return [*_growing(found)]


def _growing(spans: list[Span]) -> Iterator[Span]:
    last: Span | None = None
    for span in spans:
        holds = last is None or (span.start <= last.start and last.end <= span.end)
        if holds and span != last:
            yield span
            last = span
