"""Strings that expressions make, written out: joined ones and interpolated ones (see `inline`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...base.errors import SoliError
from ...tree import nodes
from ...values.display import to_text
from .shapes import MAX_NODES, weight
from .templates import FALLBACK, INLINE_JOIN, SPEND

if TYPE_CHECKING:
    from .inline import Inliner

MAX_PARTS = 32
"""Parts of an interpolation that become a Python f-string."""
UNCLAIMED = 256
"""Characters of an interpolated string that need no claim on memory."""


def joined(inliner: Inliner, node: nodes.Binary) -> str:
    """`+` whose left side is certain to be a String."""
    slow = inliner.bind(inliner.compiler.slow_operator(node), FALLBACK)
    a, b = inliner.temporary(), inliner.temporary()
    left, right = inliner.value(node.left), inliner.value(node.right)
    if isinstance(node.left, nodes.Literal):
        a = left
        length, kind = f"len({b} := {right})", f"({b} := {right}).__class__ is str"
        rest = f"len({b})"
    else:
        length = f"len({a} := {left}) + len({b} := {right})"
        kind = f"({a} := {left}).__class__ is ({b} := {right}).__class__"
        rest = f"len({a}) + len({b})"
    fits = length if is_text(inliner, node.right) else f"{kind} and {rest}"
    return f"({a} + {b} if {fits} <= {INLINE_JOIN} else {slow}({a}, {b}))"


def is_text(inliner: Inliner, node: Any) -> bool:
    """Whether *node* is certain to give a String, if it gives anything."""
    if isinstance(node, nodes.Binary):
        if node.operator != "+" or weight(node, MAX_NODES) > MAX_NODES:
            return False
        return is_text(inliner, node.left) and is_text(inliner, node.right)
    if isinstance(node, nodes.Call):
        native = inliner.builtin(node)
        return native is not None and native.declaration.gives is str
    if isinstance(node, nodes.Literal):
        return node.value.__class__ is str
    return isinstance(node, nodes.Interpolation)


def interpolation(inliner: Inliner, node: nodes.Interpolation) -> str:
    """`"a#{b}c"`"""
    parts: list[str] = []
    for part in node.parts:
        parts.append(inliner.bind(part, "k") if isinstance(part, str) else shown(inliner, part))
    # Quotes inside are those of another interpolation; they cannot be nested before 3.12.
    # And Python's time to compile an f-string grows with the square of its parts.
    if len(parts) > MAX_PARTS or any("'" in part for part in parts):
        text = "''.join((" + ", ".join(f"str({part})" for part in parts) + ",))"
    else:
        text = "f'" + "".join(f"{{{part}}}" for part in parts) + "'"
    found = inliner.temporary()
    claimed = inliner.bind(claiming(inliner, node))
    return f"({found} if len({found} := {text}) <= {UNCLAIMED} else {claimed}({found}))"


def shown(inliner: Inliner, node: Any) -> str:
    """The display form of *node*; an Int, which Python shows as Soli does, as it is."""
    found, kind = inliner.temporary(), inliner.temporary()
    value, raw = inliner.operand(node)
    spend = inliner.compiler.machine.spend
    otherwise = (
        f"to_text({found}, {SPEND})"
        if raw is None
        else inliner.general(lambda value: to_text(value, spend), FALLBACK, (found,), (raw,))
    )
    return (
        f"({found} if ({kind} := ({found} := {value}).__class__) is str or {kind} is int "
        f"else {otherwise})"
    )


def claiming(inliner: Inliner, node: nodes.Node) -> Any:
    """(text) -> the same, claimed as memory that the program built."""
    machine, span, source = inliner.compiler.machine, node.span, inliner.compiler.source

    def claimed(text: str) -> str:
        try:
            machine.check_length(len(text))
        except SoliError as error:
            error.locate(span, source)
            raise
        return text

    return claimed
