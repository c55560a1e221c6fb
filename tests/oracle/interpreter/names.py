"""Which variables a block, function or file has, by its text (docs/decisions/0055)."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from soli_lang.tree import nodes

PATTERNS = nodes.NamePattern | nodes.TypePattern
SCOPES = nodes.Body | nodes.FunctionNode
CLASSES = nodes.ClassDecl | nodes.EnumDecl
ASSIGNMENTS = nodes.Assign | nodes.CompoundAssign | nodes.Increment


def declared(node: nodes.Node) -> Iterator[tuple[str, int]]:
    """The variables of the block *node*, and from which place of the text on they are."""
    for inside in nodes.children(node):
        if isinstance(inside, nodes.Let | nodes.Const):
            yield inside.name, inside.span.end
        elif isinstance(inside, PATTERNS):
            yield inside.name, inside.span.start
        elif isinstance(inside, nodes.ArrayPattern | nodes.HashPattern) and inside.rest:
            yield inside.rest, inside.span.start
        elif isinstance(inside, CLASSES):
            yield inside.name, 0
        elif isinstance(inside, nodes.FunctionDecl):
            yield inside.function.name, 0
        while isinstance(inside, nodes.ArrayComprehension | nodes.HashComprehension):
            inside = inside.iterable
        if not isinstance(inside, CLASSES | SCOPES):
            yield from declared(inside)


def constants(node: nodes.Node) -> Iterator[str]:
    """The variables of the block *node* that a `const` declares, wherever in it that stands."""
    for inside in nodes.children(node):
        if isinstance(inside, nodes.Const):
            yield inside.name
        elif isinstance(inside, nodes.Export):
            yield from constants(inside)


def assigned(node: Any, hidden: dict[str, int] | None = None) -> Iterator[str]:
    """The names that the text of a function or file assigns, but for those of its blocks from
    where these begin."""
    hidden = hidden or {}
    if isinstance(node, nodes.Body):
        hidden = hidden | begins(node)
    elif isinstance(node, nodes.For):
        hidden = hidden | dict.fromkeys((node.variable, node.index or node.variable), 0)
    elif isinstance(node, nodes.ArrayComprehension | nodes.HashComprehension | nodes.Handler):
        hidden = hidden | {node.variable or "": 0}
    target = node.target if isinstance(node, ASSIGNMENTS) else None
    is_name = isinstance(target, nodes.Name)
    if is_name and target.span.start < hidden.get(target.name, sys.maxsize):
        yield target.name
    for inside in nodes.children(node):
        if not isinstance(inside, nodes.FunctionNode | nodes.ClassDecl | nodes.EnumDecl):
            yield from assigned(inside, hidden)


def begins(node: nodes.Body) -> dict[str, int]:
    """From where on each name that the block *node* declares is its variable."""
    found: dict[str, int] = {}
    for name, begin in declared(node):
        found[name] = min(begin, found.get(name, begin))
    return found


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
