"""Long chains of operators, members and calls, compiled from their inner end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..tree import nodes

if TYPE_CHECKING:
    from .compiler import Compiler

LINK = 8
"""Every so many links of a chain have a closure of their own."""


def make_spine(compiler: Compiler, node: Any) -> None:
    """Make the closures of a long chain (`a + b + c …`, `x.a.b.c…`) from its inner end.

    Otherwise compiling would recurse once for each link.
    """
    links = []
    while node is not None and id(node) not in compiler.ready:
        links.append(node)
        node = _inner_link(node)
    for link in reversed(links[LINK::LINK]):
        compiler.ready[id(link)] = (link, compiler.expr(link))


def _inner_link(node: Any) -> Any:
    kind = node.__class__
    if kind is nodes.Binary or kind is nodes.Logical:
        return node.left
    if kind is nodes.Member or kind is nodes.Index:
        return node.object
    if kind is nodes.Call and node.callee.__class__ is nodes.Member:
        return node.callee.object
    return None
