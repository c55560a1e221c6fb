"""Statements: declarations, conditions, loops, and what leaves (docs/spec §5)."""

from __future__ import annotations

from typing import Any

from ...tree import nodes
from .. import python as py
from ..writer import EFFECTS, TAILS, VALUES, Writer, writes
from .names import fail
from .operators import soft


@writes(EFFECTS, nodes.Let, nodes.Const)
def _let(writer: Writer, node: Any) -> None:
    value = py.none() if node.value is None else writer.value(node.value)
    variable = writer.block.declare(node.name)
    variable.is_const = node.__class__ is nodes.Const
    writer.store(variable, value)


@writes(EFFECTS, nodes.Import, nodes.InterfaceDecl)
def _nothing(writer: Writer, node: Any) -> None:
    """Imports are there before a file runs; interfaces say nothing at run time."""


@writes(EFFECTS, nodes.Export)
def _export(writer: Writer, node: nodes.Export) -> None:
    writer.effect(node.declaration)


@writes(EFFECTS, nodes.BlockStmt)
def _block(writer: Writer, node: nodes.BlockStmt) -> None:
    writer.body(node.body)


@writes(TAILS, nodes.BlockStmt)
def _block_tail(writer: Writer, node: nodes.BlockStmt) -> None:
    writer.body(node.body, is_tail=True)


@writes(EFFECTS, nodes.If)
def _if(writer: Writer, node: nodes.If) -> None:
    _choose(writer, node, is_tail=False)


@writes(TAILS, nodes.If)
def _if_tail(writer: Writer, node: nodes.If) -> None:
    _choose(writer, node, is_tail=True)


def _choose(writer: Writer, node: nodes.If, *, is_tail: bool) -> None:
    condition = writer.truth(node.condition)
    then = writer.lines(lambda: writer.body(node.then, is_tail=is_tail))
    otherwise = None
    if node.otherwise is not None:
        body = node.otherwise
        otherwise = writer.lines(lambda: writer.body(body, is_tail=is_tail))
    elif is_tail:
        otherwise = writer.lines(lambda: writer.give(py.none()))
    writer.out.append(py.when(condition, then, otherwise))


@writes(EFFECTS, nodes.Logical)
def _logical(writer: Writer, node: nodes.Logical) -> None:
    """`c && next`: the right side as a statement (docs/spec §5.3 allows `next` as an operand)."""
    if node.operator == "??":
        value = writer.value(soft(node.left))
        right = writer.lines(lambda: writer.effect(node.right))
        writer.out.append(py.when(py.compare(value, "is", py.none()), right))
        return
    condition = writer.truth(node.left)
    right = writer.lines(lambda: writer.effect(node.right))
    wanted = condition if node.operator == "&&" else py.negation(condition)
    writer.out.append(py.when(wanted, right))


# --- leaving ---


@writes(EFFECTS, nodes.Return)
def _return(writer: Writer, node: nodes.Return) -> None:
    writer.give(py.none() if node.value is None else writer.value(node.value))


@writes(TAILS, nodes.Return)
def _return_tail(writer: Writer, node: nodes.Return) -> None:
    _return(writer, node)


@writes(EFFECTS, nodes.Next)
def _next(writer: Writer, node: nodes.Next) -> None:
    writer.leave(is_next=True)


@writes(EFFECTS, nodes.Break)
def _break(writer: Writer, node: nodes.Break) -> None:
    writer.leave(is_next=False)


@writes(TAILS, nodes.Next, nodes.Break)
def _leave_tail(writer: Writer, node: Any) -> None:
    writer.leave(is_next=node.__class__ is nodes.Next)


@writes(VALUES, nodes.Next)
def _misplaced_next(writer: Writer, node: nodes.Next) -> Any:
    return fail(writer, node, None, "'next' can only be a statement of its own")


# --- loops ---


@writes(EFFECTS, nodes.While)
def _while(writer: Writer, node: nodes.While) -> None:
    writer.within_blocks(lambda: _write_while(writer, node))


def _write_while(writer: Writer, node: nodes.While) -> None:
    before, condition = writer.branch(lambda: writer.truth(node.condition))
    writer.loops += 1
    body = writer.lines(lambda: _turn(writer, node))
    writer.loops -= 1
    if before:
        leave = py.when(py.negation(condition), [py.Break()])
        body = [*before, leave, *body]
        condition = py.constant(True)
    writer.out.append(py.While(condition, body, []))


def _turn(writer: Writer, node: Any) -> None:
    writer.charge(node)
    writer.body(node.body)


@writes(EFFECTS, nodes.For)
def _for(writer: Writer, node: nodes.For) -> None:
    """`for x in xs`, `for x, i in xs`"""
    walked = walk(writer, node.iterable)
    writer.within_blocks(lambda: _write_for(writer, node, walked))


def walk(writer: Writer, node: Any) -> Any:
    """What a `for` walks: an array (live), or an `a..b` without making the array."""
    if node.__class__ is nodes.Binary and node.operator == "..":
        first, last = writer.operands(node.left, node.right)
        helper = "spanned"
        if writer.kind_of(node.left) is int and writer.kind_of(node.right) is int:
            helper = "range"
        return py.call(helper, first, last, at=writer.at(node))
    value = writer.value(node)
    if writer.kind_of(node) is list:
        return value
    found, first = writer.named(value)
    other = py.call("walked", found(), at=writer.at(node))
    return py.choice(py.is_kind(first, "list"), found(), other)


def bind_item(writer: Writer, block: Any, name: str) -> tuple[Any, list[Any]]:
    """(the Python target of a loop's variable, what each turn begins with)."""
    variable = block.names[name]
    identifier = writer.identifier(variable)
    writer.assigned.add(identifier)
    if not variable.cell:
        return py.Name(identifier, py.STORE), []
    item = writer.fresh()
    start = py.assign(identifier, py.List([py.name(item)], py.LOAD))
    return py.Name(item, py.STORE), [start]


def _write_for(writer: Writer, node: nodes.For, walked: Any) -> None:
    outer, block = writer.block, writer.unit.scopes.of(node)
    writer.block = block
    target, start = bind_item(writer, block, node.variable)
    if node.index is not None:
        position, more = bind_item(writer, block, node.index)
        target = py.Tuple([position, target], py.STORE)
        walked = py.call("enumerate", walked)
        start = [*more, *start]

    def turn() -> None:
        writer.charge(node)
        writer.out += start
        writer.body(node.body)

    writer.loops += 1
    body = writer.lines(turn)
    writer.loops -= 1
    writer.block = outer
    writer.out.append(py.For(target, walked, body, [], None))
