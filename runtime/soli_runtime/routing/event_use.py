"""Which parts of its event or request a handler can see at all, told from its text.

Most handlers only read `event["type"]`, `event["message"]` and the like. Where that is all that
becomes of the event, the parts that are never named need not be copied for every message, or
decoded from a body.
"""

from __future__ import annotations

from typing import Any

from soli_lang.tree import nodes
from soli_lang.values.values import Function

from ..core.events import PARTS

BODY_PARTS = ("body", "json", "form", "files", "all")
"""Keys of a request that are made of its body, in the order in which they stand."""


def parts_seen(function: Function, parts: tuple[str, ...] = PARTS) -> tuple[str, ...]:
    """Those of *parts* that *function* may see of its argument; all when in doubt."""
    node = function.node
    if not isinstance(node, nodes.FunctionNode) or len(node.params) != 1:
        return parts
    keys = _keys_read(node.body, node.params[0].name)
    return parts if keys is None else tuple(part for part in parts if part in keys)


def body_parts_seen(function: Any) -> tuple[str, ...]:
    """The same of an action (or its code) or middleware and `BODY_PARTS` of its request."""
    node = getattr(function, "node", None)
    if not isinstance(node, nodes.FunctionNode):
        return BODY_PARTS
    return parts_seen(function, BODY_PARTS) if node.params else ()  # it takes no request


def _keys_read(body: object, name: str) -> set[str] | None:
    """The keys under which *body* indexes the variable *name*; None if it does anything else.

    "Anything else" is every other mention: passing it on, returning it, a key that is computed, a
    variable or member of the same name. So whatever is not recognised counts as seeing all.
    """
    keys: set[str] = set()
    # Iterative: programs may nest deeply.
    waiting: list[object] = [body]
    while waiting:
        item = waiting.pop()
        if isinstance(item, tuple | list):
            waiting.extend(item)
        elif isinstance(item, nodes.Node):
            key = _constant_key(item, name)
            if key is not None:
                keys.add(key)
                continue
            if getattr(item, "name", None) == name:
                return None
            waiting.extend(getattr(item, field) for field in type(item).field_names[1:])
    return keys


def _constant_key(node: nodes.Node, name: str) -> str | None:
    """The `"k"` of `name["k"]`; None for any other node."""
    if (
        isinstance(node, nodes.Index | nodes.SafeIndex)
        and isinstance(node.object, nodes.Name)
        and node.object.name == name
        and isinstance(node.index, nodes.Literal)
        and isinstance(node.index.value, str)
    ):
        return node.index.value
    return None
