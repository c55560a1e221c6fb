"""`try`, `throw` and `rescue` (docs/spec §5.5, §9.1, §9.4).

Handlers come after the Python `try`, so that nothing in them is inside of it. A `finally` is a
function of its own: it is called where an error passes, and else in Python's `finally`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ...tree import nodes
from .. import python as py
from ..emitters import RET, STMT, Emitters, emits
from ..watching import told
from ..writer import MOST_BLOCKS, Writer

EMITTERS: Emitters = {}

TRY_BLOCKS = 2
"""Python's blocks around what is tried, and twice as many where there is a `finally`."""


@emits(EMITTERS, nodes.Throw, at=(STMT,))
def _throw(writer: Writer, node: nodes.Throw) -> None:
    value = writer.value(node.value)
    where = (writer.fixed(node.span), writer.fixed(writer.unit.source))
    writer.out.append(py.Raise(py.call("throw", value, *where), None))


@emits(EMITTERS, nodes.Rescue)
def _rescue(writer: Writer, node: nodes.Rescue) -> Any:
    """`a rescue b rescue c`: each is tried where the one before failed."""
    found = writer.fresh()
    failed = py.assign(found, py.name("UNSET"))
    uncatchable = py.call("isinstance", py.name("e"), py.name("UNCATCHABLE"))
    handler = [*_telling(writer), py.when(uncatchable, [py.Raise(None, None)]), failed]
    last: Any = node
    while last.__class__ is nodes.Rescue:
        lines = writer.lines(partial(_keep, writer, last.body, found, TRY_BLOCKS))
        guarded = py.attempt(lines, "SoliError", "e", handler)
        writer.out.append(guarded if last is node else py.when(_is_unset(found), [guarded]))
        last = last.fallback
    lines = writer.lines(lambda: _keep(writer, last, found, 0))
    writer.out.append(py.when(_is_unset(found), lines))
    return py.name(found)


def _telling(writer: Writer) -> list[Any]:
    """Where somebody debugs: tell them of the error `e`."""
    watcher = writer.unit.watcher
    return [] if watcher is None else [told(writer, watcher, leaves=False)]


def _is_unset(identifier: str) -> Any:
    return py.compare(py.name(identifier), "is", py.name("UNSET"))


def _keep(writer: Writer, node: Any, identifier: str, blocks: int) -> None:
    value = apart(writer, lambda: writer.value(node), blocks)
    writer.out.append(py.assign(identifier, value))


def apart(writer: Writer, write: Callable[[], Any], count: int = 1) -> Any:
    """The value that *write* gives, in a function of its own where Python's blocks run out.

    *count* is how many of them there are around what it writes.
    """
    if writer.blocks + count > MOST_BLOCKS:
        return writer.outlined(lambda: writer.give(write()), is_tail=True)
    writer.blocks += count
    value = write()
    writer.blocks -= count
    return value


# --- try ---


@emits(EMITTERS, nodes.Try, at=(STMT, RET))
def _try(writer: Writer, node: nodes.Try, position: str) -> None:
    if position == RET:
        _try_tail(writer, node)
        return

    def write() -> None:
        _attempted(writer, node, is_tail=False)

    if writer.check is not None:  # what looks at results must not fail inside
        writer.follow(writer.outlined(write))
    else:
        writer.within_blocks(write, _blocks(node))


def _try_tail(writer: Writer, node: nodes.Try) -> None:
    """`try … end` yields the value of the body or handler that ran (docs/spec §5.5)."""

    def write() -> None:
        _attempted(writer, node, is_tail=True)

    count = _blocks(node)
    if writer.check is not None or writer.blocks + count > MOST_BLOCKS:
        writer.give(writer.outlined(write, is_tail=True))
        return
    writer.blocks += count
    write()
    writer.blocks -= count


def _blocks(node: nodes.Try) -> int:
    return TRY_BLOCKS if node.final is None else 2 * TRY_BLOCKS


def _attempted(writer: Writer, node: nodes.Try, *, is_tail: bool) -> None:
    if node.final is None:
        _handled(writer, node, is_tail=is_tail)
        return
    body = node.final
    final = writer.outlined(lambda: writer.body(body)).func.id
    is_over = writer.fresh()
    writer.out.append(py.assign(is_over, py.constant(False)))
    lines = writer.lines(lambda: _handled(writer, node, is_tail=is_tail))
    finish = py.call("finish", py.name("e"), py.name(final))
    failing = [
        py.assign(is_over, py.constant(True)),
        *writer.lines(lambda: writer.follow(finish)),
        py.Raise(None, None),
    ]
    leaving = writer.lines(lambda: writer.follow(py.call(final)))
    leaving = [py.when(py.negation(py.name(is_over)), leaving)]
    writer.out.append(py.attempt(lines, "BaseException", "e", failing, leaving))


def _handled(writer: Writer, node: nodes.Try, *, is_tail: bool) -> None:
    """The body and the handlers."""
    body = writer.lines(lambda: writer.body(node.body, is_tail=is_tail))
    if not node.handlers:
        writer.out += body
        return
    caught = writer.fresh()
    kinds = writer.fixed(tuple(handler.type_name for handler in node.handlers))
    choice = py.bound(caught, py.call("handled", py.name("e"), kinds))
    passed_on = py.when(py.compare(choice, "is", py.none()), [py.Raise(None, None)])
    handler = [*_telling(writer), passed_on]
    writer.out.append(py.assign(caught, py.none()))
    writer.out.append(py.attempt(body, "SoliError", "e", handler))
    for index, one in enumerate(node.handlers):
        lines = writer.lines(partial(_handler, writer, one, caught, is_tail=is_tail))
        is_chosen = py.both(
            py.compare(py.name(caught), "is not", py.none()),
            py.compare(py.item(py.name(caught), py.constant(0)), "==", py.constant(index)),
        )
        writer.out.append(py.when(is_chosen, lines))


def _handler(writer: Writer, node: nodes.Handler, caught: str, *, is_tail: bool) -> None:
    outer, block = writer.block, writer.unit.scopes.of(node)
    writer.block = block
    if node.variable:
        variable = block.names[node.variable]
        writer.opened(block, node.variable)
        value = py.item(py.name(caught), py.constant(1))
        if variable.cell and block.frame is block:
            writer.store_place(variable, py.List([value], py.LOAD))
        else:
            writer.store(variable, value)
    # Who was caught may be large, and nobody needs it any more.
    writer.out.append(py.assign(caught, py.none()))
    writer.body(node.body, is_tail=is_tail)
    writer.block = outer
