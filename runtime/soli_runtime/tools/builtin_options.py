"""Options that builtins take in a Hash: one that nobody knows is an error when the call runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from soli_lang.base.near_names import did_you_mean
from soli_lang.tools.checker import ERROR, Finding
from soli_lang.tree import nodes

from ..builtins.routes import CORS_DEFAULTS

OPTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "KV.set": ("ttl", "if"),
    "cors": tuple(CORS_DEFAULTS),
    "router_websocket": ("protocols",),
    "websocket": ("protocols",),
    "ws_keep_history": ("messages", "seconds"),
    "ws_keep_state": ("bytes", "seconds", "keep", "tell"),
}
"""Builtin -> the keys of its last argument, if that is a Hash."""


def unknown_options(program: nodes.Program) -> list[Finding]:
    """Keys of literal hashes that the builtin refuses; not in a `try` or before a `rescue`."""
    if not any(_name(one.callee) in OPTIONS for one in nodes.every(program, (nodes.Call,))):
        return []
    defined = _defined(program)
    return [
        finding
        for node in _unguarded(program.body)
        if isinstance(node, nodes.Call)
        for finding in _of_call(program, node, defined)
    ]


def _defined(program: nodes.Program) -> frozenset[str]:
    """Functions and classes of the program, which take the place of builtins."""
    kinds = (nodes.FunctionNode, nodes.ClassDecl)
    return frozenset(one.name for one in nodes.every(program, kinds))


def _unguarded(root: nodes.Node) -> Iterator[Any]:
    pending: list[Any] = [root]
    while pending:
        node = pending.pop()
        if isinstance(node, nodes.Try | nodes.Rescue):
            continue
        yield node
        pending.extend(nodes.children(node))


def _of_call(
    program: nodes.Program, node: nodes.Call, defined: frozenset[str]
) -> Iterator[Finding]:
    name = _name(node.callee)
    known = OPTIONS.get(name)
    if known is None or name.partition(".")[0] in defined or len(node.arguments) < 2:
        return
    last = node.arguments[-1].value
    if not isinstance(last, nodes.HashLiteral):
        return
    for key, _ in last.pairs:
        written = key.value if isinstance(key, nodes.Literal) else None
        written = getattr(written, "name", written)
        if isinstance(written, str) and written not in known:
            message = f"{name}() has no option '{written}'"
            hint = did_you_mean(written, known) or f"its options are {', '.join(known)}"
            yield Finding(ERROR, "unknown-option", message, program.source, key.span, hint)


def _name(callee: nodes.Node) -> str:
    if isinstance(callee, nodes.Name):
        return callee.name
    if isinstance(callee, nodes.Member) and isinstance(callee.object, nodes.Name):
        return f"{callee.object.name}.{callee.name}"
    return ""
