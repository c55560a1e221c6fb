"""What the shape of an expression says about how to compile it."""

from __future__ import annotations

from typing import Any

from ...tree import nodes
from ..scopes import Block, Variable, children

MAX_NODES = 12
"""Nodes of one operand that are written out; a larger one is a closure."""

MAX_HOPS = 3
"""Frames out from the running one up to which a variable's place is written out."""

_QUIET_NODES = (
    nodes.Literal,
    nodes.Name,
    nodes.Index,
    nodes.Binary,
    nodes.Logical,
    nodes.Unary,
    nodes.Conditional,
    nodes.ArrayLiteral,
    nodes.HashLiteral,
)


def is_quiet(node: Any, block: Block) -> bool:
    """Whether *node*, in *block*, only reads variables that are near and computes."""
    pending = [node]
    while pending:
        node = pending.pop()
        if not isinstance(node, _QUIET_NODES):
            return False
        if isinstance(node, nodes.Name):
            variable = block.find(node.name)
            if variable is None or not is_near(variable, block):
                return False
        pending.extend(children(node))
    return True


def is_near(variable: Variable, block: Block) -> bool:
    """Whether *variable* is read and written as a place in text where *block* is written."""
    return variable.home is None or block.hops(variable) <= MAX_HOPS


def is_test(node: Any) -> bool:
    """Whether the value of *node* is a Bool, if it has one."""
    if isinstance(node, nodes.Binary):
        return node.operator in nodes.COMPARISONS
    return isinstance(node, nodes.Unary) and node.operator == "!"


def weight(node: Any, most: int) -> int:
    """How many nodes *node* is made of, blocks and functions aside; counts to just over *most*."""
    count, pending = 0, [node]
    while pending and count <= most:
        node = pending.pop()
        count += 1
        if not isinstance(node, nodes.Body | nodes.FunctionNode | nodes.Argument):
            pending.extend(children(node))
    return count


def soft(node: Any) -> Any:
    """The chain *node* with every member access safe and every index of null giving null.

    So `a.x.y ?? d` is `d` when anything on the way is null (decision 15).
    """
    if isinstance(node, nodes.Member):
        return nodes.Member(node.span, soft(node.object), node.name, True)
    if isinstance(node, nodes.Index):
        return nodes.SafeIndex(node.span, soft(node.object), node.index)
    return node
