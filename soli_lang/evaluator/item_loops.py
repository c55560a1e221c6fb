"""Functions of one or two parameters written as loops over many items, for builtins of collections.

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
from .writer import Writer

PART = 64
"""Items that a loop pays for at a time, so that one that is left early pays little too much."""


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
        if self.kind == "results":
            out.append(py.run(py.Yield(value)))
        elif self.kind == "collected":
            out.append(py.run(py.method(py.name("found"), "append", value)))
        else:
            wanted = py.negation(value) if self.kind in ("dropped", "first_not") else value
            found = py.give(py.Tuple([item], py.LOAD))
            if self.kind in ("kept", "dropped"):
                found = py.run(py.method(py.name("found"), "append", item))
            out.append(py.when(wanted, [found]))


def looping(code: Code, kind: str) -> Callable[..., Any] | None:
    """A maker, as `functions.written`, of a loop; None for a body that is none.

    That is `loop(items)`, or `loop(rows, items)` where the function takes two: *rows* are as many.
    """
    if code.is_method or not _is_straight(code) or (kind == "results" and not code.is_leaf):
        return None
    start = Start(code)
    writer = start.writer
    writer.turn = Turn(writer, kind, "item")
    # What is given for each item may be assigned in the body; then the item is kept beside it.
    wants_item = writer.turn.wants_truth and code.names[0] in code.summary.assigned
    first = "item" if wants_item else start.parameters[0]
    writer.turn.item = first
    body = writer.lines(
        lambda: writer.statements(code.node.body.statements, is_tail=kind != "each")
    )
    writer.finish()
    own = [py.assign(start.parameters[0], py.name("item"))] if wants_item else []
    turn = [*own, *start.given, *start.classes(), *start.variables(), *body]
    parameters = [first, *start.parameters[1:]]
    over = _over_items if len(parameters) == 1 else _over_rows
    lines = over(parameters, turn or [py.Pass()])
    if kind in ("collected", "kept", "dropped"):
        lines = [py.assign("found", py.List([], py.LOAD)), *lines, py.give(py.name("found"))]
    if not code.is_leaf:
        lines = counted(code, lines)
    given = ["items0", "items1"][: len(parameters)]
    made = py.function("loop", given, 0, [*start.fields(), *lines])
    return compiled(
        writer,
        py.function("make", start.outer, 0, [made, py.give(py.name("loop"))]),
        code.node.span,
    )


def _over_items(parameters: list[str], turn: list[Any]) -> list[Any]:
    """*turn* for each of `items0`, some at a time."""
    until = py.binary(py.name("start"), "+", py.constant(PART))
    part = py.item(py.name("items0"), py.Slice(py.name("start"), until, None))
    lines = [
        py.assign("part0", part),
        py.run(py.call("spend", py.call("len", py.name("part0")))),
        py.For(py.Name(parameters[0], py.STORE), py.name("part0"), turn, [], None),
    ]
    return [_by_parts(py.call("len", py.name("items0")), lines)]


def _over_rows(parameters: list[str], turn: list[Any]) -> list[Any]:
    """*turn* for each of the rows `items0`, as many as `items1` has, some at a time."""
    size, count = py.constant(PART), py.call("len", py.name("items1"))
    left = py.binary(count, "-", py.name("start"))
    given = py.Tuple([py.Name(one, py.STORE) for one in parameters], py.STORE)
    lines = [
        py.run(py.call("spend", py.call("min", size, left))),
        py.For(given, py.call("islice", py.name("part0"), size), turn, [], None),
    ]
    # An iterator goes on where the part before ended.
    return [py.assign("part0", py.call("iter", py.name("items0"))), _by_parts(count, lines)]


def _by_parts(count: Any, lines: list[Any]) -> Any:
    starts = py.call("range", py.constant(0), count, py.constant(PART))
    return py.For(py.Name("start", py.STORE), starts, lines, [], None)


def _is_straight(code: Code) -> bool:
    """Whether the body leaves only at its end."""
    if code.node.return_type is not None or code.has_block:
        return False
    return not any(
        node.row.leaves == nodes.FUNCTION or node.row.outlined
        for node in nodes.walk(code.node.body, nodes.SCOPES)
    )
