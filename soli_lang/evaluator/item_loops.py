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
from .facts import assigned_value
from .functions import Start, compiled, counted
from .int_trees import int_step
from .scopes import Variable
from .writer import Writer

PART = 64
"""Items that a loop pays for at a time, so that one that is left early pays little too much."""


class Turn:
    """What a loop does with the value of each item, or of two that it takes: *items*."""

    def __init__(self, writer: Writer, kind: str) -> None:
        self.writer = writer
        self.kind = kind
        self.items: list[str] = []
        self.wants_truth = kind in ("kept", "dropped", "first", "first_not")

    def end(self, value: Any) -> None:
        """*value*: of the body, or whether that is true."""
        out, items = self.writer.out, [py.name(one) for one in self.items]
        if self.kind == "results":
            out.append(py.run(py.Yield(value)))
        elif self.kind == "collected":
            out.append(py.run(py.method(py.name("found"), "append", value)))
        elif self.kind == "folded":
            out.append(py.assign(self.items[0], value))
        else:
            wanted = py.negation(value) if self.kind in ("dropped", "first_not") else value
            out.append(py.when(wanted, [self._taken(items)]))

    def _taken(self, items: list[Any]) -> Any:
        if self.kind not in ("kept", "dropped"):
            return py.give(py.Tuple(items, py.LOAD))
        if len(items) == 1:
            return py.run(py.method(py.name("found"), "append", *items))
        return py.put(py.name("found"), *items)


def looping(code: Code, kind: str) -> Callable[..., Any] | None:
    """A maker, as `functions.written`, of a loop; None for a body that is none.

    That is `loop(items)`, or `loop(rows, items)` where the function takes two: *rows* are as many.
    For "folded" it is `loop(items, initial)`; for "values", of a function that reads nothing of
    its first parameter, `loop(items)` with what the second one is given.
    """
    if code.is_method or not _is_straight(code) or (kind == "results" and not code.is_leaf):
        return None
    if kind == "values" and not _is_unread(code, code.names[0]):
        return None
    start = Start(code)
    writer = start.writer
    writer.turn = turn = Turn(writer, kind)
    # What is given for each item may be assigned in the body; then the item is kept beside it.
    own = []
    for index, identifier in enumerate(start.parameters):
        is_kept = turn.wants_truth and code.names[index] in code.summary.assigned
        turn.items.append(f"item{index}" if is_kept else identifier)
        own += [py.assign(identifier, py.name(f"item{index}"))] if is_kept else []
    is_tail = kind not in ("each", "values")
    body = writer.lines(lambda: writer.statements(code.node.body.statements, is_tail=is_tail))
    writer.finish()
    lines = [*own, *start.given, *start.classes(), *start.variables(), *body] or [py.Pass()]
    lines = _over(code, start, turn, lines)
    if not code.is_leaf:
        lines = counted(code, lines)
    given = ["items0", "items1"][: 1 if kind == "values" else len(start.parameters)]
    made = py.function("loop", given, 0, [*start.fields(), *lines])
    return compiled(
        writer,
        py.function("make", start.outer, 0, [made, py.give(py.name("loop"))]),
        code.node.span,
    )


def _over(code: Code, start: Start, turn: Turn, lines: list[Any]) -> list[Any]:
    """A loop of turns that are *lines*, with what comes before and after it."""
    kind, items = turn.kind, turn.items
    if kind == "folded":
        first = py.assign(items[0], py.name("items1"))
        over = _over_items(items[1:], lines, _fold(code, start, items[0]))
        return [first, *over, py.give(py.name(items[0]))]
    takes_one = len(items) == 1 or kind == "values"
    step = _step(code, start) if takes_one and kind in ("each", "values") else None
    over = _over_items(items[-1:], lines, step) if takes_one else _over_rows(items, lines, kind)
    if kind not in ("collected", "kept", "dropped"):
        return over
    empty = py.List([], py.LOAD) if takes_one else py.Dict([], [])
    return [py.assign("found", empty), *over, py.give(py.name("found"))]


def _is_unread(code: Code, name: str) -> bool:
    summary = code.summary
    return not summary.is_reflective and name not in summary.mentioned | summary.assigned


