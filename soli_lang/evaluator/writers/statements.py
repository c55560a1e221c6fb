"""Statements: declarations, conditions, loops, and what leaves (docs/spec §5)."""

from __future__ import annotations

from typing import Any

from ...tree import nodes
from .. import python as py
from ..emitters import EXPR, RET, STMT, Emitters, emits
from ..facts import is_range
from ..writer import Writer
from .declared import checked_value, declared_check
from .names import fail

EMITTERS: Emitters = {}


@emits(EMITTERS, nodes.Let, nodes.Const, at=(STMT,))
def _let(writer: Writer, node: Any) -> None:
    value = py.none() if node.value is None else writer.value(node.value)
    variable = writer.block.declare(node.name)
    check = declared_check(writer, node.type, f"'{node.name}' is declared")
    if check is not None:
        writer.unit.checks[variable] = check
    if node.value is not None:
        value = checked_value(writer, variable, value, node.value)
    writer.store(variable, value)


@emits(EMITTERS, nodes.Import, nodes.InterfaceDecl, at=(STMT,))
def _nothing(writer: Writer, node: Any) -> None:
    """Imports are there before a file runs; interfaces say nothing at run time."""


@emits(EMITTERS, nodes.Export, at=(STMT,))
def _export(writer: Writer, node: nodes.Export) -> None:
    writer.effect(node.declaration)


@emits(EMITTERS, nodes.BlockStmt, at=(STMT, RET))
def _block(writer: Writer, node: nodes.BlockStmt, position: str) -> None:
    writer.body(node.body, is_tail=position == RET)


@emits(EMITTERS, nodes.If, at=(STMT, RET))
def _if(writer: Writer, node: nodes.If, position: str) -> None:
    is_tail = position == RET
    condition = writer.truth(node.condition)
    then = writer.lines(lambda: writer.body(node.then, is_tail=is_tail))
    otherwise = None
    if node.otherwise is not None:
        body = node.otherwise
        otherwise = writer.lines(lambda: writer.body(body, is_tail=is_tail))
    elif is_tail:
        otherwise = writer.lines(lambda: writer.give(py.none()))
    writer.out.append(py.when(condition, then, otherwise))


# --- leaving ---


@emits(EMITTERS, nodes.Return, at=(STMT,))
def _return(writer: Writer, node: nodes.Return) -> None:
    writer.give(py.none() if node.value is None else writer.value(node.value))


@emits(EMITTERS, nodes.Next, at=(EXPR, STMT))
def _next(writer: Writer, node: nodes.Next, position: str) -> Any:
    if position == EXPR:
        return fail(writer, node, None, "'next' can only be a statement of its own")
    writer.leave(is_next=True)
    return None


@emits(EMITTERS, nodes.Break, at=(STMT,))
def _break(writer: Writer, node: nodes.Break) -> None:
    writer.leave(is_next=False)


# --- loops ---


@emits(EMITTERS, nodes.While, at=(STMT,))
def _while(writer: Writer, node: nodes.While) -> None:
    writer.within_blocks(lambda: _write_while(writer, node))


def _write_while(writer: Writer, node: nodes.While) -> None:
    from ..counted_loops import counter_of, write_counting

    before, condition = writer.branch(lambda: writer.truth(node.condition))
    counter = None if before else counter_of(writer, node)
    if counter is not None:
        write_counting(writer, node, counter, condition)
        return
    body = writer.turn_of(node, lambda: writer.body(node.body))
    if before:
        leave = py.when(py.negation(condition), [py.Break()])
        body = [*before, leave, *body]
        condition = py.constant(True)
    writer.add_loop(py.While(condition, body, []))


@emits(EMITTERS, nodes.For, at=(STMT,))
def _for(writer: Writer, node: nodes.For) -> None:
    """`for x in xs`, `for x, i in xs`"""
    from ..counted_loops import ends_of

    is_counted = node.index is None and is_range(node.iterable)
    walked = (ends_of if is_counted else walk)(writer, node.iterable)
    writer.within_blocks(lambda: _write_for(writer, node, walked))


def walk(writer: Writer, node: Any) -> Any:
    """What a `for` walks: an array (live), or an `a..b` without making the array."""
    if is_range(node):
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
        writer.out += start
        writer.body(node.body)

    if node.index is None and is_range(node.iterable):
        from ..counted_loops import write_range  # `walked` are the ends of the range

        write_range(writer, node, walked, target, turn)
        writer.block = outer
        return
    body = writer.turn_of(node, turn)
    writer.block = outer
    writer.add_loop(py.For(target, walked, body, [], None))
