"""Comprehensions: loops whose values make an array or a hash (docs/spec §4.4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...machine.machine import CROWDED
from ...tree import nodes
from .. import python as py
from ..emitters import Emitters, emits
from ..writer import Writer
from .handlers import apart
from .statements import bind_item, walk

EMITTERS: Emitters = {}


@emits(EMITTERS, nodes.ArrayComprehension)
def _array(writer: Writer, node: nodes.ArrayComprehension) -> Any:
    def add(found: str) -> None:
        element = writer.value(node.element)
        writer.out.append(py.run(py.method(py.name(found), "append", element)))

    return _collected(writer, node, py.List([], py.LOAD), add)


@emits(EMITTERS, nodes.HashComprehension)
def _hash(writer: Writer, node: nodes.HashComprehension) -> Any:
    def add(found: str) -> None:
        at = writer.at(node.key)
        key = writer.kept(py.call("to_key", writer.value(node.key), at=at))
        writer.out.append(py.put(py.name(found), key, writer.value(node.value)))
        if isinstance(key, py.Name) and writer.kind_of(node.key) is not str:
            size = py.length(py.name(found))
            is_crowded = py.both(
                py.compare(size, ">", py.constant(CROWDED)), py.is_kind(py.name(key.id), "int")
            )
            writer.out.append(py.when(is_crowded, [py.run(py.call("check_time"))]))

    return _collected(writer, node, py.Dict([], []), add)


def _collected(writer: Writer, node: Any, empty: Any, add: Callable[[str], None]) -> Any:
    """What the turns of *node* add to *empty*."""
    walked = writer.kept(walk(writer, node.iterable))

    def write() -> Any:
        found = writer.fresh()
        writer.out.append(py.assign(found, empty))
        outer, writer.block = writer.block, writer.unit.scopes.of(node)
        target, start = bind_item(writer, writer.block, node.variable)
        lines = writer.lines(lambda: _turn(writer, node, start, lambda: add(found)))
        writer.block = outer
        writer.out.append(py.For(target, walked, lines, [], None))
        return py.name(found)

    return apart(writer, write)


def _turn(writer: Writer, node: Any, start: list[Any], add: Callable[[], None]) -> None:
    writer.charge()
    writer.out += start
    writer.opened(writer.block, node.variable)
    if node.condition is None:
        add()
        return
    condition = writer.truth(node.condition)
    writer.out.append(py.when(condition, writer.lines(add)))
