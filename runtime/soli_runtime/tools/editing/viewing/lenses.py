"""What could be done with a definition: run a spec, try a handler at the prompt."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from soli_lang.base.source import Span
from soli_lang.tree import nodes

from ....words.suites import SEPARATOR
from ..documents import Document
from ..outline import test_title

_HANDLERS: Final = frozenset({"event", "request", "req"})
"""Names of the one parameter of what the runtime calls."""


class Lens(NamedTuple):
    """Something to do at a place."""

    span: Span
    spec: str | None
    """The full name of a test, which is to be run; None: a handler, to be tried."""


def lenses(document: Document) -> list[Lens]:
    """In the order of the text."""
    program = document.program
    if program is None:
        return []
    found = [*_specs(program.tree.body.statements, ())]
    return found or [*_handlers(program.tree.body.statements)]


def _specs(statements: tuple[Any, ...], around: tuple[str, ...]) -> Iterator[Lens]:
    for node in statements:
        told = test_title(node)
        if told is None:
            continue
        names = (*around, told.title)
        yield Lens(told.span, SEPARATOR.join(names))
        yield from _specs(told.inside, names)


def _handlers(statements: tuple[Any, ...]) -> Iterator[Lens]:
    for node in statements:
        if isinstance(node, nodes.ClassDecl) and node.name.endswith("Controller"):
            methods = (one for one in node.members if isinstance(one, nodes.MethodDecl))
            yield from (
                Lens(one.function.span, None) for one in methods if _is_handler(one.function)
            )
        elif isinstance(node, nodes.FunctionDecl) and _is_handler(node.function):
            yield Lens(node.span, None)


def _is_handler(function: nodes.FunctionNode) -> bool:
    params = function.params
    is_public = not function.name.startswith("_")
    return is_public and len(params) == 1 and params[0].name in _HANDLERS
