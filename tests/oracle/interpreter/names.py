"""Which variables are a function's or file's own: those that its text assigns (docs/spec §4.6)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from soli_lang.tree import nodes

PATTERNS = (nodes.NamePattern, nodes.TypePattern)
WITH_REST = (nodes.ArrayPattern, nodes.HashPattern)
ASSIGNMENTS = (nodes.Assign, nodes.CompoundAssign, nodes.Increment)
SCOPES = (nodes.Body, nodes.FunctionNode, nodes.ArrayComprehension, nodes.HashComprehension)
CLASSES = (nodes.ClassDecl, nodes.EnumDecl)


def declared(body: nodes.Body) -> set[str]:
    """What `let`, `const`, declarations and patterns make variables of the block *body*."""
    return {name for statement in body.statements for name in declared_by(statement)}


def declared_by(node: nodes.Node) -> Iterator[str]:
    if isinstance(node, nodes.Let | nodes.Const | nodes.ClassDecl | nodes.EnumDecl):
        yield node.name
    elif isinstance(node, nodes.FunctionDecl):
        yield node.function.name
    elif isinstance(node, PATTERNS):
        yield node.name
    elif isinstance(node, WITH_REST) and node.rest is not None:
        yield node.rest
    if not isinstance(node, CLASSES):
        for inside in nodes.children(node):
            if not isinstance(inside, SCOPES):
                yield from declared_by(inside)


def assigned(node: Any, hidden: frozenset[str] = frozenset()) -> Iterator[str]:
    """The names that the text of a function or file assigns, but for those of its blocks."""
    if isinstance(node, nodes.Body):
        hidden |= declared(node)
    elif isinstance(node, nodes.For):
        hidden |= {node.variable, node.index or node.variable}
    elif isinstance(node, nodes.ArrayComprehension | nodes.HashComprehension | nodes.Handler):
        hidden |= {node.variable or ""}
    elif isinstance(node, ASSIGNMENTS) and isinstance(node.target, nodes.Name):
        yield from {node.target.name} - hidden
    for inside in nodes.children(node):
        if not isinstance(inside, nodes.FunctionNode | nodes.ClassDecl | nodes.EnumDecl):
            yield from assigned(inside, hidden)


def ends(node: nodes.Node) -> list[nodes.Next]:
    """The `next` that *node* may end in, when it is a statement."""
    branches: list[Any] = []
    if isinstance(node, nodes.Next):
        return [node]
    if isinstance(node, nodes.Logical):
        branches = [node.right]
    elif isinstance(node, nodes.Conditional):
        branches = [node.then, node.otherwise]
    elif isinstance(node, nodes.Match):
        branches = [arm.body for arm in node.arms]
    return [found for branch in branches for found in ends(branch)]
