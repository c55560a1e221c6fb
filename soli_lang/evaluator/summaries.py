"""What functions mention, by names alone: looked at once for a whole file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..tree import nodes

HIDDEN = "%this"
"""The receiver of a static method, which has no name (docs/decisions/0030)."""
CLASS = "%class"
"""The hidden variable of a class body that `super` starts from."""

_MAKING_METHODS = frozenset({"define_method", "alias_method"})
"""What reads `this` without naming it."""


class Summary:
    """What a function, class or enum mentions, itself and in whatever is nested in it."""

    __slots__ = (
        "assigned", "has_patterns", "is_reflective", "mentioned", "nested", "skips", "uses_it",
        "uses_this",
    )  # fmt: skip

    def __init__(self) -> None:
        self.mentioned: set[str] = set()
        self.nested: set[str] = set()
        """What only the functions and classes nested in it mention."""
        self.assigned: set[str] = set()
        self.uses_this = False
        self.uses_it = False
        """Whether it reads an `it` that is not one of a block inside."""
        self.skips = False
        """Whether it may end in a stray `next` or `break`."""
        self.has_patterns = False
        """Whether patterns in it may bind names."""
        self.is_reflective = False
        """Whether it asks `defined` or `const_get` for a name that is not written in place."""

    def add(self, inner: Summary, node: Any) -> None:
        """Add what is known of *node*, which is nested in this one."""
        self.nested |= inner.mentioned
        self.mentioned |= inner.mentioned
        self.assigned |= inner.assigned
        self.is_reflective = self.is_reflective or inner.is_reflective
        if node.__class__ is nodes.FunctionNode:
            self.uses_this = self.uses_this or inner.uses_this
            self.uses_it = self.uses_it or (inner.uses_it and not _has_own_it(node))


class Summaries:
    """The summaries of one file, by node. Each function is looked at once."""

    def __init__(self) -> None:
        self._known: dict[int, Summary] = {}

    def of(self, root: Any) -> Summary:
        """The summary of *root*, a function, class, enum or the body of a file."""
        known = self._known.get(id(root))
        return known if known is not None else self._look(root)

    def _look(self, root: Any) -> Summary:
        first = Summary()
        opened: list[tuple[Any, Summary, Summary]] = [(root, first, first)]
        for node, summary, _ in opened:  # which grows meanwhile
            self._known[id(node)] = summary
            opened += [(one, Summary(), summary) for one in _noted(node, summary)]
        for node, inner, outer in reversed(opened[1:]):
            outer.add(inner, node)
        return first


def _has_own_it(node: nodes.FunctionNode) -> bool:
    if node.params:
        return any(param.name == "it" for param in node.params)
    return bool(node.name == "<lambda>")


def _noted(root: Any, summary: Summary) -> list[Any]:
    """Note in *summary* what *root* does itself; what is nested in it."""
    nested: list[Any] = []
    pending: list[tuple[Any, bool]] = [(root, False)]
    while pending:
        node, in_loop = pending.pop()
        kind, row = node.__class__, node.row
        if row.is_scope and node is not root:
            nested.append(node)
            continue
        note = _NOTED.get(kind)
        if note is not None:
            note(node, summary)
        if not row.is_plain or row.reads_this:
            _note_row(node, row, summary)
        if row.leaves == nodes.LOOP and not in_loop:
            summary.skips = True
        in_loop = in_loop or (bool(row.loops) and isinstance(node, nodes.Stmt))
        inside = nodes.children(node)
        if kind is nodes.Call and node.callee.__class__ is nodes.Name:
            del inside[0]  # `it("works")` reads no `it`
        for child in inside:
            pending.append((child, in_loop))
    return nested


def _note_row(node: Any, row: nodes.Row, summary: Summary) -> None:
    """What the row of its kind says of the names in *node*."""
    for field in row.reads:
        names = getattr(node, field)
        if names:
            summary.mentioned.update(names if names.__class__ is tuple else (names,))
    if row.reads_this:
        summary.uses_this = True
        summary.mentioned.update((HIDDEN, CLASS))
    if row.assigns:
        target = getattr(node, row.assigns)
        if target.__class__ is nodes.Name:
            summary.assigned.add(target.name)
    if row.matches:
        summary.has_patterns = True


def _note_name(node: nodes.Name, summary: Summary) -> None:
    if node.name in _MAKING_METHODS:
        summary.uses_this = True
    elif node.name == "it":
        summary.uses_it = True


def _note_call(node: nodes.Call, summary: Summary) -> None:
    """`defined(name)` may mean any variable."""
    if not isinstance(node.callee, nodes.Name):
        return
    name = node.callee.name
    summary.mentioned.add(name)
    if name in _MAKING_METHODS:
        summary.uses_this = True
    elif name in ("defined", "const_get"):
        literal = all(one.value.__class__ is nodes.Literal for one in node.arguments)
        summary.is_reflective = summary.is_reflective or not literal


def _note_literal(node: nodes.Literal, summary: Summary) -> None:
    if node.value.__class__ is str and node.value.isidentifier():
        summary.mentioned.add(node.value)  # may be the argument of `defined`


_NOTED: dict[type, Callable[[Any, Summary], None]] = {
    nodes.Name: _note_name,
    nodes.Call: _note_call,
    nodes.Literal: _note_literal,
}
"""Kinds of which some, by what they are, say more than their row."""