class _Step:
    """What a block does that is no more than a sum, in a variable of the function around it, to
    which every item adds."""

    def __init__(self, held: Any, stored: list[Any], found: tuple[Any, Any] | None) -> None:
        self.held = held
        self.stored = stored
        self.found = found
        """(condition, the sum with an item more)"""
        self.is_plain = False
        """Whether what is added is the item itself."""


SUM = "sum0"
"""The sum, while it is an Int: what the variable holds is looked at once for many items."""


def _step(code: Code, start: Start) -> _Step | None:
    statements = code.node.body.statements
    if len(statements) != 1 or start.given:
        return None
    node, writer = statements[0], start.writer
    if node.__class__ not in (nodes.Assign, nodes.CompoundAssign):
        return None
    value = assigned_value(node)
    target = node.target
    if target.__class__ is not nodes.Name:
        return None
    variable = writer.block.find(target.name, target.span.start)
    if variable is None or variable.is_const or variable in start.params:
        return None
    if variable.home is not None and not variable.cell:
        return None
    found = int_step(writer, value, variable, SUM)
    if found is None:
        return None
    stored = writer.lines(lambda: writer.store(variable, py.name(SUM)))
    step = _Step(writer.load(variable), stored, found)
    step.is_plain = _adds(writer, value, {variable, start.params[-1]})
    return step


def _fold(code: Code, start: Start, held: str) -> _Step | None:
    """What a block does that adds its two parameters, of which *held* is the first."""
    statements = code.node.body.statements
    if len(statements) != 1 or start.given:
        return None
    if not _adds(start.writer, statements[0], set(start.params)):
        return None
    step = _Step(py.name(held), [py.assign(held, py.name(SUM))], None)
    step.is_plain = True
    return step


def _adds(writer: Writer, node: Any, variables: set[Variable]) -> bool:
    """Whether *node* is the sum of these two *variables*."""
    if node.__class__ is not nodes.Binary or node.operator != "+":
        return False
    left, right = node.left, node.right
    if not (isinstance(left, nodes.Name) and isinstance(right, nodes.Name)):
        return False
    return variables == {writer.block.find(one.name, one.span.start) for one in (left, right)}


def _over_items(parameters: list[str], turn: list[Any], step: _Step | None = None) -> list[Any]:
    """*turn* for each of `items0`, some at a time."""
    until = py.binary(py.name("start"), "+", py.constant(PART))
    part = py.item(py.name("items0"), py.Slice(py.name("start"), until, None))
    lines = [
        py.assign("part0", part),
        py.run(py.call("spend", py.call("len", py.name("part0")))),
        *([] if step is None else [_stepping(parameters, turn, step)]),
        py.For(py.Name(parameters[0], py.STORE), py.name("part0"), turn, [], None),
    ]
    return [_by_parts(py.call("len", py.name("items0")), lines)]


def _stepping(parameters: list[str], turn: list[Any], step: _Step) -> Any:
    """*step* for each of the part that can be done so: the rest of it, if there is one, follows."""
    lines = []
    done = [*step.stored, py.Continue()]
    if step.is_plain:
        total = py.bound("added0", py.call("added", py.name(SUM), py.name("part0")))
        is_known = py.compare(total, "is not", py.none())
        lines.append(py.when(is_known, [py.assign(SUM, py.name("added0")), *done]))
    if step.found is not None:
        condition, value = step.found
        otherwise = [*step.stored, *turn, py.Break()]
        summed = py.when(condition, [py.assign(SUM, value)], otherwise)
        item = py.Name(parameters[0], py.STORE)
        lines.append(py.assign("part0", py.call("iter", py.name("part0"))))
        lines.append(py.For(item, py.name("part0"), [summed], done, None))
    return py.when(py.is_kind(py.bound(SUM, step.held), "int"), lines)


def _over_rows(parameters: list[str], turn: list[Any], kind: str) -> list[Any]:
    """*turn* for each of the rows `items0`, as many as `items1` has, some at a time."""
    size, count = py.constant(PART), py.call("len", py.name("items1"))
    left = py.binary(count, "-", py.name("start"))
    given = py.Tuple([py.Name(one, py.STORE) for one in parameters], py.STORE)
    lines = [
        py.run(py.call("spend", py.call("min", size, left))),
        # Keys of a hash that is made may all want the same place (`machine.CROWDED`).
        *([py.run(py.call("check_time"))] if kind in ("kept", "dropped") else []),
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
