"""Loops that count, written as Python's loops over ranges of turns that are paid for together.

`for i in a..b` and `while i < n … i += 1` know how many turns follow. What was paid for and not run
is what the range has left, so a turn pays for itself by being counted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..tree import nodes
from . import python as py
from .facts import assigned_value
from .places import PLAIN
from .scopes import Variable
from .writer import MANY_LINES, Writer


def ends_of(writer: Writer, node: Any) -> Any:
    """An expression for the two ends of the range *node*."""
    first, last = writer.operands(node.left, node.right)
    if writer.kind_of(node.left) is int and writer.kind_of(node.right) is int:
        return py.Tuple([first, last], py.LOAD)
    return py.call("ends", first, last, at=writer.at(node))


def write_range(
    writer: Writer, node: nodes.For, ends: Any, target: Any, write: Callable[[], None]
) -> None:
    """`for target in a..b`, between these *ends*, of turns that *write* appends."""
    numbers, first, last = writer.fresh("n"), writer.fresh(), writer.fresh()
    body = writer.turn_of(node, write, numbers)
    part = py.call("span_turns", py.name(first), py.name(last), at=_place(writer, node))
    turns = [
        _assign_both(first, numbers, part),
        py.For(target, py.name(numbers), body or [py.Pass()], [py.Continue()], None),
        *_left(numbers),
    ]
    below = py.compare(py.name(first), "<", py.name(last))
    writer.add_loop(_assign_both(first, last, ends), py.While(below, turns, []))


def _assign_both(first: str, second: str, values: Any) -> Any:
    names = [py.Name(one, py.STORE) for one in (first, second)]
    return py.Assign([py.Tuple(names, py.STORE)], values)


def counter_of(writer: Writer, node: nodes.While) -> Variable | None:
    """What *node* counts up by one at the end of each turn, and compares with what stays as it is;
    None where it is another loop.
    """
    condition, statements = node.condition, node.body.statements
    if condition.__class__ is not nodes.Binary or condition.operator != "<":
        return None
    if not statements or len(statements) >= MANY_LINES:
        return None
    counter = _local(writer, condition.left)
    last = statements[-1]
    if counter is None or counter.kind is not int or not _adds_one(last, counter.name):
        return None
    block = writer.unit.scopes.of(node.body)
    if block.find(counter.name, last.span.start) is not counter:
        return None
    names = {counter.name}
    if condition.right.__class__ is nodes.Name:
        names.add(condition.right.name)
        variable = writer.block.find(condition.right.name, condition.right.span.start)
        is_constant = variable is not None and writer.is_settled(variable) and not variable.home
        if not is_constant and _local(writer, condition.right) is None:
            return None
    elif not _is_int(condition.right):
        return None
    return counter if all(_keeps(one, names) for one in statements[:-1]) else None


def _local(writer: Writer, node: Any) -> Variable | None:
    """The variable of this function that *node* reads, which nobody else changes."""
    if node.__class__ is not nodes.Name:
        return None
    variable = writer.block.find(node.name, node.span.start)
    if variable is None or variable.cell or variable.home is None:
        return None
    return variable


def _adds_one(node: Any, name: str) -> bool:
    """Whether *node* is `name += 1`."""
    value: Any = assigned_value(node)
    if value.__class__ is not nodes.Binary or value.operator != "+":
        return False
    parts: tuple[Any, Any] = value.left, value.right
    return (
        node.target.__class__ is parts[0].__class__ is nodes.Name
        and node.target.name == parts[0].name == name
        and _is_int(parts[1])
        and parts[1].value == 1
    )


def _is_int(node: Any) -> bool:
    return node.__class__ is nodes.Literal and node.value.__class__ is int


def _keeps(statement: Any, names: set[str]) -> bool:
    """Whether *statement* gives none of *names* another value, and no `next` is in it."""
    for node in nodes.walk(statement, nodes.SCOPES):
        row = node.row
        if node.__class__ is nodes.Next:
            return False
        given = [row.declares, row.matches, *row.binds]
        if any(getattr(node, field) in names for field in given if field):
            return False
        if row.assigns:
            target = getattr(node, row.assigns)
            if target.__class__ is nodes.Name and target.name in names:
                return False
    return True


def write_counting(writer: Writer, node: nodes.While, counter: Variable, condition: Any) -> None:
    """`while i < n` whose last statement is `i += 1`. What *n* is, is asked again for each of the
    ranges; where it is no Int these have one turn."""
    numbers, identifier = writer.fresh("n"), writer.identifier(counter)
    *statements, step = node.body.statements
    body = writer.turn_of(node, lambda: writer.body(node.body, statements), numbers)
    writer.assigned.add(identifier)
    outer, writer.block = writer.block, writer.unit.scopes.of(node.body)
    more = writer.lines(lambda: writer.effect(step))
    writer.block = outer
    end = _end(writer, node.condition)
    part = py.call("count_turns", py.name(identifier), end, at=_place(writer, node))
    target = py.Name(identifier, py.STORE)
    turns = [
        py.assign(numbers, part),
        py.For(target, py.name(numbers), body or [py.Pass()], [*more, py.Continue()], None),
        *_left(numbers),
    ]
    writer.add_loop(py.While(condition, turns, []))


def _end(writer: Writer, condition: Any) -> Any:
    """What the counter is compared with, as it is."""
    if condition.right.__class__ is nodes.Literal:
        return py.constant(condition.right.value)
    variable = writer.block.find(condition.right.name, condition.right.span.start)
    assert variable is not None
    return writer.load(variable)


def _left(numbers: str) -> list[Any]:
    """What follows the loop over *numbers* where it was left before its end."""
    return [py.assign(numbers, py.call("give_back", py.name(numbers))), py.Break()]


def _place(writer: Writer, node: Any) -> int:
    return writer.places.add(PLAIN, node.span)
