"""Where in the source a route was declared, for errors that are found when all is loaded.

Native functions do not know who calls them (knowing it would cost every call), so the place is
looked up in the nodes: the declaration's name and its literal arguments identify it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from soli_lang.base.source import NOWHERE, Span
from soli_lang.tree import nodes

from ..routing.declared import Declared
from ..routing.routes import WEBSOCKET

_NAMES = {WEBSOCKET: ("router_websocket", "websocket")}


def place_of(declared: Declared, program: nodes.Program) -> Span:
    """The span of the declaration in *program*; of the best guess when arguments are computed."""
    names = _NAMES.get(declared.method, (declared.method.lower(),))
    by_target: Span | None = None
    by_resource: Span | None = None
    for call in _calls(program):
        name = getattr(call.callee, "name", None)
        texts = [_literal(argument.value) for argument in call.arguments]
        if name in names and declared.target in texts:
            if declared.written in texts:
                return _argument_span(call, declared.target)
            by_target = by_target or _argument_span(call, declared.target)
        elif name == "resources" and declared.target.split("#")[0] in texts:
            by_resource = by_resource or call.span
    return by_target or by_resource or NOWHERE


def _argument_span(call: nodes.Call, target: str) -> Span:
    for argument in call.arguments:
        if _literal(argument.value) == target:
            return argument.value.span
    return call.span


def _literal(node: Any) -> str | None:
    return node.value if isinstance(node, nodes.Literal) and isinstance(node.value, str) else None


def _calls(node: Any) -> Iterator[nodes.Call]:
    """All calls by name in *node*, in source order. Iterative: programs may nest deeply."""
    waiting = [node]
    while waiting:
        item = waiting.pop()
        if isinstance(item, nodes.Call) and isinstance(item.callee, nodes.Name):
            yield item
        if isinstance(item, tuple | list):
            waiting.extend(reversed(item))
        elif isinstance(item, nodes.Node):
            waiting.extend(getattr(item, name) for name in reversed(type(item).field_names))
