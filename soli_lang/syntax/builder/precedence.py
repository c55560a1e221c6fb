"""Operator precedence: flat chains to trees (docs/spec §2.7)."""

from __future__ import annotations

from typing import Any, Final

from ...base.source import Span
from ...tree import nodes
from ...tree.nodes import Expr
from ..scanner.tokens import Token

_TERNARY: Final = 2
_ASSIGNMENT: Final = 1

LEVELS: Final[dict[str, int]] = {
    **dict.fromkeys(("*", "/", "%"), 10),
    **dict.fromkeys(("+", "-", "<<"), 9),
    "|>": 8,
    **dict.fromkeys(("<", "<=", ">", ">=", ".."), 7),
    **dict.fromkeys(("==", "!="), 6),
    "&&": 5,
    "||": 4,
    "??": 3,
    "?": _TERNARY,
    **dict.fromkeys(
        ("=", "+=", "-=", "*=", "/=", "%=", "||=", "&&=", "??=", "rescue"), _ASSIGNMENT
    ),
}
"""How tightly an operator binds; higher binds tighter."""

_RIGHT: Final = frozenset({_TERNARY, _ASSIGNMENT})
"""Levels that associate to the right."""
_LOGICAL: Final = frozenset({"&&", "||", "??"})


class BadTarget(Exception):
    """Something was assigned to that cannot be; `target` is that expression."""

    def __init__(self, target: Expr) -> None:
        super().__init__()
        self.target = target


def climb(first: Expr, chain: list[Any]) -> Expr:
    """The tree of `first op operand op operand …`.

    *chain* holds operator tokens and operands by turns; a `?` is followed by its middle operand,
    the colon, and the last operand. Uses a stack of its own: chains may be long.

    Raises:
        BadTarget: for an assignment to anything but a name, a member, an index or a call.
    """
    operands: list[Expr] = [first]
    pending: list[tuple[int, str, Expr | None]] = []
    at, size = 0, len(chain)
    while at < size:
        operator = chain[at].value
        level = LEVELS[operator]
        while pending and (pending[-1][0] > level or (pending[-1][0] == level not in _RIGHT)):
            _reduce(operands, pending.pop())
        if level == _TERNARY:
            pending.append((level, operator, chain[at + 1]))
            at += 2
        else:
            pending.append((level, operator, None))
        operands.append(chain[at + 1])
        at += 2
    while pending:
        _reduce(operands, pending.pop())
    return operands[0]


def _reduce(operands: list[Expr], entry: tuple[int, str, Expr | None]) -> None:
    level, operator, middle = entry
    right = operands.pop()
    left = operands[-1]
    span = Span(left.span[0], right.span[1])
    node: Expr
    if level > 8 or 6 <= level <= 7:
        node = nodes.Binary(span, operator, left, right)
    elif operator in _LOGICAL:
        node = nodes.Logical(span, operator, left, right)
    elif middle is not None:
        node = nodes.Conditional(span, left, middle, right)
    elif level == _ASSIGNMENT:
        node = _assign(span, operator, left, right)
    else:
        node = nodes.Pipeline(span, left, right)
    operands[-1] = node


def _assign(span: Span, operator: str, target: Expr, value: Expr) -> Expr:
    if operator == "rescue":
        return nodes.Rescue(span, target, value)
    if operator == "=" and isinstance(target, nodes.Call) and target.block is None:
        # `f(a) = v` is `f(a, v)` (docs/spec §2.7)
        arguments = (*target.arguments, nodes.Argument(value.span, value))
        return nodes.Call(span, target.callee, arguments)
    target = assignable(target)
    if operator == "=":
        return nodes.Assign(span, target, value)
    return nodes.CompoundAssign(span, target, operator[:-1], value)


def assignable(target: Expr) -> Expr:
    """*target* as what is assigned to.

    Raises:
        BadTarget: if nothing can be assigned to it.
    """
    if isinstance(target, nodes.Next):
        return nodes.Name(target.span, "next")
    if isinstance(target, nodes.Member) and target.is_safe:
        raise BadTarget(target)
    if not isinstance(target, nodes.Name | nodes.Member | nodes.Index):
        raise BadTarget(target)
    return target


__all__ = ["LEVELS", "BadTarget", "Token", "assignable", "climb"]
