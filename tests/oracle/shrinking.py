"""Programs that fail made small: by nodes, and by lines where no text has the tree."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from soli_lang.base.errors import SoliSyntaxError
from soli_lang.base.source import Source
from soli_lang.syntax.parser import parse
from soli_lang.tree import nodes

from .printing import Printer

Fails = Callable[[str], bool]
OPTIONAL = frozenset(
    "otherwise final default type return_type guard condition value block superclass index rest "
    "variable type_name".split()
)
"""Fields that may hold nothing in some kinds of nodes."""
_WRAPPERS = (nodes.If, nodes.While, nodes.For, nodes.Try, nodes.BlockStmt, nodes.FunctionDecl)
"""Statements that their own statements may replace."""


def shrunk(text: str, fails: Fails, seconds: float = 20.0) -> str:
    """A small program for which *fails* still holds, as far as *seconds* of CPU allow."""
    end = time.process_time() + seconds

    def still(candidate: str) -> bool:
        return time.process_time() < end and fails(candidate)

    while time.process_time() < end:
        smaller = _by_lines(_by_nodes(text, still), still)
        if smaller == text:
            break
        text = smaller
    return text


def _by_lines(text: str, fails: Fails) -> str:
    """*text* without runs of lines, longer runs first."""
    lines = text.split("\n")
    size = max(1, len(lines) // 2)
    while True:
        at = 0
        while at < len(lines):
            fewer = lines[:at] + lines[at + size :]
            if len(fewer) < len(lines) and fails("\n".join(fewer)):
                lines = fewer
            else:
                at += size
        if size == 1:
            return "\n".join(lines)
        size = max(1, size // 2)


def _by_nodes(text: str, fails: Fails) -> str:
    """*text* with one node after the other taken out or made less."""
    try:
        tree = parse(Source("shrinking", text))
    except SoliSyntaxError:
        return text
    tried: set[str] = {text}
    found = True
    while found:
        found = False
        for smaller in _smaller(tree.body):
            candidate = _printed(smaller)
            if candidate is None or candidate in tried:
                continue
            tried.add(candidate)
            if _weight(candidate) < _weight(text) and fails(candidate):
                tree = nodes.Program(tree.span, tree.source, smaller)
                text, found = candidate, True
                break
    return text


def _weight(text: str) -> int:
    return len("".join(text.split()))


def _printed(body: nodes.Body) -> str | None:
    try:
        return Printer().lines(body.statements) + "\n"
    except Exception:  # a tree that no text makes
        return None


def _smaller(value: Any) -> Iterator[Any]:
    """What *value* can be exchanged for, larger steps first."""
    if isinstance(value, tuple):
        yield from _fewer(value)
    elif isinstance(value, nodes.Expr):
        for part in nodes.children(value):
            one = part.value if isinstance(part, nodes.Argument) else part
            if isinstance(one, nodes.Expr):
                yield one
        if not isinstance(value, nodes.Literal):
            yield nodes.Literal(value.span, None)
            yield nodes.Literal(value.span, 1)
    if isinstance(value, nodes.Node):
        yield from _with_smaller_fields(value)


def _fewer(values: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    size = max(1, len(values) // 2)
    while size:
        for at in range(0, len(values), size):
            yield values[:at] + values[at + size :]
        size //= 2
    for at, one in enumerate(values):
        if isinstance(one, _WRAPPERS):
            for body in nodes.walk(one):
                if isinstance(body, nodes.Body):
                    yield values[:at] + body.statements + values[at + 1 :]
                    break
    for at, one in enumerate(values):
        for smaller in _smaller(one):
            yield (*values[:at], smaller, *values[at + 1 :])


def _with_smaller_fields(node: nodes.Node) -> Iterator[nodes.Node]:
    names = type(node).field_names
    fields = [getattr(node, name) for name in names]
    for at, name in enumerate(names):
        if name in OPTIONAL and fields[at] is not None and not isinstance(node, nodes.Literal):
            yield type(node)(*fields[:at], None, *fields[at + 1 :])
    for at, name in enumerate(names):
        if name != "span":
            for smaller in _smaller(fields[at]):
                yield type(node)(*fields[:at], smaller, *fields[at + 1 :])
