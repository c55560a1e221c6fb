"""Where a handler returns what: the lines that the error of an action names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from soli_lang.base.errors import SoliError
from soli_lang.base.source import Source, Span
from soli_lang.tree import nodes

MOST_LINES = 3
"""Lines that are named when several returns may be meant."""


def definition_of(function: Any) -> nodes.FunctionNode | None:
    """What a function or method of a program was made from."""
    node = getattr(function, "node", None) or getattr(getattr(function, "code", None), "node", None)
    return node if isinstance(node, nodes.FunctionNode) else None


def at_definition(error: SoliError, function: Any, source: Source | None) -> SoliError:
    """*error*, at the definition of *function* unless it knows a place nearer to it."""
    node = definition_of(function)
    if node is not None and source is not None:
        line = source.text.find("\n", node.span.start)
        end = node.span.end if line < 0 else min(line, node.span.end)
        error.locate(Span(node.span.start, end), source)
    return error


def place_of(function: Any, source: Source, key: str | None) -> str:
    """`file:line` of the return that has the action *key*; of the definition where none shows it.

    *key* None means a return that is no Hash. Several that may be meant are all named, up to
    MOST_LINES: `app.soli:4 or 9`.
    """
    node = definition_of(function)
    if node is None:
        return source.name
    lines = sorted({source.position(at.span.start).line for at in _returns(node.body, key)})
    if not lines or len(lines) > MOST_LINES:
        lines = [source.position(node.span.start).line]
    return f"{source.name}:{' or '.join(str(line) for line in lines)}"


def _returns(body: nodes.Body, key: str | None) -> Iterator[nodes.Node]:
    """The returns, and the last statement, whose value may be what *key* says."""
    pending: list[Any] = list(body.statements)
    if body.statements and not isinstance(body.statements[-1], nodes.Stmt):
        last = pending.pop()
        if _may_be(last, key):
            yield last
        pending.append(last)
    while pending:
        node = pending.pop()
        if isinstance(node, nodes.FunctionNode | nodes.ClassDecl):
            continue
        if isinstance(node, nodes.Return) and node.value is not None and _may_be(node.value, key):
            yield node
        pending.extend(nodes.children(node))


def _may_be(value: Any, key: str | None) -> bool:
    if key is None:
        return not isinstance(value, nodes.HashLiteral)
    pending = [value]
    while pending:
        node = pending.pop()
        if isinstance(node, nodes.HashLiteral) and key in _keys(node):
            return True
        if not isinstance(node, nodes.FunctionNode):
            pending.extend(nodes.children(node))
    return False


def _keys(node: nodes.HashLiteral) -> list[Any]:
    return [key.value for key, _ in node.pairs if isinstance(key, nodes.Literal)]
