"""Functions of one parameter written as loops over many items, for builtins of collections.

`xs.map(|x| x * 2)` would call the block for each item. Where the body leaves only at its end it
becomes the body of a Python loop: one charge for many items, and no calls (see `iteration`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..tree import nodes
from . import python as py
from .code import Code
from .functions import Start, compiled, counted
from .scopes import children
from .writer import Writer

PART = 64
"""Items that a loop pays for at a time, so that one that is left early pays little too much."""

_LEAVING = (nodes.Return, nodes.Try, nodes.BlockExpr)


class Turn:
    """What a loop does with the value of each item."""

    def __init__(self, writer: Writer, kind: str, item: str) -> None:
        self.writer = writer
        self.kind = kind
        self.item = item
        self.wants_truth = kind in ("kept", "dropped", "first", "first_not")

    def end(self, value: Any) -> None:
        """*value*: of the body, or whether that is true."""
        out, item = self.writer.out, py.name(self.item)
        if self.kind == "each":
            out.append(py.run(value))
        elif self.kind == "results":
            out.append(py.run(py.Yield(value)))
        elif self.kind == "collected":
            out.append(py.run(py.call("add", value)))
        else:
            wanted = py.negation(value) if self.kind in ("dropped", "first_not") else value
            found = py.give(py.Tuple([item], py.LOAD))
            if self.kind in ("kept", "dropped"):
                found = py.run(py.call("add", item))
            out.append(py.when(wanted, [found]))


def looping(code: Code, kind: str) -> Callable[..., Any] | None:
    """A maker, as `functions.written`, of `loop(items)`; None for a body that is none."""
    if not _is_straight(code) or (kind == "results" and not code.is_leaf):
        return None
    start = Start(code)
    writer = start.writer
    parameter = start.parameters[-1]
    writer.turn = Turn(writer, kind, "item")
    body = writer.lines(lambda: writer.statements(code.node.body.statements, is_tail=True))
    writer.finish()
    turn = [py.assign(parameter, py.name("item")), *start.given, *start.variables(), *body]
    size = py.constant(PART)
    each = py.For(py.Name("item", py.STORE), py.name("part"), turn, [], None)
    until = py.binary(py.name("start"), "+", size)
    part = py.item(py.name("items"), py.Slice(py.name("start"), until, None))
    parts = [
        py.assign("part", part),
        py.run(py.call("spend", py.call("len", py.name("part")))),
        each,
    ]
    starts = py.call("range", py.constant(0), py.call("len", py.name("items")), size)
    lines = [py.For(py.Name("start", py.STORE), starts, parts, [], None)]
    if kind in ("collected", "kept", "dropped"):
        lines.insert(0, py.assign("found", py.List([], py.LOAD)))
        lines.insert(1, py.assign("add", py.attribute("found", "append")))
        lines.append(py.give(py.name("found")))
    if not code.is_leaf:
        lines = counted(code, lines)
    lines = [*start.fields(), *lines]
    if code.is_method:
        return None
    made = py.function("loop", ["items"], 0, lines)
    return compiled(
        writer,
        py.function("make", start.outer, 0, [made, py.give(py.name("loop"))]),
        code.node.span,
    )


def _is_straight(code: Code) -> bool:
    """Whether the body leaves only at its end."""
    if code.node.return_type is not None or code.has_block:
        return False
    pending: list[Any] = list(code.node.body.statements)
    while pending:
        node = pending.pop()
        if isinstance(node, _LEAVING):
            return False
        if not isinstance(node, nodes.FunctionNode | nodes.ClassDecl | nodes.EnumDecl):
            pending.extend(children(node))
    return True
